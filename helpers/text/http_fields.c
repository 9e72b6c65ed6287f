/* SPDX-License-Identifier: MIT */
/* http_fields.c - headers by their names, and the one form of a date. */
#include "text/http_fields.h"

#include <strings.h>

#define DATE_LEN 29 /* Sun, 06 Nov 1994 08:49:37 GMT */

static bool
is_named(struct slice s, const char *name)
{
	return s.len == strlen(name) && strncasecmp(s.base, name, s.len) == 0;
}

struct slice
http_head_value(struct slice head, const char *name, size_t nth)
{
	struct slice line, key;

	while (slice_cut(&head, '\n', &line)) {
		if (line.len > 0 && line.base[line.len - 1] == '\r')
			line.len--;
		slice_cut(&line, ':', &key);
		if (line.base == NULL || !is_named(key, name))
			continue;
		if (nth-- == 0)
			return slice_trim(line);
	}
	return (struct slice){ NULL, 0 };
}

/* -1: not only digits. */
static int
digits(const char *at, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		value = value * 10 + (at[i] - '0');
	}
	return value;
}

static int
month_of(const char *at)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int m = 0; m < 12; m++)
		if (memcmp(at, names + 3 * m, 3) == 0)
			return m;
	return -1;
}

/* Days since 1970-01-01 in the Gregorian calendar, with years from March on,
 * so that a leap day is a year's last. */
static int64_t
days_since_1970(int year, int month, int day)
{
	const int y = month < 2 ? year - 1 : year;
	const int m = (month + 10) % 12; /* March is 0 */

	return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 +
	       (153 * m + 2) / 5 + day - 1 - 719468;
}

bool
http_head_date(int64_t *out, struct slice text)
{
	const char *t = text.base;
	int year, month, day, hour, minute, second;

	if (text.len != DATE_LEN || memcmp(t + 3, ", ", 2) != 0 ||
	    t[7] != ' ' || t[11] != ' ' || t[16] != ' ' || t[19] != ':' ||
	    t[22] != ':' || memcmp(t + 25, " GMT", 4) != 0)
		return false;
	day = digits(t + 5, 2);
	month = month_of(t + 8);
	year = digits(t + 12, 4);
	hour = digits(t + 17, 2);
	minute = digits(t + 20, 2);
	second = digits(t + 23, 2);
	if (day < 1 || day > 31 || month < 0 || year < 1 || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	*out = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) *
		   60 +
	       second;
	return true;
}
