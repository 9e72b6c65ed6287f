/* SPDX-License-Identifier: MIT */
/* fuzz_check.c - a Set-Cookie value on the first line, then a stream. */
#include <stdint.h>
#include <stdlib.h>

#include "check/cookie.h"
#include "check/fields.h"
#include "check/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
judge(const struct check_cookie *c)
{
	static const char *const texts[] = { "https://www.example.com/a/b",
		"http://localhost/", "https://[::1]:8443/x" };
	const size_t n = sizeof(texts) / sizeof(texts[0]);
	struct url urls[sizeof(texts) / sizeof(texts[0])] = { 0 };

	for (size_t i = 0; i < n; i++)
		if (url_parse(&urls[i], slice_of(texts[i]), NULL, 0) != ERR_OK)
			abort();
	for (size_t i = 0; i < n * n; i++)
		if (check_return_text(check_cookie_judge(c, &urls[i % n],
			&urls[i / n], &urls[(i + 1) % n])) == NULL)
			abort();
	for (size_t i = 0; i < n; i++)
		url_free(&urls[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, header;
	struct check_cookie c;
	static const char *const cookies[] = { "a", NULL };
	struct check_change changes[CHECK_CHANGES_MAX];
	struct check_silence s;

	if (!slice_cut(&rest, '\n', &header))
		return 0;
	if (check_cookie_read(&c, header))
		judge(&c);
	if (check_fields(changes, rest, cookies) > CHECK_CHANGES_MAX)
		abort();
	s = check_silence_read(rest);
	if (s.last_end > rest.len || (s.keepalives == 0) != (s.last_end == 0))
		abort();
	return 0;
}
