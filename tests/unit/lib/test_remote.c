/* SPDX-License-Identifier: MIT */
/* test_remote.c - publishes to remote hubs, good and bad ones. */
#include "unit/unit.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/pushcgi.h"
#include "unit/http_server.h"
#include "unit/mem_fail.h"

#define KEY "0123456789abcdef0123456789abcdef"

extern char **environ;

static char *const no_environment[] = { NULL };

/* All of a request whose body is short; false when the peer left. */
static bool
read_request(int fd, char *text, size_t size)
{
	size_t n = 0, want = 0;

	while (n < size - 1) {
		ssize_t got = read(fd, text + n, size - 1 - n);
		const char *head_end, *length;

		if (got <= 0)
			return false;
		n += (size_t)got;
		text[n] = '\0';
		if ((head_end = strstr(text, "\r\n\r\n")) == NULL)
			continue;
		if ((length = strcasestr(text, "\r\ncontent-length:")) != NULL)
			want = (size_t)strtoul(length + 17, NULL, 10);
		if (strlen(head_end + 4) >= want)
			return true;
	}
	return false;
}

/* Lists of subscriptions and numbers, good and bad, by the hub's path. */
static const struct {
	const char *path, *document;
} lists[] = {
	{ "/list",
	    "{\"@context\":\"https://mercure.rocks/\",\"id\":\"x\","
	    "\"type\":\"Subscriptions\",\"lastEventID\":\"i:1\","
	    "\"subscriptions\":["
	    "{\"type\":\"Subscription\",\"topic\":\"a\",\"subscribe"
	    "r\":\"urn:1\",\"active\":true,\"payload\":{\"user\":\"x\"}},"
	    "{\"type\":\"Subscription\",\"topic\":\"b\",\"subscribe"
	    "r\":\"urn:1\",\"payload\":null},"
	    "{\"type\":\"Subscription\",\"topic\":\"a\",\"subscribe"
	    "r\":\"urn:1\",\"active\":false}]}" },
	{ "/list/empty", "{\"subscriptions\":[]}" },
	{ "/list/bad/none", "{}" },
	{ "/list/bad/array", "[]" },
	{ "/list/bad/object", "{\"subscriptions\":{}}" },
	{ "/list/bad/texts", "{\"subscriptions\":[\"a\"]}" },
	{ "/list/bad/topic", "{\"subscriptions\":[{\"subscriber\":\"s\"}]}" },
	{ "/list/bad/subscriber", "{\"subscriptions\":[{\"topic\":\"t\","
				  "\"subscriber\":1}]}" },
	{ "/list/bad/page", "<h1>Welcome" },
	{ "/list/bad/nothing", "" },
	{ "/count", "{\"topic\":\"a b\",\"count\":3}" },
	{ "/count/bad/none", "{\"topic\":\"a b\"}" },
	{ "/count/bad/negative", "{\"count\":-1}" },
	{ "/count/bad/text", "{\"count\":\"3\"}" },
	{ "/count/bad/array", "[3]" },
	{ "/count/bad/page", "<h1>Welcome" },
	{ "/count/bad/nothing", "" },
};

#define LISTS (sizeof(lists) / sizeof(lists[0]))

/* NULL: it does not ask for one. */
static const char *
list_for(const char *path)
{
	const char *end = strstr(path, "/subscriptions");

	if (end == NULL)
		end = strstr(path, "/counts/a%20b");
	size_t n = end != NULL ? (size_t)(end - path) : 0;

	for (size_t i = 0; i < LISTS; i++)
		if (strlen(lists[i].path) == n &&
		    strncmp(lists[i].path, path, n) == 0)
			return lists[i].document;
	return NULL;
}

/* /STATUS/BODY is answered with just these; /body with the request's body,
 * /token with its token, /list... as `lists` says. */
static void
answer(int fd, char *request)
{
	char *path = strchr(request, ' ') + 1, *end = strchr(path, ' ');
	char status[] = "200", head[128], document[512];
	char *body = strstr(request, "\r\n\r\n");

	body += 4;
	*end = '\0';
	path[strcspn(path, "?")] = '\0';
	if (list_for(path) != NULL) {
		snprintf(document, sizeof(document), "%s", list_for(path));
		body = document;
	} else if (strncmp(path, "/token", 6) == 0) {
		body = strstr(end + 1, "Bearer ") + 7;
		*strchr(body, '\r') = '\0';
	} else if (strcmp(path, "/body") != 0) {
		memcpy(status, path + 1, 3);
		body = path + 5;
	}
	for (char *c = body; body == path + 5 && *c != '\0'; c++)
		if (*c == '~')
			*c = '\n';
		else if (*c == '!')
			*c = '<';
	snprintf(head, sizeof(head),
	    "HTTP/1.1 %s X\r\nLocation: /\r\nContent-Length: %zu\r\n"
	    "Connection: close\r\n\r\n",
	    status, strlen(body));
	(void)!write(fd, head, strlen(head));
	(void)!write(fd, body, strlen(body));
}

