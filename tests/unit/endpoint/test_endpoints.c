/* SPDX-License-Identifier: MIT */
/* test_endpoints.c - without memory an answer is a 503, never incomplete. */
#include "unit/unit.h"

#include "base/log.h"
#include "endpoint/route.h"
#include "unit/dialect.h"
#include "unit/jws_forge.h"
#include "unit/mem_fail.h"
#include "unit/presence_room.h"

#define HUB "/.well-known/mercure"
#define ALL                                                       \
	"{\"mercure\":{\"publish\":[\"*\"],\"subscribe\":[\"" HUB \
	"/subscriptions{/topic}{/subscriber}\"]}}"

enum carrier { NOWHERE, IN_HEADER, IN_QUERY, IN_COOKIE };

static const struct {
	const char *name, *method, *path, *query, *body;
	enum carrier token;
	const char *origin, *last_event_id;
	enum answer_kind kind;
	int status;
} rows[] = {
	{ "publish", "POST", HUB, "a=b", "topic=/1&topic=/2&data=x&id=urn:1",
	    IN_HEADER, "https://a.example", NULL, ANSWER_PUBLISH, 200 },
	{ "publish with a token in the query", "POST", HUB, "a=b",
	    "topic=/1&private=on&type=t&retry=5&id=urn:1", IN_QUERY, NULL, NULL,
	    ANSWER_PUBLISH, 200 },
	{ "publish with a cookie", "POST", HUB, NULL, "topic=/1&id=urn:1",
	    IN_COOKIE, "http://hub.example", NULL, ANSWER_PUBLISH, 200 },
	{ "publish without a topic", "POST", HUB, NULL, "data=x", IN_HEADER,
	    NULL, NULL, ANSWER_RESPONSE, 400 },
	{ "publish without a token", "POST", HUB, NULL, "topic=/1", NOWHERE,
	    NULL, NULL, ANSWER_RESPONSE, 401 },
	{ "publish by a page from elsewhere", "POST", HUB, NULL, "topic=/1",
	    IN_COOKIE, "https://evil.example", NULL, ANSWER_RESPONSE, 403 },
	{ "subscribe", "GET", HUB, "topic=/1&topic=/%7Bx%7D&topic=*", "",
	    IN_HEADER, "https://a.example", NULL, ANSWER_STREAM, 200 },
	{ "subscribe behind an update", "GET", HUB, "topic=/1", "", IN_COOKIE,
	    NULL, "a", ANSWER_STREAM, 200 },
	{ "subscribe behind an unknown update", "GET", HUB,
	    "topic=/1&lastEventID=z", "", IN_QUERY, NULL, NULL, ANSWER_STREAM,
	    200 },
	{ "subscribe by polls", "GET", HUB, "topic=/1&delivery=poll", "",
	    IN_HEADER, NULL, "b", ANSWER_STREAM, 200 },
	{ "subscribe by an unknown delivery", "GET", HUB, "topic=/1&delivery=x",
	    "", IN_HEADER, NULL, NULL, ANSWER_RESPONSE, 400 },
	{ "subscribe to nothing", "GET", HUB, "a=b", "", IN_HEADER, NULL, NULL,
	    ANSWER_RESPONSE, 400 },
	{ "a look at the tail", "HEAD", HUB, "topic=/1", "", IN_HEADER,
	    "https://a.example", "a", ANSWER_RESPONSE, 200 },
	{ "preflight", "OPTIONS", HUB, NULL, "", NOWHERE, "https://a.example",
	    NULL, ANSWER_RESPONSE, 204 },
	{ "an unknown method", "PUT", HUB, NULL, "", NOWHERE, NULL, NULL,
	    ANSWER_RESPONSE, 405 },
	{ "all subscriptions", "GET", HUB "/subscriptions", "a=b", "",
	    IN_HEADER, "https://a.example", NULL, ANSWER_RESPONSE, 200 },
	{ "subscriptions of a topic", "GET", HUB "/subscriptions/%7Bx%7D",
	    "a=b", "", IN_QUERY, NULL, NULL, ANSWER_RESPONSE, 200 },
	{ "a look at subscriptions", "HEAD", HUB "/subscriptions/y", NULL, "",
	    IN_COOKIE, NULL, NULL, ANSWER_RESPONSE, 200 },
	{ "a subscription of nobody", "GET", HUB "/subscriptions/y/urn%3Ax",
	    NULL, "", IN_HEADER, NULL, NULL, ANSWER_RESPONSE, 404 },
	{ "subscriptions without a token", "GET", HUB "/subscriptions", NULL,
	    "", NOWHERE, NULL, NULL, ANSWER_RESPONSE, 401 },
	{ "a publish to subscriptions", "POST", HUB "/subscriptions", NULL,
	    "topic=/1", IN_HEADER, NULL, NULL, ANSWER_RESPONSE, 405 },
	{ "an unknown path", "GET", "/", NULL, "", NOWHERE, NULL, NULL,
	    ANSWER_RESPONSE, 404 },
};

