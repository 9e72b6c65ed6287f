/* SPDX-License-Identifier: MIT */
/* load.c - opens streams, publishes, and reports each arrival. */
#include <sys/resource.h>

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench_lane.h"
#include "bench_spec.h"
#include "bench_stream.h"

#define GROUPS_MAX 256
#define LANES_MAX 64
#define OPEN_S 60 /* to open all streams */

static const char usage[] =
    "usage: load --streams SPEC ... [--lane SPEC ...] [--OPTION=VALUE ...]\n"
    "\n"
    "SPEC: name=value,name=value\n"
    "  streams: n, at=ADDRESS|ADDRESS, topics=A-B, each (topics a stream),\n"
    "           stuck=1 (read nothing until all the others are done)\n"
    "  lane:    how=socket|helper|cgi|other, at=ADDRESS, topics=A-B, rate,\n"
    "           count, seconds, bytes, lanes (that many alike), last=1 (after\n"
    "           the others)\n"
    "ADDRESS: unix:PATH (FastCGI) or http:127.0.0.1:PORT\n"
    "\n"
    "Options: token, subscribe, publish (URIs; {} is the topic's number),\n"
    "  raw=1, pending (unanswered requests at once), retry (ms), patience\n"
    "  (s), pushcgi, responder, config (for lanes of programs), hold=1 (wait\n"
    "  for a line before publishing, and before the end), tell (after that\n"
    "  many acknowledged updates each)\n"
    "\n"
    "Before the end a line may also say cut (leave all streams), back (open\n"
    "them again with their last ids), fresh (without) or report.\n";

struct load {
	struct site site;
	struct group *groups;
	uint32_t groups_n;
	struct lane lanes[LANES_MAX];
	uint32_t lanes_n;
	struct ledger ledger;
	struct streams *streams;
	bool hold, was_open;
	uint32_t tell;
	uint64_t start_ns, down_ns, told;
};

static bool
add_lanes(struct load *l, struct slice spec)
{
	uint64_t n = spec_number(spec, "lanes", 1);

	for (; n > 0; n--) {
		if (l->lanes_n == LANES_MAX ||
		    !lane_parse(&l->lanes[l->lanes_n], spec))
			return false;
		l->lanes[l->lanes_n].id = l->lanes_n;
		l->lanes_n++;
	}
	return true;
}

static bool
set_option(struct load *l, const char *name, const char *value)
{
	struct site *s = &l->site;
	const struct {
		const char *name;
		const char **text;
		uint32_t *number;
	} rows[] = {
		{ "token", &s->token, NULL },
		{ "subscribe", &s->subscribe, NULL },
		{ "publish", &s->publish, NULL },
		{ "pushcgi", &s->pushcgi, NULL },
		{ "responder", &s->responder, NULL },
		{ "config", &s->config, NULL },
		{ "pending", NULL, &s->pending_max },
		{ "retry", NULL, &s->retry_ms },
		{ "patience", NULL, &s->patience_s },
		{ "tell", NULL, &l->tell },
	};
	size_t i, n;

	if (strncmp(name, "raw=", 4) == 0)
		s->raw = *value == '1';
	else if (strncmp(name, "hold=", 5) == 0)
		l->hold = *value == '1';
	else {
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			n = strlen(rows[i].name);
			if (strncmp(name, rows[i].name, n) != 0 ||
			    name[n] != '=')
				continue;
			if (rows[i].text != NULL)
				*rows[i].text = value;
			else
				*rows[i].number =
				    (uint32_t)strtoul(value, NULL, 10);
			return true;
		}
		return false;
	}
	return true;
}

