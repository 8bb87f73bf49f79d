/* SPDX-License-Identifier: MIT */
#include "lab/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/kvm.h"
#include "base/memory.h"

#define QMP_FD 3
/* The kernel kills QEMU when our process ends, even if that was killed (setpriv(1), prctl(2)). As
 * it may have ended before setpriv ran, the shell checks that its parent ($0) is still there. */
#define DIE_WITH_PARENT "setpriv --pdeathsig KILL sh -c"
#define PARENT_CHECK "[ $PPID = $0 ] && exec \"$@\""
#define GREETING_MS 30000
#define POLL_MS 50
#define WORDS_MAX ((size_t)64 << 10)

double lab_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

char *qemu_path(const char *path)
{
	CLEANUP(text_release) struct text t = { 0 };

	for (; *path; path++)
		text_append(&t, *path == ',' ? ",," : path, *path == ',' ? 2 : 1);
	return text_take(&t);
}

static char *machine_file(const struct machine *m, const char *suffix)
{
	return xasprintf("%s/%s.%s", m->directory, m->name, suffix);
}

/* QEMU's own filter of system calls. A window may have to start programs of the desktop; and who
 * gives a filter has chosen. */
static void add_filter(struct strv *v, const struct strv *arguments)
{
	bool has_window = false;

	for (size_t i = 0; i + 1 < arguments->count; i++)
		if (streq(arguments->item[i], "-display"))
			has_window = !streq(arguments->item[i + 1], "none") &&
				     !starts_with(arguments->item[i + 1], "curses");
	if (strv_has(arguments, "-sandbox"))
		return;
	strv_add(v, "-sandbox");
	strv_add(v, has_window ? QEMU_FILTER "allow" : QEMU_FILTER "deny");
}

static void add_common(struct strv *v, const struct machine *m, enum accel accel)
{
	cleanup_free char *console = machine_file(m, "console"), *shell = machine_file(m, "shell");
	cleanup_free char *console_path = qemu_path(console), *shell_path = qemu_path(shell);

	strv_split(v, DIE_WITH_PARENT, " ");
	strv_add(v, PARENT_CHECK);
	strv_addf(v, "%ld", (long)getpid());
	strv_add(v, MACHINE_QEMU);
	strv_add(v, "-name");
	strv_addf(v, "netrescue-%s", m->name);
	strv_add(v, "-nodefaults");
	strv_add(v, "-accel");
	strv_add(v, accel == ACCEL_KVM ? "kvm" : "tcg");
	/* Emulated, the `rep stosb` by which Linux clears pages is ten times slower than a
	 * loop. */
	strv_add(v, "-cpu");
	strv_add(v, accel == ACCEL_KVM ? "host" : "max,-erms");
	strv_add(v, "-chardev");
	strv_addf(v, "socket,id=qmp,fd=%d", QMP_FD);
	strv_add(v, "-mon");
	strv_add(v, "chardev=qmp,mode=control");
	strv_add(v, "-chardev");
	if (m->terminal == TERMINAL_SERIAL)
		strv_addf(v, "stdio,id=console,mux=on,signal=off,logfile=%s", console_path);
	else
		strv_addf(v, "file,id=console,path=%s", console_path);
	strv_add(v, "-serial");
	strv_add(v, "chardev:console");
	strv_add(v, "-chardev");
	strv_addf(v, "socket,id=shell,path=%s,server=on,wait=off", shell_path);
	strv_add(v, "-serial");
	strv_add(v, "chardev:shell");
}

/* ERR_BOOT with what QEMU wrote before it ended, or ERR_INTERRUPTED after Ctrl-C, which a terminal
 * sends to QEMU, too. 0 if it was allowed to end. */
static int qemu_failed(struct machine *m, struct err *err)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text words = { 0 };
	cleanup_free char *path = machine_file(m, "qemu");
	char how[64];
	int status = 0, r = child_wait(&m->child, &status, err);

	if (r < 0)
		return r;
	if (m->may_end && status == 0)
		return 0;
	(void)read_file(AT_FDCWD, path, WORDS_MAX, &words, &ignored);
	while (words.length > 0 && words.data[words.length - 1] == '\n')
		words.data[--words.length] = '\0';
	return err_set(err, ERR_BOOT, "QEMU, as the lab's %s, has ended (%s): %s", m->name,
		       child_status_text(status, how),
		       words.length > 0 ? words.data : "it printed nothing");
}