#define ROWS_N (sizeof(rows) / sizeof(rows[0]))

/* The settings, two subscribers, and the texts that requests point to. */
struct desk {
	struct queue *holder; /* of their rows */
	struct presence *there[2];
	struct roster *roster;
	struct config config;
	struct settings settings;
	struct buf token, bearer, cookie, query;
};

static void
desk_open(struct desk *d, struct queue_room *room)
{
	static char origins[] = "https://a.example", name[] = "token",
		    durability[] = "normal", delivery[] = "stream";
	struct queue *q = presence_room_open(room, 1);

	assert_int_equal(queue_room_put(q, "a"), ERR_OK);
	assert_int_equal(queue_room_put(q, "b"), ERR_OK);
	*d = (struct desk){ .config = { .transport_url = room->url,
				.durability = durability,
				.delivery = delivery,
				.cookie_name = name,
				.cors_allowed_origins = origins,
				.allow_publish = true,
				.subscriptions = true,
				.connections_max = 10,
				.topics_max = 10,
				.matchers_max = 10,
				.topic_length_max = 100 } };
	d->holder = q;
	for (size_t i = 0; i < 2; i++) {
		d->there[i] = presence_room_somebody("{x} y", 1);
		assert_int_equal(
		    presence_room_change(q, PRESENCE_THERE, d->there[i], 0),
		    ERR_OK);
	}
	assert_int_equal(roster_new(&d->roster), ERR_OK);
	assert_int_equal(roster_count_in(d->roster, &room->settings), ERR_OK);
	d->settings.config = &d->config;
	d->settings.dialects = unit_dialects();
	d->settings.role[CONFIG_PUBLISHERS].keys = forge_key(SECRET, "HS256");
	d->settings.role[CONFIG_SUBSCRIBERS].keys = forge_key(SECRET, "HS256");
	buf_init(&d->token, FORGE_MAX);
	buf_init(&d->bearer, FORGE_MAX);
	buf_init(&d->cookie, FORGE_MAX);
	buf_init(&d->query, FORGE_MAX);
	forge(&d->token, slice_of(HONEST), slice_of(ALL), slice_of(SECRET),
	    EVP_sha256());
	buf_printf(&d->bearer, "Bearer %.*s", SLICE_ARG(buf_view(&d->token)));
	buf_printf(
	    &d->cookie, "a=b; token=%.*s", SLICE_ARG(buf_view(&d->token)));
}

static void
desk_close(struct desk *d)
{
	queue_close(d->holder);
	presence_free(d->there[0]);
	presence_free(d->there[1]);
	roster_free(d->roster);
	jws_keys_free(d->settings.role[CONFIG_PUBLISHERS].keys);
	jws_keys_free(d->settings.role[CONFIG_SUBSCRIBERS].keys);
	buf_free(&d->token);
	buf_free(&d->bearer);
	buf_free(&d->cookie);
	buf_free(&d->query);
}

static struct request
request(struct desk *d, size_t i)
{
	struct request rq = { .method = slice_of(rows[i].method),
		.path = slice_of(rows[i].path),
		.query = slice_of(rows[i].query),
		.content_type = slice_of("application/x-www-form-urlencoded"),
		.origin = slice_of(rows[i].origin),
		.host = slice_of("hub.example"),
		.last_event_id = slice_of(rows[i].last_event_id),
		.body = slice_of(rows[i].body) };

	if (rows[i].token == IN_HEADER)
		rq.authorization = buf_view(&d->bearer);
	if (rows[i].token == IN_COOKIE)
		rq.cookie = buf_view(&d->cookie);
	if (rows[i].token == IN_QUERY) {
		buf_clear(&d->query);
		buf_printf(&d->query, "%s&authorization=%.*s", rows[i].query,
		    SLICE_ARG(buf_view(&d->token)));
		rq.query = buf_view(&d->query);
	}
	return rq;
}

