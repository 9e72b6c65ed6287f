/* SPDX-License-Identifier: MIT */
/* count.c - reads and writes what counts of viewers consist of. */
#include "mercure/count.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "text/json.h"
#include "text/percent.h"

bool
count_is_path(struct slice text)
{
	const size_t n = strlen(COUNT_PATH);

	return slice_starts(text, COUNT_PATH) &&
	       (text.len == n || text.base[n] == '/');
}

/* An encoded topic has neither a slash nor the braces of a URI Template. */
static bool
is_segment(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (strchr("/{}?#", s.base[i]) != NULL)
			return false;
	return s.len > 0;
}

enum err
count_read_path(struct buf *topic, struct slice path, struct problem *p)
{
	const size_t n = strlen(COUNT_PATH);
	const struct slice segment =
	    slice_after(path, n < path.len ? n + 1 : n);
	bool is = is_segment(segment);

	if (is) {
		percent_decode(topic, segment);
		if (topic->err != ERR_OK)
			return topic->err;
		is = utf8_valid(buf_view(topic)) &&
		     !utf8_has_control(buf_view(topic));
	}
	return is ? ERR_OK
		  : problem_set(p, ERR_NOTFOUND,
			"The count of a topic is at " COUNT_PATH
			"/TOPIC, with the topic percent-encoded once.");
}

void
count_path(struct buf *out, struct slice topic)
{
	buf_text(out, COUNT_PATH "/");
	percent_encode(out, topic);
}

void
count_document(struct buf *out, struct slice topic, uint64_t n)
{
	buf_text(out, "{\"topic\":");
	json_write_text(out, topic);
	buf_printf(out, ",\"count\":%" PRIu64 "}", n);
}

void
count_event(struct buf *out, struct slice topic, uint64_t n)
{
	buf_text(out, "event: " COUNT_EVENT "\ndata: ");
	count_document(out, topic, n);
	buf_text(out, "\n\n");
}
