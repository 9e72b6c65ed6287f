/* SPDX-License-Identifier: MIT */
/* identity.h - the user that root becomes to use a shared file. */
#ifndef QUEUE_SQLITE_IDENTITY_H
#define QUEUE_SQLITE_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * A user who may replace a name on the way to a file decides which file that
 * is.  So a process of root becomes the first user on the way who is not root:
 *
 * - the owner of a directory or a symbolic link on the way, with the group of
 * the directory in which the file lies;
 *
 * - if root owns all of them, but a group may write in the directory: that
 * group's user (of the same name), or "nobody" with that group.
 *
 * If root owns all and only root may write, or this process is not root's,
 * nothing happens.  ERR_DENIED: everybody may write in a directory on the way,
 * or the change is not possible; ERR_IO, ERR_NOMEM.  The problem names the fix.
 * Call it before there are threads.
 */
enum err identity_take(const char *path, struct problem *p);

/* The same until identity_return(), in the effective identity only.  Call it
 * from one thread, while there are no others.  Errors as above. */
#define IDENTITY_GROUPS 256
struct identity {
	bool taken;
	gid_t gid;
	int groups_n;
	gid_t groups[IDENTITY_GROUPS];
};
enum err identity_borrow(
    struct identity *was, const char *path, struct problem *p);
enum err identity_return(struct identity *was, struct problem *p);

#endif
