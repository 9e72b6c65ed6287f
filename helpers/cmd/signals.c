/* SPDX-License-Identifier: MIT */
/* signals.c - waits for the signals that end a subcommand, in a thread. */
#include "cmd/signals.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/mem.h"
#include "queue/queue.h"

struct cmd_signals {
	pthread_t thread;
	pthread_mutex_t mutex; /* guards the setting of `stop` */
	pthread_cond_t come;
	_Atomic bool stop;
	struct queue *queue;
	sigset_t set, before;
};

static void *
wait_for_one(void *arg)
{
	struct cmd_signals *s = arg;
	int which;

	if (sigwait(&s->set, &which) != 0)
		return NULL;
	pthread_mutex_lock(&s->mutex);
	atomic_store(&s->stop, true);
	pthread_cond_signal(&s->come);
	pthread_mutex_unlock(&s->mutex);
	if (s->queue != NULL)
		queue_poke(s->queue);
	return NULL;
}

/* A shell that starts a program in the background ignores SIGINT for it. */
static void
add_unless_ignored(sigset_t *set, int which)
{
	struct sigaction now;

	if (sigaction(which, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
		sigaddset(set, which);
}

enum err
cmd_signals_new(struct cmd_signals **out, struct queue *q, struct problem *p)
{
	struct cmd_signals *s = mem_calloc(1, sizeof(*s));
	pthread_condattr_t attributes;

	if (s == NULL)
		return problem_set(p, ERR_NOMEM, "Out of memory.");
	s->queue = q;
	atomic_init(&s->stop, false);
	sigemptyset(&s->set);
	add_unless_ignored(&s->set, SIGINT);
	add_unless_ignored(&s->set, SIGTERM);
	/* cmd_signals_free() wakes the thread by it. */
	sigaddset(&s->set, SIGUSR1);
	pthread_mutex_init(&s->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&s->come, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_sigmask(SIG_BLOCK, &s->set, &s->before);
	if (pthread_create(&s->thread, NULL, wait_for_one, s) != 0) {
		pthread_sigmask(SIG_SETMASK, &s->before, NULL);
		mem_free(s);
		return problem_set(
		    p, ERR_NOMEM, "No thread can be started: free memory.");
	}
	*out = s;
	return ERR_OK;
}

const _Atomic bool *
cmd_signals_stop(const struct cmd_signals *s)
{
	return &s->stop;
}

void
cmd_signals_sleep(struct cmd_signals *s, unsigned ms)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&s->mutex);
	while (rc == 0 && !atomic_load(&s->stop))
		rc = pthread_cond_timedwait(&s->come, &s->mutex, &until);
	pthread_mutex_unlock(&s->mutex);
}

void
cmd_signals_free(struct cmd_signals *s)
{
	if (s == NULL)
		return;
	pthread_kill(s->thread, SIGUSR1);
	pthread_join(s->thread, NULL);
	pthread_sigmask(SIG_SETMASK, &s->before, NULL);
	pthread_cond_destroy(&s->come);
	pthread_mutex_destroy(&s->mutex);
	mem_free(s);
}