static int start_qemu(struct machine *m, const struct strv *argv, int qmp_fd, struct err *err)
{
	cleanup_free char *path = machine_file(m, "qemu");
	cleanup_fd int words = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool shares = m->terminal != TERMINAL_NOTHING;
	struct child_options options = {
		.argv = (const char *const *)argv->item,
		.fd = { { STDERR_FILENO, words },
			{ QMP_FD, qmp_fd },
			{ STDOUT_FILENO, shares ? STDOUT_FILENO : words },
			{ MACHINE_TAP_FD, m->tap } },
		.fd_count = m->tap > 0 ? 4 : 3,
	};
	CLEANUP(strv_release) struct strv env = { 0 };

	if (words < 0)
		return err_errno(err, ERR_BOOT, errno, "cannot write '%s'", path);
	if (shares)
		options.fd[options.fd_count++] = (struct child_fd){ STDIN_FILENO, STDIN_FILENO };
	/* A window needs the variables of the person's session (DISPLAY and others). */
	for (char **e = environ; *e; e++)
		strv_add(&env, *e);
	options.env = (const char *const *)env.item;
	return child_start(&m->child, &options, err);
}

int machine_available(struct err *err)
{
	static const char *const argv[] = { MACHINE_QEMU, "--version", NULL };
	int r = child_run(&(struct child_options){ .argv = argv }, 0, NULL, err);

	return r < 0 ? err_wrap(err, "the lab needs QEMU (package qemu-system-x86)") : 0;
}

int machine_start(struct machine *m, const char *directory, const char *name, enum accel accel,
		  const struct strv *arguments, struct err *err)
{
	CLEANUP(strv_release) struct strv argv = { 0 };
	cleanup_free char *console = NULL, *shell = NULL;
	cleanup_fd int theirs = -1;
	int r;

	m->name = xstrdup(name);
	m->directory = xstrdup(directory);
	m->has_settings =
		m->terminal != TERMINAL_NOTHING && tcgetattr(STDIN_FILENO, &m->settings) == 0;
	console = machine_file(m, "console");
	console_init(&m->console, console);
	add_common(&argv, m, accel);
	add_filter(&argv, arguments);
	strv_add_all(&argv, arguments);
	r = qmp_new(&m->qmp, &theirs, err);
	if (r < 0)
		return r;
	r = start_qemu(m, &argv, theirs, err);
	if (r < 0)
		return r;
	(void)close(take_fd(&theirs));
	r = qmp_begin(m->qmp, GREETING_MS, err);
	if (r < 0 && err->class != ERR_INTERRUPTED && qmp_has_ended(m->qmp)) {
		err_release(err);
		return qemu_failed(m, err);
	}
	if (r < 0)
		return r;
	shell = machine_file(m, "shell");
	return shell_open(&m->shell, shell, err);
}

int machine_poll(struct machine *m, struct err *err)
{
	int r = interrupt_check(err);

	if (r < 0)
		return r;
	r = console_poll(&m->console, err);
	if (r < 0)
		return r;
	r = qmp_read(m->qmp, err);
	if (r < 0)
		return r;
	if (qmp_has_ended(m->qmp) && !qmp_event(m->qmp, "SHUTDOWN"))
		return qemu_failed(m, err);
	return 0;
}

int machine_run(struct machine *m, const char *script, unsigned seconds, struct text *ret_output,
		int *ret_status, struct err *err)
{
	double end = lab_now() + seconds;
	bool ended = false;
	int r = shell_begin(&m->shell, script, err);

	while (r == 0) {
		r = shell_poll(&m->shell, &ended, ret_output, ret_status, err);
		if (r < 0)
			return r;
		r = machine_poll(m, err);
		if (r < 0 || ended)
			return r;
		if (lab_now() > end)
			return err_set(err, ERR_BOOT, "the lab's %s did not end '%.60s' in %u s",
				       m->name, script, seconds);
		r = qmp_pause(m->qmp, POLL_MS, err);
	}
	return r;
}

void machine_release(struct machine *m)
{
	child_release(&m->child);
	/* QEMU has made it raw and, being killed, has left it so. */
	if (m->has_settings)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &m->settings);
	if (m->qmp)
		qmp_free(m->qmp);
	console_release(&m->console);
	shell_release(&m->shell);
	free(m->name);
	free(m->directory);
	*m = (struct machine)MACHINE_INIT;
}
