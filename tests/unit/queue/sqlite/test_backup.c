/* SPDX-License-Identifier: MIT */
/* test_backup.c - copies of a queue that is in use, and their content. */
#include "unit/unit.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "queue/sessions.h"
#include "unit/mem_fail.h"
#include "unit/queue_files.h"

/* The error that linkat() returns here; 0: it calls the real one. */
static int link_error;

/* The linker uses this function before the C library's. */
int
linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	if (link_error == 0)
		return (int)syscall(
		    SYS_linkat, from_dir, from, to_dir, to, flags);
	errno = link_error;
	return -1;
}

static size_t
files_in(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	assert_int_equal(closedir(dir), 0);
	return n;
}

static struct queue *
open_copy(const struct queue_room *room, const char *path)
{
	struct queue_settings settings = room->settings;
	struct queue *q = NULL;
	struct problem p = { "" };
	char url[256];

	snprintf(url, sizeof(url), "sqlite://%s", path);
	settings.url = url;
	if (queue_open(&q, &settings, QUEUE_WRITE, &p) != ERR_OK)
		fail_msg("%s", p.text);
	return q;
}

/* The copy has its own epoch and key: a position of one is not a position of
 * the other, even if there is an update with the same number. */
static void
test_copy(void **state)
{
	const struct queue_room *room = *state;
	struct queue *q = queue_room_open(room, QUEUE_WRITE), *copy;
	const char *path = queue_files_path(room, "-copy");
	struct queue_cursor_key key, other;
	uint64_t at;
	char id[QUEUE_ID_SIZE];
	struct stat st;
	bool known;

	assert_int_equal(queue_room_put(q, "a"), ERR_OK);
	assert_int_equal(queue_room_put(q, "b"), ERR_OK);
	assert_int_equal(queue_backup(&room->settings, path, NULL), ERR_OK);
	assert_int_equal(queue_room_put(q, "c"), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	copy = open_copy(room, path);
	assert_string_equal(queue_room_ids(copy), "a b ");
	assert_string_equal(queue_room_ids(q), "a b c ");
	assert_int_equal(queue_room_key(q, &key), ERR_OK);
	assert_int_equal(queue_room_key(copy, &other), ERR_OK);
	assert_int_not_equal(key.epoch, other.epoch);
	assert_memory_not_equal(key.key, other.key, sizeof(key.key));
	assert_int_equal(queue_room_tail(q, &at), ERR_OK);
	assert_int_equal(queue_cursor_id(&key, at, id), ERR_OK);
	assert_int_equal(queue_room_put(copy, "d"), ERR_OK);
	assert_int_equal(
	    queue_room_find(copy, slice_of(id), NULL, NULL, &at, &known),
	    ERR_OK);
	assert_false(known);
	assert_int_equal(
	    queue_room_find(q, slice_of(id), NULL, NULL, &at, &known), ERR_OK);
	assert_true(known);
	assert_int_equal(
	    queue_room_find(copy, slice_of("b"), NULL, NULL, &at, &known),
	    ERR_OK);
	assert_true(known);
	queue_close(copy);
	queue_close(q);
}

static void
count_session(void *arg, const struct session *s, uint64_t number)
{
	(void)s;
	(void)number;
	++*(size_t *)arg;
}

static size_t
sessions_in(struct queue *q)
{
	size_t n = 0;

	assert_int_equal(queue_sessions(q, 1, count_session, &n), ERR_OK);
	return n;
}

/* A session may be revoked before the copy is used. */
static void
test_no_sessions(void **state)
{
	const struct queue_room *room = *state;
	struct queue *q = queue_room_open(room, QUEUE_WRITE), *copy;
	const char *path = queue_files_path(room, "-copy");
	const struct session_wish wish = { .topics = slice_of("t"),
		.now_ms = 1,
		.until_ms = 1000,
		.topics_max = 1 };
	struct queue_span span = { .sessions = 9 };

	assert_int_equal(queue_session_grant(q, &wish, NULL), ERR_OK);
	assert_int_equal(sessions_in(q), 1);
	assert_int_equal(queue_backup(&room->settings, path, NULL), ERR_OK);
	copy = open_copy(room, path);
	assert_int_equal(sessions_in(copy), 0);
	assert_int_equal(
	    queue_read(copy, 0, 0, 0, 0, NULL, NULL, &span), ERR_OK);
	assert_int_equal(span.sessions, 0);
	assert_int_equal(queue_session_grant(copy, &wish, NULL), ERR_OK);
	assert_int_equal(sessions_in(copy), 1);
	queue_close(copy);
	queue_close(q);
}

static void
test_what_is_there_stays(void **state)
{
	const struct queue_room *room = *state;
	struct queue *q = queue_room_open(room, QUEUE_WRITE);
	const size_t files = files_in(room->dir);
	struct problem p = { "" };

	assert_int_equal(
	    queue_backup(&room->settings, queue_files_db(room), &p),
	    ERR_DENIED);
	assert_non_null(strstr(p.text, "is there already"));
	assert_int_equal(files_in(room->dir), files);
	assert_int_equal(queue_room_put(q, "a"), ERR_OK);
	queue_close(q);
}

/* FAT and some network file systems have no hard links. */
static void
test_without_links(void **state)
{
	static const int errors[] = { EPERM, EOPNOTSUPP, ENOSYS };
	const struct queue_room *room = *state;
	struct queue *q = queue_room_open(room, QUEUE_WRITE);

	assert_int_equal(queue_room_put(q, "a"), ERR_OK);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		const size_t files = files_in(room->dir);
		const char suffix[] = { '-', (char)('a' + i), '\0' };
		const char *path = queue_files_path(room, suffix);
		struct problem p = { "" };
		struct queue *copy;
		enum err e;

		link_error = errors[i];
		e = queue_backup(&room->settings, path, &p);
		link_error = 0;
		if (e != ERR_OK)
			fail_msg("%s: %s", strerror(errors[i]), p.text);
		assert_int_equal(files_in(room->dir), files + 1);
		copy = open_copy(room, path);
		assert_string_equal(queue_room_ids(copy), "a ");
		queue_close(copy);
	}
	queue_close(q);
}