static bool
parse(struct load *l, char **argv)
{
	for (; *argv != NULL; argv++) {
		const char *equals = strchr(*argv, '=');
		bool good;

		if (strcmp(*argv, "--streams") == 0 && argv[1] != NULL)
			good = l->groups_n < GROUPS_MAX &&
			       group_parse(&l->groups[l->groups_n++],
				   slice_of(*++argv));
		else if (strcmp(*argv, "--lane") == 0 && argv[1] != NULL)
			good = add_lanes(l, slice_of(*++argv));
		else
			good = strncmp(*argv, "--", 2) == 0 && equals != NULL &&
			       set_option(l, *argv + 2, equals + 1);
		if (!good) {
			fprintf(stderr, "load: what is %s?\n", *argv);
			return false;
		}
	}
	return l->groups_n > 0;
}

static double
seconds_since(uint64_t ns)
{
	return (double)(bench_now_ns() - ns) / 1e9;
}

/* Let a round of events happen; say when all streams are open again. */
static void
step(struct load *l)
{
	bool open;

	streams_run(l->streams, 10);
	open = streams_live(l->streams) == streams_count(l->streams);
	if (open && !l->was_open)
		printf("open streams=%u seconds=%.3f\n",
		    streams_count(l->streams), seconds_since(l->down_ns));
	else if (!open && l->was_open)
		l->down_ns = bench_now_ns();
	l->was_open = open;
}

/* The first letter of a line, '\n' if it is empty or the last; 0: none yet. */
static char
line_came(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	char c, first = '\0';

	if (poll(&p, 1, 0) <= 0)
		return '\0';
	while (read(STDIN_FILENO, &c, 1) == 1) {
		if (first == '\0')
			first = c;
		if (c == '\n')
			return first;
	}
	return '\n';
}

static void
hold(struct load *l)
{
	while (l->hold && line_came() == '\0')
		step(l);
}

static bool
open_all(struct load *l)
{
	while (streams_live(l->streams) < streams_count(l->streams)) {
		step(l);
		if (seconds_since(l->start_ns) > OPEN_S) {
			fprintf(stderr, "load: only %u streams opened\n",
			    streams_live(l->streams));
			return false;
		}
	}
	return true;
}

/* The numbers tried last, or acknowledged last, of all lanes and topics. */
static uint64_t
sum(const struct load *l, bool acked)
{
	uint64_t n = 0;
	uint32_t i, t;

	for (i = 0; i < l->lanes_n; i++)
		for (t = 0; t < l->ledger.topics; t++) {
			struct ledger_cell *c = ledger_cell(&l->ledger, i, t);

			n += atomic_load(acked ? &c->acked : &c->sent);
		}
	return n;
}

static uint64_t
count_acked(const struct load *l)
{
	uint64_t acked = 0;
	uint32_t i, t, n;

	for (i = 0; i < l->lanes_n; i++)
		for (t = 0; t < l->ledger.topics; t++) {
			struct ledger_cell *c = ledger_cell(&l->ledger, i, t);

			for (n = 1; n <= atomic_load(&c->acked); n++)
				acked += ledger_acked(c, n);
		}
	return acked;
}

static void
tell(struct load *l)
{
	uint64_t acked;

	if (l->tell == 0 || (acked = sum(l, true)) < l->told + l->tell)
		return;
	l->told = acked;
	printf("acked=%" PRIu64 "\n", acked);
}

/* Have the lanes publish that come last, or the others. */
static void
run_lanes(struct load *l, bool last)
{
	uint32_t i;
	bool ended = false;

	for (i = 0; i < l->lanes_n; i++)
		if (l->lanes[i].last == last)
			lane_start(&l->lanes[i], &l->site, &l->ledger);
	while (!ended) {
		step(l);
		tell(l);
		ended = true;
		for (i = 0; i < l->lanes_n; i++)
			ended &= lane_ended(&l->lanes[i]);
	}
}

static void
publish_all(struct load *l)
{
	uint64_t start = bench_now_ns();

	run_lanes(l, false);
	run_lanes(l, true);
	printf("published sent=%" PRIu64 " acked=%" PRIu64 " seconds=%.3f\n",
	    sum(l, false), count_acked(l), seconds_since(start));
}

