/* SPDX-License-Identifier: MIT */
/* The text in a Packages file, however it is compressed, and what is made to take memory, time or
 * room on the disk when it is read. */
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/resource.h>

#include "archive/index.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"

#define BOMB ((size_t)64 << 20) /* bytes of text in one */
#define PROMISED 1000
/* KiB. AddressSanitizer keeps what was freed for a while. */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_MAX (1024 * 1024)
#else
#define MEMORY_MAX (100 * 1024)
#endif

static struct store *store;

static int setup(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = NULL;

	if (scratch_setup(state) < 0)
		return -1;
	path = xasprintf("%s/store", scratch_path);
	return store_open(path, &store, &err);
}

static int teardown(void **state)
{
	store_free(store);
	return scratch_teardown(state);
}

/* What libarchive makes of `size` bytes of data, or of as many zeros if data is NULL. */
static void compress(int filter, const char *data, size_t size, struct text *ret)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t room = (data ? size : size / 100) + 65536, used = 0;
	cleanup_free char *buffer = xmalloc(room);
	cleanup_free char *zeros = xcalloc(1, 1 << 20);

	assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(a, buffer, room, &used), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	if (data)
		assert_int_equal(archive_write_data(a, data, size), size);
	for (size_t i = 0; !data && i < size; i += 1 << 20)
		assert_int_equal(archive_write_data(a, zeros, 1 << 20), 1 << 20);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_entry_free(entry);
	archive_write_free(a);
	text_append(ret, buffer, used);
}

/* Reads that file; *ret_text gets the text. */
static int read_index(const struct text *packed, uint64_t text_size, struct text *ret_text,
		      struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	char title[] = "'trixie', component 'main'";
	struct index_file file = { .title = title, .text_size = text_size };
	cleanup_fd int fd = -1;
	char buffer[65536];
	ssize_t n;
	int r;

	assert_int_equal(store_put_begin(store, &put, err), 0);
	assert_int_equal(write_all(put.fd, packed->data, packed->length), 0);
	assert_int_equal(store_put_commit(&put, NULL, file.sha256, err), 0);
	r = index_open_text(store, &file, &fd, err);
	while (r == 0 && (n = read_all(fd, buffer, sizeof(buffer))) > 0)
		text_append(ret_text, buffer, (size_t)n);
	return r;
}

static void taken(const struct text *packed, uint64_t text_size, const char *data, size_t size)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text text = { 0 };

	text_add(&text, "");
	if (read_index(packed, text_size, &text, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(text.length, size);
	assert_memory_equal(text.data, data, size);
}

static void refused(const struct text *packed, uint64_t text_size, const char *message)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text text = { 0 };

	assert_true(read_index(packed, text_size, &text, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	if (!strstr(err.message, message))
		fail_msg("'%s' lacks '%s'", err.message, message);
}

static const int filters[] = { ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_GZIP,
			       ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_NONE };
static const char words[] = "Package: bash\nVersion: 1\n\n";

static void reads_all_kinds(void **state)
{
	CLEANUP(text_release) struct text empty = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		CLEANUP(text_release) struct text packed = { 0 };

		compress(filters[i], words, strlen(words), &packed);
		taken(&packed, strlen(words), words, strlen(words));
		taken(&packed, 0, words, strlen(words));
		refused(&packed, strlen(words) + 1, "has 26 bytes of text, not the 27");
		refused(&packed, strlen(words) - 1, "more than the 25 bytes of text");
	}
	text_add(&empty, "");
	taken(&empty, 0, "", 0);
}

static void stops_at_what_was_promised(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		CLEANUP(text_release) struct text packed = { 0 };

		if (filters[i] == ARCHIVE_FILTER_NONE)
			continue;
		compress(filters[i], NULL, BOMB, &packed);
		refused(&packed, PROMISED, "more than the 1000 bytes of text");
	}
}