/* Another process created a file there while the copy was made. */
static void
test_other_link_errors(void **state)
{
	const struct queue_room *room = *state;
	struct queue *q = queue_room_open(room, QUEUE_WRITE);
	const char *path = queue_files_path(room, "-copy");
	const size_t files = files_in(room->dir);
	struct problem p = { "" };

	link_error = EEXIST;
	assert_int_equal(queue_backup(&room->settings, path, &p), ERR_DENIED);
	link_error = 0;
	assert_non_null(strstr(p.text, "is there already"));
	assert_int_equal(files_in(room->dir), files);
	queue_close(q);
}

static void
test_no_queue(void **state)
{
	struct queue_room *room = *state;
	const size_t files = files_in(room->dir);
	struct problem p = { "" };

	assert_int_equal(
	    queue_backup(&room->settings, queue_files_path(room, "-copy"), &p),
	    ERR_IO);
	assert_non_null(strstr(p.text, queue_files_db(room)));
	room->settings.url = "other:x";
	assert_int_equal(
	    queue_backup(&room->settings, "x", &p), ERR_UNSUPPORTED);
	assert_int_equal(files_in(room->dir), files);
}

static void
test_without_memory(void **state)
{
	const struct queue_room *room = *state;
	struct queue *q = queue_room_open(room, QUEUE_WRITE);
	const char *path = queue_files_path(room, "-copy");
	const size_t files = files_in(room->dir);
	bool failed = true;

	assert_int_equal(queue_room_put(q, "a"), ERR_OK);
	for (long n = 1; failed; n++) {
		struct problem p = { "" };
		enum err e;

		mem_fail_at(n);
		e = queue_backup(&room->settings, path, &p);
		failed = mem_failed();
		mem_fail_at(0);
		/* Some allocations may fail without harm. */
		if (e != ERR_OK && (e != ERR_NOMEM || !failed))
			fail_msg("%ld: %s, %s", n, err_text(e), p.text);
		if (e == ERR_OK)
			assert_int_equal(unlink(path), 0);
		assert_int_equal(files_in(room->dir), files);
	}
	queue_close(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(test_copy),
		QUEUE_ROOM_TEST(test_no_sessions),
		QUEUE_ROOM_TEST(test_what_is_there_stays),
		QUEUE_ROOM_TEST(test_without_links),
		QUEUE_ROOM_TEST(test_other_link_errors),
		QUEUE_ROOM_TEST(test_no_queue),
		QUEUE_ROOM_TEST(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
