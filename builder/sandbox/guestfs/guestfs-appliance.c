/* SPDX-License-Identifier: MIT */
/* The driver, as guestfs.h describes it. No other file calls libguestfs. */
#include <errno.h>
#include <fcntl.h>
#include <guestfs.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/kvm.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "sandbox/locked-dir.h"
#include "sandbox/guestfs/guestfs.h"

#define SCRATCH_FILE "scratch"
#define SAID_KEPT 12
/* Of a line of theirs, and of the daemon's reason: the appliance may talk without an end. */
#define SAID_LENGTH ((size_t)1000)
#define SUPERMIN_UNFINISHED "appliance.d."
#define REPORT_FD 3
#define RUNTIME_FD 4
#define ARGUMENTS 6
#define QEMU_OPTIONS "NETRESCUE_APPLIANCE_QEMU"

struct driver {
	guestfs_h *g;
	struct strv said; /* the last lines of supermin, QEMU and the appliance's console */
	struct text line;
};

static void driver_release(struct driver *d)
{
	if (d->g)
		guestfs_close(d->g);
	strv_release(&d->said);
	text_release(&d->line);
}

/* ---- reports -------------------------------------------------------------------------------- */

static int report(enum message_type type, const char *step, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = type };

	message_put_text(&m, step);
	return message_send(REPORT_FD, &m, err);
}

static int report_step(const char *step, struct err *err)
{
	return report(MESSAGE_OUTPUT, step, err);
}

static void keep_line(struct driver *d)
{
	if (d->said.count == SAID_KEPT)
		strv_remove(&d->said, d->said.item[0]);
	if (d->line.length > 0)
		strv_add(&d->said, d->line.data);
	text_release(&d->line);
}

static void hear(guestfs_h *g, void *data, uint64_t event, int handle, int flags, const char *said,
		 size_t size, const uint64_t *array, size_t count)
{
	struct driver *d = data;

	(void)g, (void)event, (void)handle, (void)flags, (void)array, (void)count;
	for (size_t i = 0; i < size; i++) {
		if (said[i] == '\n')
			keep_line(d);
		else if (said[i] != '\r' && said[i] != '\0' && d->line.length < SAID_LENGTH)
			text_append(&d->line, &said[i], 1);
	}
}

/* The error has what libguestfs says, and the last lines of supermin, QEMU and the appliance, which
 * are often the reason. */
static int failed(struct driver *d, const char *doing, struct err *err)
{
	const char *why = d->g ? guestfs_last_error(d->g) : NULL;
	size_t length = strcspn(why ? why : "", "\n");
	cleanup_free char *short_why =
		xstrndup(why ? why : "", length < SAID_LENGTH ? length : SAID_LENGTH);
	cleanup_free char *said = NULL;

	if (d->line.length > 0)
		keep_line(d);
	said = strv_join(&d->said, "\n");
	return err_set(err, ERR_BUILD, "cannot %s: %s%s%s", doing, short_why,
		       said && *said ? "\n" : "", said ? said : "");
}

/* ---- supermin ------------------------------------------------------------------------------- */

/* supermin builds the appliance in a directory beside the final one, under libguestfs's lock
 * (fcntl(2)); one that is killed leaves its directory. Whoever gets the lock knows that no other
 * supermin is at work. */
static void remove_unfinished(struct driver *d)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	cleanup_free char *cache = guestfs_get_cachedir(d->g);
	cleanup_free char *path = xasprintf("%s/.guestfs-%u", cache ? cache : "", geteuid());
	cleanup_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int lock = dir < 0 ? -1 : openat(dir, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat st;

	if (lock < 0 || fstat(dir, &st) < 0 || st.st_uid != geteuid() ||
	    fcntl(lock, F_SETLK, &whole) < 0)
		return;
	locked_dir_list(dir, SUPERMIN_UNFINISHED, &names);
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP(err_release) struct err ignored = { 0 };

		(void)remove_tree(dir, names.item[i], &ignored);
	}
}

/* Puts supermin's temporary files into our own directory (TMPDIR). The appliance itself, whose
 * place depends on TMPDIR as well, stays where it is. */
static int place_supermin(struct driver *d, const struct appliance *a, struct err *err)
{
	cleanup_free char *cache = guestfs_get_cachedir(d->g);

	if (!cache || guestfs_set_cachedir(d->g, cache) < 0 ||
	    setenv("TMPDIR", a->directory, 1) < 0)
		return failed(d, "set up the appliance", err);
	remove_unfinished(d);
	return 0;
}

/* ---- the appliance -------------------------------------------------------------------------- */

static guestfs_h *new_handle(struct driver *d)
{
	guestfs_h *g = guestfs_create_flags(GUESTFS_CREATE_NO_CLOSE_ON_EXIT);

	if (g) {
		guestfs_set_error_handler(g, NULL, NULL);
		(void)guestfs_set_event_callback(g, hear, GUESTFS_EVENT_APPLIANCE, 0, d);
	}
	return g;
}

/* The options are ours, since a disk that libguestfs adds stops the machine for ever when the
 * host's file system is full. Nothing is synced: the disk does not outlive the machine. */
