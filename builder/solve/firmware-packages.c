/* SPDX-License-Identifier: MIT */
#include "solve/firmware-packages.h"

#include <fnmatch.h>
#include <string.h>

#include "base/memory.h"

enum use { USE_NETWORK, USE_OTHER, USE_NEVER };

/* The first row that matches a name counts. A file that is named is one of bookworm's Contents that
 * a module of Debian's amd64 kernel 6.12 asks for. */
static const struct {
	const char *name;
	enum use use;
	const char *reason;
} rows[] = {
	{ "atmel-firmware", USE_NETWORK, "at76c50x" },
	{ "firmware-atheros", USE_NETWORK, "ath6k to ath12k" },
	{ "firmware-ath9k-htc", USE_NETWORK, "in main; ath9k_htc" },
	{ "firmware-bnx2", USE_NETWORK, "bnx2" },
	{ "firmware-bnx2x", USE_NETWORK, "bnx2x" },
	{ "firmware-brcm80211", USE_NETWORK, "brcmsmac, brcmfmac" },
	{ "firmware-cavium", USE_NETWORK, "liquidio" },
	{ "firmware-intel-misc", USE_NETWORK, "ice; since trixie" },
	{ "firmware-iwlwifi", USE_NETWORK, "iwlwifi" },
	{ "firmware-libertas", USE_NETWORK, "libertas, mwifiex" },
	{ "firmware-linux-free", USE_NETWORK, "in main; carl9170, PCMCIA cards" },
	{ "firmware-mediatek", USE_NETWORK, "mt76; since trixie, before in misc-nonfree" },
	{ "firmware-misc-nonfree", USE_NETWORK, "tg3, cxgb4, e100, rt2x00" },
	{ "firmware-myricom", USE_NETWORK, "myri10ge" },
	{ "firmware-netronome", USE_NETWORK, "nfp" },
	{ "firmware-netxen", USE_NETWORK, "netxen_nic" },
	{ "firmware-qlogic", USE_NETWORK, "qed; disks over Fibre Channel, too" },
	{ "firmware-realtek", USE_NETWORK, "r8169, rtlwifi, rtw88" },
	{ "firmware-zd1211", USE_NETWORK, "zd1211rw" },
	{ "bluez-firmware", USE_OTHER, "Bluetooth" },

	{ "firmware-ipw2x00", USE_NEVER, "asks to accept a licence" },
	{ "firmware-ivtv", USE_NEVER, "asks to accept a licence" },
	{ "firmware-linux", USE_NEVER, "depends on others of this list" },
	{ "firmware-linux-nonfree", USE_NEVER, "depends on others of this list" },
	{ "firmware-marvell-prestera", USE_NEVER, "no module of amd64 asks for it: switches" },
	{ "firmware-nvidia-*gsp", USE_NEVER, "for a driver that is not the kernel's" },
	{ "firmware-qcom-*", USE_NEVER, "no module of amd64 asks for it: phones" },
	{ "firmware-samsung", USE_NEVER, "no module of amd64 asks for it: phones" },
	{ "firmware-ti-connectivity", USE_NEVER, "no module of amd64 asks for it: phones" },
};

/* In non-free-firmware all that is called firmware-* is; in main there is firmware for gadgets, and
 * in contrib there are programs that download some. */
static enum use use_of(const struct solver_pool *pool, Id p)
{
	const char *name = solver_pool_name(pool, p);

	if (!solver_pool_is_archive(pool, p))
		return USE_NEVER;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (fnmatch(rows[i].name, name, 0) == 0)
			return rows[i].use;
	return starts_with(name, "firmware-") &&
			       streq(solver_pool_source(pool, p)->component, "non-free-firmware")
		       ? USE_OTHER
		       : USE_NEVER;
}

void firmware_packages(const struct solver_pool *pool, enum card_firmware which, struct strv *ret)
{
	for (size_t i = 0; i < pool->count && which != CARD_FIRMWARE_NONE; i++) {
		const char *name = solver_pool_name(pool, pool->sorted[i]);
		enum use use;

		if (!strstr(name, "firmware"))
			continue;
		use = use_of(pool, pool->sorted[i]);
		if (use == USE_NETWORK || (use == USE_OTHER && which == CARD_FIRMWARE_ALL))
			strv_add(ret, name);
	}
	strv_sort(ret);
	strv_unique(ret);
}
