/* SPDX-License-Identifier: MIT */
/* A result that somebody gave us: manifest, SHA256SUMS, SBOM, provenance, lock. Whatever says that it
 * agrees with itself can be compared. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diff/diff-parts.h"
#include "fuzz.h"
#include "lab/image.h"
#include "publish/file-makers.h"
#include "publish/result-damage.h"
#include "publish/result-equal.h"

static const char *const names[] = { "manifest.json", "SHA256SUMS", "sbom.cdx.json",
				     "provenance.json", "x.lock" };

static void open_image(const char *path)
{
	CLEANUP(image_release) struct image image = IMAGE_INIT;
	CLEANUP(err_release) struct err err = { 0 };

	if (image_open(path, &image, &err) == 0)
		assert(image.recipe && image.version && image.hostname);
}

/* Nothing that a result says moves the cursor of whoever reads the comparison. */
static void print(const struct diff *diff,
		  void (*form)(const struct diff *d, size_t most, FILE *to))
{
	char *printed = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&printed, &length);

	assert(to);
	form(diff, 0, to);
	assert(fclose(to) == 0);
	for (size_t i = 0; i < length; i++)
		assert((unsigned char)printed[i] >= 0x20 || printed[i] == '\n');
	free(printed);
}

static struct diff_side side(void)
{
	return (struct diff_side){ xstrdup("x"), xstrdup("x"), xstrdup("1"), xstrdup("trixie"),
				   xstrdup("amd64") };
}

static void compare(const char *path, const struct fuzz_pieces *pieces)
{
	CLEANUP(diff_input_release) struct diff_input in = DIFF_INPUT_INIT;
	CLEANUP(diff_release) struct diff diff = { .old = side(), .new = side() };
	CLEANUP(err_release) struct err err = { 0 };
	json_t *other = json_loadb(pieces->item[5].data, pieces->item[5].length, 0, NULL);
	json_t *manifest = json_loadb(pieces->item[0].data, pieces->item[0].length, 0, NULL);

	(void)diff_input_open(path, &in, &err);
	if (manifest && other)
		diff_manifests(&diff, manifest, other);
	print(&diff, diff_print_text);
	print(&diff, diff_print_markdown);
	json_decref(other);
	json_decref(manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	CLEANUP(file_makers_release) struct file_makers makers = { 0 };
	CLEANUP(mismatch_release) struct mismatch mismatch = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(err_release) struct err of_mismatch = { 0 };
	cleanup_free char *path = fuzz_path("result");
	cleanup_free char *damage = NULL;
	cleanup_fd int fd = fuzz_empty("result");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free char *name = xasprintf("result/%s", names[i]);

		fuzz_file(name, pieces.item[i].data, pieces.item[i].length);
	}
	file_makers_read(fd, &makers);
	(void)file_makers_find(&makers, "etc/passwd");
	(void)result_damage(fd, NULL, &damage, &err);
	(void)result_mismatch(fd, fd, &mismatch, &of_mismatch);
	open_image(path);
	compare(path, &pieces);
	return 0;
}