static int add_scratch(struct driver *d, const struct appliance *a, struct err *err)
{
	cleanup_free char *file = xasprintf("%s/" SCRATCH_FILE, a->directory);
	cleanup_free char *drive = xasprintf("file=%s,format=raw,if=none,id=scratch,cache=unsafe,"
					     "werror=report,rerror=report,discard=unmap",
					     file);

	if (strchr(file, ','))
		return err_set(err, ERR_BUILD,
			       "the store lies in '%s', but QEMU takes no comma in a file's name",
			       a->directory);
	if (guestfs_disk_create(d->g, file, "raw", (int64_t)a->disk, -1) < 0)
		return failed(d, "make the scratch disk", err);
	/* libguestfs insists on a disk that it has added, hence /dev/null. It also sets a property
	 * of plain virtio-blk-pci that QEMU 10 does not have any more. */
	if (guestfs_add_drive_ro(d->g, "/dev/null") < 0 ||
	    guestfs_config(d->g, "-drive", drive) < 0 ||
	    guestfs_config(d->g, "-device", "virtio-blk-pci-non-transitional,drive=scratch") < 0)
		return failed(d, "add the scratch disk", err);
	return 0;
}

static int add_port(struct driver *d, const struct appliance *a, struct err *err)
{
	cleanup_free char *chardev =
		xasprintf("socket,id=" APPLIANCE_PORT ",path=%s", a->port_path);

	if (guestfs_config(d->g, "-chardev", chardev) < 0 ||
	    guestfs_config(d->g, "-device",
			   "virtserialport,chardev=" APPLIANCE_PORT ",name=" APPLIANCE_PORT) < 0)
		return failed(d, "add the serial port", err);
	return 0;
}

static int add_filter(struct driver *d, struct err *err)
{
	return guestfs_config(d->g, "-sandbox", QEMU_FILTER "deny") < 0
		       ? failed(d, "confine QEMU", err)
		       : 0;
}

/* For tests and `verify`: another clock, another processor. */
static int add_given(struct driver *d, struct err *err)
{
	CLEANUP(strv_release) struct strv given = { 0 };
	const char *options = getenv(QEMU_OPTIONS);

	if (!options)
		return 0;
	strv_split(&given, options, " ");
	for (size_t i = 0; i < given.count; i += 2)
		if (guestfs_config(d->g, given.item[i], given.item[i + 1]) < 0)
			return failed(d, "use " QEMU_OPTIONS, err);
	/* KVM's own clock is the host's, whatever -rtc says. */
	return guestfs_set_append(d->g, "no-kvmclock") < 0 ? failed(d, "use " QEMU_OPTIONS, err)
							   : 0;
}

static int configure(struct driver *d, const struct appliance *a, struct err *err)
{
	int r;

	if (guestfs_set_backend(d->g, "direct") < 0 || guestfs_set_network(d->g, 0) < 0 ||
	    guestfs_set_memsize(d->g, (int)a->memory) < 0 ||
	    guestfs_set_smp(d->g, (int)a->processors) < 0 ||
	    guestfs_set_tmpdir(d->g, a->directory) < 0 ||
	    guestfs_set_backend_setting(d->g, a->kvm ? "force_kvm" : "force_tcg", "1") < 0)
		return failed(d, "set up the appliance", err);
	r = place_supermin(d, a, err);
	if (r < 0)
		return r;
	r = add_scratch(d, a, err);
	if (r < 0)
		return r;
	r = add_port(d, a, err);
	if (r < 0)
		return r;
	r = add_filter(d, err);
	if (r < 0)
		return r;
	return add_given(d, err);
}

static int launch(struct driver *d, const struct appliance *a, struct err *err)
{
	int r = report_step("launching the appliance", err);

	if (r < 0)
		return r;
	r = configure(d, a, err);
	if (r < 0)
		return r;
	if (guestfs_launch(d->g) < 0) {
		remove_unfinished(d);
		failed(d, "launch the appliance", err);
		return err_hint(err, "%sLIBGUESTFS_DEBUG=1 libguestfs-test-tool says more",
				a->kvm ? "LIBGUESTFS_BACKEND_SETTINGS=force_tcg does without KVM; "
				       : "");
	}
	/* The machine has it open; its name is not needed any more. */
	cleanup_free char *scratch = xasprintf("%s/" SCRATCH_FILE, a->directory);
	(void)unlink(scratch);
	return 0;
}

/* libguestfs names the disks as it likes; ours is the one of this size. */
static int find_scratch(struct driver *d, const struct appliance *a, char **ret, struct err *err)
{
	char **device = guestfs_list_devices(d->g);
	cleanup_free char *found = NULL;

	for (size_t i = 0; device && device[i]; i++) {
		if (!found && guestfs_blockdev_getsize64(d->g, device[i]) == (int64_t)a->disk)
			found = take_ptr(device[i]);
		free(device[i]);
	}
	free(device);
	if (!found)
		return failed(d, "find the scratch disk", err);
	*ret = take_ptr(found);
	return 0;
}

