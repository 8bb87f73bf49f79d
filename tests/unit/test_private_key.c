/* SPDX-License-Identifier: MIT */
/* What is a private key, and what only looks like one. The programs that make keys make them. */
#include "unit.h"

#include "base/cleanup.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/private-key.h"

#define FILE_MAX ((size_t)1 << 20)

static const char *kind_of(const char *name, mode_t mode)
{
	CLEANUP(text_release) struct text content = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	assert_int_equal(read_file(scratch_fd, name, FILE_MAX, &content, &err), 0);
	return private_key_kind(name, mode, content.data, content.length);
}

static const char *kind_of_bytes(const char *name, mode_t mode, const void *bytes, size_t size)
{
	return private_key_kind(name, mode, bytes, size);
}

static const char *kind_of_text(const char *text)
{
	return private_key_kind("file", 0644, text, strlen(text));
}

/* Runs a shell's command in the scratch directory; skips the test where the program is missing. */
static void make(const char *program, const char *command)
{
	cleanup_free char *find = xasprintf("command -v %s >/dev/null", program);
	cleanup_free char *line =
		xasprintf("cd '%s' && { %s; } >/dev/null 2>&1", scratch_path, command);

	if (system(find) != 0)
		skip();
	assert_int_equal(system(line), 0);
}

static void keys_of_openssl(void **state)
{
	static const char *const pem[] = { "rsa.pem", "ec.pem",	    "ed25519.pem",
					   "old.pem", "locked.pem", "both.pem" };
	static const char *const der[] = { "rsa.der", "ec.der", "ed25519.der", "old.der" };

	(void)state;
	make("openssl",
	     "openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1024 -out rsa.pem &&"
	     "openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out ec.pem &&"
	     "openssl genpkey -algorithm ed25519 -out ed25519.pem &&"
	     "openssl rsa -traditional -in rsa.pem -out old.pem &&"
	     "openssl rsa -traditional -aes128 -passout pass:word -in rsa.pem -out locked.pem &&"
	     "openssl req -x509 -subj /CN=x -key rsa.pem -text -out cert.pem &&"
	     "cat cert.pem rsa.pem > both.pem &&"
	     "openssl pkcs8 -topk8 -nocrypt -in rsa.pem -outform der -out rsa.der &&"
	     "openssl pkcs8 -topk8 -nocrypt -in ec.pem -outform der -out ec.der &&"
	     "openssl pkey -in ed25519.pem -outform der -out ed25519.der &&"
	     "openssl rsa -traditional -in rsa.pem -outform der -out old.der");
	for (size_t i = 0; i < ARRAY_SIZE(pem); i++)
		assert_string_equal(kind_of(pem[i], 0644), "PEM");
	for (size_t i = 0; i < ARRAY_SIZE(der); i++)
		assert_string_equal(kind_of(der[i], 0644), "DER");
}

static void what_openssl_makes_public(void **state)
{
	static const char *const file[] = { "cert.pem", "cert.der",    "public.pem", "public.der",
					    "old.der",	"dhparam.pem", "request.pem" };

	(void)state;
	make("openssl",
	     "openssl req -x509 -newkey rsa:1024 -nodes -subj /CN=x -keyout k -out cert.pem &&"
	     "openssl x509 -in cert.pem -outform der -out cert.der &&"
	     "openssl rsa -in k -pubout -out public.pem &&"
	     "openssl rsa -in k -pubout -outform der -out public.der &&"
	     "openssl rsa -in k -RSAPublicKey_out -outform der -out old.der &&"
	     "openssl genpkey -genparam -algorithm dh -pkeyopt group:ffdhe2048 -out dhparam.pem &&"
	     "openssl req -new -key k -subj /CN=x -out request.pem");
	for (size_t i = 0; i < ARRAY_SIZE(file); i++)
		assert_null(kind_of(file[i], 0644));
}

static void keys_of_openssh(void **state)
{
	(void)state;
	make("ssh-keygen", "ssh-keygen -q -t ed25519 -N '' -f new && "
			   "ssh-keygen -q -t rsa -b 1024 -m PEM -N '' -f old && "
			   "ssh-keygen -q -t ecdsa -N word -f locked");
	assert_string_equal(kind_of("new", 0600), "PEM");
	assert_string_equal(kind_of("old", 0600), "PEM");
	assert_string_equal(kind_of("locked", 0600), "PEM");
	assert_null(kind_of("new.pub", 0600));
	assert_null(kind_of("old.pub", 0644));
}

