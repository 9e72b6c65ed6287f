/* SPDX-License-Identifier: MIT */
/* identity.c - chooses and assumes the user that owns the files. */
#include "queue/sqlite/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "queue/sqlite/sidecar_path.h"

#define LINKS_MAX 40
#define NOBODY 65534
#define ROOM 4096 /* bytes of an entry of the users or the groups */

struct walk {
	char real[PATH_MAX]; /* so far, without a slash at its end */
	char rest[PATH_MAX];
	struct stat dir; /* the one at `real` */
	uid_t root;      /* the owner of "/" */
	bool other;      /* another user may change the path: `uid` */
	uid_t uid;
	bool missing; /* a directory does not exist */
	int links;
	struct problem *problem;
};

static enum err
failed(const struct walk *w, int code)
{
	return problem_set(w->problem, code == ENOMEM ? ERR_NOMEM : ERR_IO,
	    "%s/%.60s: %s: see MERCURE_TRANSPORT_URL", w->real, w->rest,
	    strerror(code));
}

static void
judge(struct walk *w, const struct stat *st)
{
	if (!w->other && st->st_uid != w->root) {
		w->other = true;
		w->uid = st->st_uid;
	}
}

/* In directories like /tmp (sticky bit) users cannot change each other's
 * names. */
static enum err
enter(struct walk *w, const char *name, const struct stat *st)
{
	const size_t len = strlen(w->real);

	if ((st->st_mode & S_IWOTH) != 0 && (st->st_mode & S_ISVTX) == 0)
		return problem_set(w->problem, ERR_DENIED,
		    "everybody may write in %s/%s: chmod o-w it, or name "
		    "another folder in MERCURE_TRANSPORT_URL",
		    w->real, name);
	judge(w, st);
	if (len + strlen(name) + 2 > sizeof(w->real))
		return failed(w, ENAMETOOLONG);
	snprintf(w->real + len, sizeof(w->real) - len, "/%s", name);
	w->dir = *st;
	return ERR_OK;
}

static enum err
leave(struct walk *w)
{
	char *slash = strrchr(w->real, '/');

	if (slash != NULL)
		*slash = '\0';
	return lstat(w->real[0] != '\0' ? w->real : "/", &w->dir) == 0
		   ? ERR_OK
		   : failed(w, errno);
}

/* Put the target of the link in front of the rest. */
static enum err
follow(struct walk *w, const char *path, const struct stat *st)
{
	char target[PATH_MAX], both[2 * PATH_MAX];
	const ssize_t n = readlink(path, target, sizeof(target) - 1);
	int len;

	if (n <= 0 || ++w->links > LINKS_MAX)
		return failed(w, n < 0 ? errno : ELOOP);
	judge(w, st);
	target[n] = '\0';
	len = snprintf(both, sizeof(both), "%s%s%s", target,
	    w->rest[0] != '\0' ? "/" : "", w->rest);
	if (len < 0 || len >= (int)sizeof(w->rest))
		return failed(w, ENAMETOOLONG);
	memcpy(w->rest, both, (size_t)len + 1);
	if (target[0] == '/')
		w->real[0] = '\0';
	return target[0] == '/' ? leave(w) : ERR_OK;
}

/* Cut off the next component. */
static bool
next(struct walk *w, char name[NAME_MAX + 1])
{
	const size_t skip = strspn(w->rest, "/");
	const size_t len = strcspn(w->rest + skip, "/");

	if (len == 0 || len > NAME_MAX)
		return false;
	memcpy(name, w->rest + skip, len);
	name[len] = '\0';
	memmove(
	    w->rest, w->rest + skip + len, strlen(w->rest + skip + len) + 1);
	return true;
}

static enum err
step(struct walk *w, const char *name)
{
	char path[PATH_MAX + NAME_MAX + 2];
	struct stat st;

	if (strcmp(name, ".") == 0)
		return ERR_OK;
	if (strcmp(name, "..") == 0)
		return leave(w);
	snprintf(path, sizeof(path), "%s/%s", w->real, name);
	if (lstat(path, &st) == -1) {
		/* The file itself may not exist yet, but its folder must. */
		w->missing = w->rest[strspn(w->rest, "/")] != '\0';
		w->rest[0] = '\0';
		return errno == ENOENT ? ERR_OK : failed(w, errno);
	}
	if (S_ISLNK(st.st_mode))
		return follow(w, path, &st);
	return S_ISDIR(st.st_mode) ? enter(w, name, &st) : ERR_OK;
}

static enum err
walk(struct walk *w, const char *path)
{
	char name[NAME_MAX + 1];
	enum err e;

	w->real[0] = '\0';
	if (path[0] != '/' || strlen(path) >= sizeof(w->rest))
		return failed(w, ENAMETOOLONG);
	memcpy(w->rest, path, strlen(path) + 1);
	if ((e = leave(w)) != ERR_OK)
		return e;
	w->root = w->dir.st_uid;
	while (e == ERR_OK && next(w, name))
		e = step(w, name);
	return e;
}

/* The sticky bit of the directory itself does not help: other users create the
 * files in it. */