static void
serve(int listener)
{
	char request[8192];

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0 && read_request(fd, request, sizeof(request)))
			answer(fd, request);
		if (fd >= 0)
			close(fd);
	}
}

static struct {
	pid_t pid;
	int port;
} server;

static int
server_start(void **state)
{
	int fd = http_server_listen(&server.port);

	(void)state;
	environ = (char **)(uintptr_t)no_environment;
	if ((server.pid = fork()) == 0) {
		serve(fd);
		_exit(0);
	}
	close(fd);
	return server.pid < 0;
}

static int
server_stop(void **state)
{
	(void)state;
	(void)kill(server.pid, SIGKILL);
	return waitpid(server.pid, NULL, 0) != server.pid;
}

/* A handle for the hub at this path; `key` and `token` unless NULL. */
static struct pushcgi *
open_for(const char *path, const char *key, const char *token)
{
	char url[256], secret[128] = "A=", jwt[128] = "B=";
	const char *const settings[] = { url,
		"MERCURE_PUBLISH_CONNECT_TIMEOUT=20000",
		"MERCURE_PUBLISH_TIMEOUT=20000", NULL };
	char *env[] = { secret, jwt, NULL };
	struct pushcgi *h = NULL;

	snprintf(url, sizeof(url), "MERCURE_HUB_URL=http://127.0.0.1:%d%s",
	    server.port, path);
	if (key != NULL)
		snprintf(secret, sizeof(secret), "SECRET_KEY=%s", key);
	if (token != NULL)
		snprintf(jwt, sizeof(jwt), "MERCURE_PUBLISHER_JWT=%s", token);
	environ = env;
	if (pushcgi_open(&h, NULL, settings) != PUSHCGI_OK)
		fail_msg("%s", pushcgi_error(h));
	environ = (char **)(uintptr_t)no_environment;
	return h;
}

static const char *const topics[] = { "https://example.com/a", "b c" };

static const struct pushcgi_update update = { .topics = topics,
	.topics_n = 2,
	.data = "x&y\n",
	.data_len = 4,
	.type = "note",
	.retry_ms = 5,
	.flags = PUSHCGI_PRIVATE | PUSHCGI_RETRY };

static const struct {
	const char *name, *path;
	enum pushcgi_result want;
	const char *words; /* the id, or in the sentence */
} rows[] = {
	{ "an id", "/200/urn:uuid:1", PUSHCGI_OK, "urn:uuid:1" },
	{ "an id, created", "/201/7", PUSHCGI_OK, "7" },
	{ "an id and a line break", "/200/7~", PUSHCGI_OK, "7" },
	{ "nothing", "/200/", PUSHCGI_CONFIG, "not with an update's id" },
	{ "a page", "/200/!html", PUSHCGI_CONFIG, "not with an update's id" },
	{ "lines", "/200/a~b", PUSHCGI_CONFIG, "not with an update's id" },
	{ "malformed", "/400/no~topic", PUSHCGI_ARGUMENT,
	    "answers 400 (no topic)" },
	{ "unauthorized", "/401/", PUSHCGI_DENIED,
	    "MERCURE_PUBLISHER_SECRET_KEY" },
	{ "forbidden", "/403/", PUSHCGI_DENIED, "MERCURE_PUBLISHER_JWT" },
	{ "not found", "/404/!h1", PUSHCGI_CONFIG,
	    "answers 404 (a page): there is no hub: MERCURE_HUB_URL" },
	{ "no publishing", "/405/", PUSHCGI_CONFIG,
	    "MERCURE_HUB_ALLOW_PUBLISH" },
	{ "too large", "/413/", PUSHCGI_ARGUMENT, "too long" },
	{ "too much", "/429/", PUSHCGI_UNAVAILABLE, "try again" },
	{ "fails", "/500/!html", PUSHCGI_UNAVAILABLE, "its log" },
	{ "not there", "/503/", PUSHCGI_UNAVAILABLE, "try again" },
	{ "redirect", "/302/", PUSHCGI_CONFIG, "MERCURE_HUB_URL: http://" },
	{ "odd", "/418/", PUSHCGI_CONFIG,
	    "answers 418: this is not the answer of a hub" },
};

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pushcgi *h = open_for(rows[i].path, KEY, NULL);
		char *id = NULL;
		enum pushcgi_result r = pushcgi_publish(h, &id, &update);

		if (r != rows[i].want || (r == PUSHCGI_OK) != (id != NULL))
			fail_msg("%s: %d, %s", rows[i].name, (int)r,
			    pushcgi_error(h));
		if (r == PUSHCGI_OK && strcmp(id, rows[i].words) != 0)
			fail_msg("%s: %s", rows[i].name, id);
		if (r != PUSHCGI_OK &&
		    (strstr(pushcgi_error(h), rows[i].words) == NULL ||
			strstr(pushcgi_error(h), "http://127.0.0.1:") == NULL))
			fail_msg("%s: %s", rows[i].name, pushcgi_error(h));
		pushcgi_free(id);
		pushcgi_close(h);
	}
}

