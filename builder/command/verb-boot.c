/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/tree.h"
#include "command/fileserver.h"
#include "command/verbs.h"
#include "lab/lab.h"

#define SCRIPT_MAX ((size_t)1 << 20)
#define FIELD(name) offsetof(struct invocation, name)

/* ---- where sockets and logs go ------------------------------------------------------------- */

struct directory {
	char *path;
	bool keep;
};

/* Kept after a failure, for whoever looks for its cause. */
static void directory_release(struct directory *d)
{
	CLEANUP(err_release) struct err ignored = { 0 };

	if (d->path && !d->keep)
		(void)remove_tree(AT_FDCWD, d->path, &ignored);
	free(d->path);
	*d = (struct directory){ 0 };
}

static int directory_make(struct directory *d, const char *logs, struct err *err)
{
	const char *tmp = getenv("TMPDIR");

	if (logs) {
		d->path = xstrdup(logs);
		d->keep = true;
		if (mkdir(logs, 0700) == 0 || errno == EEXIST)
			return 0;
		return err_errno(err, ERR_USAGE, errno, "cannot make '%s'", logs);
	}
	d->path = xasprintf("%s/netrescue-boot.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(d->path)) {
		int failed = err_errno(err, ERR_BUILD, errno, "cannot make '%s'", d->path);

		d->keep = true;
		return failed;
	}
	return 0;
}

/* ---- the verb ------------------------------------------------------------------------------ */

static int check_usage(const struct invocation *in, struct err *err)
{
	if (in->simple && in->bridge)
		return err_set(err, ERR_USAGE, "--simple and --bridge exclude one another");
	if ((in->simple || in->bridge) && (in->serve || in->server_script || in->systemd_server))
		return err_set(err, ERR_USAGE,
			       "--serve, --server-script and --systemd-server are for the lab's "
			       "own server, which --simple and --bridge leave out");
	if (!in->check && (in->clients > 1 || in->expect || in->until || in->screenshot ||
			   in->reboot || in->script || in->server_script))
		return err_set(err, ERR_USAGE,
			       "--clients, --expect, --until, --screenshot, --reboot and "
			       "scripts need --check");
	if (in->server_script && !in->script)
		return err_set(err, ERR_USAGE,
			       "--server-script begins when the client's --script does: give both");
	return 0;
}

static int read_script(const char *path, struct text *ret, struct err *err)
{
	return path ? read_file(AT_FDCWD, path, SCRIPT_MAX, ret, err) : 0;
}

static int make_options(const struct invocation *in, const struct image *image,
			struct lab_options *ret, struct err *err)
{
	*ret = (struct lab_options){
		.image = image,
		.sandbox = in->sandbox,
		.network = in->simple	? LAB_SIMPLE
			   : in->bridge ? LAB_BRIDGE
					: LAB_SERVER,
		.bridge = in->bridge,
		.entry = in->entry,
		.clients = in->clients,
		.nic = in->nic,
		.memory = in->memory,
		.display = in->display,
		.screenshot = in->screenshot,
		.expect = in->expect,
		.until = in->until,
		.mirror = in->serve,
		.disks = &in->disk,
		.arguments = &in->qemu,
		.timeout = in->timeout,
		.reboot = in->reboot,
		.systemd_server = in->systemd_server,
		.json = in->json,
	};
	return firmware_parse(in->firmware, &ret->firmware, err);
}

static int find_server(const struct invocation *in, struct store *s, struct image *ret,
		       struct err *err)
{
	const struct build_options options = {
		.recipe = in->server,
		.store = in->store,
		.mirror = in->mirror,
		.keyring = in->keyring,
		.sandbox = in->sandbox,
		.offline = in->offline,
		.jobs = in->jobs,
	};
	cleanup_free char *path = NULL;
	int r = fileserver_find(&options, s, &path, err);

	return r < 0 ? r : image_open(path, ret, err);
}

static int run_lab(const struct invocation *in, struct lab_options *o, struct err *err)
{
	CLEANUP(directory_release) struct directory directory = { 0 };
	CLEANUP(text_release) struct text script = { 0 };
	CLEANUP(text_release) struct text server_script = { 0 };
	int r = read_script(in->script, &script, err);

	if (r >= 0)
		r = read_script(in->server_script, &server_script, err);
	o->script = script.data;
	o->server_script = server_script.data;
	if (r >= 0)
		r = directory_make(&directory, in->logs, err);
	if (r < 0)
		return r;
	o->directory = directory.path;
	r = in->check ? lab_check(o, err) : lab_interactive(o, err);
	directory.keep |= r < 0 && err->class == ERR_BOOT;
	return r;
}