static int fill(struct driver *d, const struct appliance *a, struct err *err)
{
	cleanup_free char *scratch = NULL;
	cleanup_free char *runtime = xasprintf("/dev/fd/%d", RUNTIME_FD);
	int r = report_step("making the scratch disk's file system", err);

	if (r < 0)
		return r;
	r = find_scratch(d, a, &scratch, err);
	if (r < 0)
		return r;
	if (guestfs_mkfs_opts(d->g, "ext4", scratch, GUESTFS_MKFS_OPTS_FEATURES, "^has_journal",
			      -1) < 0 ||
	    guestfs_mount_options(d->g, "noatime", scratch, "/") < 0)
		return failed(d, "make the scratch disk's file system", err);
	r = report_step("carrying the sandbox into the appliance", err);
	if (r < 0)
		return r;
	return guestfs_tar_in(d->g, runtime, "/") < 0
		       ? failed(d, "carry the sandbox into the appliance", err)
		       : 0;
}

/* Runs the sandbox until it ends, which it should not do before we are killed. */
static int serve(struct driver *d, struct err *err)
{
	char *const argv[] = {
		(char[]){ "/runtime/loader" },
		(char[]){ "--library-path" },
		(char[]){ "/runtime" },
		(char[]){ "/runtime/sandbox-namespace" },
		(char[]){ "--port" },
		(char[]){ "/dev/virtio-ports/" APPLIANCE_PORT },
		NULL,
	};
	cleanup_free char *said = NULL;
	int r = report(MESSAGE_OK, "starting the sandbox in the appliance", err);

	if (r < 0)
		return r;
	said = guestfs_command(d->g, argv);
	if (said)
		return err_set(err, ERR_BUILD, "the sandbox in the appliance ended");
	failed(d, "run the sandbox in the appliance", err);
	return err_hint(err, "if the kernel killed QEMU for lack of memory (see dmesg), build with "
			     "more memory, or with less running beside it");
}

static int drive(const struct appliance *a, struct err *err)
{
	CLEANUP(driver_release) struct driver d = { 0 };
	int r;

	d.g = new_handle(&d);
	if (!d.g)
		return err_errno(err, ERR_BUILD, errno, "cannot use libguestfs");
	r = launch(&d, a, err);
	if (r < 0)
		return r;
	r = fill(&d, a, err);
	if (r < 0)
		return r;
	return serve(&d, err);
}

/* QEMU and supermin do not inherit a handler, as they would SIG_IGN: they end, libguestfs returns
 * with an error, and we can tidy up. */
static void stay(int number)
{
	(void)number;
}

/* The helper was killed. QEMU and supermin do not notice that, so they are ended with us. */
static void end_group(int number)
{
	(void)number;
	(void)kill(0, SIGKILL);
}

static int follow_helper(void)
{
	const struct sigaction end = { .sa_handler = end_group };

	return setpgid(0, 0) < 0 || sigaction(SIGHUP, &end, NULL) < 0 ||
			       prctl(PR_SET_PDEATHSIG, SIGHUP) < 0
		       ? -errno
		       : 0;
}

static int read_arguments(char **argv, struct appliance *a)
{
	uint64_t memory, processors;

	if (parse_u64(argv[2], &a->disk) < 0 || parse_u64(argv[3], &memory) < 0 ||
	    parse_u64(argv[4], &processors) < 0)
		return -EINVAL;
	a->directory = argv[0];
	a->port_path = argv[1];
	a->memory = (unsigned)memory;
	a->processors = (unsigned)processors;
	a->kvm = streq(argv[5], "kvm");
	return 0;
}

int driver_main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = stay };
	CLEANUP(err_release) struct err err = { 0 };
	struct appliance a = { 0 };

	if (argc != ARGUMENTS || read_arguments(argv, &a) < 0 || follow_helper() < 0)
		return 2;
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGPIPE, &action, NULL);
	(void)drive(&a, &err);
	message_send_err(REPORT_FD, &err);
	return 1;
}

int driver_start(struct child *c, const struct appliance *a, int runtime, int *ret_report,
		 struct err *err)
{
	CLEANUP(strv_release) struct strv argv = { 0 };
	int pair[2], r;

	strv_add(&argv, "/proc/self/exe");
	strv_add(&argv, "appliance");
	strv_add(&argv, a->directory);
	strv_add(&argv, a->port_path);
	strv_addf(&argv, "%" PRIu64, a->disk);
	strv_addf(&argv, "%u", a->memory);
	strv_addf(&argv, "%u", a->processors);
	strv_add(&argv, a->kvm ? "kvm" : "tcg");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a socket");
	cleanup_fd int ours = pair[0];
	cleanup_fd int theirs = pair[1];
	r = child_start(c,
			&(struct child_options){
				.argv = (const char *const *)argv.item,
				.env = (const char *const *)environ,
				.fd = { { REPORT_FD, theirs }, { RUNTIME_FD, runtime } },
				.fd_count = 2,
			},
			err);
	if (r < 0)
		return r;
	*ret_report = take_fd(&ours);
	return 0;
}