/* As dropbearkey(1) writes them: the name of the algorithm, the public part, the private one. */
static void keys_of_dropbear(void **state)
{
	static const char ed25519[] = "\0\0\0\x0bssh-ed25519\0\0\0\x40"
				      "0123456789abcdef0123456789abcdef"
				      "0123456789abcdef0123456789abcdef";
	static const char ecdsa[] = "\0\0\0\x13"
				    "ecdsa-sha2-nistp256\0\0\0\x08nistp256";
	static const char public[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC4Ha root@rescue\n";

	(void)state;
	assert_string_equal(kind_of_bytes("key", 0600, ed25519, sizeof(ed25519) - 1), "Dropbear");
	assert_string_equal(kind_of_bytes("key", 0644, ecdsa, sizeof(ecdsa) - 1), "Dropbear");
	assert_null(kind_of_text(public));
}

static void keys_of_others(void **state)
{
	static const struct {
		const char *text, *kind;
	} file[] = {
		{ "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQHYBGAAAAEBBADGc0\n", "PEM" },
		{ "# 2048 bit\n-----BEGIN OpenVPN Static key V1-----\n0123456789abcdef01\n",
		  "PEM" },
		{ "key \"rndc-key\" {\n\tsecret \"Zm9vYmFyYmF6Zm9vYg==\";\n};\n", "TSIG" },
		{ "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\n", "BIND" },
		{ "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "PuTTY" },
		{ "# created: 2026\nAGE-SECRET-KEY-1QQQQ\n", "age" },
		{ "(11:private-key(3:rsa(1:n", "GnuPG" },
		{ "Key: (private-key (ecc (curve Ed25519)\n", "GnuPG" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(file); i++)
		assert_string_equal(kind_of_text(file[i].text), file[i].kind);
	assert_string_equal(kind_of_bytes("krb5.keytab", 0600, "\x05\x02\0\0\0\x3e\0\x01\0", 9),
			    "Kerberos keytab");
	assert_string_equal(kind_of_bytes("k", 0600, "== ed25519v1-secret: type0 ==\0\0\0key", 35),
			    "Tor");
}

/* A line about keys is in programs, in what Python compiles and in manuals. */
static void what_only_speaks_of_keys(void **state)
{
	static const char compiled[] = "\xe3\r\r\n\0\0\0\0\n-----BEGIN PRIVATE KEY-----\n"
				       "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJc\n";

	(void)state;
	assert_null(kind_of_text("grep -q '-----BEGIN PRIVATE KEY-----' \"$1\"\n"));
	assert_null(kind_of_text("-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n"));
	assert_null(kind_of_text("cat <<END\n-----BEGIN PRIVATE KEY-----\n$key\nEND\n"));
	assert_null(kind_of_text("# secret \"Zm9vYmFyYmF6Zm9vYg==\";\n"));
	assert_null(kind_of_text("secret \"changeme\";\n"));
	assert_null(kind_of_text("secrets \"Zm9vYmFyYmF6Zm9vYg==\";\n"));
	assert_null(kind_of_bytes("x.pyc", 0644, compiled, sizeof(compiled) - 1));
	assert_null(kind_of_bytes("empty.key", 0600, "", 0));
}

static void random_bytes_in_a_file_that_is_called_key(void **state)
{
	unsigned char noise[128];
	static const char word[] = "9ac3c2f7d2c4a1f0b1b8c1d2e3f40516\n",
			  cookie[] = "QXJKZABCDEFGHIJKLMNO";

	(void)state;
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (unsigned char)(i * 167 + 13);
	assert_string_equal(kind_of_bytes("etc/munge/munge.key", 0600, noise, sizeof(noise)),
			    "random bytes");
	assert_string_equal(kind_of_bytes("etc/brlapi.key", 0640, word, strlen(word)),
			    "random bytes");
	assert_string_equal(
		kind_of_bytes("var/lib/rabbitmq/.erlang.cookie", 0400, cookie, strlen(cookie)),
		"random bytes");
	/* Everybody may read it, it is not called a key, it is text, or it is hardly random. */
	assert_null(kind_of_bytes("etc/munge/munge.key", 0644, noise, sizeof(noise)));
	assert_null(kind_of_bytes("etc/munge/state", 0600, noise, sizeof(noise)));
	assert_null(kind_of_bytes("root.key", 0600, ". IN DS 20326 8 2 E06D44B8\n", 27));
	memset(noise, 0, sizeof(noise));
	assert_null(kind_of_bytes("empty.key", 0600, noise, sizeof(noise)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_of_openssl, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(what_openssl_makes_public, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(keys_of_openssh, scratch_setup, scratch_teardown),
		cmocka_unit_test(keys_of_dropbear),
		cmocka_unit_test(keys_of_others),
		cmocka_unit_test(what_only_speaks_of_keys),
		cmocka_unit_test(random_bytes_in_a_file_that_is_called_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