/* Until nothing is missing, or nothing comes any more. */
static void
settle(struct load *l)
{
	uint64_t seen = 0, since = bench_now_ns();

	while (!streams_complete(l->streams)) {
		step(l);
		if (streams_progress(l->streams) != seen) {
			seen = streams_progress(l->streams);
			since = bench_now_ns();
		}
		if (seconds_since(since) > l->site.patience_s)
			break;
	}
	printf("settled seconds=%.3f\n", seconds_since(l->start_ns));
}

static bool
report(struct load *l)
{
	uint64_t problems = 0;
	uint32_t i;

	for (i = 0; i < l->groups_n; i++) {
		const struct group *g = &l->groups[i];

		printf("group=%u streams=%u received=%" PRIu64 " lost=%" PRIu64
		       " duplicate=%" PRIu64 " disordered=%" PRIu64
		       " disagree=%" PRIu64 " interrupted=%" PRIu64
		       " refused=%" PRIu64 " forgotten=%" PRIu64
		       " p50_us=%" PRIu64 " p90_us=%" PRIu64 " p99_us=%" PRIu64
		       " max_us=%" PRIu64 "\n",
		    i, g->n, g->received, g->lost, g->duplicate, g->disordered,
		    g->disagree, g->interrupted, g->refused, g->forgotten,
		    histogram_at(&g->latency, 500),
		    histogram_at(&g->latency, 900),
		    histogram_at(&g->latency, 990), g->latency.max);
		problems += g->lost + g->duplicate + g->disordered +
			    g->disagree + g->forgotten;
	}
	printf("problems=%" PRIu64 "\n", problems);
	return problems == 0;
}

/* Until an empty line comes, do what the others say. */
static void
obey(struct load *l)
{
	char order;

	while (l->hold && (order = line_came()) != '\n') {
		if (order == 'c')
			streams_cut(l->streams);
		if (order == 'b' || order == 'f') {
			l->down_ns = bench_now_ns();
			streams_back(l->streams, order == 'b');
		}
		if (order == 'r')
			report(l);
		step(l);
	}
}

static uint32_t
topics_of(const struct load *l)
{
	uint32_t i, max = 0;

	for (i = 0; i < l->groups_n; i++)
		if (l->groups[i].topic_to > max)
			max = l->groups[i].topic_to;
	for (i = 0; i < l->lanes_n; i++)
		if (l->lanes[i].topic_to > max)
			max = l->lanes[i].topic_to;
	return max + 1;
}

static bool
run(struct load *l)
{
	uint32_t i;
	bool stuck = false, good;

	if (!ledger_open(&l->ledger, l->lanes_n, topics_of(l)) ||
	    (l->streams = streams_new(
		 &l->site, &l->ledger, l->groups, l->groups_n)) == NULL)
		return false;
	l->start_ns = l->down_ns = bench_now_ns();
	if (!open_all(l))
		return false;
	hold(l);
	publish_all(l);
	settle(l);
	for (i = 0; i < l->groups_n; i++)
		stuck |= l->groups[i].stuck;
	if (stuck) {
		streams_unstick(l->streams);
		settle(l);
	}
	streams_judge(l->streams);
	good = report(l);
	obey(l);
	return good;
}

int
main(int argc, char **argv)
{
	static struct group groups[GROUPS_MAX];
	struct load l = { .groups = groups,
		.site = { .subscribe = "/.well-known/mercure?topic=bench-{}",
		    .publish = "/.well-known/mercure",
		    .pending_max = 512,
		    .retry_ms = 20,
		    .patience_s = 20 } };
	struct rlimit limit;
	uint32_t i;
	bool good;

	if (argc < 2 || !parse(&l, argv + 1)) {
		fputs(usage, stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	good = run(&l);
	for (i = 0; i < l.lanes_n; i++)
		lane_kill(&l.lanes[i]);
	streams_free(l.streams);
	return good ? 0 : 1;
}