/* All parts of an answer, as text. */
static void
describe(struct buf *out, const struct answer *a)
{
	buf_printf(out, "kind %d\n", a->kind);
	response_write(&a->response, false, out);
	if (a->kind == ANSWER_PUBLISH) {
		const struct update *u = update_view(a->update);

		buf_printf(out, "topics \"%.*s\" id \"%.*s\" data \"%.*s\"",
		    SLICE_ARG(u->topics), SLICE_ARG(u->id), SLICE_ARG(u->data));
	}
	if (a->kind == ANSWER_STREAM) {
		const struct subscriber_opening *o = a->opening;

		buf_add(out, o->head->bytes, o->head->len);
		buf_printf(out, "at %d from_start %d grant %d poll %d",
		    (int)o->at, o->from_start, o->grant != NULL, o->poll);
		for (size_t i = 0; i < o->matchers.n; i++)
			buf_printf(out, " %.*s",
			    SLICE_ARG(matcher_text(o->matchers.v[i])));
	}
}

struct said {
	struct buf text;
	enum answer_kind kind;
	int status;
	bool failed; /* an allocation failed */
};

/* Answer row i while the n-th allocation fails. */
static void
answer(struct said *out, struct desk *d, size_t i, struct context *c, long n)
{
	const struct request rq = request(d, i);
	struct answer a = { 0 };

	buf_init(&out->text, 65536);
	response_init(&a.response);
	mem_fail_at(n);
	route_request(&a, &rq, c);
	out->failed = mem_failed();
	mem_fail_at(0);
	out->kind = a.kind;
	out->status = a.response.status;
	describe(&out->text, &a);
	answer_free(&a);
}

static void
check_row(struct desk *d, size_t i)
{
	struct said whole, poor = { .failed = true }, again;
	struct context c = { .settings = &d->settings,
		.framing = FRAMING_RAW,
		.roster = d->roster };

	answer(&whole, d, i, &c, 0);
	queue_close(c.queue);
	if (whole.kind != rows[i].kind || whole.status != rows[i].status)
		fail_msg("%s: kind %d, status %d", rows[i].name, whole.kind,
		    whole.status);
	assert_int_equal(whole.text.err, ERR_OK);
	for (long n = 1; poor.failed; n++) {
		c.queue = NULL;
		answer(&poor, d, i, &c, n);
		if (poor.text.err != ERR_OK)
			fail_msg("%s, %ld: only a part", rows[i].name, n);
		/* The answer is whole where it does not need the memory. */
		if (!slice_eq(buf_view(&poor.text), buf_view(&whole.text)) &&
		    (poor.kind != ANSWER_RESPONSE || poor.status != 503))
			fail_msg("%s, %ld: %.*s\ninstead of %.*s", rows[i].name,
			    n, SLICE_ARG(buf_view(&poor.text)),
			    SLICE_ARG(buf_view(&whole.text)));
		answer(&again, d, i, &c, 0);
		if (!slice_eq(buf_view(&again.text), buf_view(&whole.text)))
			fail_msg("%s, %ld: again: %.*s", rows[i].name, n,
			    SLICE_ARG(buf_view(&again.text)));
		queue_close(c.queue);
		buf_free(&poor.text);
		buf_free(&again.text);
	}
	buf_free(&whole.text);
}

static void
answers_whole_or_503(void **state)
{
	struct desk d;

	log_open("test", LOG_LEVEL_ERR);
	desk_open(&d, *state);
	for (size_t i = 0; i < ROWS_N; i++)
		check_row(&d, i);
	desk_close(&d);
}

/* Ask for all subscriptions. */
static void
list(struct answer *a, struct desk *d, size_t list_max)
{
	struct context c = { .settings = &d->settings, .list_max = list_max };
	const struct request rq = { .method = slice_of("GET"),
		.path = slice_of(HUB "/subscriptions"),
		.authorization = buf_view(&d->bearer) };

	*a = (struct answer){ 0 };
	response_init(&a->response);
	route_request(a, &rq, &c);
	queue_close(c.queue);
}

static void
lists_have_an_end(void **state)
{
	struct answer a;
	struct desk d;

	desk_open(&d, *state);
	list(&a, &d, 0);
	assert_int_equal(a.response.status, 200);
	answer_free(&a);
	/* This is enough for the beginning of the list. */
	list(&a, &d, 400);
	assert_int_equal(a.response.status, 503);
	assert_string_equal(a.response.type, RESPONSE_TEXT);
	assert_true(slice_is(buf_view(&a.response.body),
	    "There are more subscriptions than one answer can hold; ask for "
	    "those of one topic.\n"));
	answer_free(&a);
	desk_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(answers_whole_or_503),
		QUEUE_ROOM_TEST(lists_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
