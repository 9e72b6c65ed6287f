/* SPDX-License-Identifier: MIT */
/* settings_slot.h - holds the settings in force, for all threads. */
#ifndef ENDPOINT_SETTINGS_SLOT_H
#define ENDPOINT_SETTINGS_SLOT_H

#include "endpoint/settings.h"

/* One for a process.  Any thread may call any function but settings_slot_new()
 * and settings_slot_free(). */
struct settings_slot;

/* Put `s` in force; takes a reference.  ERR_NOMEM. */
enum err settings_slot_new(struct settings_slot **out, struct settings *s);

/* A reference to the settings in force, which is the caller's. */
struct settings *settings_slot_get(struct settings_slot *slot);

/* Put `s` in force; takes a reference. */
void settings_slot_set(struct settings_slot *slot, struct settings *s);

/* Put `s` in the place of `old`; takes a reference.  False: other settings than
 * `old` are in force, and stay. */
bool settings_slot_replace(
    struct settings_slot *slot, const struct settings *old, struct settings *s);

/* Wait until other settings than `seen` are in force, until *stop, or until
 * clock_mono_ms() is `until_ms`. */
void settings_slot_wait(struct settings_slot *slot, const struct settings *seen,
    int64_t until_ms, const _Atomic bool *stop);

/* Let those that wait look at their `stop`. */
void settings_slot_wake(struct settings_slot *slot);

/* No other thread uses it any more.  NULL is allowed. */
void settings_slot_free(struct settings_slot *slot);

#endif
