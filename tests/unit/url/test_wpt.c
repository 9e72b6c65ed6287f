/* SPDX-License-Identifier: MIT */
/* test_wpt.c - the web-platform-tests of URLs, which lie beside the tree. */
#include "unit/unit.h"

#include <stdlib.h>

#include <jansson.h>

#include "url/url.h"

#define NAME_MAX_LEN 4096
#define TEXT_MAX (4 * URL_HREF_MAX)
#define EXIT_SKIP 77

/* Cases with a domain that is not ASCII and that IDNA would make one: a new
 * state of the data may have others. */
#define IDNA_URLS 13
#define IDNA_DOMAINS 45

/* The file of that name: its folder is PUSHCGI_TEST_DATA, or the one beside
 * the source folder. */
static void
file_name(char out[NAME_MAX_LEN], const char *name)
{
	const char *data = getenv("PUSHCGI_TEST_DATA");
	const char *source = getenv("PUSHCGI_SRC");

	if (data != NULL)
		snprintf(out, NAME_MAX_LEN, "%s/wpt/%s", data, name);
	else
		snprintf(out, NAME_MAX_LEN, "%s/../shared/data/wpt/%s",
		    source != NULL ? source : ".", name);
}

static json_t *
load(const char *name)
{
	char path[NAME_MAX_LEN];
	json_error_t error;
	json_t *list;

	file_name(path, name);
	list = json_load_file(path, JSON_ALLOW_NUL, &error);
	if (list == NULL)
		fail_msg("%s: %s", path, error.text);
	assert_true(json_is_array(list) && json_array_size(list) > 0);
	return list;
}

/* The string of that name, which may hold NUL; base NULL if it is none. */
static struct slice
member(const json_t *json, const char *name)
{
	const json_t *value = json_object_get(json, name);

	return (struct slice){ json_string_value(value),
		json_string_length(value) };
}

/* The part as the API of browsers has it: with its mark, if not empty. */
static void
add_marked(
    struct buf *out, const char *before, struct slice part, const char *behind)
{
	if (part.len > 0) {
		buf_text(out, before);
		buf_slice(out, part);
		buf_text(out, behind);
	}
}

static void
add_property(struct buf *out, const struct url *u, const char *name)
{
	static const struct {
		const char *name, *before;
		enum url_part part;
		const char *behind;
	} rows[] = {
		{ "protocol", "", URL_SCHEME, ":" },
		{ "username", "", URL_USERNAME, "" },
		{ "password", "", URL_PASSWORD, "" },
		{ "host", "", URL_HOST, "" },
		{ "host", ":", URL_PORT, "" },
		{ "hostname", "", URL_HOST, "" },
		{ "port", "", URL_PORT, "" },
		{ "pathname", "", URL_PATH, "" },
		{ "search", "?", URL_QUERY, "" },
		{ "hash", "#", URL_FRAGMENT, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0)
			add_marked(out, rows[i].before, u->part[rows[i].part],
			    rows[i].behind);
}

static void
compare(const json_t *json, const struct url *u)
{
	static const char *const names[] = { "protocol", "username", "password",
		"host", "hostname", "port", "pathname", "search", "hash" };
	struct slice input = member(json, "input");

	if (!slice_eq(buf_view(&u->href), member(json, "href")))
		fail_msg("%.*s: %.*s", SLICE_ARG(input),
		    SLICE_ARG(buf_view(&u->href)));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct slice want = member(json, names[i]);
		struct buf got;

		buf_init(&got, TEXT_MAX);
		add_property(&got, u, names[i]);
		if (want.base != NULL && !slice_eq(buf_view(&got), want))
			fail_msg("%.*s: %s is %.*s", SLICE_ARG(input), names[i],
			    SLICE_ARG(buf_view(&got)));
		buf_free(&got);
	}
}

