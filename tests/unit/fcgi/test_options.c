/* SPDX-License-Identifier: MIT */
/* test_options.c - the responder's command line. */
#include "unit/unit.h"

#include "options.h"

#define WORDS_MAX 4

static enum err
parse(struct options *out, const char *const *words, struct problem *p)
{
	char *argv[WORDS_MAX + 2] = { (char *)(uintptr_t) "pushcgi.fcgi" };
	int argc = 1;

	for (; argc <= WORDS_MAX && words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	return options_parse(out, argc, argv, p);
}

static void
takes_all_it_has(void **state)
{
	const char *const valued[] = { "--config", "file", "--listen=unix:/a=b",
		"--listen-group=www", NULL };
	const char *const switches[] = { "--check", "--help", "--version",
		"--listen-remote", NULL };
	const char *const none[] = { NULL };
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, none, NULL), ERR_OK);
	assert_null(o.config);
	assert_null(o.listener.listen);
	assert_false(o.check || o.help || o.version || o.listener.remote);
	assert_int_equal(o.keys_n, 0);

	assert_int_equal(parse(&o, valued, NULL), ERR_OK);
	assert_string_equal(o.config, "file");
	assert_string_equal(o.listener.listen, "unix:/a=b");
	assert_string_equal(o.listener.group, "www");

	assert_int_equal(parse(&o, switches, NULL), ERR_OK);
	assert_true(o.check && o.help && o.version && o.listener.remote);
}

static void
hands_on_settings(void **state)
{
	const char *const words[] = { "--MERCURE_MAX_BODY=2048", "--check",
		"--mercure-max-topics=5", NULL };
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, words, NULL), ERR_OK);
	assert_int_equal(o.keys_n, 2);
	assert_string_equal(o.keys[0], "MERCURE_MAX_BODY=2048");
	assert_string_equal(o.keys[1], "mercure-max-topics=5");
	assert_true(o.check);
}

static const struct {
	const char *name, *words[WORDS_MAX + 1], *hint;
} bad[] = {
	{ "a word", { "serve" }, "serve" },
	{ "a short option", { "-h" }, "-h" },
	{ "an unknown option", { "--chekc" }, "--chekc" },
	{ "an unknown setting", { "--MERCURE_MAX_BDOY=1" }, "BDOY" },
	{ "nothing behind the dashes", { "--" }, "--" },
	{ "no value", { "--check", "--config" }, "FILE" },
	{ "an empty value", { "--config=" }, "FILE" },
	{ "an empty word as value", { "--listen", "" }, "unix:PATH" },
	{ "a value for a switch", { "--check=yes" }, "--check" },
};

static void
names_the_bad_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct options o = { .config = "untouched" };
		struct problem p = { "" };

		if (parse(&o, bad[i].words, &p) != ERR_SYNTAX)
			fail_msg("%s: taken", bad[i].name);
		if (strstr(p.text, bad[i].hint) == NULL)
			fail_msg("%s: %s", bad[i].name, p.text);
		assert_string_equal(o.config, "untouched");
	}
}

static void
has_room_for_so_many(void **state)
{
	static char word[] = "--MERCURE_MAX_BODY=2048";
	char *argv[OPTIONS_KEYS_MAX + 3] = { word };
	struct options o;
	struct problem p;
	int n;

	(void)state;
	for (n = 1; n <= OPTIONS_KEYS_MAX; n++)
		argv[n] = word;
	assert_int_equal(options_parse(&o, n, argv, &p), ERR_OK);
	assert_int_equal(o.keys_n, OPTIONS_KEYS_MAX);
	argv[n++] = word;
	assert_int_equal(options_parse(&o, n, argv, &p), ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_all_it_has),
		cmocka_unit_test(hands_on_settings),
		cmocka_unit_test(names_the_bad_word),
		cmocka_unit_test(has_room_for_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
