/* SPDX-License-Identifier: MIT */
/* test_renamed.c - a former name is an error that names the present one. */
#include "unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "config/renamed.h"
#include "config/table.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char path[] = "test_renamed.XXXXXX";

static const struct {
	const char *old, *value, *new;
} names[] = {
	{ "MERCURE_DRAIN_WAIT", "5", "MERCURE_POLL_WAIT" },
	{ "MERCURE_MAX_PARKED", "50", "MERCURE_MAX_PENDING" },
	{ "MERCURE_MAX_PARKED_BYTES", "67108864", "MERCURE_MAX_PENDING_BYTES" },
};

/* Load `line` as the only text of one source; the error's sentence. */
static void
load_line(const char *source, const char *line, char *text, size_t size)
{
	char variable[128];
	char *environ_of_case[] = { NULL, NULL };
	struct config_sources src = { .path = path };
	struct problem f = { "" };
	struct config *c = NULL;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	if (strcmp(source, path) == 0)
		fprintf(file, "%s\n", line);
	assert_int_equal(fclose(file), 0);
	if (strcmp(source, "environment") == 0) {
		snprintf(variable, sizeof(variable), "%s", line);
		environ_of_case[0] = variable;
		src.environ = environ_of_case;
	}
	if (strcmp(source, "command line") == 0) {
		src.args = &line;
		src.args_n = 1;
	}
	if (config_load(&c, &src, &f) == ERR_OK)
		snprintf(f.text, sizeof(f.text), "%s", "loaded");
	config_unref(c);
	snprintf(text, size, "%s", f.text);
}

/* Each source refuses `line`, with a sentence that ends with `says`. */
static void
every_source_refuses(const char *line, const char *says)
{
	const char *const sources[] = { path, "environment", "command line" };
	char text[512];

	for (size_t i = 0; i < COUNT(sources); i++) {
		const char *at;

		load_line(sources[i], line, text, sizeof(text));
		at = strstr(text, says);
		if (at == NULL || strcmp(at, says) != 0 ||
		    strncmp(text, sources[i], strlen(sources[i])) != 0)
			fail_msg("%s, %s: %s", sources[i], line, text);
	}
}

static void
a_former_name_is_an_error_that_says_the_new_one(void **state)
{
	char line[128], says[160];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(
		    line, sizeof(line), "%s=%s", names[i].old, names[i].value);
		snprintf(says, sizeof(says), ": %s is called %s now.",
		    names[i].old, names[i].new);
		every_source_refuses(line, says);
	}
}

static void
a_former_value_is_an_error_that_says_the_new_one(void **state)
{
	(void)state;
	every_source_refuses("MERCURE_DELIVERY=drain",
	    ": MERCURE_DELIVERY = drain is called poll now.");
	every_source_refuses("MERCURE_DELIVERY=Drain",
	    ": MERCURE_DELIVERY = Drain is called poll now.");
}

static void
every_new_name_and_value_is_a_setting(void **state)
{
	char line[128], text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_string_equal(
		    config_new_name(slice_of(names[i].old)), names[i].new);
		assert_null(config_new_name(slice_of(names[i].new)));
		snprintf(
		    line, sizeof(line), "%s=%s", names[i].new, names[i].value);
		load_line("command line", line, text, sizeof(text));
		assert_string_equal(text, "loaded");
	}
	load_line("environment", "MERCURE_DELIVERY=poll", text, sizeof(text));
	assert_string_equal(text, "loaded");
}

static void
a_command_line_finds_former_names_in_any_case(void **state)
{
	char text[512];

	(void)state;
	assert_true(config_has_key(slice_of("mercure-drain-wait")));
	load_line("command line", "mercure-drain-wait=1", text, sizeof(text));
	assert_string_equal(text,
	    "command line: mercure-drain-wait is called MERCURE_POLL_WAIT "
	    "now.");
}

/* An empty variable is ignored, as any other. */
static void
an_empty_variable_counts_as_not_set(void **state)
{
	char text[512];

	(void)state;
	load_line("environment", "MERCURE_DRAIN_WAIT=", text, sizeof(text));
	assert_string_equal(text, "loaded");
	load_line("environment", "MERCURE_DRAIN_WAIT= ", text, sizeof(text));
	assert_string_equal(text, "loaded");
}

static void
other_names_and_values_have_no_new_one(void **state)
{
	(void)state;
	assert_null(config_new_name(slice_of("")));
	assert_null(config_new_name(slice_of("MERCURE_DRAIN")));
	assert_null(config_new_name(slice_of("MERCURE_DRAIN_WINDOW")));
	assert_null(config_new_value("MERCURE_DELIVERY", slice_of("drai")));
	assert_null(config_new_value("MERCURE_DELIVERY", slice_of("")));
	assert_null(config_new_value("MERCURE_DURABILITY", slice_of("drain")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_former_name_is_an_error_that_says_the_new_one),
		cmocka_unit_test(
		    a_former_value_is_an_error_that_says_the_new_one),
		cmocka_unit_test(every_new_name_and_value_is_a_setting),
		cmocka_unit_test(a_command_line_finds_former_names_in_any_case),
		cmocka_unit_test(an_empty_variable_counts_as_not_set),
		cmocka_unit_test(other_names_and_values_have_no_new_one),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
