/* SPDX-License-Identifier: MIT */
/* loop.c - epoll, a heap of timers, a mailbox behind an eventfd. */
#include "wire/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define TURN_EVENTS 256

struct loop {
	int epoll_fd;
	bool running;
	int64_t now_ms;

	struct epoll_event events[TURN_EVENTS];
	int events_n, events_at;

	struct loop_timer **heap; /* heap[1] is due first */
	size_t timers, heap_room;

	struct loop_watch mailbox; /* eventfd: there is mail */
	pthread_mutex_t mutex;     /* guards the two below */
	struct loop_mail *mail, **mail_end;
};

static void
open_mail(struct loop *l)
{
	struct loop_mail *m;

	pthread_mutex_lock(&l->mutex);
	m = l->mail;
	l->mail = NULL;
	l->mail_end = &l->mail;
	pthread_mutex_unlock(&l->mutex);

	while (m != NULL) {
		struct loop_mail *next = m->next;

		m->posted = false;
		m->open(m);
		m = next;
	}
}

static void
mailbox_ready(struct loop_watch *w, uint32_t events)
{
	uint64_t n;

	(void)events;
	/* loop_run() opens the mail itself, once a turn. */
	if (read(w->fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		log_err("mailbox failed", LOG_TEXT("reason", strerror(errno)));
}

void
loop_post(struct loop *l, struct loop_mail *m)
{
	const uint64_t one = 1;
	bool first;

	m->next = NULL;
	pthread_mutex_lock(&l->mutex);
	first = l->mail == NULL;
	*l->mail_end = m;
	l->mail_end = &m->next;
	pthread_mutex_unlock(&l->mutex);

	/* Mail that waits already has woken the loop. */
	if (first && write(l->mailbox.fd, &one, sizeof(one)) < 0)
		log_err("mailbox failed", LOG_TEXT("reason", strerror(errno)));
}

void
loop_post_once(struct loop *l, struct loop_mail *m)
{
	if (m->posted)
		return;
	m->posted = true;
	loop_post(l, m);
}

enum err
loop_new(struct loop **out)
{
	struct loop *l = mem_calloc(1, sizeof(*l));
	enum err e = ERR_IO;

	if (l == NULL)
		return ERR_NOMEM;
	l->mail_end = &l->mail;
	l->running = true;
	l->now_ms = clock_mono_ms();
	l->mailbox.ready = mailbox_ready;
	l->mailbox.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	pthread_mutex_init(&l->mutex, NULL);
	if (l->mailbox.fd < 0 || l->epoll_fd < 0)
		goto out;
	if ((e = loop_watch(l, &l->mailbox, EPOLLIN)) != ERR_OK)
		goto out;

	*out = l;
	l = NULL;
out:
	loop_free(l);
	return e;
}

static enum err
control(struct loop *l, int op, struct loop_watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (epoll_ctl(l->epoll_fd, op, w->fd, &ev) == 0)
		return ERR_OK;
	return errno == EPERM    ? ERR_UNSUPPORTED
	       : errno == ENOMEM ? ERR_NOMEM
				 : ERR_IO;
}

enum err
loop_watch(struct loop *l, struct loop_watch *w, uint32_t events)
{
	return control(l, EPOLL_CTL_ADD, w, events);
}

enum err
loop_rewatch(struct loop *l, struct loop_watch *w, uint32_t events)
{
	return control(l, EPOLL_CTL_MOD, w, events);
}

void
loop_unwatch(struct loop *l, struct loop_watch *w)
{
	int i;

	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	for (i = l->events_at; i < l->events_n; i++)
		if (l->events[i].data.ptr == w)
			l->events[i].data.ptr = NULL;
}

static void
heap_put(struct loop *l, size_t slot, struct loop_timer *t)
{
	l->heap[slot] = t;
	t->slot = slot;
}

static void
heap_up(struct loop *l, size_t slot, struct loop_timer *t)
{
	while (slot > 1 && l->heap[slot / 2]->due_ms > t->due_ms) {
		heap_put(l, slot, l->heap[slot / 2]);
		slot /= 2;
	}
	heap_put(l, slot, t);
}

static void
heap_down(struct loop *l, size_t slot, struct loop_timer *t)
{
	for (;;) {
		size_t child = slot * 2;

		if (child < l->timers &&
		    l->heap[child + 1]->due_ms < l->heap[child]->due_ms)
			child++;
		if (child > l->timers || l->heap[child]->due_ms >= t->due_ms)
			break;
		heap_put(l, slot, l->heap[child]);
		slot = child;
	}
	heap_put(l, slot, t);
}

static enum err
heap_grow(struct loop *l)
{
	size_t room = l->heap_room == 0 ? 64 : l->heap_room * 2;
	struct loop_timer **heap;

	if (l->timers + 1 < l->heap_room)
		return ERR_OK;
	heap = mem_realloc(l->heap, room * sizeof(struct loop_timer *));
	if (heap == NULL)
		return ERR_NOMEM;
	l->heap = heap;
	l->heap_room = room;
	return ERR_OK;
}

enum err
loop_timer_set(struct loop *l, struct loop_timer *t, int64_t due_ms)
{
	enum err e;

	loop_timer_stop(l, t);
	if ((e = heap_grow(l)) != ERR_OK)
		return e;
	t->due_ms = due_ms;
	l->timers++;
	heap_up(l, l->timers, t);
	return ERR_OK;
}

void
loop_timer_stop(struct loop *l, struct loop_timer *t)
{
	struct loop_timer *last;
	size_t slot = t->slot;

	if (slot == 0)
		return;
	t->slot = 0;
	last = l->heap[l->timers--];
	if (last == t)
		return;
	if (slot > 1 && l->heap[slot / 2]->due_ms > last->due_ms)
		heap_up(l, slot, last);
	else
		heap_down(l, slot, last);
}

int64_t
loop_now(const struct loop *l)
{
	return l->now_ms;
}

static int
wait_ms(const struct loop *l)
{
	int64_t left;

	if (l->timers == 0)
		return -1;
	left = l->heap[1]->due_ms - clock_mono_ms();
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static void
fire_due(struct loop *l)
{
	while (l->timers > 0 && l->heap[1]->due_ms <= l->now_ms) {
		struct loop_timer *t = l->heap[1];

		loop_timer_stop(l, t);
		t->fire(t);
	}
}

void
loop_run(struct loop *l)
{
	while (l->running) {
		l->events_n =
		    epoll_wait(l->epoll_fd, l->events, TURN_EVENTS, wait_ms(l));
		l->now_ms = clock_mono_ms();
		for (l->events_at = 0; l->events_at < l->events_n;) {
			struct epoll_event *ev = &l->events[l->events_at++];
			struct loop_watch *w = ev->data.ptr;

			if (w != NULL)
				w->ready(w, ev->events);
		}
		open_mail(l);
		fire_due(l);
	}
	l->running = true;
}

void
loop_stop(struct loop *l)
{
	l->running = false;
}

void
loop_empty(struct loop *l)
{
	open_mail(l);
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	if (l->mailbox.fd >= 0)
		close(l->mailbox.fd);
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
	pthread_mutex_destroy(&l->mutex);
	mem_free(l->heap);
	mem_free(l);
}