/* Parse against a base that is a text, too. */
static enum err
parse(struct url *out, struct slice input, struct slice base_text)
{
	struct url base = { .is_special = false };
	enum err e = ERR_OK;

	if (base_text.base != NULL)
		e = url_parse(&base, base_text, NULL, 0);
	if (e == ERR_OK)
		e = url_parse(
		    out, input, base_text.base != NULL ? &base : NULL, 0);
	url_free(&base);
	return e;
}

static void
parses_urls(void **state)
{
	json_t *list = load("urltestdata.json"), *json;
	size_t i, cases = 0, idna = 0;

	(void)state;
	json_array_foreach(list, i, json)
	{
		bool fails = json_is_true(json_object_get(json, "failure"));
		struct url u = { .is_special = false };
		enum err e;

		if (!json_is_object(json))
			continue;
		cases++;
		e = parse(&u, member(json, "input"), member(json, "base"));
		if (e == ERR_OK && !fails)
			compare(json, &u);
		else if (e == ERR_UNSUPPORTED && !fails)
			idna++;
		else if ((e != ERR_OK) != fails)
			fail_msg("%s: %s",
			    json_string_value(json_object_get(json, "input")),
			    err_text(e));
		url_free(&u);
	}
	print_message("%zu cases, %zu of them need IDNA\n", cases, idna);
	assert_int_equal(idna, IDNA_URLS);
	json_decref(list);
}

/* A domain is put where a URL has it. */
static void
parses_domains(void **state)
{
	json_t *list = load("toascii.json"), *json;
	size_t i, idna = 0;

	(void)state;
	json_array_foreach(list, i, json)
	{
		struct slice input = member(json, "input");
		struct slice want = member(json, "output");
		struct url u = { .is_special = false };
		struct buf text;
		enum err e;

		if (!json_is_object(json))
			continue;
		buf_init(&text, TEXT_MAX);
		buf_text(&text, "https://");
		buf_slice(&text, input);
		buf_text(&text, "/x");
		e = url_parse(&u, buf_view(&text), NULL, 0);
		if (e == ERR_UNSUPPORTED && want.base != NULL)
			idna++;
		else if ((e == ERR_OK) != (want.base != NULL) ||
			 (e == ERR_OK && !slice_eq(u.part[URL_HOST], want)))
			fail_msg("%.*s: %s", SLICE_ARG(input), err_text(e));
		url_free(&u);
		buf_free(&text);
	}
	print_message("%zu domains need IDNA\n", idna);
	assert_int_equal(idna, IDNA_DOMAINS);
	json_decref(list);
}

/* Only as UTF-8, which is all that there is here. */
static void
encodes(void **state)
{
	json_t *list = load("percent-encoding.json"), *json;
	size_t i;

	(void)state;
	json_array_foreach(list, i, json)
	{
		struct slice want =
		    member(json_object_get(json, "output"), "utf-8");
		struct url u = { .is_special = false };
		struct buf text;

		if (!json_is_object(json))
			continue;
		buf_init(&text, TEXT_MAX);
		buf_text(&text, "http://h/?");
		buf_slice(&text, member(json, "input"));
		buf_byte(&text, '#');
		buf_slice(&text, member(json, "input"));
		assert_int_equal(
		    url_parse(&u, buf_view(&text), NULL, 0), ERR_OK);
		if (!slice_eq(u.part[URL_QUERY], want) ||
		    !slice_eq(u.part[URL_FRAGMENT], want))
			fail_msg("%.*s", SLICE_ARG(buf_view(&u.href)));
		url_free(&u);
		buf_free(&text);
	}
	json_decref(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_urls),
		cmocka_unit_test(parses_domains),
		cmocka_unit_test(encodes),
	};
	char path[NAME_MAX_LEN];
	FILE *f;

	file_name(path, "urltestdata.json");
	if ((f = fopen(path, "r")) == NULL) {
		printf("%s is not there\n", path);
		return EXIT_SKIP;
	}
	fclose(f);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
