/* SPDX-License-Identifier: MIT */
/* test_settings.c - keys from a configuration, or a reason why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mem_fail.h"
#include "settings.h"

static const struct {
	const char *name, *environ[3];
	enum err e;
	const char *reason; /* how it begins */
} rows[] = {
	{ "no key", { NULL }, ERR_OK, "" },
	{ "one key", { "SECRET_KEY=not short" }, ERR_OK, "" },
	{ "two keys",
	    { "MERCURE_PUBLISHER_SECRET_KEY=a",
		"MERCURE_SUBSCRIBER_SECRET_KEY=b" },
	    ERR_OK, "" },
	{ "a public key as secret",
	    { "MERCURE_SUBSCRIBER_SECRET_KEY=-----BEGIN PUBLIC KEY-----" },
	    ERR_SYNTAX, "MERCURE_SUBSCRIBER_SECRET_KEY: The PEM text is cut" },
};

#define ROWS_N (sizeof(rows) / sizeof(rows[0]))

static struct config *
load(size_t i)
{
	const struct config_sources sources = {
		.environ = (char *const *)(uintptr_t)rows[i].environ
	};
	struct config *c = NULL;

	assert_int_equal(config_load(&c, &sources, NULL), ERR_OK);
	return c;
}

static void
binds_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS_N; i++) {
		struct config *c = load(i);
		struct settings *s = NULL;
		struct fault f = { "" };

		if (settings_new(&s, c, &f) != rows[i].e ||
		    strncmp(f.text, rows[i].reason, strlen(rows[i].reason)) !=
			0)
			fail_msg("%s: \"%s\"", rows[i].name, f.text);
		if (s == NULL)
			config_free(c);
		settings_unref(s);
	}
}

static void
fails_with_a_reason_without_memory(void **state)
{
	bool failed = true;
	long n;

	(void)state;
	for (n = 1; failed; n++) {
		struct config *c = load(2);
		struct settings *s = NULL;
		struct fault f = { "" };
		enum err e;

		mem_fail_at(n);
		e = settings_new(&s, c, &f);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(e, failed ? ERR_NOMEM : ERR_OK);
		if (failed) {
			assert_null(s);
			assert_non_null(strstr(f.text, "ut of memory."));
			/* The configuration is still ours, and good. */
			assert_int_equal(settings_new(&s, c, &f), ERR_OK);
		}
		settings_unref(s);
	}
	assert_true(n > 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binds_keys),
		cmocka_unit_test(fails_with_a_reason_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
