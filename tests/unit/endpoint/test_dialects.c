/* SPDX-License-Identifier: MIT */
/* test_dialects.c - the hub answers each request in its own dialect. */
#include "unit/unit.h"

#include "base/log.h"
#include "endpoint/route.h"
#include "unit/dialect.h"
#include "unit/jws_forge.h"
#include "unit/other_dialect.h"
#include "unit/presence_room.h"

#define HUB "/.well-known/mercure"
#define LIST HUB "/subscriptions"
#define COMMON "{\"mercure\":{\"publish\":[\"*\"],\"subscribe\":[\"*\"]}}"
#define OTHER "{\"exp\":4102444800,\"topics\":[\"a\",\"{x}\",\"" LIST "\"]}"
#define OTHER_HEADER "{\"alg\":\"HS256\",\"typ\":\"other+jwt\"}"

enum token { NONE, IN_HEADER, IN_COOKIE, IN_QUERY };

static const struct {
	const char *name, *method, *path, *query, *body;
	enum token common, other; /* where a token of either dialect is */
	const char *version;
	int status;
	const char *type, *challenge, *words;
} rows[] = {
	{ "0.x subscribes", "GET", HUB, "topic=a", "", NONE, NONE, "0.x", 200,
	    NULL, NULL, NULL },
	{ "the other subscribes", "GET", HUB, "match=a&last=earliest", "", NONE,
	    NONE, "other", 200, NULL, NULL, NULL },
	{ "its parameters are not mixed", "GET", HUB, "match=a&topic=b", "",
	    NONE, NONE, "other", 400, "application/problem+json", NULL,
	    "{\"status\":400,\"detail\":\"Use match, not topic.\"}" },
	{ "its parameters are named", "GET", HUB, "matches=a", "", NONE, NONE,
	    "other", 400, "application/problem+json", NULL,
	    "at least one match parameter" },
	{ "0.x reads no token of the other", "GET", HUB, "topic=a", "", NONE,
	    IN_HEADER, "0.x", 401, RESPONSE_TEXT,
	    "Bearer error=\"invalid_token\"", "the hub's log says why" },
	{ "the other reads no token of 0.x", "GET", HUB, "match=a", "",
	    IN_HEADER, NONE, "other", 401, "application/problem+json",
	    "Other hub=\"https://hub.example/\"", "Reason 3." },
	{ "the other takes no token from the query", "GET", HUB, "match=a", "",
	    IN_QUERY, NONE, "other", 200, NULL, NULL, NULL },
	{ "each has a cookie", "GET", HUB, "match=a", "", IN_COOKIE, IN_COOKIE,
	    "other", 200, NULL, NULL, NULL },
	{ "0.x publishes", "POST", HUB, "", "topic=b&id=urn:1", IN_HEADER, NONE,
	    "0.x", 200, RESPONSE_TEXT, NULL, "urn:1" },
	{ "the other publishes", "POST", HUB, "", "topic=a&id=urn:1", NONE,
	    IN_HEADER, "other", 200, RESPONSE_TEXT, NULL, "urn:1" },
	{ "the other is refused a topic", "POST", HUB, "", "topic=x", NONE,
	    IN_HEADER, "other", 403, "application/problem+json",
	    "Other hub=", "Reason 6." },
	{ "0.x is refused a reserved topic", "POST", HUB, "", "topic=*",
	    IN_HEADER, NONE, "0.x", 403, RESPONSE_TEXT, NULL, "every topic" },
	{ "no token is 0.x", "POST", HUB, "", "topic=a", NONE, NONE, "0.x", 401,
	    RESPONSE_TEXT, "Bearer", "Publishing needs" },
	{ "0.x lists", "GET", LIST, "", "", IN_HEADER, NONE, "0.x", 200,
	    "application/ld+json", NULL, "\"type\":\"Subscriptions\"" },
	{ "the other lists", "GET", LIST, "", "", NONE, IN_HEADER, "other", 200,
	    "application/json", NULL, "[{\"match\":\"y\",\"kind\":0}]" },
	{ "the other has paths of its own", "GET", LIST "/y", "", "", NONE,
	    IN_HEADER, "other", 404, "application/problem+json", NULL,
	    "There is one list." },
};

#define ROWS_N (sizeof(rows) / sizeof(rows[0]))

struct desk {
	struct queue *holder;
	struct presence *there;
	struct config config;
	struct settings settings;
	struct buf common, other; /* tokens */
	struct buf authorization, cookie, query;
};

static void
desk_open(struct desk *d, struct queue_room *room)
{
	static char url[] = "https://hub.example/", common[] = "common",
		    other[] = "other", durability[] = "normal",
		    delivery[] = "stream";

	*d = (struct desk){ .config = { .transport_url = room->url,
				.public_hub_url = url,
				.durability = durability,
				.delivery = delivery,
				.cookie_name = common,
				.session_cookie = other,
				.allow_publish = true,
				.allow_anonymous = true,
				.subscriptions = true,
				.topics_max = 10,
				.matchers_max = 10,
				.topic_length_max = 100 } };
	d->holder = presence_room_open(room, 1);
	d->there = presence_room_somebody("y", 1);
	assert_int_equal(
	    presence_room_change(d->holder, PRESENCE_THERE, d->there, 0),
	    ERR_OK);
	d->settings.config = &d->config;
	d->settings.dialects =
	    (struct dialects){ { &other_dialect, unit_dialect() }, 2 };
	for (size_t i = 0; i < CONFIG_ROLES; i++)
		d->settings.role[i].keys = forge_key(SECRET, "HS256");
	buf_init(&d->common, FORGE_MAX);
	buf_init(&d->other, FORGE_MAX);
	buf_init(&d->authorization, FORGE_MAX);
	buf_init(&d->cookie, FORGE_MAX);
	buf_init(&d->query, FORGE_MAX);
	forge(&d->common, slice_of(HONEST), slice_of(COMMON), slice_of(SECRET),
	    EVP_sha256());
	forge(&d->other, slice_of(OTHER_HEADER), slice_of(OTHER),
	    slice_of(SECRET), EVP_sha256());
}

