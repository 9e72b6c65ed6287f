/* SPDX-License-Identifier: MIT */
/* sidecar.c - the lock of all processes, and their notifications. */
#include "queue/sqlite/sidecar.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "queue/sqlite/sidecar_path.h"
#include "queue/sqlite/sidecar_state.h"

#define SIDECAR_SIZE 4096
#define SIDECAR_VERSION 1
#define SIDECAR_CREATE_MS 5000
#define SIDECAR_TURN_MS 5
#define SIDECAR_TURN_MAX_MS 100
#define SIDECAR_GIVE_WAY_NS 50000

static const struct sidecar_header sidecar_header = { "pushcgi",
	SIDECAR_VERSION, SIDECAR_SIZE };

static long
futex(const _Atomic uint32_t *word, int op, uint32_t value,
    const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

static struct timespec
timespec_ms(int64_t ms)
{
	return (struct timespec){ (time_t)(ms / 1000),
		(long)(ms % 1000) * 1000000 };
}

enum err
sidecar_lock_byte(int fd, off_t byte, short type)
{
	struct flock l = { .l_type = type,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1 };

	while (fcntl(fd, F_OFD_SETLK, &l) == -1) {
		if (errno == EAGAIN || errno == EACCES)
			return ERR_BUSY;
		if (errno != EINTR)
			return ERR_IO;
	}
	return ERR_OK;
}

/*
 * Give the file the owner, group and mode of the database, so that users who
 * may write one may write the other; but never access for everybody, whichever
 * file lies under the database's name.  The file is changed by its descriptor,
 * and only if it belongs to this process's user.
 */
static void
adopt_rights(const struct sidecar *s)
{
	struct stat db, own;
	mode_t mode = 0660;

	if (fstat(s->fd, &own) == -1 || own.st_uid != geteuid())
		return;
	if (fstatat(s->dir, s->name, &db, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(db.st_mode) && db.st_nlink == 1 && db.st_size > 0) {
		mode = db.st_mode & 0660;
		if ((db.st_uid != own.st_uid || db.st_gid != own.st_gid) &&
		    fchown(s->fd, db.st_uid, db.st_gid) == -1 &&
		    fchown(s->fd, (uid_t)-1, db.st_gid) == -1)
			return;
	}
	if (fchmod(s->fd, mode) == -1)
		return;
}

/* *is_new: the file has yet to be initialised. */
static enum err
header_check(const struct sidecar *s, bool *is_new, struct problem *p)
{
	static const struct sidecar_header none;
	struct sidecar_header h = none;
	struct stat st;
	ssize_t n;

	if (fstat(s->fd, &st) == -1 || !S_ISREG(st.st_mode))
		return problem_set(
		    p, ERR_IO, "%s is not a regular file: remove it", s->path);
	if (st.st_nlink > 1)
		return problem_set(p, ERR_IO,
		    "%s has a second name (a hard link): remove it", s->path);
	n = pread(s->fd, &h, sizeof(h), 0);
	if (n < 0)
		return problem_set(
		    p, ERR_IO, "cannot read %s: %s", s->path, strerror(errno));
	if (memcmp(&h, &none, sizeof(h)) == 0) {
		*is_new = true;
		return ERR_OK;
	}
	if (n < (ssize_t)sizeof(h) ||
	    memcmp(h.magic, sidecar_header.magic, sizeof(h.magic)) != 0)
		return problem_set(p, ERR_IO,
		    "%s is not the hub's: remove it while no hub runs",
		    s->path);
	if (h.version != SIDECAR_VERSION || h.size != SIDECAR_SIZE)
		return problem_set(p, ERR_NEWER,
		    "%s belongs to a newer version: upgrade this program",
		    s->path);
	*is_new = st.st_size < SIDECAR_SIZE;
	return ERR_OK;
}

static enum err
create_lock(const struct sidecar *s)
{
	const int64_t end = clock_mono_ms() + SIDECAR_CREATE_MS;
	const struct timespec turn = timespec_ms(1);
	enum err e;

	while ((e = sidecar_lock_byte(s->fd, SIDECAR_BYTE_CREATE, F_WRLCK)) ==
	       ERR_BUSY) {
		if (clock_mono_ms() >= end)
			break;
		nanosleep(&turn, NULL);
	}
	return e;
}

/* The header is written last: a process that reads it may map the page. */
static bool
write_page(int fd)
{
	const int64_t made_ms = clock_mono_ms();

	return pwrite(fd, &made_ms, sizeof(made_ms),
		   offsetof(struct sidecar_page, made_ms)) ==
		   (ssize_t)sizeof(made_ms) &&
	       pwrite(fd, &sidecar_header, sizeof(sidecar_header), 0) ==
		   (ssize_t)sizeof(sidecar_header);
}

/* Allocate the space first: a store into a hole of a full file system is a
 * SIGBUS. */
static enum err
initialise(struct sidecar *s, struct problem *p)
{
	bool is_new = false;
	enum err e;
	int code;

	if ((e = create_lock(s)) != ERR_OK)
		return problem_set(p, e,
		    "cannot lock %s: stop the process that holds it", s->path);
	e = header_check(s, &is_new, p);
	if (e == ERR_OK && is_new) {
		adopt_rights(s);
		code = posix_fallocate(s->fd, 0, SIDECAR_SIZE);
		if (code == 0 && !write_page(s->fd))
			code = errno;
		if (code != 0)
			e = sidecar_denied(s->path, code, p);
	}
	if (sidecar_lock_byte(s->fd, SIDECAR_BYTE_CREATE, F_UNLCK) != ERR_OK &&
	    e == ERR_OK)
		e = ERR_IO;
	return e;
}

static enum err
open_file(struct sidecar *s, struct problem *p)
{
	bool is_new = false;
	enum err e;

	/* O_NONBLOCK: do not wait for the other end of a FIFO. */
	s->fd = openat(s->dir, strrchr(s->path, '/') + 1,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
	    0660);
	if (s->fd == -1 && errno == ELOOP)
		return problem_set(
		    p, ERR_IO, "%s is a symbolic link: remove it", s->path);
	if (s->fd == -1)
		return sidecar_denied(s->path, errno, p);
	e = header_check(s, &is_new, p);
	if (e == ERR_OK && is_new)
		e = initialise(s, p);
	if (e != ERR_OK)
		return e;
	s->page = mmap(
	    NULL, SIDECAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (s->page == MAP_FAILED) {
		s->page = NULL;
		return problem_set(p, sidecar_errno(errno), "cannot map %s: %s",
		    s->path, strerror(errno));
	}
	return ERR_OK;
}

/* Open the folder once, so that all further names are looked up in this one. */
static enum err
open_folder(struct sidecar *s, struct problem *p)
{
	const char *slash = strrchr(s->db_path, '/');
	struct buf b;
	enum err e;

	buf_init(&b, SIDECAR_PATH_MAX);
	buf_add(&b, s->db_path, (size_t)(slash - s->db_path) + 1);
	buf_byte(&b, '\0');
	s->name = slash + 1;
	if ((e = b.err) == ERR_OK) {
		s->dir = open(b.base, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (s->dir < 0)
			e = sidecar_denied(s->path, errno, p);
	} else {
		problem_set(p, e, "%s", err_text(e));
	}
	buf_free(&b);
	return e;
}

enum err
sidecar_open(struct sidecar **out, const char *db_path, struct problem *p)
{
	struct sidecar *s = mem_calloc(1, sizeof(*s));
	struct buf b;
	enum err e;

	if (s == NULL)
		return problem_set(p, ERR_NOMEM, "out of memory");
	s->fd = s->dir = -1;
	buf_init(&b, SIDECAR_PATH_MAX + 8);
	if ((e = sidecar_resolve(&s->db_path, db_path, p)) != ERR_OK)
		goto out;
	buf_printf(&b, "%s-hub", s->db_path);
	if ((s->path = buf_steal(&b)) == NULL) {
		e = problem_set(p, ERR_NOMEM, "out of memory");
		goto out;
	}
	if ((e = open_folder(s, p)) != ERR_OK ||
	    (e = open_file(s, p)) != ERR_OK)
		goto out;

	*out = s;
	s = NULL;
out:
	buf_free(&b);
	sidecar_close(s);
	return e;
}

const char *
sidecar_db_path(const struct sidecar *s)
{
	return s->db_path;
}

int
sidecar_folder(const struct sidecar *s, const char **name)
{
	*name = s->name;
	return s->dir;
}

/* A signal handler left an empty page; see sigbus.h. */
static bool
is_torn(const struct sidecar *s)
{
	return memcmp(s->page->header.magic, sidecar_header.magic,
		   sizeof(sidecar_header.magic)) != 0;
}

bool
sidecar_moved(const struct sidecar *s)
{
	struct stat path, own;

	return lstat(s->path, &path) == -1 || fstat(s->fd, &own) == -1 ||
	       path.st_ino != own.st_ino || path.st_dev != own.st_dev ||
	       own.st_size < SIDECAR_SIZE || is_torn(s);
}

/*
 * A process that frees and takes the lock in a loop would starve those it
 * wakes: they need a moment to run.  Measured with four such processes: the
 * slowest append took 7 ms instead of 109 ms, for a quarter of the total;
 * sched_yield(2) in its place left 108 ms.
 */
static void
give_way(struct sidecar *s)
{
	const struct timespec moment = { 0, SIDECAR_GIVE_WAY_NS };

	if (s->woke_other)
		nanosleep(&moment, NULL);
	s->woke_other = false;
}

/*
 * Each attempt is bounded: a holder that was killed notifies no process.  The
 * more processes wait, the longer the attempts are, or hundreds of processes
 * would do nothing but try; each unlock wakes one of them anyway.
 */
static void
wait_turn(struct sidecar *s, uint32_t seen, int64_t left_ms)
{
	const uint32_t others = atomic_fetch_add(&s->page->waiters, 1);
	int64_t turn_ms = SIDECAR_TURN_MS + others;
	struct timespec t;

	if (turn_ms > SIDECAR_TURN_MAX_MS)
		turn_ms = SIDECAR_TURN_MAX_MS;
	t = timespec_ms(left_ms < turn_ms ? left_ms : turn_ms);
	futex(&s->page->released, FUTEX_WAIT, seen, &t);
	atomic_fetch_sub(&s->page->waiters, 1);
}

enum err
sidecar_lock(struct sidecar *s, unsigned timeout_ms, pid_t *holder)
{
	const int64_t end = clock_mono_ms() + timeout_ms;
	enum err e;

	give_way(s);
	for (;;) {
		const uint32_t seen = atomic_load(&s->page->released);
		int64_t left_ms;

		e = sidecar_lock_byte(s->fd, SIDECAR_BYTE_WRITE, F_WRLCK);
		if (e != ERR_BUSY)
			break;
		left_ms = end - clock_mono_ms();
		if (left_ms <= 0)
			break;
		wait_turn(s, seen, left_ms);
	}
	if (e == ERR_IO)
		return e;
	if (sidecar_moved(s)) {
		if (e == ERR_OK)
			sidecar_lock_byte(s->fd, SIDECAR_BYTE_WRITE, F_UNLCK);
		return ERR_MOVED;
	}
	if (e == ERR_BUSY)
		*holder = atomic_load(&s->page->holder);
	else
		atomic_store(&s->page->holder, getpid());
	return e;
}

void
sidecar_unlock(struct sidecar *s)
{
	atomic_store(&s->page->holder, 0);
	sidecar_lock_byte(s->fd, SIDECAR_BYTE_WRITE, F_UNLCK);
	atomic_fetch_add(&s->page->released, 1);
	if (atomic_load(&s->page->waiters) > 0)
		s->woke_other =
		    futex(&s->page->released, FUTEX_WAKE, 1, NULL) > 0;
}

uint32_t
sidecar_word(const struct sidecar *s)
{
	return atomic_load(&s->page->wake);
}

void
sidecar_wake(struct sidecar *s)
{
	atomic_store(&s->page->woke_ms, (uint32_t)clock_mono_ms());
	atomic_fetch_add(&s->page->wake, 1);
	futex(&s->page->wake, FUTEX_WAKE, INT_MAX, NULL);
}

/* Kernels before 5.16 wait on one word only, so the attempts are short. */
static void
wait_in_turns(const _Atomic uint32_t *word, uint32_t seen,
    _Atomic uint32_t *own, uint32_t own_seen, int64_t end)
{
	int64_t left_ms;

	while (atomic_load(own) == own_seen && atomic_load(word) == seen &&
	       (left_ms = end - clock_mono_ms()) > 0) {
		struct timespec t = timespec_ms(
		    left_ms < SIDECAR_TURN_MS ? left_ms : SIDECAR_TURN_MS);

		futex(word, FUTEX_WAIT, seen, &t);
	}
}

void
sidecar_wait(const struct sidecar *s, uint32_t seen, _Atomic uint32_t *own,
    uint32_t own_seen, unsigned timeout_ms)
{
	const int64_t end = clock_mono_ms() + timeout_ms;
	const _Atomic uint32_t *word = s != NULL ? &s->page->wake : own;
	const struct timespec until = timespec_ms(end);
	struct futex_waitv v[2] = {
		{ .val = own_seen, .uaddr = (uintptr_t)own, .flags = FUTEX_32 },
		{ .val = s != NULL ? seen : own_seen,
		    .uaddr = (uintptr_t)word,
		    .flags = FUTEX_32 },
	};

	while (atomic_load(own) == own_seen &&
	       (s == NULL || atomic_load(word) == seen)) {
		if (syscall(SYS_futex_waitv, v, s != NULL ? 2 : 1, 0, &until,
			CLOCK_MONOTONIC) >= 0 ||
		    errno == EAGAIN || errno == EINTR)
			continue;
		if (errno != ETIMEDOUT)
			wait_in_turns(word, s != NULL ? seen : own_seen, own,
			    own_seen, end);
		return;
	}
}

void
sidecar_poke(_Atomic uint32_t *own)
{
	atomic_fetch_add(own, 1);
	futex(own, FUTEX_WAKE, INT_MAX, NULL);
}

void
sidecar_close(struct sidecar *s)
{
	if (s == NULL)
		return;
	if (s->page != NULL)
		munmap(s->page, SIDECAR_SIZE);
	if (s->fd != -1)
		close(s->fd);
	if (s->dir != -1)
		close(s->dir);
	mem_free(s->db_path);
	mem_free(s->path);
	mem_free(s);
}
