/* SPDX-License-Identifier: MIT */
/* test_cmd.c - command lines taken apart, and subcommands without memory. */
#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/follow.h"
#include "cmd/list.h"
#include "lib/handle.h"
#include "queue/presence.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

#define ARGS_MAX 8
#define OUT_MAX 65536
#define TEMPLATES SRCDIR "/templates/servers"

extern char **environ;

/* "pushcgi" goes in front; the list ends in NULL. */
static int
count(const char *const *args)
{
	int n = 0;

	while (args[n] != NULL)
		n++;
	return n;
}

static enum err
parse(struct cmd_line **out, const char *const *args, struct problem *p)
{
	char *argv[ARGS_MAX + 2] = { (char *)(uintptr_t) "pushcgi" };
	int n = count(args);

	for (int i = 0; i < n; i++)
		argv[i + 1] = (char *)(uintptr_t)args[i];
	return cmd_line_parse(out, cmd_all, n + 1, argv, p);
}

static const struct {
	const char *name, *args[ARGS_MAX];
	const struct cmd *cmd;
	const char *operands[ARGS_MAX]; /* what they come to */
	const char *type;               /* the value of --type */
	const char *overrides;          /* the only one */
} lines[] = {
	{ .name = "operands",
	    .args = { "url", "a", "b" },
	    .cmd = &cmd_url,
	    .operands = { "a", "b" } },
	{ .name = "option behind an operand",
	    .args = { "publish", "t", "--type", "x", "d" },
	    .cmd = &cmd_publish,
	    .operands = { "t", "d" },
	    .type = "x" },
	{ .name = "value behind =",
	    .args = { "publish", "--type=x=y", "t" },
	    .cmd = &cmd_publish,
	    .operands = { "t" },
	    .type = "x=y" },
	{ .name = "empty value",
	    .args = { "publish", "--type=", "t" },
	    .cmd = &cmd_publish,
	    .operands = { "t" },
	    .type = "" },
	{ .name = "value that looks like an option",
	    .args = { "publish", "--type", "--", "t" },
	    .cmd = &cmd_publish,
	    .operands = { "t" },
	    .type = "--" },
	{ .name = "-- ends the options",
	    .args = { "publish", "--", "--type", "--" },
	    .cmd = &cmd_publish,
	    .operands = { "--type", "--" } },
	{ .name = "-- before the subcommand",
	    .args = { "--", "url", "--x" },
	    .cmd = &cmd_url,
	    .operands = { "--x" } },
	{ .name = "a dash is an operand",
	    .args = { "publish", "t", "-" },
	    .cmd = &cmd_publish,
	    .operands = { "t", "-" } },
	{ .name = "setting",
	    .args = { "url", "--mercure-retry=5" },
	    .cmd = &cmd_url,
	    .overrides = "mercure-retry=5" },
	{ .name = "setting before",
	    .args = { "--MERCURE_RETRY=5", "url" },
	    .cmd = &cmd_url,
	    .overrides = "MERCURE_RETRY=5" },
	{ .name = "help needs no operands",
	    .args = { "publish", "--help" },
	    .cmd = &cmd_publish },
	{ .name = "version needs no subcommand", .args = { "--version" } },
};

static void
test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct cmd_line *l = NULL;
		struct problem p = { "" };
		size_t n = (size_t)count(lines[i].operands);

		if (parse(&l, lines[i].args, &p) != ERR_OK)
			fail_msg("%s: %s", lines[i].name, p.text);
		if (l->cmd != lines[i].cmd || l->operands_n != n)
			fail_msg(
			    "%s: %zu operands", lines[i].name, l->operands_n);
		for (size_t k = 0; k < n; k++)
			if (!slice_is(l->operands[k], lines[i].operands[k]))
				fail_msg("%s: operand %zu", lines[i].name, k);
		if (!slice_is(cmd_line_text(l, "type"),
			lines[i].type != NULL ? lines[i].type : ""))
			fail_msg("%s: value", lines[i].name);
		if (cmd_line_has(l, "type") != (lines[i].type != NULL))
			fail_msg("%s: has", lines[i].name);
		if (l->overrides_n != (lines[i].overrides != NULL) ||
		    (l->overrides_n > 0 &&
			strcmp(l->overrides[0], lines[i].overrides) != 0))
			fail_msg("%s: overrides", lines[i].name);
		cmd_line_free(l);
	}
	cmd_line_free(NULL);
}

