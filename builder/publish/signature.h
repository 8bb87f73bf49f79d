/* SPDX-License-Identifier: MIT */
/*
 * Who answers for a result: signatures beside SHA256SUMS and provenance.json, which are made by
 * `ssh-keygen -Y sign -n netrescue` (FILE.sig, PROTOCOL.sshsig) or by `gpg --detach-sign --armor`
 * (FILE.asc). Two signatures of the same file differ, so SHA256SUMS covers neither them nor
 * provenance.json.
 *
 *	r = signer_find("~/.ssh/id_ed25519", &signer, err);   before anything is fetched
 *	r = signature_make(&signer, dir_fd, "SHA256SUMS", err);
 *	r = signature_check(dir_fd, "SHA256SUMS", "allowed_signers", &who, err);
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

#define SIGNATURE_SSH ".sig"
#define SIGNATURE_GPG ".asc"

struct signer {
	bool gpg;
	char *key; /* owned: file for ssh-keygen, or what gpg --local-user takes */
};

/* KEY is a file that ssh-keygen reads (a private key, or the public half of one that ssh-agent
 * holds), else a key of gpg's; "ssh:FILE" and "gpg:ID" say which. Signs a word to see that it can:
 * ERR_USAGE if not. */
int signer_find(const char *key, struct signer *ret, struct err *err);
void signer_release(struct signer *s);

/* Writes FILE.sig or FILE.asc beside it, whole or not at all. */
int signature_make(const struct signer *s, int dir_fd, const char *file, struct err *err);

/* Whether dir_fd holds a signature of the file of either kind. */
bool signature_is_there(int dir_fd, const char *file);
/* A path in a result that is a signature of ours: SHA256SUMS.sig, provenance.json.asc, … */
bool signature_is_one(const char *path);

/* Checks the file's signature by the keys in the file `by`: SSH public keys, an allowed_signers
 * (ssh-keygen(1)), or OpenPGP keys, binary or armoured. A missing signature, one by another key, an
 * expired or revoked key and a file that changed are ERR_TRUST; a `by` that cannot be read or holds
 * no keys is ERR_USAGE. *ret_who names the signer; the caller frees it. */
int signature_check(int dir_fd, const char *file, const char *by, char **ret_who, struct err *err);
