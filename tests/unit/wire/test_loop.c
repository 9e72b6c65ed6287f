/* SPDX-License-Identifier: MIT */
/* test_loop.c - timers in order, mail in order, no event after its watch. */
#include "unit/unit.h"

#include <stdlib.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "unit/mem_fail.h"
#include "wire/loop.h"

#define TIMERS 500
#define THREADS 3
#define LETTERS 2000

struct clockwork {
	struct loop *loop;
	struct loop_timer end;
};

static void
stop(struct loop_timer *t)
{
	loop_stop(
	    ((struct clockwork *)(void *)((char *)t -
					  offsetof(struct clockwork, end)))
		->loop);
}

static void
clockwork_new(struct clockwork *c)
{
	*c = (struct clockwork){ .end.fire = stop };
	assert_int_equal(loop_new(&c->loop), ERR_OK);
}

/* Run until all that is due now has happened. */
static void
run_once(struct clockwork *c)
{
	assert_int_equal(
	    loop_timer_set(c->loop, &c->end, clock_mono_ms()), ERR_OK);
	loop_run(c->loop);
}

struct alarm {
	struct loop_timer timer;
	bool set, fired;
};

static struct alarm alarms[TIMERS];
static int64_t last_due;
static size_t fired;

static void
ring_alarm(struct loop_timer *t)
{
	struct alarm *a = (struct alarm *)(void *)t;

	assert_true(a->set && !a->fired);
	assert_true(t->due_ms >= last_due);
	assert_true(t->due_ms <= clock_mono_ms());
	assert_int_equal(t->slot, 0);
	last_due = t->due_ms;
	a->fired = true;
	fired++;
}

/* Set, moved, stopped at random: those that are set fire once, in order. */
static void
timers_fire_in_order(void **state)
{
	struct clockwork c;
	size_t i, want = 0;
	int64_t now;

	(void)state;
	srand(1);
	clockwork_new(&c);
	now = clock_mono_ms();
	for (i = 0; i < TIMERS * 10; i++) {
		struct alarm *a = &alarms[rand() % TIMERS];

		a->timer.fire = ring_alarm;
		a->set = rand() % 3 != 0;
		if (a->set)
			loop_timer_set(
			    c.loop, &a->timer, now - 1 - rand() % 1000);
		else
			loop_timer_stop(c.loop, &a->timer);
		assert_int_equal(a->timer.slot != 0, a->set);
	}
	for (i = 0; i < TIMERS; i++)
		want += alarms[i].set;
	run_once(&c);
	assert_int_equal(fired, want);
	for (i = 0; i < TIMERS; i++)
		assert_int_equal(alarms[i].fired, alarms[i].set);
	loop_free(c.loop);
}

struct sleeper {
	struct loop_timer timer;
	struct clockwork *c;
	bool woke;
};

static void
wake(struct loop_timer *t)
{
	struct sleeper *s = (struct sleeper *)(void *)t;

	assert_true(loop_now(s->c->loop) >= t->due_ms);
	s->woke = true;
	loop_stop(s->c->loop);
}

static void
sleeps_until_due(void **state)
{
	struct clockwork c;
	struct sleeper s = { .timer.fire = wake, .c = &c };
	int64_t due = clock_mono_ms() + 30;

	(void)state;
	clockwork_new(&c);
	assert_int_equal(loop_timer_set(c.loop, &s.timer, due), ERR_OK);
	loop_run(c.loop);
	assert_true(s.woke && clock_mono_ms() >= due);
	loop_free(c.loop);
}

struct letter {
	struct loop_mail mail;
	int thread, number;
};

struct post_office {
	struct clockwork c;
	int next[THREADS], got;
};

static struct post_office office;

struct sender {
	pthread_t thread;
	struct letter letters[LETTERS];
};

static void
read_letter(struct loop_mail *m)
{
	struct letter *l = (struct letter *)(void *)m;

	assert_int_equal(l->number, office.next[l->thread]);
	office.next[l->thread]++;
	if (++office.got == THREADS * LETTERS)
		loop_stop(office.c.loop);
}

static void *
send_letters(void *arg)
{
	struct sender *s = arg;

	for (int i = 0; i < LETTERS; i++)
		loop_post(office.c.loop, &s->letters[i].mail);
	return NULL;
}

