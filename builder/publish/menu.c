/* SPDX-License-Identifier: MIT */
#include "publish/menu.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* PXELINUX reads file names into 128 bytes (FILENAME_MAX of its core). */
#define PATH_MAX 127
/* COMMAND_LINE_SIZE of Linux on x86 is 2048 with its NUL. */
#define COMMAND_LINE_MAX 2047
/* What loaders add: BOOT_IMAGE= before, initrd= within, BOOTIF=01-aa-bb-cc-dd-ee-ff behind. */
#define COMMAND_LINE_ADDED (sizeof("BOOT_IMAGE= initrd= BOOTIF=01-aa-bb-cc-dd-ee-ff ") - 1)
#define SERIAL_LABEL "-serial"
#define SERIAL_TITLE " (serial console)"
#define SERIAL_WORDS " console=tty0 console=ttyS0,115200n8"

static int fail(const struct position *at, struct err *err, const char *text, const char *value)
{
	if (at->line)
		return err_at(err, ERR_USAGE, at->file, at->line, at->column, "%s: '%s'", text,
			      value);
	return err_set(err, ERR_USAGE, "%s: '%s'", text, value);
}

/* Nobody writes into a version that all mount read-only, so nothing of it has to be asked for
 * twice: no question whether a file is still the same whenever it is opened (nocto, nfs(5)), and an
 * hour until its attributes are asked for again. docs/performance.md has the figures. */
#define UNCHANGING ",nocto,acregmin=3600,acregmax=3600,acdirmin=3600,acdirmax=3600"

/* nfsroot= without an address lets the initramfs take DHCP's next-server, so that one tree
 * serves any server. A root that is neither read-only with an overlay nor rw boots into half a
 * system. */
static char *rescue_words(const struct recipe *recipe, const struct recipe_menu_entry *e,
			  const char *version)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_add(&t, "root=/dev/nfs ip=dhcp nfsroot=");
	if (recipe->server.write_address)
		text_printf(&t, "%s:", recipe->server.address);
	text_printf(&t, "%s/%s,timeo=600,retrans=2%s", recipe->nfs.path, version,
		    recipe->nfs.access == NFS_RO && e->access != NFS_RW ? UNCHANGING : "");
	if (e->access == NFS_RW)
		text_add(&t, " rw");
	else
		text_printf(&t, " ro rescue.overlay=%s", recipe->nfs.overlay_size);
	if (*e->append)
		text_printf(&t, " %s", e->append);
	return text_take(&t);
}

static bool has_label(const struct menu *m, const char *label)
{
	for (size_t i = 0; i < m->count; i++)
		if (streq(m->entry[i].label, label))
			return true;
	return false;
}

static int check_entry(const struct menu *m, const struct menu_entry *e, const struct position *at,
		       struct err *err)
{
	size_t length = COMMAND_LINE_ADDED;

	if (has_label(m, e->label))
		return fail(at, err, "two menu entries have the same label", e->label);
	if (e->initrd && strlen(e->initrd) > PATH_MAX)
		return fail(at, err, "a path is longer than the 127 bytes PXELINUX reads",
			    e->initrd);
	length += (e->kernel ? strlen(e->kernel) : 0) + (e->initrd ? strlen(e->initrd) : 0) +
		  (e->append ? strlen(e->append) : 0);
	if (length > COMMAND_LINE_MAX) {
		fail(at, err, "the kernel command line gets too long for menu entry", e->label);
		return err_hint(err, "%zu bytes with what the boot loader adds; Linux reads %d",
				length, COMMAND_LINE_MAX);
	}
	return 0;
}

static int add_entry(struct menu *m, struct menu_entry *e, const struct position *at,
		     struct err *err)
{
	int r = check_entry(m, e, at, err);

	if (r < 0)
		return r;
	GROW(m->entry, m->count, m->allocated);
	m->entry[m->count++] = TAKE(*e);
	return 0;
}

static void entry_release(struct menu_entry *e)
{
	free(e->label);
	free(e->title);
	free(e->kernel);
	free(e->initrd);
	free(e->append);
}

static int add_serial(struct menu *m, const struct menu_entry *plain, const struct position *at,
		      struct err *err)
{
	CLEANUP(entry_release)
	struct menu_entry e = {
		.kind = plain->kind,
		.label = xasprintf("%s" SERIAL_LABEL, plain->label),
		.title = xasprintf("%s" SERIAL_TITLE, plain->title),
		.kernel = xstrdup(plain->kernel),
		.initrd = xstrdup(plain->initrd),
		.append = xasprintf("%s" SERIAL_WORDS, plain->append),
	};

