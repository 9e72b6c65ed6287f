/* SPDX-License-Identifier: MIT */
/* rights.c - finds the file that may not be used, and writes the command. */
#include "base/rights.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROOM 4096 /* bytes of an entry of the users or the groups */
#define PATH_ROOM 1024
#define NOBODY ((gid_t)-1)

static void
user_name(char out[RIGHTS_NAME_MAX], uid_t uid)
{
	struct passwd u, *found = NULL;
	char room[ROOM];

	if (getpwuid_r(uid, &u, room, sizeof(room), &found) == 0 &&
	    found != NULL && strlen(u.pw_name) < RIGHTS_NAME_MAX)
		snprintf(out, RIGHTS_NAME_MAX, "%s", u.pw_name);
	else
		snprintf(out, RIGHTS_NAME_MAX, "%lu", (unsigned long)uid);
}

void
rights_group_name(char out[RIGHTS_NAME_MAX], gid_t gid)
{
	struct group g, *found = NULL;
	char room[ROOM];

	if (getgrgid_r(gid, &g, room, sizeof(room), &found) == 0 &&
	    found != NULL && strlen(g.gr_name) < RIGHTS_NAME_MAX)
		snprintf(out, RIGHTS_NAME_MAX, "%s", g.gr_name);
	else
		snprintf(out, RIGHTS_NAME_MAX, "%lu", (unsigned long)gid);
}

static gid_t
group_of_name(const char *name)
{
	struct group g, *found = NULL;
	char room[ROOM];

	return getgrnam_r(name, &g, room, sizeof(room), &found) == 0 &&
		       found != NULL
		   ? g.gr_gid
		   : NOBODY;
}

const char *
rights_owner_for(const char *group)
{
	struct passwd u, *found = NULL;
	char room[ROOM];

	return getpwnam_r(group, &u, room, sizeof(room), &found) == 0 &&
		       found != NULL
		   ? group
		   : "root";
}

static void
set_shared(struct rights_who *out, const char *name, gid_t gid)
{
	out->shared_gid = gid;
	snprintf(out->shared, sizeof(out->shared), "%s", name);
}

static void
find_shared(struct rights_who *out)
{
	static const char *const groups[] = { "pushcgi", "www-data", "apache",
		"nginx", "http", "lighttpd", "www" };
	gid_t gid;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if ((gid = group_of_name(groups[i])) != NOBODY) {
			set_shared(out, groups[i], gid);
			return;
		}
	set_shared(out, "www-data", NOBODY);
	if (out->groups[0] != 0) {
		out->shared_gid = out->groups[0];
		rights_group_name(out->shared, out->groups[0]);
	}
}

void
rights_of_process(struct rights_who *out)
{
	int n = getgroups(RIGHTS_GROUPS_MAX - 1, out->groups + 1);

	out->of_folder = false;
	out->uid = geteuid();
	out->groups[0] = getegid();
	out->groups_n = n > 0 ? (size_t)n + 1 : 1;
	user_name(out->user, out->uid);
	find_shared(out);
}

static bool
is_member(const struct rights_who *who, gid_t gid)
{
	for (size_t i = 0; i < who->groups_n; i++)
		if (who->groups[i] == gid)
			return true;
	return false;
}

/* With the group's part for the group, and nothing for others. */
static unsigned
mode_for(const struct stat *st, int wanted)
{
	if (S_ISDIR(st->st_mode))
		return (wanted & W_OK) != 0 ? 02770 : 0750;
	return (wanted & W_OK) != 0 ? 0660 : 0640;
}

/* Add a command behind the others. */
__attribute__((format(printf, 3, 4))) static void
add(char *out, size_t size, const char *fmt, ...)
{
	const size_t len = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	if (len + 5 < size) {
		snprintf(out + len, size - len, "%s", len > 0 ? " && " : "");
		vsnprintf(out + strlen(out), size - strlen(out), fmt, ap);
	}
	va_end(ap);
}

void
rights_fix(char *out, size_t size, const char *path, const struct stat *st,
    int wanted, bool reset, const struct rights_who *who)
{
	const mode_t bits = (mode_t)wanted << 3;
	const bool owner = who->uid == 0 || st->st_uid == who->uid;
	/* Members of root's group have rights that no site should give. */
	const bool move =
	    who->of_folder
		? st->st_gid != who->shared_gid
		: st->st_gid == 0 && (who->uid == 0 || st->st_uid != who->uid);
	const gid_t gid = move ? who->shared_gid : st->st_gid;
	char group[RIGHTS_NAME_MAX];

	out[0] = '\0';
	if (move) {
		snprintf(group, sizeof(group), "%s", who->shared);
		add(out, size, "chgrp %s %.150s", group, path);
	} else
		rights_group_name(group, gid);
	if (reset || (st->st_mode & bits) != bits)
		add(out, size, "chmod %o %.150s", mode_for(st, wanted), path);
	if (!owner && !is_member(who, gid))
		add(out, size, "usermod -aG %s %s, and restart what runs as %s",
		    group, who->user, who->user);
}

static void
write_sentence(struct problem *p, const char *path, const struct stat *st,
    int wanted, const struct rights_who *who)
{
	char owner[RIGHTS_NAME_MAX], group[RIGHTS_NAME_MAX];
	char fix[PROBLEM_MAX];

	user_name(owner, st->st_uid);
	rights_group_name(group, st->st_gid);
	/* A folder on the way is opened for all: it shows nothing. */
	if (wanted == X_OK)
		snprintf(fix, sizeof(fix), "chmod o+x %.150s", path);
	else
		rights_fix(fix, sizeof(fix), path, st, wanted, false, who);
	problem_set(p, ERR_DENIED,
	    "user %s may not %s %.150s, which is %s:%s, mode %04o%s%s",
	    who->user,
	    (wanted & W_OK) != 0   ? "write"
	    : (wanted & X_OK) != 0 ? "enter"
				   : "read",
	    path, owner, group, (unsigned)st->st_mode & 07777,
	    fix[0] != '\0' ? ": " : "", fix);
}

/* May this process do it, by its effective identity? */
static bool
may(const char *path, int wanted)
{
	return faccessat(AT_FDCWD, path, wanted, AT_EACCESS) == 0;
}

/* A file takes the group of a folder that hands it on. */
static void
share_folder(struct rights_who *who, const char *folder)
{
	struct stat st;

	if (stat(folder, &st) != 0 || (st.st_mode & S_ISGID) == 0 ||
	    st.st_gid == 0)
		return;
	who->of_folder = true;
	who->shared_gid = st.st_gid;
	rights_group_name(who->shared, st.st_gid);
}

bool
rights_explain(struct problem *p, const char *path, int wanted)
{
	struct rights_who who;
	char part[PATH_ROOM];
	struct stat st;

	if (strlen(path) >= sizeof(part))
		return false;
	snprintf(part, sizeof(part), ".");
	rights_of_process(&who);
	for (const char *at = path; (at = strchr(at, '/')) != NULL; at++) {
		const size_t len = at > path ? (size_t)(at - path) : 1;

		memcpy(part, path, len);
		part[len] = '\0';
		if (stat(part, &st) != 0)
			return false;
		if (!may(part, X_OK)) {
			write_sentence(p, part, &st, X_OK, &who);
			return true;
		}
	}
	if (stat(path, &st) != 0 || may(path, wanted))
		return false;
	if (!S_ISDIR(st.st_mode))
		share_folder(&who, part);
	write_sentence(p, path, &st, wanted, &who);
	return true;
}