static void
test_form_and_token(void **state)
{
	struct pushcgi *h = open_for("/404/?secret", NULL, "a.b.c");
	struct pushcgi_update with_id = update;
	char *text = NULL;

	(void)state;
	assert_int_equal(pushcgi_publish(h, &text, &update), PUSHCGI_CONFIG);
	assert_null(strstr(pushcgi_error(h), "secret"));
	pushcgi_close(h);

	h = open_for("/body", NULL, "a.b.c");
	assert_int_equal(pushcgi_publish(h, &text, &update), PUSHCGI_OK);
	assert_string_equal(text,
	    "topic=https%3A%2F%2Fexample.com%2Fa&topic=b%20c&data=x%26y%0A"
	    "&private=on&type=note&retry=5");
	pushcgi_free(text);
	with_id.id = "i:1";
	with_id.flags = 0;
	with_id.type = NULL;
	assert_int_equal(pushcgi_publish(h, &text, &with_id), PUSHCGI_OK);
	assert_string_equal(text,
	    "topic=https%3A%2F%2Fexample.com%2Fa&topic=b%20c&data=x%26y%0A"
	    "&id=i%3A1");
	pushcgi_free(text);
	pushcgi_close(h);

	h = open_for("/token", KEY, "a.b.c");
	assert_int_equal(pushcgi_publish(h, &text, &update), PUSHCGI_OK);
	assert_string_equal(text, "a.b.c");
	pushcgi_free(text);
	pushcgi_close(h);

	h = open_for("/token", KEY, NULL);
	assert_int_equal(pushcgi_publish(h, &text, &update), PUSHCGI_OK);
	assert_memory_equal(text, "eyJ", 3);
	pushcgi_free(text);
	pushcgi_close(h);

	h = open_for("/token", NULL, NULL);
	assert_int_equal(pushcgi_publish(h, &text, &update), PUSHCGI_CONFIG);
	assert_non_null(
	    strstr(pushcgi_error(h), "MERCURE_PUBLISHER_SECRET_KEY"));
	pushcgi_close(h);
}

/* One after the other, up to the first that cannot be. */
static void
test_several(void **state)
{
	struct pushcgi *h = open_for("/200/7", KEY, NULL);
	struct pushcgi_update batch[] = { update, update, { 0 }, update };
	char *ids[4] = { NULL, NULL, NULL, NULL };
	size_t at = 9;

	(void)state;
	assert_int_equal(
	    pushcgi_publish_all(h, ids, batch, 4, &at), PUSHCGI_ARGUMENT);
	assert_int_equal(at, 2);
	assert_string_equal(ids[0], "7");
	assert_string_equal(ids[1], "7");
	assert_null(ids[2]);
	pushcgi_free(ids[0]);
	pushcgi_free(ids[1]);
	assert_int_equal(
	    pushcgi_publish_all(h, NULL, batch, 2, NULL), PUSHCGI_OK);
	pushcgi_close(h);
}

