/* SPDX-License-Identifier: MIT */
/* fuzz_session_cookie.c - the session ids in a Cookie header. */
#include <stdint.h>
#include <stdlib.h>

#include "mercure/session.h"
#include "text/cookie.h"
#include "text/percent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A value that is a session id has the key of the id that it encodes. */
static void
check_value(struct slice value)
{
	struct session_key key, same;
	struct problem p = { "" };
	struct buf id;

	if (session_key_of_cookie(&key, value) != ERR_OK)
		return;
	buf_init(&id, value.len + 1);
	percent_decode(&id, value);
	if (id.err != ERR_OK || id.len < SESSION_ID_MIN ||
	    id.len > SESSION_ID_MAX ||
	    session_key(&same, buf_view(&id), &p) != ERR_OK ||
	    memcmp(&key, &same, sizeof(key)) != 0)
		abort();
	buf_free(&id);
}

/* The first line is the cookie's name, the rest the header. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice header = { (const char *)data, size };
	struct slice name = { NULL, 0 }, value, first;
	const char *behind = header.base;

	slice_cut(&header, '\n', &name);
	first = cookie_find(header, name);
	value = cookie_next(&header, name);
	if (!slice_eq(first, value))
		abort();
	for (; value.base != NULL; value = cookie_next(&header, name)) {
		/* Each is behind the one before it. */
		if (value.base < behind)
			abort();
		behind = value.base + value.len;
		check_value(value);
	}
	return 0;
}
