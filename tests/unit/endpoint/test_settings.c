/* SPDX-License-Identifier: MIT */
/* test_settings.c - keys from a configuration, or the reason for none. */
#include "unit/unit.h"

#include "endpoint/settings.h"
#include "queue/keys.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

static const struct {
	const char *name, *environ[4];
	enum err e;
	const char *reason; /* how it begins */
} rows[] = {
	{ "no key", { NULL }, ERR_OK, "" },
	{ "one key", { "SECRET_KEY=a secret of 20 bytes" }, ERR_OK, "" },
	{ "two keys",
	    { "MERCURE_PUBLISHER_SECRET_KEY=a secret of 20 bytes",
		"MERCURE_SUBSCRIBER_SECRET_KEY=b secret of 20 bytes",
		"MERCURE_TRUSTED_PROXIES=127.0.0.1 ::1" },
	    ERR_OK, "" },
	{ "a public key as secret",
	    { "MERCURE_SUBSCRIBER_SECRET_KEY=-----BEGIN PUBLIC KEY-----" },
	    ERR_SYNTAX, "MERCURE_SUBSCRIBER_SECRET_KEY: The PEM text is cut" },
};

#define ROWS_N (sizeof(rows) / sizeof(rows[0]))

static struct config *
load(size_t i)
{
	const struct config_sources sources = {
		.environ = (char *const *)(uintptr_t)rows[i].environ
	};
	struct config *c = NULL;

	assert_int_equal(config_load(&c, &sources, NULL), ERR_OK);
	return c;
}

static void
binds_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS_N; i++) {
		struct config *c = load(i);
		struct settings *s = NULL;
		struct problem p = { "" };

		if (settings_new(&s, c, &p) != rows[i].e ||
		    strncmp(p.text, rows[i].reason, strlen(rows[i].reason)) !=
			0)
			fail_msg("%s: \"%s\"", rows[i].name, p.text);
		config_unref(c);
		settings_unref(s);
	}
}

static void
fails_with_a_reason_without_memory(void **state)
{
	bool failed = true;
	long n;

	(void)state;
	for (n = 1; failed; n++) {
		struct config *c = load(2);
		struct settings *s = NULL;
		struct problem p = { "" };
		enum err e;

		mem_fail_at(n);
		e = settings_new(&s, c, &p);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(e, failed ? ERR_NOMEM : ERR_OK);
		if (failed) {
			assert_null(s);
			assert_non_null(strstr(p.text, "ut of memory."));
			/* The test still owns the configuration. */
			assert_int_equal(settings_new(&s, c, &p), ERR_OK);
		}
		settings_unref(s);
		config_unref(c);
	}
	assert_true(n > 4);
}

#define URL "https://example.com/jwks"
#define JWK(kid, x)                                                           \
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"" kid "\",\"x\":\"" x \
	"\"}"
#define X1 "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define NOW INT64_C(1700000000000)
#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* Subscribers' keys are at the URL, publishers have a secret. */
static struct settings *
fetching(const char *alg)
{
	const char *const environ_of_case[] = {
		"MERCURE_SUBSCRIBER_SECRET_KEY=@" URL,
		"MERCURE_PUBLISHER_SECRET_KEY=a secret of 20 bytes",
		"MERCURE_TRUSTED_PROXIES=127.0.0.1", alg, NULL
	};
	const struct config_sources sources = {
		.environ = (char *const *)(uintptr_t)environ_of_case
	};
	struct settings *s = NULL;
	struct config *c = NULL;

	assert_int_equal(config_load(&c, &sources, NULL), ERR_OK);
	assert_int_equal(settings_new(&s, c, NULL), ERR_OK);
	config_unref(c);
	assert_true(settings_have_urls(s));
	assert_null(s->role[CONFIG_SUBSCRIBERS].keys);
	return s;
}

static void
put(struct queue *q, const char *set, int64_t now_ms, int64_t fresh_ms)
{
	assert_int_equal(queue_keys_store(q, slice_of(URL), slice_of(set),
			     now_ms, fresh_ms, slice_of(""), NULL),
	    ERR_OK);
}

/* Refresh *s; false: nothing has changed. */
static bool
renews(struct settings **s, struct queue *q, int64_t now_ms)
{
	struct settings *fresh = NULL;

	assert_int_equal(settings_refresh(&fresh, *s, q, now_ms), ERR_OK);
	if (fresh == NULL)
		return false;
	assert_ptr_equal(fresh->config, (*s)->config);
	assert_true((fresh->trusted == NULL) == ((*s)->trusted == NULL));
	assert_ptr_equal(fresh->role[CONFIG_PUBLISHERS].keys,
	    (*s)->role[CONFIG_PUBLISHERS].keys);
	settings_unref(*s);
	*s = fresh;
	return true;
}

static bool
has(const struct settings *s, const char *kid)
{
	const struct jws_keys *keys = s->role[CONFIG_SUBSCRIBERS].keys;

	return keys != NULL && jws_keys_have_kid(keys, kid);
}

