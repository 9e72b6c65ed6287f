/* SPDX-License-Identifier: MIT */
/* subscription.c - writes paths and documents of subscriptions. */
#include "mercure/subscription.h"

#include "text/json.h"
#include "text/percent.h"

#define CONTEXT "{\"@context\":\"https://mercure.rocks/\",\"id\":"

void
subscription_path(struct buf *out, struct slice topic, struct slice subscriber)
{
	buf_text(out, SUBSCRIPTION_PATH);
	if (topic.base == NULL)
		return;
	buf_byte(out, '/');
	percent_encode(out, topic);
	if (subscriber.base == NULL)
		return;
	buf_byte(out, '/');
	percent_encode(out, subscriber);
}

/* What a path consists of needs no escape in JSON. */
static void
add_path(struct buf *out, struct slice topic, struct slice subscriber)
{
	buf_byte(out, '"');
	subscription_path(out, topic, subscriber);
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

void
subscription_write(
    struct buf *out, const struct subscription_view *v, struct slice last_id)
{
	buf_text(out, CONTEXT);
	add_path(out, v->selector.text, v->subscriber);
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

void
subscription_list_begin(
    struct buf *out, struct slice topic, struct slice last_id)
{
	buf_text(out, CONTEXT);
	add_path(out, topic, slice_of(NULL));
	buf_text(out, ",\"type\":\"Subscriptions\"");
	add_last_id(out, last_id);
	buf_text(out, ",\"subscriptions\":[");
}

void
subscription_list_add(
    struct buf *out, bool first, const struct subscription_view *v)
{
	if (!first)
		buf_byte(out, ',');
	subscription_write(out, v, slice_of(NULL));
}

void
subscription_list_end(struct buf *out)
{
	buf_text(out, "]}");
}
