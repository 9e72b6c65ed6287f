/* SPDX-License-Identifier: MIT */
/* sidecar_path.h - the real path of a database, and who may write there. */
#ifndef QUEUE_SQLITE_SIDECAR_PATH_H
#define QUEUE_SQLITE_SIDECAR_PATH_H

#include "base/err.h"

#define SIDECAR_PATH_MAX 4096

/* The value for an errno. */
enum err sidecar_errno(int code);

/*
 * Set the problem for a failed system call on `path`, or a file beside it,
 * with the fix; the value is that of errno `code`.
 */
enum err sidecar_denied(const char *path, int code, struct problem *p);

/*
 * As realpath(3), but the last component, or what a symbolic link there
 * leads to, need not exist; and a link in place of the last component is
 * followed only if it belongs to root or to this process's user:
 * ERR_UNSUPPORTED.
 * The caller frees *out with mem_free().
 */
enum err sidecar_resolve(char **out, const char *path, struct problem *p);

#endif