static int run(const struct invocation *in, struct err *err)
{
	CLEANUP(store_cleanup) struct store *s = NULL;
	CLEANUP(image_release) struct image image = IMAGE_INIT, server = IMAGE_INIT;
	struct lab_options o;
	int r = check_usage(in, err);

	if (r >= 0)
		r = image_open(in->argument[0], &image, err);
	if (r >= 0)
		r = make_options(in, &image, &o, err);
	if (r >= 0)
		r = lab_examine(&o, err);
	if (r >= 0)
		r = store_open(in->store, &s, err);
	if (r >= 0)
		r = find_server(in, s, &server, err);
	if (r < 0)
		return r;
	o.store = s;
	o.server = &server;
	return run_lab(in, &o, err);
}

/* Name, letter, kind, argument, help, field. */
#define TEXT(name, field, argument, help)                                                          \
	{                                                                                          \
		name, 0, OPTION_TEXT, argument, help, FIELD(field)                                 \
	}
#define NUMBER(name, field, argument, help)                                                        \
	{                                                                                          \
		name, 0, OPTION_NUMBER, argument, help, FIELD(field)                               \
	}
#define FLAG(name, field, help)                                                                    \
	{                                                                                          \
		name, 0, OPTION_FLAG, NULL, help, FIELD(field)                                     \
	}
#define LIST(name, field, argument, help)                                                          \
	{                                                                                          \
		name, 0, OPTION_LIST, argument, help, FIELD(field)                                 \
	}

static const struct option_row
	check = FLAG("check", check, "boot without a person, look inside, exit 5 if it fails"),
	firmware = TEXT("firmware", firmware, "KIND", "bios, uefi or secureboot (default: bios)"),
	entry = TEXT("entry", entry, "LABEL", "menu entry (default: the first rescue entry)"),
	clients = NUMBER("clients", clients, "N", "with --check: so many at once"),
	nic = TEXT("nic", nic, "MODEL",
		   "network card: virtio, e1000, rtl8139, … (default: virtio)"),
	memory = NUMBER("memory", memory, "MB", "of a client (default: 1024)"),
	display = TEXT("display", display, "KIND",
		       "gtk, curses, or none: the serial port on this terminal"),
	screenshot = TEXT("screenshot", screenshot, "FILE.png",
			  "with --check: the prompt, and FILE-menu.png the menu"),
	expect = TEXT("expect", expect, "TEXT", "with --check: on the screen or serial line"),
	until = TEXT("until", until, "PHASE",
		     "with --check: no further than menu, kernel, 'NFS root', …"),
	timeout = NUMBER("timeout", timeout, "S",
			 "how long a phase may take (default: 420; 60 "
			 "with KVM)"),
	reboot = FLAG("reboot", reboot, "with --check: end by a reboot, not by switching off"),
	disk = LIST("disk", disk, "FILE", "a raw disk of the client, written to; may be repeated"),
	qemu = LIST("qemu", qemu, "ARGUMENT", "more for the client's QEMU; may be repeated"),
	simple = FLAG("simple", simple,
		      "QEMU's own DHCP and TFTP; NFS from this host, if it has it"),
	bridge = TEXT("bridge", bridge, "NAME",
		      "plug the client into this host's bridge, with servers behind it"),
	script = TEXT("script", script, "FILE",
		      "with --check: for bash, run as root in each client; fails if it does"),
	server_script = TEXT("server-script", server_script, "FILE",
			     "on the server, when the first client's begins; its end "
			     "is not waited for, the tree is not checked"),
	serve = TEXT("serve", serve, "DIR", "the server offers this over HTTP, as every host"),
	server = TEXT("server", server, "RECIPE", "the file server's (default: fileserver.yaml)"),
	systemd_server = FLAG("systemd-server", systemd_server,
			      "the server's daemons are started by its units, not by a short init"),
	logs = TEXT("logs", logs, "DIR", "where consoles and captures go, and stay");

static const struct option_row *const options[] = {
	&check,		 &firmware,	  &entry,	 &clients,	 &nic,
	&memory,	 &disk,		  &display,	 &screenshot,	 &expect,
	&until,		 &timeout,	  &reboot,	 &script,	 &server_script,
	&simple,	 &bridge,	  &serve,	 &server,	 &systemd_server,
	&logs,		 &qemu,		  &option_store, &option_mirror, &option_keyring,
	&option_offline, &option_sandbox, &option_jobs,	 &option_json,	 &option_quiet,
	&option_verbose, &option_help,	  NULL,
};

const struct verb verb_boot = {
	.name = "boot",
	.arguments = "DIR",
	.summary = "boot an image in virtual machines, server and all",
	.description =
		"Starts a file server with Debian's ISC dhcpd, tftpd-hpa and kernel NFS server, "
		"configured by DIR/server, and a client that boots DIR from it over the network. "
		"Needs QEMU, no root, and no network: the machines' packets stay between them. "
		"The server is built the first time.\n\n"
		"With --check nobody need watch: the client is driven through firmware, DHCP, "
		"TFTP, menu, kernel, NFS root and login, looked at from inside and switched off. "
		"Each phase is printed with its time. If one fails, the message says which, why "
		"and where the logs are.\n\n"
		"With KVM that takes a minute, emulated several.",
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.run = run,
};
