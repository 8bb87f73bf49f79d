/* SPDX-License-Identifier: MIT */
#include "lab/accel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* With KVM a kernel speaks after half a second. */
#define PATIENCE_S 5
#define POLL_MS 50

static int try_kvm(const char *directory, const char *kernel, bool *ret, struct err *err)
{
	CLEANUP(machine_release) struct machine m = MACHINE_INIT;
	CLEANUP(strv_release) struct strv v = { 0 };
	double end = lab_now() + PATIENCE_S;
	bool new;
	int r;

	strv_split(&v, "-machine pc -m 256 -display none -no-reboot -append console=ttyS0 -kernel",
		   " ");
	strv_add(&v, kernel);
	r = machine_start(&m, directory, "kvm", ACCEL_KVM, &v, err);
	while (r >= 0 && !*ret && lab_now() < end) {
		r = machine_poll(&m, &new, err);
		/* The first line comes from a kernel that has barely begun; wait for its end. */
		*ret = console_find(&m.console, 0, "Kernel panic") != NULL;
		if (r >= 0)
			r = qmp_pause(m.qmp, POLL_MS, err);
	}
	return r;
}

int accel_probe(const char *directory, const char *kernel, enum accel *ret, const char **ret_why,
		struct err *err)
{
	CLEANUP(err_release) struct err not_kvm = { 0 };
	bool works = false;
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	*ret = ACCEL_TCG;
	*ret_why = NULL;
	if (fd < 0) {
		*ret_why = errno == ENOENT ? "there is no /dev/kvm"
					   : "/dev/kvm may not be opened (group kvm?)";
		return 0;
	}
	(void)close(fd);
	if (try_kvm(directory, kernel, &works, &not_kvm) < 0 && not_kvm.class == ERR_INTERRUPTED) {
		*err = not_kvm;
		not_kvm = (struct err){ 0 };
		return -EINTR;
	}
	if (works)
		*ret = ACCEL_KVM;
	else
		*ret_why = "/dev/kvm is there, but a kernel does not run on it";
	return 0;
}