static void
desk_close(struct desk *d)
{
	queue_close(d->holder);
	presence_free(d->there);
	for (size_t i = 0; i < CONFIG_ROLES; i++)
		jws_keys_free(d->settings.role[i].keys);
	buf_free(&d->common);
	buf_free(&d->other);
	buf_free(&d->authorization);
	buf_free(&d->cookie);
	buf_free(&d->query);
}

static void
carry(struct desk *d, enum token where, const char *cookie,
    const struct buf *token)
{
	if (where == IN_HEADER)
		buf_printf(&d->authorization, "Bearer %.*s",
		    SLICE_ARG(buf_view(token)));
	if (where == IN_COOKIE)
		buf_printf(&d->cookie, "%s=%.*s; ", cookie,
		    SLICE_ARG(buf_view(token)));
	if (where == IN_QUERY)
		buf_printf(&d->query, "&authorization=%.*s",
		    SLICE_ARG(buf_view(token)));
}

static struct request
request(struct desk *d, size_t i)
{
	struct request rq = { .method = slice_of(rows[i].method),
		.path = slice_of(rows[i].path),
		.content_type = slice_of("application/x-www-form-urlencoded"),
		.host = slice_of("hub.example"),
		.body = slice_of(rows[i].body) };

	buf_clear(&d->authorization);
	buf_clear(&d->cookie);
	buf_clear(&d->query);
	buf_text(&d->query, rows[i].query);
	carry(d, rows[i].common, "common", &d->common);
	carry(d, rows[i].other, "other", &d->other);
	if (d->authorization.len > 0)
		rq.authorization = buf_view(&d->authorization);
	if (d->cookie.len > 0)
		rq.cookie = buf_view(&d->cookie);
	rq.query = buf_view(&d->query);
	return rq;
}

static void
expect_text(const char *name, const struct buf *b, const char *words)
{
	struct buf text;

	if (words == NULL)
		return;
	buf_init(&text, 65536);
	buf_slice(&text, buf_view(b));
	buf_byte(&text, '\0');
	if (strstr(text.base, words) == NULL)
		fail_msg("%s: %s instead of %s", name, text.base, words);
	buf_free(&text);
}

static void
check_row(struct desk *d, size_t i)
{
	struct context c = { .settings = &d->settings, .framing = FRAMING_RAW };
	const struct request rq = request(d, i);
	struct answer a = { 0 };

	response_init(&a.response);
	route_request(&a, &rq, &c);
	if (strcmp(a.dialect->version, rows[i].version) != 0)
		fail_msg("%s: %s", rows[i].name, a.dialect->version);
	if (a.response.status != rows[i].status)
		fail_msg("%s: status %d: %.*s", rows[i].name, a.response.status,
		    SLICE_ARG(buf_view(&a.response.body)));
	if (rows[i].type != NULL)
		assert_string_equal(a.response.type, rows[i].type);
	if (rows[i].challenge != NULL)
		expect_text(
		    rows[i].name, &a.response.head, "WWW-Authenticate: ");
	expect_text(rows[i].name, &a.response.head, rows[i].challenge);
	expect_text(rows[i].name, &a.response.body, rows[i].words);
	answer_free(&a);
	queue_close(c.queue);
}

static void
each_request_is_answered_in_its_dialect(void **state)
{
	struct desk d;

	log_open("test", LOG_LEVEL_ERR);
	desk_open(&d, *state);
	for (size_t i = 0; i < ROWS_N; i++)
		check_row(&d, i);
	desk_close(&d);
}

/* The head of a stream has the names of its dialect; a script of another
 * origin may read those of both. */
static void
headers_have_their_names(void **state)
{
	static char origins[] = "https://a.example";
	struct desk d;

	desk_open(&d, *state);
	d.config.cors_allowed_origins = origins;
	for (size_t i = 0; i < 2; i++) {
		struct context c = { .settings = &d.settings };
		struct request rq = { .method = slice_of("HEAD"),
			.path = slice_of(HUB),
			.origin = slice_of(origins),
			.query =
			    slice_of(i == 0 ? "topic=y&lastEventID=earliest"
					    : "match=y&last=earliest") };
		struct answer a = { 0 };

		response_init(&a.response);
		route_request(&a, &rq, &c);
		expect_text("HEAD", &a.response.head,
		    i == 0 ? "\r\nLast-Event-ID: earliest"
			   : "\r\nOther-Last-Event-ID: earliest");
		expect_text("HEAD", &a.response.head,
		    i == 0 ? "; last-event-id=\"" : "; last=\"");
		expect_text("HEAD", &a.response.head,
		    "Expose-Headers: Other-Last-Event-ID, Last-Event-ID, "
		    "Link, Pushcgi-Subscriber\r\n");
		answer_free(&a);
		queue_close(c.queue);
	}
	desk_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    each_request_is_answered_in_its_dialect, queue_room_make,
		    queue_room_remove),
		cmocka_unit_test_setup_teardown(headers_have_their_names,
		    queue_room_make, queue_room_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
