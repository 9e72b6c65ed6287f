/* SPDX-License-Identifier: MIT */
/* settings_slot.c - a pointer to settings behind a mutex. */
#include "endpoint/settings_slot.h"

#include <pthread.h>
#include <time.h>

#include "base/mem.h"

struct settings_slot {
	pthread_mutex_t mutex; /* guards `settings` */
	pthread_cond_t changed;
	struct settings *settings;
};

enum err
settings_slot_new(struct settings_slot **out, struct settings *s)
{
	struct settings_slot *slot = mem_calloc(1, sizeof(*slot));
	pthread_condattr_t attr;

	if (slot == NULL)
		return ERR_NOMEM;
	pthread_mutex_init(&slot->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&slot->changed, &attr);
	pthread_condattr_destroy(&attr);
	slot->settings = settings_ref(s);
	*out = slot;
	return ERR_OK;
}

struct settings *
settings_slot_get(struct settings_slot *slot)
{
	struct settings *s;

	pthread_mutex_lock(&slot->mutex);
	s = settings_ref(slot->settings);
	pthread_mutex_unlock(&slot->mutex);
	return s;
}

/* Returns the settings that were in force. */
static struct settings *
exchange_locked(struct settings_slot *slot, struct settings *s)
{
	struct settings *old = slot->settings;

	slot->settings = settings_ref(s);
	pthread_cond_broadcast(&slot->changed);
	return old;
}

void
settings_slot_set(struct settings_slot *slot, struct settings *s)
{
	struct settings *old;

	pthread_mutex_lock(&slot->mutex);
	old = exchange_locked(slot, s);
	pthread_mutex_unlock(&slot->mutex);
	settings_unref(old);
}

bool
settings_slot_replace(
    struct settings_slot *slot, const struct settings *old, struct settings *s)
{
	struct settings *was = NULL;

	pthread_mutex_lock(&slot->mutex);
	if (slot->settings == old)
		was = exchange_locked(slot, s);
	pthread_mutex_unlock(&slot->mutex);
	settings_unref(was);
	return was != NULL;
}

void
settings_slot_wait(struct settings_slot *slot, const struct settings *seen,
    int64_t until_ms, const _Atomic bool *stop)
{
	const struct timespec until = { (time_t)(until_ms / 1000),
		(long)(until_ms % 1000) * 1000000 };

	pthread_mutex_lock(&slot->mutex);
	while (slot->settings == seen && !atomic_load(stop))
		if (pthread_cond_timedwait(
			&slot->changed, &slot->mutex, &until) != 0)
			break;
	pthread_mutex_unlock(&slot->mutex);
}

void
settings_slot_wake(struct settings_slot *slot)
{
	pthread_mutex_lock(&slot->mutex);
	pthread_cond_broadcast(&slot->changed);
	pthread_mutex_unlock(&slot->mutex);
}

void
settings_slot_free(struct settings_slot *slot)
{
	if (slot == NULL)
		return;
	settings_unref(slot->settings);
	pthread_cond_destroy(&slot->changed);
	pthread_mutex_destroy(&slot->mutex);
	mem_free(slot);
}
