/* SPDX-License-Identifier: MIT */
/* test_fields.c - what front ends do to the head of a stream. */
#include "unit/unit.h"

#include "check/fields.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define STREAM "Content-Type: text/event-stream\r\n"
#define PRIVATE "Cache-Control: private, no-store\r\n"
#define REST "Vary: Origin\r\nLink: <x>; rel=\"mercure\"\r\n"

/* Names of problems, those of notes in brackets. */
static const struct {
	const char *head, *want;
} rows[] = {
	{ STREAM PRIVATE REST, "" },
	{ "content-type:text/event-stream\r\n" PRIVATE REST, "" },
	{ STREAM PRIVATE REST "X-Frame-Options: DENY\r\nAge: 0\r\n", "" },
	{ STREAM PRIVATE "Vary: Accept-Encoding, origin\r\nLink: <x>\r\n", "" },
	{ STREAM PRIVATE "Vary: Accept\r\nVary: *\r\nLink: <x>\r\n", "" },
	{ "Content-Type: text/event-stream; charset=UTF-8\r\n" PRIVATE REST,
	    "" },
	{ "Content-Type: text/event-stream;charset=\"utf-8\"\r\n" PRIVATE REST,
	    "" },
	{ "Content-Type: text/event-stream; charset=windows-1251\r\n" PRIVATE
		REST,
	    "charset" },
	{ "Content-Type: text/event-stream; x=y; CHARSET=\"latin1\"\r\n" PRIVATE
		REST,
	    "charset" },
	{ "Content-Type: text/event-stream; charset=\"\r\n" PRIVATE REST,
	    "charset" },
	{ "Content-Type: text/event-stream; charset\r\n" PRIVATE REST, "" },
	{ STREAM STREAM PRIVATE REST, "charset" },
	{ STREAM REST, "cache-control" },
	{ STREAM REST "Cache-Control: public, max-age=60\r\n",
	    "cache-control" },
	{ STREAM REST
	    "Cache-Control: max-age=60\r\nCache-Control: No-Store\r\n",
	    "" },
	{ STREAM REST "Cache-Control: no-cache\r\n", "" },
	{ STREAM REST "Cache-Control: x-no-store\r\n", "cache-control" },
	{ STREAM PRIVATE REST "Age: 3\r\n", "cached" },
	{ STREAM PRIVATE REST "Age: -3\r\n", "" },
	{ STREAM PRIVATE REST "Age: 99999999999999999999\r\n", "" },
	{ STREAM PRIVATE REST "Set-Cookie: ours=; Path=/\r\n",
	    "cookie-overwritten" },
	{ STREAM PRIVATE REST "Set-Cookie: a=1\r\nSet-Cookie: session=2\r\n",
	    "(none) cookie-overwritten" },
	{ STREAM PRIVATE REST "Set-Cookie: nonsense\r\n", "" },
	{ STREAM PRIVATE REST "Access-Control-Allow-Origin: *\r\n",
	    "(field-added)" },
	{ STREAM PRIVATE "Vary: Origin\r\n", "(none)" },
	{ STREAM PRIVATE "Link: <x>\r\n", "(none)" },
	{ "", "cache-control (none) (none)" },
	{ STREAM PRIVATE REST "Set-Cookie: a=1\r\nSet-Cookie: b=1\r\n"
			      "Set-Cookie: c=1\r\nSet-Cookie: d=1\r\n"
			      "Set-Cookie: e=1\r\nSet-Cookie: f=1\r\n"
			      "Set-Cookie: g=1\r\nSet-Cookie: h=1\r\n"
			      "Set-Cookie: i=1\r\nSet-Cookie: j=1\r\n",
	    "(none) (none) (none) (none) (none) (none) (none) (none)" },
};

static void
test_fields(void **state)
{
	static const char *const cookies[] = { "ours", "session", NULL };
	struct check_change changes[CHECK_CHANGES_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t n =
		    check_fields(changes, slice_of(rows[i].head), cookies);
		char got[512] = "";

		for (size_t j = 0; j < n; j++) {
			const char *name =
			    check_problem_name(changes[j].problem);
			const size_t at = strlen(got);

			snprintf(got + at, sizeof(got) - at,
			    changes[j].is_bad ? "%s%s" : "%s(%s)",
			    j > 0 ? " " : "", name);
		}
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].head, got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
