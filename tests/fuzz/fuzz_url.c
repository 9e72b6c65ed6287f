/* SPDX-License-Identifier: MIT */
/* fuzz_url.c - a URL parsed again is the same; so is a path's normal form. */
#include <stdint.h>
#include <stdlib.h>

#include "match/topic.h"
#include "url/url.h"

#define TEXT_MAX (2 * URL_HREF_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

static void
check_characters(const struct url *u)
{
	struct slice href = buf_view(&u->href);

	for (size_t i = 0; i < href.len; i++)
		demand(href.base[i] >= ' ' && href.base[i] <= '~');
	for (size_t i = 0; i < URL_PARTS; i++)
		demand(u->part[i].base == NULL ||
		       (u->part[i].base >= href.base &&
			   u->part[i].base + u->part[i].len <=
			       href.base + href.len));
}

/* By itself and relative to another it stays what it is. */
static void
check_again(const struct url *u, const struct url *base)
{
	struct slice href = buf_view(&u->href);
	struct url again = { .is_special = false };

	if (href.len > URL_INPUT_MAX)
		return;
	demand(url_parse(&again, href, base, 0) == ERR_OK);
	demand(slice_eq(buf_view(&again.href), href));
	for (size_t i = 0; i < URL_PARTS; i++) {
		demand(slice_eq(again.part[i], u->part[i]));
		demand(
		    (again.part[i].base == NULL) == (u->part[i].base == NULL));
	}
	url_free(&again);
}

/* A path and its normal form are equivalent: reserved both, or neither. */
static void
check_path(const struct url *u)
{
	struct buf once, twice;

	buf_init(&once, TEXT_MAX);
	buf_init(&twice, TEXT_MAX);
	buf_text(&once, "foo://h");
	url_normalize_path(&once, u->part[URL_PATH]);
	url_normalize_path(&twice, slice_after(buf_view(&once), 7));
	demand(slice_eq(slice_after(buf_view(&once), 7), buf_view(&twice)));

	buf_clear(&twice);
	buf_text(&twice, "foo://h");
	buf_slice(&twice, u->part[URL_PATH]);
	demand(topic_check(buf_view(&once), TEXT_MAX, NULL) ==
	       topic_check(buf_view(&twice), TEXT_MAX, NULL));
	buf_free(&once);
	buf_free(&twice);
}

static void
check(struct slice text, const struct url *base)
{
	struct url u = { .is_special = false };

	if (url_parse(&u, text, base, 0) != ERR_OK)
		return;
	check_characters(&u);
	check_again(&u, NULL);
	check_again(&u, base);
	/* An opaque path has no segments. */
	if (!u.has_opaque_path)
		check_path(&u);
	url_free(&u);
}

/* The first line is the base. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, line;
	struct url base = { .is_special = false };

	if (!slice_cut(&rest, '\n', &line))
		return 0;
	check(line, NULL);
	if (rest.base != NULL && url_parse(&base, line, NULL, 0) == ERR_OK)
		check(rest, &base);
	url_free(&base);
	return 0;
}
