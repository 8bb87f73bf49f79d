/* SPDX-License-Identifier: MIT */
#include "base/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/interrupt.h"

/* With KVM a kernel gets there in a second; where KVM itself runs in a virtual machine, in
 * several. */
#define PATIENCE_MS 15000
#define SAID_MAX ((size_t)1 << 20)
/* The first line proves little: it comes from a kernel that has barely begun. Without a root file
 * system a kernel ends with this. */
#define LAST_WORD "Kernel panic"

static int start_guest(struct child *c, const char *emulator, const char *kernel, int out,
		       struct err *err)
{
	const char *const argv[] = {
		"setpriv",     "--pdeathsig", "KILL",
		emulator,      "-machine",    "accel=kvm",
		"-cpu",	       "host",	      "-m",
		"256",	       "-display",    "none",
		"-nodefaults", "-no-reboot",  "-serial",
		"stdio",       "-append",     "console=ttyS0 quiet panic=-1",
		"-kernel",     kernel,	      NULL,
	};

	return child_start(c,
			   &(struct child_options){
				   .argv = argv,
				   .fd = { { STDOUT_FILENO, out }, { STDERR_FILENO, out } },
				   .fd_count = 2,
			   },
			   err);
}

/* Reads until the kernel's last word, the end of the output, or the end of our patience. */
static int listen_to(int fd, bool *ret, struct err *err)
{
	CLEANUP(text_release) struct text said = { 0 };
	int64_t end = clock_milliseconds() + PATIENCE_MS;
	int64_t left;

	while ((left = end - clock_milliseconds()) > 0 && said.length < SAID_MAX) {
		struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
				       { .fd = interrupt_fd(), .events = POLLIN } };
		char chunk[4096];
		ssize_t n;
		int r = poll(p, 2, (int)left) < 0 ? 0 : interrupt_check(err);

		if (r < 0)
			return r;
		if (p[0].revents == 0)
			continue;
		n = read(fd, chunk, sizeof(chunk));
		if (n <= 0)
			return 0;
		text_append(&said, chunk, (size_t)n);
		if (memmem(said.data, said.length, LAST_WORD, strlen(LAST_WORD))) {
			*ret = true;
			return 0;
		}
	}
	return 0;
}

static int try_guest(const char *emulator, const char *kernel, bool *ret, struct err *err)
{
	CLEANUP(child_release) struct child c = CHILD_INIT;
	int fd[2], r;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a pipe");
	cleanup_fd int theirs = fd[1];
	cleanup_fd int ours = fd[0];
	r = start_guest(&c, emulator, kernel, theirs, err);
	(void)close(take_fd(&theirs));
	return r < 0 ? r : listen_to(ours, ret, err);
}

int kvm_probe(const char *emulator, const char *kernel, const char **ret_why, struct err *err)
{
	CLEANUP(err_release) struct err failure = { 0 };
	bool works = false;
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		*ret_why = errno == ENOENT ? "there is no /dev/kvm"
					   : "/dev/kvm may not be opened (group kvm?)";
		return 0;
	}
	(void)close(fd);
	if (try_guest(emulator, kernel, &works, &failure) < 0 && failure.class == ERR_INTERRUPTED)
		return err_move(err, &failure);
	*ret_why = works ? NULL : "/dev/kvm is there, but a kernel does not run on it";
	return 0;
}
