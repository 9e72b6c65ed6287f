/* SPDX-License-Identifier: MIT */
/* sidecar_life.c - signs of life: locked bytes of running processes. */
#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "queue/sqlite/sidecar_state.h"

static off_t
byte_of(uint64_t owner)
{
	return SIDECAR_BYTE_LIVE + (off_t)owner;
}

enum err
sidecar_show_life(struct sidecar *s, uint64_t owner)
{
	enum err e;

	if (s->owner == owner)
		return ERR_OK;
	if ((e = sidecar_lock_byte(s->fd, byte_of(owner), F_WRLCK)) == ERR_OK)
		s->owner = owner;
	return e;
}

bool
sidecar_lives(const struct sidecar *s, uint64_t owner)
{
	struct flock l = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = byte_of(owner),
		.l_len = 1 };

	/* No process has this number, and no file has such a byte. */
	if (owner >> QUEUE_OWNER_BITS != 0)
		return false;
	/* The lock of a process conflicts with other processes only, so it sees
	 * its byte as free. */
	if (s->owner == owner)
		return true;
	while (fcntl(s->fd, F_OFD_GETLK, &l) == -1)
		if (errno != EINTR)
			return true;
	return l.l_type != F_UNLCK;
}

/* No other process has searched since this one did, or for too long. */
static bool
may_replace_leader(const struct sidecar *s, uint32_t last_ms, uint32_t now_ms)
{
	return last_ms == s->led_ms || now_ms - last_ms >= SIDECAR_LEAD_MS;
}

bool
sidecar_lead(struct sidecar *s)
{
	const uint32_t now_ms = (uint32_t)clock_mono_ms();
	uint32_t last_ms = atomic_load(&s->page->led_ms);

	if (!s->leads)
		s->leads = sidecar_lock_byte(
			       s->fd, SIDECAR_BYTE_REAPER, F_WRLCK) == ERR_OK;
	if (s->leads)
		atomic_store(&s->page->led_ms, now_ms);
	else if (!may_replace_leader(s, last_ms, now_ms) ||
		 !atomic_compare_exchange_strong(
		     &s->page->led_ms, &last_ms, now_ms))
		return false;
	s->led_ms = now_ms;
	return true;
}

int64_t
sidecar_age_ms(const struct sidecar *s)
{
	const int64_t now_ms = clock_mono_ms();
	const int64_t made_ms = atomic_load(&s->page->made_ms);

	/* The clock has started again since, and so have all processes. */
	return made_ms >= 0 && made_ms <= now_ms ? now_ms - made_ms : INT64_MAX;
}

uint32_t
sidecar_silence_ms(const struct sidecar *s)
{
	return (uint32_t)clock_mono_ms() - atomic_load(&s->page->woke_ms);
}