static const struct {
	const char *name, *path, *topic;
	const char *want; /* the document */
} documents[] = {
	{ "all", "/list", NULL,
	    "{\"@context\":\"https://mercure.rocks/\",\"id\":"
	    "\"/.well-known/mercure/subscriptions\",\"type\":\"Subscriptions\","
	    "\"lastEventID\":\"i:1\",\"subscriptions\":["
	    "{\"@context\":\"https://mercure.rocks/\",\"id\":"
	    "\"/.well-known/mercure/subscriptions/a/urn%3A1\",\"type\":"
	    "\"Subscription\",\"topic\":\"a\",\"subscriber\":\"urn:1\","
	    "\"active\":true,\"payload\":{\"user\":\"x\"}},"
	    "{\"@context\":\"https://mercure.rocks/\",\"id\":"
	    "\"/.well-known/mercure/subscriptions/b/urn%3A1\",\"type\":"
	    "\"Subscription\",\"topic\":\"b\",\"subscriber\":\"urn:1\","
	    "\"active\":true}]}" },
	{ "nobody", "/list/empty?secret", NULL,
	    "{\"@context\":\"https://mercure.rocks/\",\"id\":"
	    "\"/.well-known/mercure/subscriptions\",\"type\":\"Subscriptions\","
	    "\"subscriptions\":[]}" },
	{ "nobody, of a topic", "/list/empty/", "a b",
	    "{\"@context\":\"https://mercure.rocks/\",\"id\":"
	    "\"/.well-known/mercure/subscriptions/a%20b\",\"type\":"
	    "\"Subscriptions\",\"subscriptions\":[]}" },
};

static void
test_lists(void **state)
{
	static const char *const user[] = { "user=x" };
	struct pushcgi *h = NULL;
	uint64_t n = 9;

	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		char *text = NULL;

		h = open_for(documents[i].path, KEY, NULL);
		if (pushcgi_subscriptions(h, &text, documents[i].topic) !=
		    PUSHCGI_OK)
			fail_msg("%s: %s", documents[i].name, pushcgi_error(h));
		if (strcmp(text, documents[i].want) != 0)
			fail_msg("%s: %s", documents[i].name, text);
		pushcgi_free(text);
		pushcgi_close(h);
	}
	h = open_for("/list", KEY, NULL);
	assert_int_equal(pushcgi_connected(h, &n, "a", NULL, 0), PUSHCGI_OK);
	assert_int_equal(n, 1);
	assert_int_equal(pushcgi_connected(h, &n, "b", NULL, 0), PUSHCGI_OK);
	assert_int_equal(n, 1);
	assert_int_equal(pushcgi_connected(h, &n, "b", user, 1), PUSHCGI_OK);
	assert_int_equal(n, 0);
	assert_int_equal(
	    pushcgi_connected(h, &n, NULL, user, 1), PUSHCGI_ARGUMENT);
	pushcgi_close(h);
}

static const struct {
	const char *name, *path;
	enum pushcgi_result want;
	const char *words; /* in the sentence */
} no_lists[] = {
	{ "malformed", "/400/x", PUSHCGI_ARGUMENT, "answers 400" },
	{ "unauthorized", "/401/x", PUSHCGI_DENIED,
	    "MERCURE_SUBSCRIBER_SECRET_KEY" },
	{ "forbidden", "/403/x", PUSHCGI_DENIED, "answers 403" },
	{ "not found", "/404/!h1", PUSHCGI_CONFIG,
	    "answers 404 (a page): there is no list of subscriptions" },
	{ "too much", "/429/x", PUSHCGI_UNAVAILABLE, "try again" },
	{ "not kept", "/501/x", PUSHCGI_CONFIG, "no such list" },
	{ "fails", "/500/x", PUSHCGI_UNAVAILABLE, "its log" },
	{ "not there", "/503/x", PUSHCGI_UNAVAILABLE, "try again" },
	{ "redirect", "/302/x", PUSHCGI_CONFIG, "MERCURE_HUB_URL: http://" },
};

static void
expect_no_list(const char *name, const char *path, enum pushcgi_result want,
    const char *words)
{
	struct pushcgi *h = open_for(path, KEY, NULL);
	char *text = NULL;
	uint64_t n = 9;

	if (pushcgi_subscriptions(h, &text, NULL) != want || text != NULL ||
	    strstr(pushcgi_error(h), words) == NULL ||
	    strstr(pushcgi_error(h), "http://127.0.0.1:") == NULL)
		fail_msg("%s: %s", name, pushcgi_error(h));
	if (pushcgi_connected(h, &n, "a", NULL, 0) != want || n != 9)
		fail_msg("%s: counted", name);
	pushcgi_close(h);
}

static void
test_no_lists(void **state)
{
	struct pushcgi *h = open_for("/list", NULL, "a.b.c");
	char *text = NULL;

	(void)state;
	/* A publisher's token is not valid for this. */
	assert_int_equal(pushcgi_subscriptions(h, &text, NULL), PUSHCGI_CONFIG);
	assert_non_null(
	    strstr(pushcgi_error(h), "MERCURE_SUBSCRIBER_SECRET_KEY"));
	pushcgi_close(h);
	for (size_t i = 0; i < sizeof(no_lists) / sizeof(no_lists[0]); i++)
		expect_no_list(no_lists[i].name, no_lists[i].path,
		    no_lists[i].want, no_lists[i].words);
	for (size_t i = 0; i < LISTS; i++)
		if (strncmp(lists[i].path, "/list/bad", 9) == 0)
			expect_no_list(lists[i].path, lists[i].path,
			    PUSHCGI_CONFIG, "not with a list");
}

