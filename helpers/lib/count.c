/* SPDX-License-Identifier: MIT */
/* count.c - counts in the memory that the processes of this machine share. */
#include "lib/count.h"

#include "base/clock.h"
#include "config/counts.h"
#include "lib/remote.h"
#include "match/topic.h"
#include "queue/crowd.h"
#include "queue/crowd_count.h"

/* Only what the hub counts has a number. */
static enum err
check_counted(struct pushcgi *h, struct slice topic, struct problem *p)
{
	struct matcher_list l = { 0 };
	enum err e = counts_read(&l, slice_of(h->config->counts), p);

	if (e == ERR_OK && !counts_have(&l, topic))
		e = problem_set(p, ERR_UNSUPPORTED,
		    "The viewers of this topic are not counted: no selector of "
		    "MERCURE_COUNTS matches it.");
	matcher_list_free(&l);
	return e;
}

static enum err
count_here(
    struct pushcgi *h, uint64_t *n, struct slice topic, struct problem *p)
{
	struct crowd_count count = { .topic = crowd_key_topic(topic) };
	struct queue_settings settings;
	struct queue_crowd *crowd = NULL;
	struct crowd_table *t = NULL;
	uint64_t secret[2];
	enum err e;

	if ((e = check_counted(h, topic, p)) != ERR_OK ||
	    (e = handle_queue_settings(h, &settings, p)) != ERR_OK ||
	    (e = queue_crowd_open(&crowd, &settings, p)) != ERR_OK)
		return e;
	if ((e = queue_crowd_table(crowd, &t, p)) == ERR_OK) {
		crowd_table_sweep_for_counts(t, clock_real_ms());
		queue_crowd_secret(crowd, secret);
		e = crowd_count(t, secret, clock_real_ms(), &count, 1);
	}
	if (e == ERR_OK)
		*n = count.n;
	queue_crowd_close(crowd);
	return e;
}

enum err
handle_count(
    struct pushcgi *h, uint64_t *n, struct slice topic, struct problem *p)
{
	enum err e;

	if (topic.base == NULL)
		return problem_set(p, ERR_SYNTAX, "A topic is missing.");
	e = topic_check_selector(topic, h->config->topic_length_max, p);
	if (e != ERR_OK)
		return e;
	return handle_is_remote(h) ? remote_count(h, n, topic, p)
				   : count_here(h, n, topic, p);
}
