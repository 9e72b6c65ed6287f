/* SPDX-License-Identifier: MIT */
/* age_keys.c - makes a fetched key set look older. */
#include <stdio.h>
#include <stdlib.h>

#include "queue/keys.h"

/* Put all its times back. */
static enum err
age(struct queue *q, struct slice url, int64_t by_ms, struct problem *p)
{
	const struct slice none = { NULL, 0 };
	struct queue_keys k = { 0 };
	struct buf text;
	bool mine = false;
	enum err e;

	buf_init(&text, QUEUE_KEYS_MAX);
	if ((e = queue_keys_read(q, url, &k, &text)) == ERR_OK &&
	    (e = queue_keys_claim(
		 q, url, k.tried_ms - by_ms, k.tried_ms, &mine, p)) == ERR_OK &&
	    k.changed_ms > 0)
		e = queue_keys_store(q, url, buf_view(&text), k.tried_ms,
		    k.fresh_ms - by_ms, none, p);
	if (e == ERR_OK && k.error.text[0] != '\0')
		e = queue_keys_store(
		    q, url, none, k.tried_ms, 0, slice_of(k.error.text), p);
	buf_free(&text);
	return e;
}

int
main(int argc, char **argv)
{
	struct queue_settings s = { .lock_timeout_ms = 5000 };
	struct problem p = { "no such row" };
	struct queue *q = NULL;
	enum err e;

	if (argc != 4) {
		fprintf(stderr, "usage: age_keys QUEUE-URL URL SECONDS\n");
		return 2;
	}
	s.url = argv[1];
	if ((e = queue_open(&q, &s, QUEUE_WRITE, &p)) == ERR_OK)
		e = age(q, slice_of(argv[2]), strtoll(argv[3], NULL, 10) * 1000,
		    &p);
	if (e != ERR_OK)
		fprintf(stderr, "age_keys: %s\n", p.text);
	queue_close(q);
	return e == ERR_OK ? 0 : 1;
}
