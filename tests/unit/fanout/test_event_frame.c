/* SPDX-License-Identifier: MIT */
/* test_event_frame.c - what an update becomes for its subscribers. */
#include "unit/unit.h"

#include "fanout/event_frame.h"
#include "fanout/subscriber.h"
#include "mercure/event.h"
#include "unit/fcgi_bytes.h"
#include "unit/mem_fail.h"

static void
keeps_what_it_is(void **state)
{
	static const struct {
		bool private;
		enum update_kind kind;
		enum subscriber_rights want;
	} rows[] = { { false, UPDATE_APPLICATION, SUBSCRIBER_PUBLIC },
		{ false, UPDATE_HUB, SUBSCRIBER_PUBLIC },
		{ true, UPDATE_APPLICATION, SUBSCRIBER_PRIVATE },
		{ true, UPDATE_HUB, SUBSCRIBER_HUB } };
	char topics[] = "a\nb";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct update u = { .topics = slice_of(topics),
			.private = rows[i].private,
			.kind = rows[i].kind };
		struct frame *f = event_frame(FRAMING_RAW, 7, &u);

		assert_non_null(f);
		topics[0] = 'x';
		assert_true(slice_is(f->topics, "a\nb"));
		topics[0] = 'a';
		assert_int_equal(f->at, 7);
		assert_int_equal(f->rights, rows[i].want);
		frame_unref(f);
	}
}

/* The bytes are those of event_encode(), also where records end. */
static void
holds_the_event(void **state)
{
	static char data[150000];

	(void)state;
	for (size_t n = 65480; n < 65540; n++) {
		struct update u = { .id = slice_of("1"),
			.type = slice_of("t"),
			.has_retry = true,
			.retry_ms = 5,
			.topics = slice_of("a"),
			.data = { data, n % 2 ? n : n + 65528 } };
		struct bytes_response r;
		struct buf want;
		struct frame *f;

		memset(data, 'x', sizeof(data));
		data[n / 2] = '\n';
		data[n - 20] = '\r';
		buf_init(&want, SIZE_MAX / 4);
		event_encode(&want, &u);
		assert_non_null(f = event_frame(FRAMING_FCGI, 1, &u));
		bytes_decode(
		    &r, (struct slice){ (const char *)f->bytes, f->len });
		assert_null(r.flaw);
		assert_true(slice_eq(buf_view(&r.out), buf_view(&want)));
		buf_free(&r.out);
		buf_free(&want);
		frame_unref(f);
	}
}

static void
without_memory(void **state)
{
	const struct update u = { .topics = slice_of("a") };

	(void)state;
	mem_fail_at(1);
	assert_null(event_frame(FRAMING_FCGI, 1, &u));
	mem_fail_at(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_it_is),
		cmocka_unit_test(holds_the_event),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
