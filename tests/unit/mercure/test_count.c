/* SPDX-License-Identifier: MIT */
/* test_count.c - paths, events and documents of counts. */
#include "unit/unit.h"

#include "mercure/count.h"
#include "unit/mem_fail.h"

static const struct {
	const char *path, *topic; /* NULL: it names none */
} paths[] = {
	{ COUNT_PATH "/a", "a" },
	{ COUNT_PATH "/https%3A%2F%2Fexample.com%2F%7Bid%7D",
	    "https://example.com/{id}" },
	{ COUNT_PATH "/%c3%A4", "\xc3\xa4" },
	{ COUNT_PATH "/a%252Fb", "a%2Fb" },
	{ COUNT_PATH "/100%", "100%" },
	{ COUNT_PATH, NULL },
	{ COUNT_PATH "/", NULL },
	{ COUNT_PATH "/a/b", NULL },
	{ COUNT_PATH "/a/", NULL },
	{ COUNT_PATH "/{id}", NULL },
	{ COUNT_PATH "/{+id}", NULL },
	{ COUNT_PATH "/a?b", NULL },
	{ COUNT_PATH "/a#b", NULL },
	{ COUNT_PATH "/%0A", NULL },
	{ COUNT_PATH "/%00", NULL },
	{ COUNT_PATH "/%FF", NULL },
};

static void
reads_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const struct slice path = slice_of(paths[i].path);
		struct problem p = { "" };
		struct buf topic;
		enum err e;

		buf_init(&topic, path.len);
		assert_true(count_is_path(path));
		e = count_read_path(&topic, path, &p);
		if (paths[i].topic == NULL
			? e != ERR_NOTFOUND || p.text[0] == '\0'
			: e != ERR_OK ||
			      !slice_is(buf_view(&topic), paths[i].topic))
			fail_msg("%s: %s \"%s\"", paths[i].path, err_text(e),
			    p.text);
		buf_free(&topic);
	}
	assert_false(count_is_path(slice_of(COUNT_PATH "er/a")));
	assert_false(count_is_path(slice_of("/.well-known/mercure")));
	assert_false(count_is_path(slice_of("")));
}

static const struct {
	const char *topic;
	uint64_t n;
	const char *path, *document;
} documents[] = {
	{ "a", 0, COUNT_PATH "/a", "{\"topic\":\"a\",\"count\":0}" },
	{ "a/\"{b}", UINT64_MAX, COUNT_PATH "/a%2F%22%7Bb%7D",
	    "{\"topic\":\"a/\\\"{b}\",\"count\":18446744073709551615}" },
};

static void
writes_documents(void **state)
{
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		const struct slice topic = slice_of(documents[i].topic);

		buf_init(&b, 4096);
		count_path(&b, topic);
		assert_true(slice_is(buf_view(&b), documents[i].path));
		buf_clear(&b);
		count_document(&b, topic, documents[i].n);
		assert_true(slice_is(buf_view(&b), documents[i].document));
		buf_free(&b);
	}
	buf_init(&b, 4096);
	count_event(&b, slice_of("a"), 2);
	assert_true(slice_is(buf_view(&b),
	    "event: pushcgi-count\ndata: {\"topic\":\"a\",\"count\":2}\n\n"));
	buf_free(&b);
}

static void
without_memory(void **state)
{
	struct problem p = { "" };
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	mem_fail_at(1);
	assert_int_equal(
	    count_read_path(&b, slice_of(COUNT_PATH "/a"), &p), ERR_NOMEM);
	mem_fail_at(0);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_paths),
		cmocka_unit_test(writes_documents),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
