/* SPDX-License-Identifier: MIT */
/* test_given.c - defaults, numbers that are set, lists of proxies. */
#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"

#define LIMIT "MERCURE_MAX_CONNECTIONS_PER_ADDRESS"

/* Load from a file with this text (NULL: an empty one), one variable and one
 * argument. */
static enum err
load(struct config **out, const char *text, const char *variable,
    const char *arg, struct problem *p)
{
	char path[] = "/tmp/test_config_given-XXXXXX";
	const char *const variables[] = { variable, NULL };
	const struct config_sources src = { .path = path,
		.environ = (char *const *)(uintptr_t)variables,
		.args = &arg,
		.args_n = arg != NULL };
	int fd = mkstemp(path);
	enum err e;

	assert_true(fd >= 0);
	if (text != NULL)
		assert_int_equal(
		    write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	e = config_load(out, &src, p);
	unlink(path);
	return e;
}

static const struct {
	const char *name, *file, *variable, *arg;
	bool given;
} givers[] = {
	{ "nobody", NULL, NULL, NULL, false },
	{ "another setting", "MERCURE_MAX_CONNECTIONS_PER_TOKEN = 1\n", NULL,
	    NULL, false },
	{ "the file", LIMIT " = 1\n", NULL, NULL, true },
	{ "the file, as by default", LIMIT " = 250\n", NULL, NULL, true },
	{ "the environment", NULL, LIMIT "=1", NULL, true },
	{ "the command line", NULL, NULL,
	    "mercure-max-connections-per-address=1", true },
	{ "a comment", "# " LIMIT " = 1\n", NULL, NULL, false },
	{ "an empty variable", NULL, LIMIT "=", NULL, false },
};

static char *
dump(const struct config *c)
{
	struct buf b;
	char *text;

	buf_init(&b, 65536);
	config_dump(&b, c, true);
	assert_non_null(text = buf_steal(&b));
	return text;
}

/* Also once it was written and read again. */
static void
knows_what_was_given(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(givers) / sizeof(givers[0]); i++) {
		struct config *c = NULL, *again = NULL;
		char *text;

		assert_int_equal(load(&c, givers[i].file, givers[i].variable,
				     givers[i].arg, NULL),
		    ERR_OK);
		text = dump(c);
		assert_int_equal(load(&again, text, NULL, NULL, NULL), ERR_OK);
		if (c->per_address_given != givers[i].given ||
		    again->per_address_given != givers[i].given ||
		    again->per_address_max != c->per_address_max)
			fail_msg("%s", givers[i].name);
		mem_free(text);
		config_unref(c);
		config_unref(again);
	}
}

static const struct {
	const char *list, *says; /* NULL: it is good */
} proxies[] = {
	{ "127.0.0.1", NULL },
	{ " 10.0.0.0/8   2001:db8::/32 ", NULL },
	{ "10.0.0.1/8", "nothing set behind the length of a network" },
	{ "proxy.example", "must be addresses and networks" },
	{ "127.0.0.1, ::1", "with blanks between" },
};

static void
reads_proxies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
		struct config *c = NULL;
		struct problem p = { "" };
		char text[160];
		enum err e;

		snprintf(text, sizeof(text), "MERCURE_TRUSTED_PROXIES = %s\n",
		    proxies[i].list);
		e = load(&c, text, NULL, NULL, &p);
		if (proxies[i].says == NULL
			? e != ERR_OK
			: e != ERR_SYNTAX ||
			      strstr(p.text, "MERCURE_TRUSTED_PROXIES must") ==
				  NULL ||
			      strstr(p.text, proxies[i].says) == NULL)
			fail_msg("%s: %s", proxies[i].list, p.text);
		config_unref(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_was_given),
		cmocka_unit_test(reads_proxies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
