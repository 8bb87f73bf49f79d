/* SPDX-License-Identifier: MIT */
#include "publish/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "archive/trust.h"
#include "base/atomic-file.h"
#include "base/child.h"
#include "base/io.h"
#include "base/memory.h"

#define NAMESPACE "netrescue"
#define SIGNED_MAX ((size_t)16 << 20)
#define SIGNATURE_MAX ((size_t)1 << 20)
#define KEYS_MAX ((size_t)8 << 20)
#define WORDS_MAX ((size_t)64 << 10)
#define ARMOUR "-----BEGIN PGP PUBLIC KEY BLOCK-----"

/* The descriptors that ssh-keygen gets, by their names. */
#define FD_KEYS "/dev/fd/3"
#define FD_SIGNATURE "/dev/fd/4"

static const char *const signed_file[] = { "SHA256SUMS", "provenance.json" };

struct run {
	int status;
	struct text out;   /* what it printed */
	struct text words; /* what it said on stderr */
};

static void run_release(struct run *run)
{
	text_release(&run->out);
	text_release(&run->words);
}

static void add_env(struct strv *env, const char *name)
{
	const char *value = getenv(name);

	if (value)
		strv_addf(env, "%s=%s", name, value);
}

static int read_memory(int fd, struct text *ret, struct err *err)
{
	cleanup_free char *path = xasprintf("/proc/self/fd/%d", fd);

	return read_file(AT_FDCWD, path, WORDS_MAX, ret, err);
}

/* Both programs find keys and agents by these, and ask for a passphrase at the terminal. */
static int run_program(const char *const *argv, const struct text *input, int keys, int sig,
		       struct run *ret, struct err *err)
{
	static const char *const kept[] = { "PATH",	     "HOME",	       "USER",
					    "SSH_AUTH_SOCK", "TERM",	       "DISPLAY",
					    "GNUPGHOME",     "GPG_TTY",	       "XDG_RUNTIME_DIR",
					    "SSH_ASKPASS",   "WAYLAND_DISPLAY" };
	CLEANUP(child_release) struct child child = CHILD_INIT;
	CLEANUP(strv_release) struct strv env = { 0 };
	cleanup_fd int in = -1, out = -1, words = -1;
	struct child_options options = { .argv = argv };
	int r = memory_fd(input->data, input->length, &in, err);