static const struct {
	const char *name, *args[ARGS_MAX];
} wrong[] = {
	{ "nothing", { NULL } },
	{ "unknown subcommand", { "urls" } },
	{ "unknown option", { "url", "--x" } },
	{ "value missing", { "publish", "t", "--type" } },
	{ "value for a flag", { "publish", "t", "--private=" } },
	{ "twice", { "publish", "t", "--type", "a", "--type", "a" } },
	{ "not a number", { "publish", "t", "--retry", "0x5" } },
	{ "number over its maximum", { "publish", "t", "--retry=1000000000" } },
	{ "too few operands", { "publish" } },
	{ "batch and a topic", { "publish", "--batch", "t" } },
	{ "batch and an option", { "publish", "--batch", "--private" } },
	{ "too many operands", { "publish", "a", "b", "c" } },
};

static void
test_wrong_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct cmd_line *untouched = (struct cmd_line *)&wrong;
		struct cmd_line *l = untouched;
		struct problem p = { "" };

		if (parse(&l, wrong[i].args, &p) != ERR_SYNTAX)
			fail_msg("%s: accepted", wrong[i].name);
		if (l != untouched || p.text[0] == '\0')
			fail_msg("%s: touched, or no sentence", wrong[i].name);
	}
}

static void
test_values(void **state)
{
	static const char *const args[] = { "publisher-jwt", "-t", "a", "-tb",
		"--topic=c", "--lifetime", "007", NULL };
	struct cmd_line *l = NULL;
	struct slice *topics = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(parse(&l, args, NULL), ERR_OK);
	assert_int_equal(cmd_line_list(&topics, &n, l, "topic"), ERR_OK);
	assert_int_equal(n, 3);
	assert_true(slice_is(topics[0], "a"));
	assert_true(slice_is(topics[1], "b"));
	assert_true(slice_is(topics[2], "c"));
	assert_int_equal(cmd_line_number(l, "lifetime", 1), 7);
	assert_int_equal(cmd_line_number(l, "retry", 1), 1);
	mem_free(topics);
	cmd_line_free(l);
}

/* The whole of the program but main(). */
static enum err
run(struct buf *out, const char *const *args)
{
	struct cmd_line *l = NULL;
	struct pushcgi h = { .is_program = true };
	struct problem p = { "" };
	enum err e;

	if ((e = parse(&l, args, &p)) != ERR_OK)
		goto out;
	if ((e = handle_load(&h, NULL, l->overrides, &p)) != ERR_OK)
		goto out;
	if ((e = l->cmd->run(out, l, &h, &p)) == ERR_OK)
		e = out->err;
out:
	handle_unload(&h);
	cmd_line_free(l);
	return e;
}

static const struct {
	const char *name, *args[ARGS_MAX];
} runs[] = {
	{ "url", { "url", "a", "b", "--last-event-id=c" } },
	{ "link", { "link", "--last-event-id=c" } },
	{ "clear-cookie", { "clear-cookie" } },
	{ "cookie", { "cookie", "a", "b", "--lifetime", "5" } },
	{ "cookie with a payload", { "cookie", "a", "--payload", "{}" } },
	{ "last-event-id", { "last-event-id" } },
	{ "subscriber-jwt", { "subscriber-jwt", "-t", "a", "--payload=1" } },
	{ "publisher-jwt", { "publisher-jwt" } },
	{ "publish", { "publish", "--alternate", "u",
			 "--mercure-type-is-topic=1", "t", "x" } },
	{ "publish --batch", { "publish", "--batch" } },
	{ "publish --batch, as JSON", { "publish", "--batch", "--json" } },
	{ "subscribe",
	    { "subscribe", "--last-event-id=earliest", "--count=1", "t" } },
	{ "subscribe, as JSON",
	    { "subscribe", "--last-event-id=earliest", "--count=1", "--private",
		"--json", "{+x}" } },
	{ "subscriptions", { "subscriptions" } },
	{ "subscriptions to a topic", { "subscriptions", "--json", "a" } },
	{ "subscriptions, as JSON", { "subscriptions", "--json" } },
	{ "connected", { "connected", "a", "--count", "user=x", "n=1" } },
	{ "connected, as JSON", { "connected", "a", "--json" } },
	{ "count", { "count", "--mercure-counts=a b", "a", "b" } },
	{ "count, as JSON", { "count", "--json", "--mercure-counts=*", "a" } },
	{ "config", { "config", "--show-secrets" } },
	{ "config, as JSON", { "config", "--json" } },
	{ "gen-secret-key", { "gen-secret-key" } },
	{ "snippets", { "snippet", "--templates", TEMPLATES } },
	{ "snippet", { "snippet", "--templates", TEMPLATES, "nginx" } },
};

