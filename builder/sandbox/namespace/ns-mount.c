/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/mount.h>

#include "sandbox/namespace/ns.h"

int ns_mount(const char *source, const char *target, const char *type, unsigned long flags,
	     const char *data, struct err *err)
{
	if (mount(source, target, type, flags, data) == 0)
		return 0;
	err_errno(err, ERR_BUILD, errno, "cannot mount %s on '%s' for the sandbox",
		  type	   ? type
		  : source ? source
			   : "again",
		  target);
	if (errno != EPERM && errno != EACCES)
		return err_hint(err, "the sandbox needs Linux 5.11 or newer");
	return ns_hint_refused(err);
}
