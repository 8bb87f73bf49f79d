/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include "base/memory.h"

/* By default the packages look at the processor that they are installed on. An image boots on any,
 * so its initramfs gets the microcode for all. The variables are those of the packages'
 * /usr/share/initramfs-tools/hooks. */
static const struct {
	const char *package;
	const char *file;
	const char *lines;
} microcode[] = {
	{ "amd64-microcode", "/etc/default/amd64-microcode", "AMD64UCODE_INITRAMFS=early\n" },
	{ "intel-microcode", "/etc/default/intel-microcode",
	  "IUCODE_TOOL_INITRAMFS=early\nIUCODE_TOOL_SCANCPUS=no\n" },
};

int settings_microcode(struct rootfs *rootfs, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(microcode); i++) {
		CLEANUP(text_release) struct text text = { 0 };
		bool exists;
		int r;

		if (!packages_find(&rootfs->lock->packages, microcode[i].package, ROLE_IMAGE))
			continue;
		r = settings_read(rootfs, microcode[i].file, &exists, &text, err);
		if (r < 0)
			return r;
		text_printf(&text, "\n# For machines with any processor.\n%s", microcode[i].lines);
		r = settings_write(rootfs, microcode[i].file, text.data, 0644, err);
		if (r < 0)
			return r;
	}
	return 0;
}