	if (r < 0)
		return r;
	r = memory_fd("", 0, &out, err);
	if (r < 0)
		return r;
	r = memory_fd("", 0, &words, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		add_env(&env, kept[i]);
	strv_add(&env, "LC_ALL=C.UTF-8");
	options.env = (const char *const *)env.item;
	options.fd[options.fd_count++] = (struct child_fd){ STDIN_FILENO, in };
	options.fd[options.fd_count++] = (struct child_fd){ STDOUT_FILENO, out };
	options.fd[options.fd_count++] = (struct child_fd){ STDERR_FILENO, words };
	if (keys >= 0)
		options.fd[options.fd_count++] = (struct child_fd){ 3, keys };
	if (sig >= 0)
		options.fd[options.fd_count++] = (struct child_fd){ 4, sig };
	r = child_start(&child, &options, err);
	if (r < 0)
		return r;
	r = child_wait(&child, &ret->status, err);
	if (r < 0)
		return r;
	r = read_memory(out, &ret->out, err);
	if (r < 0)
		return r;
	return read_memory(words, &ret->words, err);
}

/* What the program said on stderr, in one line; if nothing, how it ended. */
static char *complaint(const struct run *run)
{
	CLEANUP(strv_release) struct strv line = { 0 };
	char status[64];

	strv_split(&line, run->words.data, "\r\n");
	return line.count > 0 ? strv_join(&line, "; ")
			      : xstrdup(child_status_text(run->status, status));
}

/* ---- making --------------------------------------------------------------------------------- */

static int sign(const struct signer *s, const struct text *data, struct text *ret, struct err *err)
{
	const char *const ssh[] = {
		"ssh-keygen", "-Y", "sign", "-n", NAMESPACE, "-f", s->key, NULL
	};
	const char *const gpg[] = { "gpg",	    "--batch", "--armor", "--detach-sign",
				    "--local-user", s->key,    NULL };
	CLEANUP(run_release) struct run run = { 0 };
	int r = run_program(s->gpg ? gpg : ssh, data, -1, -1, &run, err);

	if (r < 0)
		return r;
	if (!WIFEXITED(run.status) || WEXITSTATUS(run.status) != 0 || run.out.length == 0) {
		cleanup_free char *why = complaint(&run);

		return err_set(err, ERR_USAGE, "cannot sign with the key '%s': %s", s->key, why);
	}
	*ret = TAKE(run.out);
	return 0;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int signer_find(const char *key, struct signer *ret, struct err *err)
{
	CLEANUP(signer_release) struct signer s = { 0 };
	CLEANUP(text_release) struct text word = { 0 };
	CLEANUP(text_release) struct text sig = { 0 };
	int r;

	s.gpg = starts_with(key, "gpg:") || (!starts_with(key, "ssh:") && !is_file(key));
	s.key = xstrdup(starts_with(key, "gpg:") || starts_with(key, "ssh:") ? key + 4 : key);
	text_add(&word, "netrescue tries this key\n");
	r = sign(&s, &word, &sig, err);
	if (r < 0)
		return err_hint(err,
				"--sign takes the file of an SSH key (private, or public with its "
				"other half in ssh-agent), or the id of a secret key of gpg's: "
				"ssh:FILE, gpg:ID");
	*ret = TAKE(s);
	return 0;
}

void signer_release(struct signer *s)
{
	free(s->key);
	*s = (struct signer){ 0 };
}

static int write_signature(const struct signer *s, int dir_fd, const char *file, struct err *err)
{
	cleanup_free char *name = xasprintf("%s%s", file, s->gpg ? SIGNATURE_GPG : SIGNATURE_SSH);
	CLEANUP(text_release) struct text data = { 0 };
	CLEANUP(text_release) struct text sig = { 0 };
	int r = read_file(dir_fd, file, SIGNED_MAX, &data, err);

	if (r < 0)
		return r;
	r = sign(s, &data, &sig, err);
	if (r < 0)
		return r;
	return write_file(dir_fd, name, sig.data, sig.length, 0644, err);
}

int signature_make(const struct signer *s, int dir_fd, const char *file, struct err *err)
{
	int r = write_signature(s, dir_fd, file, err);

	return r < 0 ? err_wrap(err, "signing %s", file) : 0;
}

/* ---- checking ------------------------------------------------------------------------------- */

static bool has(int dir_fd, const char *file, const char *suffix)
{
	cleanup_free char *name = xasprintf("%s%s", file, suffix);

	return faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool signature_is_there(int dir_fd, const char *file)
{
	return has(dir_fd, file, SIGNATURE_SSH) || has(dir_fd, file, SIGNATURE_GPG);
}

bool signature_is_one(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(signed_file); i++) {
		size_t length = strlen(signed_file[i]);

		if (starts_with(path, signed_file[i]) &&
		    (streq(path + length, SIGNATURE_SSH) || streq(path + length, SIGNATURE_GPG)))
			return true;
	}
	return false;
}

static bool is_key_type(const char *word)
{
	return starts_with(word, "ssh-") || starts_with(word, "ecdsa-") || starts_with(word, "sk-");
}

/* Takes the lines of an allowed_signers file as they are, and makes one of each bare public key,
 * with its comment (or "key") as the name that is shown. Nothing is added if there is no key. */
static void allowed_signers(const char *keys, struct text *ret)
{
	CLEANUP(strv_release) struct strv line = { 0 };

	strv_split(&line, keys, "\r\n");
	for (size_t i = 0; i < line.count; i++) {
		CLEANUP(strv_release) struct strv word = { 0 };
		bool any = false;

		if (line.item[i][0] == '#')
			continue;
		strv_split(&word, line.item[i], " \t");
		for (size_t k = 0; k < word.count; k++)
			any |= is_key_type(word.item[k]);
		if (any && is_key_type(word.item[0]))
			text_printf(ret, "%s %s %s\n", word.count > 2 ? word.item[2] : "key",
				    word.item[0], word.count > 1 ? word.item[1] : "");
		else if (any)
			text_printf(ret, "%s\n", line.item[i]);
	}
}

static int refuse(const char *file, const struct run *run, struct err *err)
{
	cleanup_free char *why = complaint(run);

	return err_set(err, ERR_TRUST, "the signature of %s is not good: %s", file, why);
}

/* The descriptors are used twice: /dev/fd opens the file anew, at its start. */
static int check_ssh(const char *file, const struct text *data, const struct text *sig,
		     const struct text *allowed, char **ret_who, struct err *err)
{
	static const char *const find[] = { "ssh-keygen", "-Y", "find-principals", "-s",
					    FD_SIGNATURE, "-f", FD_KEYS,	   NULL };
	CLEANUP(run_release) struct run found = { 0 };
	CLEANUP(run_release) struct run verified = { 0 };
	cleanup_fd int keys = -1, signature = -1;
	cleanup_free char *who = NULL;
	int r = memory_fd(allowed->data, allowed->length, &keys, err);

	if (r < 0)
		return r;
	r = memory_fd(sig->data, sig->length, &signature, err);
	if (r < 0)
		return r;
	r = run_program(find, data, keys, signature, &found, err);
	if (r < 0)
		return r;
	who = xstrndup(found.out.data, strcspn(found.out.data, "\r\n"));
	if (found.status != 0 || *who == '\0') {
		err_set(err, ERR_TRUST,
			"%s is signed by a key that is not among those given, or not valid now",
			file);
		return err_hint(err,
				"ssh-keygen -Y check-novalidate -n " NAMESPACE
				" -s %s.sig < %s shows the key",
				file, file);
	}
	const char *const verify[] = { "ssh-keygen", "-Y", "verify", "-n", NAMESPACE,	 "-f",
				       FD_KEYS,	     "-I", who,	     "-s", FD_SIGNATURE, NULL };
	r = run_program(verify, data, keys, signature, &verified, err);
	if (r < 0)
		return r;
	if (!WIFEXITED(verified.status) || WEXITSTATUS(verified.status) != 0)
		return refuse(file, &verified, err);
	*ret_who = take_ptr(who);
	return 0;
}

/* A file that is not there, or too large, is not the one that was signed: ERR_TRUST. */
static int read_untrusted(int dir_fd, const char *file, size_t limit, struct text *ret,
			  struct err *err)
{
	int r = read_file_nofollow(dir_fd, file, limit, ret, err);

	if (r < 0 && err->class != ERR_INTERRUPTED)
		err->class = ERR_TRUST;
	return r;
}

static int read_signature(int dir_fd, const char *file, const char *suffix, struct text *ret,
			  struct err *err)
{
	cleanup_free char *name = xasprintf("%s%s", file, suffix);

	if (!has(dir_fd, file, suffix)) {
		err_set(err, ERR_TRUST, "%s is not signed by %s key: there is no %s", file,
			streq(suffix, SIGNATURE_SSH) ? "an SSH" : "an OpenPGP", name);
		return err_hint(err, signature_is_there(dir_fd, file)
					     ? "it has a signature of the other kind: give those "
					       "keys with --signed-by"
					     : "`netrescue build --sign KEY` adds one");
	}
	return read_untrusted(dir_fd, name, SIGNATURE_MAX, ret, err);
}

int signature_check(int dir_fd, const char *file, const char *by, char **ret_who, struct err *err)
{
	CLEANUP(text_release) struct text keys = { 0 };
	CLEANUP(text_release) struct text allowed = { 0 };
	CLEANUP(text_release) struct text data = { 0 };
	CLEANUP(text_release) struct text sig = { 0 };
	bool gpg;
	int r = read_file(AT_FDCWD, by, KEYS_MAX, &keys, err);

	if (r < 0) {
		err->class = err->class == ERR_INTERRUPTED ? err->class : ERR_USAGE;
		return err_wrap(err, "reading the keys");
	}
	gpg = (keys.length > 0 && (unsigned char)keys.data[0] & 0x80) ||
	      strstr(keys.data, ARMOUR) || memmem(keys.data, keys.length, "KBXf", strlen("KBXf"));
	if (!gpg)
		allowed_signers(keys.data, &allowed);
	if (!gpg && allowed.length == 0)
		return err_set(err, ERR_USAGE, "'%s' holds neither SSH nor OpenPGP public keys",
			       by);
	r = read_untrusted(dir_fd, file, SIGNED_MAX, &data, err);
	if (r < 0)
		return r;
	r = read_signature(dir_fd, file, gpg ? SIGNATURE_GPG : SIGNATURE_SSH, &sig, err);
	if (r < 0)
		return r;
	return gpg ? trust_verify_detached(
			     &(struct trust){ .keyring = by, .subject = TRUST_RESULT }, file, &data,
			     &sig, ret_who, err)
		   : check_ssh(file, &data, &sig, &allowed, ret_who, err);
}
