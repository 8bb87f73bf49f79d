/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/owner.h"
#include "base/progress.h"
#include "base/temporary-dir.h"
#include "base/tree.h"
#include "command/fileserver.h"
#include "command/options.h"
#include "command/shipped.h"
#include "command/verbs.h"
#include "lab/lab.h"
#include "publish/result-damage.h"

#define SCRIPT_MAX ((size_t)1 << 20)

#define INVOCATION struct boot_invocation
struct boot_invocation {
	struct invocation in;
	const char *firmware, *nic, *entry; /* the client */
	unsigned memory, timeout;
	struct strv disk, qemu;
	const char *display; /* for a person */
	bool check;	     /* for a test */
	const char *expect, *until, *screenshot, *script, *server_script;
	unsigned clients;
	bool reboot;
	const char *bridge, *serve; /* the network */
	bool simple;
	const char *server; /* the server */
	struct strv allow;
	bool systemd_server;
	const char *logs;
	const char *store, *mirror, *keyring, *sandbox;
	unsigned jobs;
	bool offline;
};

/* ---- where sockets and logs go ------------------------------------------------------------- */

struct directory {
	char *path;
	bool keep;
};

/* After a failure it is kept, for whoever looks for the cause. */
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
	if (!logs)
		return temporary_dir(NULL, "netrescue-boot.", &d->path, err);
	d->path = xstrdup(logs);
	d->keep = true;
	if (mkdir(logs, 0700) < 0 && errno != EEXIST)
		return err_errno(err, ERR_USAGE, errno, "cannot make '%s'", logs);
	/* QEMU and others write there under fixed names, and follow the links that they find. */
	return owner_check_place(logs, "where the logs go", OWNER_FIXED_NAMES, err);
}

/* ---- the verb ------------------------------------------------------------------------------ */

static int check_usage(const struct boot_invocation *o, struct err *err)
{
	if (o->simple && o->bridge)
		return err_set(err, ERR_USAGE, "--simple and --bridge exclude each other");
	if ((o->simple || o->bridge) && (o->serve || o->server_script || o->systemd_server))
		return err_set(err, ERR_USAGE,
			       "--serve, --server-script and --systemd-server are for the lab's "
			       "own server, which --simple and --bridge leave out");
	if (!o->check && (o->clients > 1 || o->expect || o->until || o->screenshot || o->reboot ||
			  o->script || o->server_script))
		return err_set(err, ERR_USAGE,
			       "--clients, --expect, --until, --screenshot, --reboot and "
			       "scripts need --check");
	if (o->server_script && !o->script)
		return err_set(err, ERR_USAGE,
			       "--server-script begins when the client's --script does: give both");
	return 0;
}

static int read_script(const char *path, struct text *ret, struct err *err)
{
	return path ? read_file(AT_FDCWD, path, SCRIPT_MAX, ret, err) : 0;
}

static int check_damage(const struct image *image, const char *hint, struct err *err)
{
	int r;

	progress_start("check", 0, PROGRESS_STEPS);
	progress_detail("%s", image->path);
	r = result_refuse_damaged(image->fd, image->path, hint, NULL, err);
	if (r < 0)
		return r;
	progress_end(image->path);
	return 0;
}

static int make_options(const struct boot_invocation *o, const struct image *image,
			struct lab_options *ret, struct err *err)
{
	*ret = (struct lab_options){
		.image = image,
		.sandbox = o->sandbox,
		.network = o->simple   ? LAB_SIMPLE
			   : o->bridge ? LAB_BRIDGE
				       : LAB_SERVER,
		.bridge = o->bridge,
		.entry = o->entry,
		.clients = o->clients,
		.nic = o->nic,
		.memory = o->memory,
		.display = o->display,
		.screenshot = o->screenshot,
		.expect = o->expect,
		.until = o->until,
		.mirror = o->serve,
		.disks = &o->disk,
		.arguments = &o->qemu,
		.timeout = o->timeout,
		.reboot = o->reboot,
		.systemd_server = o->systemd_server,
		.json = o->in.json,
	};
	return firmware_parse(o->firmware, &ret->firmware, err);
}

static int find_server(const struct boot_invocation *o, struct store *s, struct image *ret,
		       struct err *err)
{
	cleanup_free char *recipe = NULL, *path = NULL;
	int r = o->server ? recipe_find(o->server, &recipe, err) : 0;

	if (r < 0)
		return r;
	const struct build_options options = {
		.recipe = recipe,
		.allow = &o->allow,
		.store = o->store,
		.mirror = o->mirror,
		.keyring = o->keyring,
		.sandbox = o->sandbox,
		.offline = o->offline,
		.jobs = o->jobs,
	};
	r = fileserver_find(&options, s, &path, err);
	if (r < 0)
		return r;
	r = image_open(path, ret, err);
	return r < 0 ? r : check_damage(ret, "remove it: the lab's server is built again", err);
}

static int run_lab(const struct boot_invocation *o, struct lab_options *lab,
		   struct directory *directory, struct err *err)
{
	CLEANUP(text_release) struct text script = { 0 };
	CLEANUP(text_release) struct text server_script = { 0 };
	int r = read_script(o->script, &script, err);

	if (r < 0)
		return r;
	r = read_script(o->server_script, &server_script, err);
	if (r < 0)
		return r;
	lab->script = script.data;
	lab->server_script = server_script.data;
	lab->directory = directory->path;
	r = o->check ? lab_check(lab, err) : lab_interactive(lab, err);
	directory->keep |= r < 0 && err->class == ERR_BOOT;
	return r;
}

