/* SPDX-License-Identifier: MIT */
#include "tar/capability.h"

#include <linux/capability.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

/* In the order of their numbers. */
static const char *const names[] = {
	"cap_chown",
	"cap_dac_override",
	"cap_dac_read_search",
	"cap_fowner",
	"cap_fsetid",
	"cap_kill",
	"cap_setgid",
	"cap_setuid",
	"cap_setpcap",
	"cap_linux_immutable",
	"cap_net_bind_service",
	"cap_net_broadcast",
	"cap_net_admin",
	"cap_net_raw",
	"cap_ipc_lock",
	"cap_ipc_owner",
	"cap_sys_module",
	"cap_sys_rawio",
	"cap_sys_chroot",
	"cap_sys_ptrace",
	"cap_sys_pacct",
	"cap_sys_admin",
	"cap_sys_boot",
	"cap_sys_nice",
	"cap_sys_resource",
	"cap_sys_time",
	"cap_sys_tty_config",
	"cap_mknod",
	"cap_lease",
	"cap_audit_write",
	"cap_audit_control",
	"cap_setfcap",
	"cap_mac_override",
	"cap_mac_admin",
	"cap_syslog",
	"cap_wake_alarm",
	"cap_block_suspend",
	"cap_audit_read",
	"cap_perfmon",
	"cap_bpf",
	"cap_checkpoint_restore",
};
_Static_assert(ARRAY_SIZE(names) == CAP_CHECKPOINT_RESTORE + 1, "names by number");

static bool add_name(const char *name, uint64_t *set)
{
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		const uint64_t bit = (uint64_t)1 << i;

		if (!streq(names[i], name))
			continue;
		if (*set & bit)
			return false;
		*set |= bit;
		return true;
	}
	return false;
}

static void put_le32(unsigned char *to, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t get_le32(const unsigned char *from)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < 4; i++)
		value |= (uint32_t)from[i] << (8 * i);
	return value;
}

bool capability_to_text(const void *value, size_t size, struct text *ret)
{
	const unsigned char *word = value;
	uint32_t magic = size == CAPABILITY_XATTR_SIZE ? get_le32(word) : 0;
	uint64_t set;
	const char *comma = "";

	if ((magic & ~(uint32_t)VFS_CAP_FLAGS_EFFECTIVE) != VFS_CAP_REVISION_2 ||
	    get_le32(word + 8) != 0 || get_le32(word + 16) != 0)
		return false;
	set = get_le32(word + 4) | (uint64_t)get_le32(word + 12) << 32;
	if (set == 0 || set >> ARRAY_SIZE(names))
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(set >> i & 1))
			continue;
		text_printf(ret, "%s%s", comma, names[i]);
		comma = ",";
	}
	text_add(ret, magic & VFS_CAP_FLAGS_EFFECTIVE ? "=ep" : "=p");
	return true;
}

bool capability_parse(const char *text, unsigned char ret[CAPABILITY_XATTR_SIZE])
{
	CLEANUP(strv_release) struct strv words = { 0 };
	const size_t length = strcspn(text, "+=");
	const bool effective = streq(text + length, "+ep") || streq(text + length, "=ep");
	uint64_t set = 0;

	if (!effective && !streq(text + length, "+p") && !streq(text + length, "=p"))
		return false;
	cleanup_free char *list = strndup(text, length);
	if (!length || !list || text[0] == ',' || text[length - 1] == ',' || strstr(list, ",,"))
		return false;
	strv_split(&words, list, ",");
	for (size_t i = 0; i < words.count; i++)
		if (!add_name(words.item[i], &set))
			return false;
	memset(ret, 0, CAPABILITY_XATTR_SIZE);
	put_le32(ret, VFS_CAP_REVISION_2 | (effective ? VFS_CAP_FLAGS_EFFECTIVE : 0));
	put_le32(ret + 4, (uint32_t)set);
	put_le32(ret + 12, (uint32_t)(set >> 32));
	return true;
}