static enum err
check_folder(const struct walk *w)
{
	if ((w->dir.st_mode & S_IWOTH) == 0)
		return ERR_OK;
	return problem_set(w->problem, ERR_DENIED,
	    "everybody may write in %s: name a file in a separate folder in "
	    "MERCURE_TRANSPORT_URL",
	    w->real);
}

/* The user whose name and primary group are those of the group. */
static uid_t
user_of_group(gid_t gid, char *name, size_t size)
{
	struct passwd p, *user = NULL;
	struct group g, *group = NULL;
	char room[ROOM];

	snprintf(name, size, "nobody");
	if (getgrgid_r(gid, &g, room, sizeof(room), &group) != 0 ||
	    group == NULL || strlen(g.gr_name) >= size)
		return NOBODY;
	snprintf(name, size, "%s", g.gr_name);
	if (getpwnam_r(name, &p, room, sizeof(room), &user) == 0 &&
	    user != NULL && p.pw_gid == gid && p.pw_uid != 0)
		return p.pw_uid;
	snprintf(name, size, "nobody");
	return NOBODY;
}

struct wanted {
	bool other;
	uid_t uid;
	gid_t gid;
	char name[64];
	char folder[PATH_MAX];
};

/* Never root's group, which has special rights. */
static void
name_user(struct wanted *out, const struct walk *w)
{
	struct passwd p, *user = NULL;
	char room[ROOM];

	out->uid = w->uid;
	out->gid = w->dir.st_gid;
	snprintf(out->name, sizeof(out->name), "%lu", (unsigned long)w->uid);
	if (getpwuid_r(w->uid, &p, room, sizeof(room), &user) == 0 &&
	    user != NULL && strlen(p.pw_name) < sizeof(out->name))
		snprintf(out->name, sizeof(out->name), "%s", p.pw_name);
	if (out->gid == 0)
		out->gid = user != NULL ? p.pw_gid : NOBODY;
}

static enum err
find(struct wanted *out, const char *path, struct problem *p)
{
	struct walk w = { .problem = p };
	enum err e;

	memset(out, 0, sizeof(*out));
	if ((e = walk(&w, path)) != ERR_OK)
		return e;
	/* Otherwise another user could create the folder a moment later. */
	if (w.missing)
		return sidecar_denied(path, ENOENT, p);
	if ((e = check_folder(&w)) != ERR_OK)
		return e;
	snprintf(out->folder, sizeof(out->folder), "%s", w.real);
	out->other = true;
	if (w.other) {
		name_user(out, &w);
	} else if ((w.dir.st_mode & S_IWGRP) != 0 && w.dir.st_gid != 0) {
		out->gid = w.dir.st_gid;
		out->uid =
		    user_of_group(out->gid, out->name, sizeof(out->name));
	} else {
		out->other = false;
	}
	return ERR_OK;
}

static enum err
cannot(const struct wanted *w, struct problem *p)
{
	return problem_set(p, ERR_DENIED,
	    "root does not work in %.120s, where others may write, and cannot "
	    "become the user %s (%s): start this program as that user",
	    w->folder, w->name, strerror(errno));
}

static bool
set_groups(const struct wanted *w)
{
	return w->uid != NOBODY && initgroups(w->name, w->gid) == 0
		   ? true
		   : setgroups(0, NULL) == 0;
}

enum err
identity_take(const char *path, struct problem *p)
{
	struct wanted w;
	enum err e;

	if (geteuid() != 0)
		return ERR_OK;
	if ((e = find(&w, path, p)) != ERR_OK || !w.other)
		return e;
	if (!set_groups(&w) || setresgid(w.gid, w.gid, w.gid) != 0 ||
	    setresuid(w.uid, w.uid, w.uid) != 0)
		return cannot(&w, p);
	log_info("acting as", LOG_TEXT("user", w.name),
	    LOG_UINT("group", w.gid), LOG_TEXT("folder", w.folder));
	return ERR_OK;
}

/* Save the groups that root gets back later. */
static bool
save_groups(struct identity *was)
{
	was->gid = getegid();
	was->groups_n = getgroups(IDENTITY_GROUPS, was->groups);
	return was->groups_n >= 0;
}

enum err
identity_borrow(struct identity *was, const char *path, struct problem *p)
{
	struct wanted w;
	enum err e;

	*was = (struct identity){ .taken = false };
	if (geteuid() != 0)
		return ERR_OK;
	if ((e = find(&w, path, p)) != ERR_OK || !w.other)
		return e;
	if (!save_groups(was) || !set_groups(&w) || setegid(w.gid) != 0 ||
	    seteuid(w.uid) != 0)
		return cannot(&w, p);
	was->taken = true;
	return ERR_OK;
}

enum err
identity_return(struct identity *was, struct problem *p)
{
	bool good = true;

	if (was->taken)
		good = seteuid(0) == 0 && setegid(was->gid) == 0 &&
		       setgroups((size_t)was->groups_n, was->groups) == 0;
	*was = (struct identity){ .taken = false };
	return good ? ERR_OK
		    : problem_set(p, ERR_DENIED, "root cannot be root again.");
}
