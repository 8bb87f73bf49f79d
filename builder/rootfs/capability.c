// SPDX-License-Identifier: MIT
#include <linux/capability.h>
#include <string.h>

#include "base/text.h"
#include "rootfs/overlay-rules.h"

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
_Static_assert(sizeof(names) / sizeof(*names) == CAP_CHECKPOINT_RESTORE + 1, "names by number");

static bool add_name(const char *name, uint64_t *set)
{
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
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