	return add_entry(m, &e, at, err);
}

char *menu_kernel_directory(const struct recipe *recipe, const char *version, const char *release)
{
	if (!release)
		return xasprintf("kernel/%s/%s", recipe->name, version);
	return xasprintf("kernel/%s/%s/%s", recipe->name, version, release);
}

/* With `-` for what a label cannot have, such as the + of 6.12.107+deb13-amd64. */
static char *label_with(const char *label, const char *release)
{
	char *text = xasprintf("%s-%s", label, release);

	for (char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			*p = '-';
	return text;
}

/* release: of another kernel than the recipe's own, else NULL. */
static int add_rescue(struct menu *m, const struct recipe *recipe,
		      const struct recipe_menu_entry *from, const char *version,
		      const char *release, struct err *err)
{
	cleanup_free char *directory = menu_kernel_directory(recipe, version, release);
	CLEANUP(entry_release)
	struct menu_entry e = {
		.kind = MENU_RESCUE,
		.label = release ? label_with(from->label, release) : xstrdup(from->label),
		.title = release ? xasprintf("%s, Linux %s", from->title, release)
				 : xstrdup(from->title),
		.kernel = xasprintf("%s/vmlinuz", directory),
		.initrd = xasprintf("%s/initrd.img", directory),
		.append = rescue_words(recipe, from, version),
	};
	int r = add_entry(m, &e, &from->at, err);

	if (r < 0 || !recipe->menu.serial)
		return r;
	return add_serial(m, &m->entry[m->count - 1], &from->at, err);
}

static int add_other(struct menu *m, const struct recipe_menu_entry *from, struct err *err)
{
	CLEANUP(entry_release)
	struct menu_entry e = {
		.kind = from->kind,
		.label = xstrdup(from->label),
		.title = xstrdup(from->title),
	};

	if (from->kind == MENU_MEMTEST) {
		e.kernel = xstrdup(MENU_MEMTEST_PATH);
		e.append = xstrdup(from->append);
	}
	return add_entry(m, &e, &from->at, err);
}

static int add_entries(struct menu *m, const struct recipe *recipe, const char *version,
		       struct err *err)
{
	for (size_t i = 0; i < recipe->menu.entry_count; i++) {
		const struct recipe_menu_entry *e = &recipe->menu.entry[i];
		int r = e->kind == MENU_RESCUE ? add_rescue(m, recipe, e, version, NULL, err)
					       : add_other(m, e, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int add_other_kernel(struct menu *m, const struct recipe *recipe, const char *version,
			    const char *release, struct err *err)
{
	for (size_t i = 0; i < recipe->menu.entry_count; i++) {
		const struct recipe_menu_entry *e = &recipe->menu.entry[i];
		int r = e->kind == MENU_RESCUE ? add_rescue(m, recipe, e, version, release, err)
					       : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int menu_describe(const struct recipe *recipe, const char *version, const struct strv *kernels,
		  struct menu *ret, struct err *err)
{
	CLEANUP(menu_release) struct menu m = { .serial = recipe->menu.serial };
	int r;

	m.heading = xasprintf("%s %s", recipe->name, version);
	m.title = xstrdup(recipe->menu.title);
	r = add_entries(&m, recipe, version, err);
	if (r < 0)
		return r;
	for (size_t i = 1; kernels && i < kernels->count; i++) {
		r = add_other_kernel(&m, recipe, version, kernels->item[i], err);
		if (r < 0)
			return r;
	}
	*ret = TAKE(m);
	return 0;
}

struct menu_choice menu_default_choice(const struct recipe *recipe)
{
	return (struct menu_choice){
		.label = recipe->menu.default_entry,
		.timeout = recipe->menu.timeout,
	};
}

struct menu_choice menu_client_choice(const struct recipe *recipe, size_t i)
{
	const struct recipe_menu_client *c = &recipe->menu.client[i];
	struct menu_choice choice = menu_default_choice(recipe);

	choice.label = c->entry;
	if (c->timeout >= 0)
		choice.timeout = c->timeout;
	choice.at_once = c->timeout == 0;
	return choice;
}

void menu_release(struct menu *m)
{
	for (size_t i = 0; i < m->count; i++)
		entry_release(&m->entry[i]);
	free(m->entry);
	free(m->heading);
	free(m->title);
	*m = (struct menu){ 0 };
}