static void
follows_fetched_keys(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct settings *s = fetching(NULL);
	bool mine;

	assert_false(renews(&s, q, NOW));
	assert_int_equal(
	    queue_keys_claim(q, slice_of(URL), NOW, NOW, &mine, NULL), ERR_OK);
	assert_false(renews(&s, q, NOW));
	put(q, "{\"keys\":[" JWK("a", X1) "]}", NOW, NOW + 1000);
	assert_true(renews(&s, q, NOW));
	assert_true(has(s, "a"));
	assert_false(renews(&s, q, NOW));
	put(q, "{\"keys\":[" JWK("b", X1) "]}", NOW + 1, NOW + 1000);
	assert_true(renews(&s, q, NOW));
	assert_true(has(s, "b") && !has(s, "a"));
	assert_non_null(s->trusted);

	/* Keys that were due a day ago are not used until they are fetched
	 * again. */
	assert_false(renews(&s, q, NOW + 999 + DAY_MS));
	assert_true(renews(&s, q, NOW + 1000 + DAY_MS));
	assert_null(s->role[CONFIG_SUBSCRIBERS].keys);
	assert_string_equal(s->role[CONFIG_SUBSCRIBERS].url, URL);
	assert_false(renews(&s, q, NOW + 1000 + DAY_MS));
	put(q, "{\"keys\":[" JWK("b", X1) "]}", NOW + 2, NOW + DAY_MS);
	assert_true(renews(&s, q, NOW + 1000 + DAY_MS));
	assert_true(has(s, "b"));
	settings_unref(s);
	queue_close(q);
}

static void
leaves_keys_of_other_algorithms_out(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct settings *s = fetching("MERCURE_SUBSCRIBER_JWT_ALG=RS256");

	put(q, "{\"keys\":[" JWK("a", X1) "]}", NOW, NOW + 1000);
	assert_true(renews(&s, q, NOW));
	assert_null(s->role[CONFIG_SUBSCRIBERS].keys);
	assert_false(renews(&s, q, NOW));
	settings_unref(s);
	queue_close(q);
}

/* [of the settings read again: the keys' source, the algorithm, inherited] */
static const struct {
	const char *source, *alg;
	bool has;
} heirs[] = {
	{ "=@" URL, "EdDSA", true },
	{ "=@" URL "2", "EdDSA", false },
	{ "=@" URL, NULL, false },
	{ "=@" URL, "ES256", false },
	{ "=a secret of 20 bytes", "HS256", false },
};

static struct settings *
following(const char *source, const char *alg)
{
	char key[128], name[64];
	const char *const environ_of_case[] = { key, alg != NULL ? name : NULL,
		NULL };
	const struct config_sources sources = {
		.environ = (char *const *)(uintptr_t)environ_of_case
	};
	struct settings *s = NULL;
	struct config *c = NULL;

	snprintf(key, sizeof(key), "MERCURE_SUBSCRIBER_SECRET_KEY%s", source);
	snprintf(name, sizeof(name), "MERCURE_SUBSCRIBER_JWT_ALG=%s",
	    alg != NULL ? alg : "");
	assert_int_equal(config_load(&c, &sources, NULL), ERR_OK);
	assert_int_equal(settings_new(&s, c, NULL), ERR_OK);
	config_unref(c);
	return s;
}

/* A configuration that is read again keeps fetched keys. */
static void
inherits_fetched_keys(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	struct settings *old = following("=@" URL, "EdDSA");

	put(q, "{\"keys\":[" JWK("a", X1) "]}", NOW, NOW + 1000);
	assert_true(renews(&old, q, NOW));
	for (size_t i = 0; i < sizeof(heirs) / sizeof(heirs[0]); i++) {
		struct settings *s = following(heirs[i].source, heirs[i].alg);

		settings_inherit(s, old);
		if (has(s, "a") != heirs[i].has)
			fail_msg("row %zu", i);
		assert_true(
		    s->role[CONFIG_SUBSCRIBERS].changed_ms ==
		    (heirs[i].has ? old->role[CONFIG_SUBSCRIBERS].changed_ms
				  : 0));
		/* A refresh then starts from the inherited keys. */
		if (heirs[i].has)
			assert_false(renews(&s, q, NOW));
		settings_unref(s);
	}
	settings_unref(old);
	queue_close(q);
}

static void
renews_or_fails_without_memory(void **state)
{
	struct queue *q = queue_room_open(*state, QUEUE_WRITE);
	bool failed = true;
	long n;

	put(q, "{\"keys\":[" JWK("a", X1) "]}", NOW, NOW + 1000);
	for (n = 1; failed; n++) {
		struct settings *s = fetching(NULL), *fresh = NULL;
		enum err e;

		mem_fail_at(n);
		e = settings_refresh(&fresh, s, q, NOW);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(e, failed ? ERR_NOMEM : ERR_OK);
		assert_true((fresh == NULL) == failed);
		settings_unref(fresh);
		settings_unref(s);
	}
	assert_true(n > 4);
	queue_close(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binds_keys),
		cmocka_unit_test(fails_with_a_reason_without_memory),
		QUEUE_ROOM_TEST(follows_fetched_keys),
		QUEUE_ROOM_TEST(leaves_keys_of_other_algorithms_out),
		QUEUE_ROOM_TEST(inherits_fetched_keys),
		QUEUE_ROOM_TEST(renews_or_fails_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
