/* SPDX-License-Identifier: MIT */
/* test_key_fetcher.c - settings follow the keys in the queue. */
#include "unit/unit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "hub/key_fetcher.h"
#include "queue/keys.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

/* Nobody listens there. */
#define URL "https://127.0.0.1:1/jwks"
#define SET                                                              \
	"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\"," \
	"\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"
#define ROUND_MS 10

static struct settings *
settings(const struct queue_room *r, const char *key)
{
	char transport[256], secret[256];
	char *environ_of_case[] = { transport, secret, NULL };
	const struct config_sources src = { .path = "/dev/null",
		.environ = environ_of_case };
	struct settings *s = NULL;
	struct config *c = NULL;

	snprintf(
	    transport, sizeof(transport), "MERCURE_TRANSPORT_URL=%s", r->url);
	snprintf(secret, sizeof(secret), "SECRET_KEY=%s", key);
	assert_int_equal(config_load(&c, &src, NULL), ERR_OK);
	assert_int_equal(settings_new(&s, c, NULL), ERR_OK);
	config_unref(c);
	return s;
}

/* The set is fresh, so that nothing is fetched. */
static void
put_set(const struct queue_room *r)
{
	struct queue *q = queue_room_open(r, QUEUE_WRITE);
	const int64_t now = clock_real_ms();

	assert_int_equal(queue_keys_store(q, slice_of(URL), slice_of(SET), now,
			     now + 60000, slice_of(""), NULL),
	    ERR_OK);
	queue_close(q);
}

struct world {
	struct loop *loop;
	struct loop_timer timer;
	struct settings_slot *slot;
	struct key_fetcher *key_fetcher;
	bool changed; /* other keys are in force */
};

static void
changed(void *arg)
{
	struct world *w = arg;

	w->changed = true;
	loop_stop(w->loop);
}

static void
round_over(struct loop_timer *t)
{
	struct world *w =
	    (struct world *)(void *)((char *)t - offsetof(struct world, timer));

	loop_stop(w->loop);
}

static void
run(struct world *w)
{
	assert_int_equal(
	    loop_timer_set(w->loop, &w->timer, clock_mono_ms() + ROUND_MS),
	    ERR_OK);
	loop_run(w->loop);
}

static void
world_end(struct world *w)
{
	key_fetcher_stop(w->key_fetcher);
	loop_empty(w->loop);
	loop_timer_stop(w->loop, &w->timer);
	key_fetcher_free(w->key_fetcher);
	settings_slot_free(w->slot);
	loop_free(w->loop);
}

static void
follows_keys_in_the_queue(void **state)
{
	struct world w = { .timer.fire = round_over };
	struct settings *s = settings(*state, "@" URL), *now;
	const struct settings_role *r;

	assert_null(s->role[CONFIG_PUBLISHERS].keys);
	assert_int_equal(loop_new(&w.loop), ERR_OK);
	assert_int_equal(settings_slot_new(&w.slot, s), ERR_OK);
	assert_int_equal(
	    key_fetcher_new(&w.key_fetcher, w.loop, w.slot, changed, &w),
	    ERR_OK);
	assert_int_equal(key_fetcher_use(w.key_fetcher, s), ERR_OK);
	put_set(*state);
	while (!w.changed)
		run(&w);
	now = settings_slot_get(w.slot);
	for (size_t i = 0; i < CONFIG_ROLES; i++) {
		r = &now->role[i];
		assert_true(jws_keys_have_kid(r->keys, "a"));
		assert_string_equal(r->url, URL);
	}
	assert_ptr_equal(now->config, s->config);
	settings_unref(now);
	settings_unref(s);
	world_end(&w);
}

static void
is_idle_without_a_url(void **state)
{
	struct world w = { .timer.fire = round_over };
	struct settings *s = settings(*state, "a secret of 20 bytes");

	assert_int_equal(loop_new(&w.loop), ERR_OK);
	assert_int_equal(settings_slot_new(&w.slot, s), ERR_OK);
	assert_int_equal(
	    key_fetcher_new(&w.key_fetcher, w.loop, w.slot, changed, &w),
	    ERR_OK);
	/* No thread is wanted, so none is missed. */
	mem_fail_stacks(true);
	assert_int_equal(key_fetcher_use(w.key_fetcher, s), ERR_OK);
	settings_unref(s);
	s = settings(*state, "@" URL);
	assert_int_equal(key_fetcher_use(w.key_fetcher, s), ERR_NOMEM);
	mem_fail_stacks(false);
	assert_int_equal(key_fetcher_use(w.key_fetcher, s), ERR_OK);
	settings_unref(s);
	world_end(&w);
}

/* Whatever fails, the next turn succeeds. */
static void
survives_no_memory(void **state)
{
	bool failed = true;

	put_set(*state);
	for (long n = 1; failed; n++) {
		struct settings *s[2] = { settings(*state, "@" URL),
			settings(*state, "@" URL) };
		struct world w = { .timer.fire = round_over };
		size_t turn = 0;

		assert_int_equal(loop_new(&w.loop), ERR_OK);
		assert_int_equal(settings_slot_new(&w.slot, s[0]), ERR_OK);
		mem_fail_at(n);
		while (key_fetcher_new(&w.key_fetcher, w.loop, w.slot, changed,
			   &w) != ERR_OK)
			assert_true(mem_failed());
		assert_int_equal(key_fetcher_use(w.key_fetcher, s[0]), ERR_OK);
		while (!w.changed) {
			long left = mem_fail_pause();

			run(&w);
			mem_fail_resume(left);
			/* Others wake it before its second is over. */
			if (!w.changed)
				settings_slot_set(w.slot, s[++turn % 2]);
		}
		failed = mem_failed();
		mem_fail_at(0);
		settings_unref(s[0]);
		settings_unref(s[1]);
		world_end(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(follows_keys_in_the_queue),
		QUEUE_ROOM_TEST(is_idle_without_a_url),
		QUEUE_ROOM_TEST(survives_no_memory),
	};

	log_open("test", LOG_LEVEL_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