#define PAYLOAD                                                \
	"{\"user\":\"x\",\"n\":1,\"text\":\"1\",\"yes\":true," \
	"\"nil\":null,\"list\":[1,{\"a\":\"b\"}],\"\":\"none\"}"

/* Somebody is there for as long as the handle is open. */
static struct queue *
people_come(struct queue_room *room)
{
	static const struct presence people[] = {
		{ .key = 1,
		    .topics = { "a\nb", 3 },
		    .subscriber = "urn:1",
		    .payload = { PAYLOAD, sizeof(PAYLOAD) - 1 } },
		{ .key = 2, .topics = { "a", 1 }, .subscriber = "urn:2" },
		{ .key = 3,
		    .topics = { "a", 1 },
		    .subscriber = "urn:3",
		    .payload = { "{\"n\":1}", 7 } },
		{ .key = 4,
		    .topics = { "a", 1 },
		    .subscriber = "urn:4",
		    .payload = { "\"user=x\"", 8 } },
	};
	struct presence_change changes[sizeof(people) / sizeof(people[0])];
	const size_t n = sizeof(people) / sizeof(people[0]);
	struct queue *q;
	uint64_t epoch;

	room->settings.owner = 7;
	q = queue_room_open(room, QUEUE_WRITE);
	for (size_t i = 0; i < n; i++)
		changes[i] = (struct presence_change){ .to = PRESENCE_THERE,
			.presence = &people[i] };
	assert_int_equal(queue_present(q, changes, n, &epoch, NULL), ERR_OK);
	return q;
}

/* The settings of a room, as the environment has them; static storage. */
static char **
environment(const struct queue_room *room)
{
	static char url[256];
	static char secret[] = "SECRET_KEY=0123456789abcdef0123456789abcdef";
	static char *env[] = { secret, url, NULL };

	snprintf(url, sizeof(url), "MERCURE_TRANSPORT_URL=%s", room->url);
	return env;
}

static const struct {
	const char *name, *args[ARGS_MAX], *want;
} counts[] = {
	{ "everybody", { "a" }, "4\n" },
	{ "of another topic", { "b" }, "1\n" },
	{ "nobody", { "c" }, "0\n" },
	{ "a selector, not a topic", { "*" }, "0\n" },
	{ "a text", { "a", "user=x" }, "1\n" },
	{ "a text in quotes is another", { "a", "user=\"x\"" }, "0\n" },
	{ "a part of a text", { "a", "user=" }, "0\n" },
	{ "a number", { "a", "n=1" }, "2\n" },
	{ "another number", { "a", "n=2" }, "0\n" },
	{ "not a number", { "a", "n=one" }, "0\n" },
	{ "a text that looks like a number", { "a", "text=1" }, "1\n" },
	{ "true", { "a", "yes=true" }, "1\n" },
	{ "null", { "a", "nil=null" }, "1\n" },
	{ "a list", { "a", "list=[1, {\"a\": \"b\"}]" }, "1\n" },
	{ "another list", { "a", "list=[1]" }, "0\n" },
	{ "an empty name", { "a", "=none" }, "1\n" },
	{ "no such member", { "a", "nil2=null" }, "0\n" },
	{ "the beginning of a name", { "a", "use=x" }, "0\n" },
	{ "both", { "a", "user=x", "n=1" }, "1\n" },
	{ "one of both", { "a", "user=x", "n=2" }, "0\n" },
	{ "a = in the value", { "a", "user=x=y" }, "0\n" },
};

static void
test_connected(void **state)
{
	struct queue_room *room = *state;
	struct queue *people = people_come(room);
	char **before = environ;

	environ = environment(room);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		const char *args[ARGS_MAX + 2] = { "connected", "--count" };
		struct buf out;
		enum err e;

		for (size_t k = 0; counts[i].args[k] != NULL; k++)
			args[k + 2] = counts[i].args[k];
		buf_init(&out, OUT_MAX);
		e = run(&out, args);
		if (!slice_is(buf_view(&out), counts[i].want))
			fail_msg("%s: %.*s", counts[i].name,
			    SLICE_ARG(buf_view(&out)));
		if (e !=
		    (slice_is(buf_view(&out), "0\n") ? ERR_NOTFOUND : ERR_OK))
			fail_msg("%s: %s", counts[i].name, err_text(e));
		buf_free(&out);
	}
	environ = before;
	queue_close(people);
}

