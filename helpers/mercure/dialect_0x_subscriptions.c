/* SPDX-License-Identifier: MIT */
/* dialect_0x_subscriptions.c - the JSON-LD documents of 0.x and their paths
 * (draft 7, "Active Subscriptions"). */
#include "base/utf8.h"
#include "mercure/dialect_0x.h"
#include "text/json.h"
#include "text/percent.h"

#define CONTEXT "{\"@context\":\"https://mercure.rocks/\",\"id\":"

static void
write_path(struct buf *out, const struct subscription_place *at)
{
	buf_text(out, SUBSCRIPTION_PATH);
	if (at->selector.text.base == NULL)
		return;
	buf_byte(out, '/');
	percent_encode(out, at->selector.text);
	if (at->subscriber.base == NULL)
		return;
	buf_byte(out, '/');
	percent_encode(out, at->subscriber);
}

/* Read one segment of the path and decode it once; a slash in it is sent as
 * %2F. */
static bool
read_segment(struct slice *out, struct buf *text, struct slice *rest)
{
	const size_t start = text->len;
	struct slice segment;

	*out = slice_of(NULL);
	if (!slice_cut(rest, '/', &segment))
		return true;
	percent_decode(text, segment);
	if (text->err != ERR_OK)
		return false;
	*out = slice_after(buf_view(text), start);
	return out->len > 0 && utf8_valid(*out) && !utf8_has_control(*out);
}

static enum err
read_path(struct subscription_place *out, struct buf *text, struct slice path,
    struct problem *p)
{
	struct slice rest = slice_after(path, strlen(SUBSCRIPTION_PATH));
	struct subscription_place at = { .selector =
					     selector_topic(slice_of(NULL)) };
	bool fits;

	/* Reserve all memory now, so that decoded texts do not move. */
	if (buf_grow(text, path.len + 1) == NULL)
		return text->err;
	buf_clear(text);
	rest = rest.len == 0 ? slice_of(NULL) : slice_after(rest, 1);
	fits = read_segment(&at.selector.text, text, &rest) &&
	       read_segment(&at.subscriber, text, &rest) && rest.base == NULL;
	if (text->err != ERR_OK)
		return text->err;
	if (!fits)
		return problem_set(p, ERR_NOTFOUND,
		    "Subscriptions are at " SUBSCRIPTION_PATH
		    "{/topic}{/subscriber}, each percent-encoded once.");
	*out = at;
	return ERR_OK;
}

/* The characters of a path need no escape in JSON. */
static void
add_path(struct buf *out, const struct subscription_place *at)
{
	buf_byte(out, '"');
	write_path(out, at);
	buf_byte(out, '"');
}

static void
add_last_id(struct buf *out, struct slice last_id)
{
	if (last_id.base == NULL)
		return;
	buf_text(out, ",\"lastEventID\":");
	json_write_text(out, last_id);
}

static void
write_one(
    struct buf *out, const struct subscription_view *v, struct slice last_id)
{
	buf_text(out, CONTEXT);
	add_path(
	    out, &(struct subscription_place){ v->selector, v->subscriber });
	buf_text(out, ",\"type\":\"Subscription\",\"topic\":");
	json_write_text(out, v->selector.text);
	buf_text(out, ",\"subscriber\":");
	json_write_text(out, v->subscriber);
	buf_text(out, v->active ? ",\"active\":true" : ",\"active\":false");
	if (v->payload.base != NULL) {
		buf_text(out, ",\"payload\":");
		buf_slice(out, v->payload);
	}
	add_last_id(out, last_id);
	buf_byte(out, '}');
}

/* Begin a collection of one selector, or of all. */
static void
begin(
    struct buf *out, const struct subscription_place *at, struct slice last_id)
{
	const struct subscription_place all = { at->selector, slice_of(NULL) };

	buf_text(out, CONTEXT);
	add_path(out, &all);
	buf_text(out, ",\"type\":\"Subscriptions\"");
	add_last_id(out, last_id);
	buf_text(out, ",\"subscriptions\":[");
}

static void
end(struct buf *out)
{
	buf_text(out, "]}");
}

const struct subscription_form dialect_0x_subscriptions = {
	.type = "application/ld+json",
	.path = write_path,
	.read_path = read_path,
	.write = write_one,
	.begin = begin,
	.end = end,
};