static const struct {
	const char *name, *path;
	enum pushcgi_result want;
	const char *words; /* in the sentence */
} no_counts[] = {
	{ "malformed", "/400/x", PUSHCGI_ARGUMENT, "answers 400" },
	{ "unauthorized", "/401/x", PUSHCGI_DENIED,
	    "MERCURE_SUBSCRIBER_SECRET_KEY" },
	{ "not public", "/403/x", PUSHCGI_DENIED, "MERCURE_COUNTS" },
	{ "no hub", "/404/x", PUSHCGI_CONFIG, "no hub that counts" },
	{ "too much", "/429/x", PUSHCGI_UNAVAILABLE, "try again" },
	{ "fails", "/500/x", PUSHCGI_UNAVAILABLE, "its log" },
};

static void
expect_no_count(const char *name, const char *path, enum pushcgi_result want,
    const char *words)
{
	struct pushcgi *h = open_for(path, KEY, NULL);
	uint64_t n = 9;

	if (pushcgi_count(h, &n, "a b") != want || n != 9 ||
	    strstr(pushcgi_error(h), words) == NULL)
		fail_msg("%s: %s", name, pushcgi_error(h));
	pushcgi_close(h);
}

static void
test_counts(void **state)
{
	/* Whoever has no key asks as anybody. */
	const char *const keys[] = { KEY, NULL };
	bool failed = true;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pushcgi *h = open_for("/count", keys[i], NULL);
		uint64_t n = 9;

		assert_int_equal(pushcgi_count(h, &n, "a b"), PUSHCGI_OK);
		assert_int_equal(n, 3);
		assert_int_equal(pushcgi_count(h, &n, NULL), PUSHCGI_ARGUMENT);
		assert_int_equal(pushcgi_count(h, &n, ""), PUSHCGI_ARGUMENT);
		pushcgi_close(h);
	}
	for (size_t i = 0; i < sizeof(no_counts) / sizeof(no_counts[0]); i++)
		expect_no_count(no_counts[i].name, no_counts[i].path,
		    no_counts[i].want, no_counts[i].words);
	for (size_t i = 0; i < LISTS; i++)
		if (strncmp(lists[i].path, "/count/bad", 10) == 0)
			expect_no_count(lists[i].path, lists[i].path,
			    PUSHCGI_CONFIG, "not with a number");
	for (long n = 1; failed; n++) {
		struct pushcgi *h = open_for("/count", KEY, NULL);
		enum pushcgi_result r;
		uint64_t found = 9;

		mem_fail_at(n);
		r = pushcgi_count(h, &found, "a b");
		failed = mem_failed();
		mem_fail_at(0);
		if (r != PUSHCGI_OK && (r != PUSHCGI_MEMORY || !failed))
			fail_msg("%ld: %s", n, pushcgi_error(h));
		pushcgi_close(h);
	}
}

static void
test_lists_without_memory(void **state)
{
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct pushcgi *h = open_for("/list", KEY, NULL);
		char *text = NULL;
		enum pushcgi_result r;

		mem_fail_at(n);
		r = pushcgi_subscriptions(h, &text, "a");
		failed = mem_failed();
		mem_fail_at(0);
		if (r != PUSHCGI_OK && (r != PUSHCGI_MEMORY || !failed))
			fail_msg("%ld: %s", n, pushcgi_error(h));
		assert_int_equal(text != NULL, r == PUSHCGI_OK);
		pushcgi_free(text);
		pushcgi_close(h);
	}
}

static void
test_without_memory(void **state)
{
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct pushcgi *h = open_for("/200/7", KEY, NULL);
		char *id = NULL;
		enum pushcgi_result r;

		mem_fail_at(n);
		r = pushcgi_publish(h, &id, &update);
		failed = mem_failed();
		mem_fail_at(0);
		/* A step that needs memory may have been left out. */
		assert_int_equal(
		    r, id == NULL && failed ? PUSHCGI_MEMORY : PUSHCGI_OK);
		pushcgi_free(id);
		pushcgi_close(h);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_form_and_token),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_no_lists),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_lists_without_memory),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, server_start, server_stop);
}