/* Standard input: two updates, of which the second ends the file. */
static void
batch_as_input(void)
{
	static const char text[] = "{\"topic\":\"t\"}\n{\"topic\":\"u\"}";
	char path[] = "/tmp/pushcgi-test-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(close(fd), 0);
}

static void
test_without_memory(void **state)
{
	struct queue_room *room = *state;
	struct queue *people = people_come(room);
	char **before = environ;

	environ = environment(room);
	batch_as_input();
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		bool failed = true;

		for (long n = 1; failed; n++) {
			struct buf out;
			enum err e;

			buf_init(&out, OUT_MAX);
			(void)lseek(STDIN_FILENO, 0, SEEK_SET);
			mem_fail_at(n);
			e = run(&out, runs[i].args);
			failed = mem_failed();
			mem_fail_at(0);
			/* Something done only if it can be may have failed. */
			if (e != ERR_OK && (e != ERR_NOMEM || !failed))
				fail_msg("%s: %s without allocation %ld",
				    runs[i].name, err_text(e), n);
			buf_free(&out);
		}
	}
	environ = before;
	queue_close(people);
}

/* A publisher's token as standard input, which is not valid for subscribers. */
static void
token_as_input(void)
{
	static const char *const mint[] = { "publisher-jwt", NULL };
	char path[] = "/tmp/pushcgi-test-XXXXXX";
	int fd = mkstemp(path);
	struct buf token;

	buf_init(&token, OUT_MAX);
	assert_int_equal(run(&token, mint), ERR_OK);
	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(fd, token.base, token.len), token.len);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(close(fd), 0);
	buf_free(&token);
}

static void
test_token_without_memory(void **state)
{
	static const char *const ways[][ARGS_MAX] = {
		{ "token-explain" },
		{ "token-explain", "--json", "--role=publisher" },
	};
	struct queue_room *room = *state;
	char **before = environ;

	environ = environment(room);
	token_as_input();
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		bool failed = true;

		for (long n = 1; failed; n++) {
			struct buf out;
			enum err e;

			buf_init(&out, OUT_MAX);
			(void)lseek(STDIN_FILENO, 0, SEEK_SET);
			mem_fail_at(n);
			e = run(&out, ways[i]);
			failed = mem_failed();
			mem_fail_at(0);
			if (e != ERR_OK && (e != ERR_NOMEM || !failed))
				fail_msg("%s without allocation %ld",
				    err_text(e), n);
			buf_free(&out);
		}
	}
	environ = before;
}

static void
test_waits(void **state)
{
	static const struct {
		const char *name;
		uint32_t wanted_ms;
		unsigned empty;
		uint32_t want_ms;
	} rows[] = {
		{ "as the hub wants it", 3000, 0, 3000 },
		{ "the first without an update", 3000, 1, 3000 },
		{ "and more", 3000, 3, 12000 },
		{ "at most a minute", 3000, 1000000000, 60000 },
		{ "unless the hub wants more", 86400000, 1000000000, 86400000 },
		{ "never at once", 0, 0, 100 },
		{ "nor all but at once", 1, 1, 100 },
		{ "never at once, without updates", 0, 3, 400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t got =
		    cmd_follow_wait_ms(rows[i].wanted_ms, rows[i].empty);

		if (got != rows[i].want_ms)
			fail_msg("%s: %u", rows[i].name, (unsigned)got);
	}
}

static void
test_help_without_memory(void **state)
{
	(void)state;
	for (size_t i = 0; cmd_all[i] != NULL; i++) {
		bool failed = true;

		for (long n = 1; failed; n++) {
			struct buf out;

			buf_init(&out, OUT_MAX);
			mem_fail_at(n);
			cmd_help(&out, cmd_all, cmd_all[i]);
			failed = mem_failed();
			mem_fail_at(0);
			assert_int_equal(out.err, failed ? ERR_NOMEM : ERR_OK);
			buf_free(&out);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_wrong_lines),
		cmocka_unit_test(test_values),
		QUEUE_ROOM_TEST(test_connected),
		QUEUE_ROOM_TEST(test_without_memory),
		QUEUE_ROOM_TEST(test_token_without_memory),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_help_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