/* One layer is undone. Between two there would be no limit. */
static void undoes_one_layer(void **state)
{
	CLEANUP(text_release) struct text inner = { 0 };

	(void)state;
	compress(ARCHIVE_FILTER_XZ, NULL, BOMB, &inner);
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		CLEANUP(text_release) struct text outer = { 0 };

		if (filters[i] == ARCHIVE_FILTER_NONE)
			continue;
		compress(filters[i], inner.data, inner.length, &outer);
		taken(&outer, 0, inner.data, inner.length);
	}
}

/* IEEE 802.3, as xz has it. */
static uint32_t crc32_of(const unsigned char *p, size_t size)
{
	uint32_t crc = ~0U;

	for (size_t i = 0; i < size; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return ~crc;
}

/* The xz file with another size of its dictionary: the file format, section 5.3.1. */
static void set_dictionary(struct text *xz, unsigned char bits)
{
	unsigned char *header = (unsigned char *)xz->data + 12;
	size_t size = ((size_t)header[0] + 1) * 4;
	uint32_t crc;

	assert_int_equal(header[2], 0x21);
	header[4] = bits;
	crc = crc32_of(header, size - 4);
	for (int i = 0; i < 4; i++)
		header[size - 4 + (size_t)i] = (unsigned char)(crc >> 8 * i);
}

/* A dictionary, or a window, is memory that the file asks for. No more of it is taken than there is
 * text; a system may refuse so much, which is an error in words. */
static void bounds_memory(void **state)
{
	static const char huge[] = "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"; /* a window of 2 GiB */
	CLEANUP(text_release) struct text packed = { 0 };
	CLEANUP(text_release) struct text window = { 0 };
	struct rusage before, after;

	(void)state;
	compress(ARCHIVE_FILTER_XZ, words, strlen(words), &packed);
	text_append(&window, huge, sizeof(huge) - 1);
	(void)getrusage(RUSAGE_SELF, &before);
	for (unsigned char bits = 30; bits <= 40; bits++) { /* 128 MiB to 4 GiB */
		CLEANUP(err_release) struct err err = { 0 };
		CLEANUP(text_release) struct text text = { 0 };

		set_dictionary(&packed, bits);
		if (read_index(&packed, 0, &text, &err) < 0)
			assert_int_equal(err.class, ERR_TRUST);
		else
			assert_int_equal(text.length, strlen(words));
	}
	refused(&window, 0, "cannot be read: ");
	(void)getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < MEMORY_MAX);
}

/* Pieces without any text are read to their end, which the size of the file bounds. */
static void reads_empty_pieces(void **state)
{
	static const char skippable[] = "\x50\x2a\x4d\x18\x03\x00\x00\x00xyz";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		CLEANUP(text_release) struct text packed = { 0 };
		CLEANUP(text_release) struct text empty = { 0 };
		CLEANUP(text_release) struct text all = { 0 };

		if (filters[i] == ARCHIVE_FILTER_NONE)
			continue;
		compress(filters[i], words, strlen(words), &packed);
		compress(filters[i], "", 0, &empty);
		text_append(&all, packed.data, packed.length);
		for (int n = 0; n < 20000; n++)
			text_append(&all, empty.data, empty.length);
		for (int n = 0; n < 20000 && filters[i] == ARCHIVE_FILTER_ZSTD; n++)
			text_append(&all, skippable, sizeof(skippable) - 1);
		taken(&all, strlen(words), words, strlen(words));
		text_append(&all, packed.data, packed.length);
		refused(&all, strlen(words), "more than the 26 bytes of text");
	}
}

static void refuses_what_breaks_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		CLEANUP(text_release) struct text packed = { 0 };

		if (filters[i] == ARCHIVE_FILTER_NONE)
			continue;
		compress(filters[i], words, strlen(words), &packed);
		packed.length -= 14;
		refused(&packed, strlen(words), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_kinds),    cmocka_unit_test(stops_at_what_was_promised),
		cmocka_unit_test(undoes_one_layer),   cmocka_unit_test(bounds_memory),
		cmocka_unit_test(reads_empty_pieces), cmocka_unit_test(refuses_what_breaks_off),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
