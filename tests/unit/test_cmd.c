/* SPDX-License-Identifier: MIT */
/* test_cmd.c - command lines taken apart, and subcommands without memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd.h"
#include "mem.h"
#include "mem_fail.h"

#define ARGS_MAX 8
#define OUT_MAX 65536
#define TEMPLATES SRCDIR "/templates/servers"

static const struct cmd *const commands[] = { &cmd_url, &cmd_cookie,
	&cmd_subscriber_jwt, &cmd_publisher_jwt, &cmd_publish,
	&cmd_gen_secret_key, &cmd_config, &cmd_snippet, NULL };

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
parse(struct cmd_line **out, const char *const *args, struct fault *f)
{
	char *argv[ARGS_MAX + 2] = { (char *)(uintptr_t) "pushcgi" };
	int n = count(args);

	for (int i = 0; i < n; i++)
		argv[i + 1] = (char *)(uintptr_t)args[i];
	return cmd_line_parse(out, commands, n + 1, argv, f);
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
		struct fault f = { "" };
		size_t n = (size_t)count(lines[i].operands);

		if (parse(&l, lines[i].args, &f) != ERR_OK)
			fail_msg("%s: %s", lines[i].name, f.text);
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
	{ "too many operands", { "publish", "a", "b", "c" } },
};

static void
test_wrong_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct cmd_line *untouched = (struct cmd_line *)&wrong;
		struct cmd_line *l = untouched;
		struct fault f = { "" };

		if (parse(&l, wrong[i].args, &f) != ERR_SYNTAX)
			fail_msg("%s: accepted", wrong[i].name);
		if (l != untouched || f.text[0] == '\0')
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
run(struct buf *out, const char *const *args, char *const *env)
{
	struct config_sources sources = { .environ = env };
	struct cmd_line *l = NULL;
	struct config *c = NULL;
	struct fault f = { "" };
	enum err e;

	if ((e = parse(&l, args, &f)) != ERR_OK)
		goto out;
	sources.args = l->overrides;
	sources.args_n = l->overrides_n;
	if ((e = config_load(&c, &sources, &f)) != ERR_OK)
		goto out;
	if ((e = l->cmd->run(out, l, c, &f)) == ERR_OK)
		e = out->err;
out:
	config_free(c);
	cmd_line_free(l);
	return e;
}

static const struct {
	const char *name, *args[ARGS_MAX];
} runs[] = {
	{ "url", { "url", "a", "b", "--last-event-id=c" } },
	{ "cookie", { "cookie", "a", "b", "--lifetime", "5" } },
	{ "subscriber-jwt", { "subscriber-jwt", "-t", "a" } },
	{ "publisher-jwt", { "publisher-jwt" } },
	{ "publish", { "publish", "--alternate", "u",
			 "--mercure-type-is-topic=1", "t", "x" } },
	{ "config", { "config", "--show-secrets" } },
	{ "gen-secret-key", { "gen-secret-key" } },
	{ "snippets", { "snippet", "--templates", TEMPLATES } },
	{ "snippet", { "snippet", "--templates", TEMPLATES, "nginx" } },
};

static void
test_without_memory(void **state)
{
	char dir[] = "/tmp/pushcgi-test-XXXXXX", url[128], path[128];
	char secret[] = "SECRET_KEY=0123456789abcdef0123456789abcdef";
	char *env[] = { secret, url, NULL };
	static const char *const files[] = { "queue.db", "queue.db-wal",
		"queue.db-shm", "queue.db-hub" };

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(url, sizeof(url), "MERCURE_TRANSPORT_URL=sqlite://%s/queue.db",
	    dir);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		bool failed = true;

		for (long n = 1; failed; n++) {
			struct buf out;
			enum err e;

			buf_init(&out, OUT_MAX);
			mem_fail_at(n);
			e = run(&out, runs[i].args, env);
			failed = mem_failed();
			mem_fail_at(0);
			/* Something done only if it can be may have failed. */
			if (e != ERR_OK && (e != ERR_NOMEM || !failed))
				fail_msg("%s: %s without allocation %ld",
				    runs[i].name, err_text(e), n);
			buf_free(&out);
		}
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(dir), 0);
}

static void
test_help_without_memory(void **state)
{
	(void)state;
	for (size_t i = 0; commands[i] != NULL; i++) {
		bool failed = true;

		for (long n = 1; failed; n++) {
			struct buf out;

			buf_init(&out, OUT_MAX);
			mem_fail_at(n);
			cmd_help(&out, commands, commands[i]);
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
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_help_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