static int run(const struct invocation *in, struct err *err)
{
	const struct boot_invocation *o = (const struct boot_invocation *)in;
	CLEANUP(store_cleanup) struct store *s = NULL;
	CLEANUP(image_release) struct image image = IMAGE_INIT, server = IMAGE_INIT;
	CLEANUP(directory_release) struct directory directory = { 0 };
	struct lab_options lab;
	int r = check_usage(o, err);

	if (r < 0)
		return r;
	r = image_open(in->argument[0], &image, err);
	if (r < 0)
		return r;
	r = make_options(o, &image, &lab, err);
	if (r < 0)
		return r;
	r = lab_examine(&lab, err);
	if (r < 0)
		return r;
	r = directory_make(&directory, o->logs, err);
	if (r < 0)
		return r;
	r = check_damage(&image,
			 "get an intact copy, or build it again: a damaged result is not booted",
			 err);
	if (r < 0)
		return r;
	r = store_open(o->store, &s, err);
	if (r < 0)
		return r;
	r = find_server(o, s, &server, err);
	if (r < 0)
		return r;
	lab.store = s;
	lab.server = &server;
	return run_lab(o, &lab, &directory, err);
}

static const struct option_row options[] = {
	GROUP("the client"),
	TEXT("firmware", firmware, "KIND", "bios, uefi or secureboot (default: bios)",
	     .words = "bios uefi secureboot"),
	TEXT("entry", entry, "LABEL", "menu entry (default: the first rescue entry)"),
	TEXT("nic", nic, "MODEL", "network card: virtio, e1000, rtl8139, … (default: virtio)",
	     .words = "virtio e1000 e1000e rtl8139 vmxnet3 pcnet ne2k_pci"),
	NUMBER("memory", memory, "MB", "its memory (default: 1024)"),
	LIST("disk", disk, "FILE", "a raw disk, which may be written to; may be repeated"),
	LIST("qemu", qemu, "ARGUMENT", "one more argument for its QEMU; may be repeated"),
	NUMBER("timeout", timeout, "S", "how long a phase may take (default: 420; 60 with KVM)"),

	GROUP("for a person"),
	TEXT("display", display, "KIND", "gtk, curses, or none: the serial port on this terminal",
	     .words = "gtk curses none"),

	GROUP("for a test"),
	FLAG("check", check, "boot without a person, look inside, exit 5 if it fails"),
	TEXT("until", until, "PHASE", "no further than this phase: menu, kernel, 'NFS root', …",
	     .words = "firmware DHCP TFTP menu kernel initramfs login health"),
	TEXT("expect", expect, "TEXT", "wait for this text on the screen or the serial line"),
	NUMBER("clients", clients, "N", "boot so many clients at once"),
	FLAG("reboot", reboot, "end by a reboot, not by switching off"),
	TEXT("script", script, "FILE",
	     "for bash, run as root in each client; the test fails if it does"),
	TEXT("server-script", server_script, "FILE",
	     "run on the server when the first client's script begins; its end is not waited for, "
	     "and the server's tree is not checked"),
	TEXT("screenshot", screenshot, "FILE.png",
	     "a picture of the prompt, and of the menu as FILE-menu.png"),
	TEXT("logs", logs, "DIR", "where consoles and captures go, and stay"),
	OPTION_JSON,

	GROUP("the network"),
	FLAG("simple", simple, "QEMU's own DHCP and TFTP; NFS from this host, if it has it"),
	TEXT("bridge", bridge, "NAME",
	     "plug the client into this host's bridge, with servers behind it"),
	TEXT("serve", serve, "DIR", "let the server offer this over HTTP under every host name"),

	GROUP("the server"),
	TEXT("server", server, "RECIPE", "the recipe of the file server (default: fileserver)"),
	LIST("allow", allow, "PATH",
	     "let that recipe read this folder or file besides its own; may be repeated"),
	FLAG("systemd-server", systemd_server,
	     "its daemons are started by their units, not by a short init"),
	OPTION_MIRROR,
	OPTION_KEYRING,
	OPTION_OFFLINE,
	OPTION_SANDBOX,
	OPTION_JOBS,

	GROUP("in general"),
	OPTION_STORE,
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTIONS_END,
};

static const struct example examples[] = {
	{ "boot out/rescue64/latest", "a window, or this terminal, and a menu that waits for you" },
	{ "boot out/rescue64/latest --check --firmware uefi",
	  "exit code 0 if a client with UEFI gets to root's prompt and all is well there, else 5" },
	{ "boot out/rescue64/latest --check --simple --until menu",
	  "only whether the menu comes up, without a server" },
	{ NULL, NULL },
};

const struct verb verb_boot = {
	.name = "boot",
	.arguments = "DIR",
	.summary = "boot an image in virtual machines, server and all",
	.description =
		"Starts a file server with Debian's ISC dhcpd, tftpd-hpa and kernel NFS server, "
		"configured by DIR/server, and a client that boots DIR from it over the network. "
		"Needs QEMU, no root, and no network: the machines' packets stay between them. "
		"The server is built the first time. A DIR that is not as it was built is "
		"refused.\n\n"
		"With --check nobody need watch: the client is driven through firmware, DHCP, "
		"TFTP, menu, kernel, NFS root and login, looked at from inside and switched off. "
		"Each phase is printed with its time. If one fails, the message says which, why "
		"and where the logs are.\n\n"
		"With KVM that takes a minute, emulated several.",
	.example = examples,
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.size = sizeof(INVOCATION),
	.run = run,
};