static void
mail_keeps_its_order(void **state)
{
	static struct sender senders[THREADS];

	(void)state;
	clockwork_new(&office.c);
	for (int i = 0; i < THREADS; i++) {
		for (int k = 0; k < LETTERS; k++)
			senders[i].letters[k] =
			    (struct letter){ { .open = read_letter }, i, k };
		pthread_create(
		    &senders[i].thread, NULL, send_letters, &senders[i]);
	}
	loop_run(office.c.loop);
	for (int i = 0; i < THREADS; i++)
		pthread_join(senders[i].thread, NULL);

	/* Mail that is posted when nobody runs the loop any more. */
	office.next[0] = 0;
	loop_post(office.c.loop, &senders[0].letters[0].mail);
	loop_empty(office.c.loop);
	assert_int_equal(office.next[0], 1);
	loop_free(office.c.loop);
}

/* Two readable descriptors: the first one takes the other one's watch. */
struct rival {
	struct loop_watch watch;
	struct clockwork *c;
	struct rival *other;
	int called;
};

static void
rival_ready(struct loop_watch *w, uint32_t events)
{
	struct rival *r = (struct rival *)(void *)w;

	assert_int_equal(events & EPOLLIN, EPOLLIN);
	r->called++;
	loop_unwatch(r->c->loop, &r->other->watch);
}

static void
unwatch_drops_fetched_events(void **state)
{
	struct clockwork c;
	struct rival a, b;
	int fds[4];

	(void)state;
	clockwork_new(&c);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(pipe2(fds + 2, O_CLOEXEC), 0);
	a = (struct rival){ { fds[0], rival_ready }, &c, &b, 0 };
	b = (struct rival){ { fds[2], rival_ready }, &c, &a, 0 };
	assert_int_equal(
	    loop_watch(c.loop, &a.watch, EPOLLIN | EPOLLET), ERR_OK);
	assert_int_equal(
	    loop_watch(c.loop, &b.watch, EPOLLIN | EPOLLET), ERR_OK);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(write(fds[3], "x", 1), 1);
	run_once(&c);
	assert_int_equal(a.called + b.called, 1);
	loop_free(c.loop);
	for (size_t i = 0; i < 4; i++)
		close(fds[i]);
}

/* A descriptor reports to a new owner what is there already. */
static void
rewatch_changes_the_owner(void **state)
{
	struct clockwork c;
	struct rival a, b, nobody = { .watch.fd = -1 };
	int fds[2];

	(void)state;
	clockwork_new(&c);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	a = (struct rival){ { fds[0], rival_ready }, &c, &nobody, 0 };
	b = (struct rival){ { fds[0], rival_ready }, &c, &nobody, 0 };
	assert_int_equal(
	    loop_watch(c.loop, &a.watch, EPOLLIN | EPOLLET), ERR_OK);
	assert_int_equal(write(fds[1], "x", 1), 1);
	run_once(&c);
	run_once(&c);
	assert_int_equal(a.called, 1);
	assert_int_equal(
	    loop_rewatch(c.loop, &b.watch, EPOLLIN | EPOLLET), ERR_OK);
	run_once(&c);
	assert_int_equal(a.called, 1);
	assert_int_equal(b.called, 1);
	loop_free(c.loop);
	close(fds[0]);
	close(fds[1]);
}

static void
reports_what_it_cannot_watch(void **state)
{
	struct clockwork c;
	struct loop_watch file = { .fd = open("/proc/self/exe", O_RDONLY) };
	struct loop_watch none = { .fd = -1 };

	(void)state;
	clockwork_new(&c);
	assert_true(file.fd >= 0);
	assert_int_equal(loop_watch(c.loop, &file, EPOLLIN), ERR_UNSUPPORTED);
	assert_int_equal(loop_watch(c.loop, &none, EPOLLIN), ERR_IO);
	loop_free(c.loop);
	loop_free(NULL);
	close(file.fd);
}

static void
without_memory(void **state)
{
	struct loop *l = NULL;
	struct loop_timer t[200] = { 0 };
	enum err e;
	size_t i;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(loop_new(&l), ERR_NOMEM);
	assert_null(l);
	mem_fail_at(0);
	assert_int_equal(loop_new(&l), ERR_OK);
	for (i = 0; i < 200; i++) {
		mem_fail_at(1);
		e = loop_timer_set(l, &t[i], 1);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		assert_int_equal(t[i].slot == 0, e != ERR_OK);
		mem_fail_at(0);
		assert_int_equal(loop_timer_set(l, &t[i], 1), ERR_OK);
	}
	loop_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_in_order),
		cmocka_unit_test(sleeps_until_due),
		cmocka_unit_test(mail_keeps_its_order),
		cmocka_unit_test(unwatch_drops_fetched_events),
		cmocka_unit_test(rewatch_changes_the_owner),
		cmocka_unit_test(reports_what_it_cannot_watch),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
