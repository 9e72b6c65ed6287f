/* SPDX-License-Identifier: MIT */
/* rights.h - which file this process may not use, and the command to change it.
 */
#ifndef BASE_RIGHTS_H
#define BASE_RIGHTS_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define RIGHTS_NAME_MAX 40
#define RIGHTS_GROUPS_MAX 64

/*
 * The identity that a sentence is about.  Names that the system does not know
 * are numbers.  `shared`: the group that the hub and the site's programs should
 * have in common: "pushcgi" where the system has it (see
 * templates/systemd/README.md), else the one of its web servers, else the
 * group of the process.
 */
struct rights_who {
	uid_t uid;
	gid_t groups[RIGHTS_GROUPS_MAX]; /* the effective group is the first */
	size_t groups_n;
	char user[RIGHTS_NAME_MAX];
	char shared[RIGHTS_NAME_MAX];
	gid_t shared_gid;
	bool of_folder; /* `shared` is the group of the file's folder */
};

/* This process, by its effective identity. */
void rights_of_process(struct rights_who *out);

void rights_group_name(char out[RIGHTS_NAME_MAX], gid_t gid);

/* The owner for a new folder of that group: the user with the group's name, or
 * root. */
const char *rights_owner_for(const char *group);

/*
 * Write the command that gives `who` access to `path`: its group, its mode, and
 * the membership of the user, as far as they are wrong.  `wanted` is a sum of
 * R_OK, W_OK and X_OK; the mode that is proposed lets nobody else in.  `reset`:
 * propose the mode even if it has all the bits.  An empty text: none of this
 * is wrong.
 */
void rights_fix(char *out, size_t size, const char *path, const struct stat *st,
    int wanted, bool reset, const struct rights_who *who);

/*
 * After EACCES: set a sentence that names the file or the folder in its path
 * that this process may not use, the user, owner, group, mode, and the command.
 * False: nothing was found, and `p` is untouched.
 */
bool rights_explain(struct problem *p, const char *path, int wanted);

#endif
