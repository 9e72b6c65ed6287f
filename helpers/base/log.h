/* SPDX-License-Identifier: MIT */
/* log.h - writes one line for each event to standard error. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * err: the operator must act.  warn: a peer or a setting is wrong.  info: life
 * cycle.  debug: the rest.  A line is one write(2).  Any thread.
 */
enum log_level {
	LOG_LEVEL_ERR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/*
 * A key and its value.  The key is a literal of a-z and '_'.  The value may be
 * what a stranger sent: log_line.h says how it is made printable.  Tokens,
 * data and full query strings are never values.
 *
 * Keys with one meaning everywhere: `reason` (why it happened), `setting` (the
 * setting to look at), `hint` (what the operator can do).
 */
struct log_pair {
	const char *key; /* NULL: the end of the list */
	bool is_number;
	struct slice text;
	uint64_t number;
};

#define LOG_SLICE(name, value) \
	((struct log_pair){ .key = "" name "", .text = (value) })
#define LOG_TEXT(name, value) LOG_SLICE(name, slice_of(value))
#define LOG_UINT(name, value) \
	((struct log_pair){   \
	    .key = "" name "", .is_number = true, .number = (value) })
#define LOG_END ((struct log_pair){ .key = NULL })

/*
 * Log an event, a literal of a few words, with any number of pairs:
 *
 *	log_warn("token refused", LOG_TEXT("client", client),
 *	    LOG_UINT("status", 401));
 *
 * errno stays as it is.
 */
#define log_err(...) LOG_EVENT(LOG_LEVEL_ERR, __VA_ARGS__, LOG_END)
#define log_warn(...) LOG_EVENT(LOG_LEVEL_WARN, __VA_ARGS__, LOG_END)
#define log_info(...) LOG_EVENT(LOG_LEVEL_INFO, __VA_ARGS__, LOG_END)
#define log_debug(...) LOG_EVENT(LOG_LEVEL_DEBUG, __VA_ARGS__, LOG_END)
#define LOG_EVENT(level, event, ...) \
	log_event(level, "" event "", (const struct log_pair[]){ __VA_ARGS__ })

/* The function behind these: `pairs` ends with LOG_END. */
void log_event(
    enum log_level level, const char *event, const struct log_pair *pairs);

/* Set once at start.  `name` stands in front of each line and must outlive
 * the program.  Before the call: warnings and errors, named "pushcgi". */
void log_open(const char *name, enum log_level least);

/*
 * For a process that must go on whatever happens to its log.  After this call
 *
 * - no call waits for the reader.  A line that a full pipe or socket or a
 *   stopped terminal does not accept is dropped.
 * - within a second LOG_BURST lines of one event are written, and
 *   LOG_SECOND lines in all; errors may be as many again.  With
 *   LOG_LEVEL_DEBUG there is no such limit.
 * - nothing is left out silently: the last of the lines left out of one event
 *   is written later with " repeated=N", and N lines that were dropped are
 *   "log lines dropped=N".
 *
 * `pending` (NULL: no function) is called in any thread when a first line was
 * left out: log_flush() is due a second later.  Before other threads start.
 */
#define LOG_BURST 5
#define LOG_SECOND 100
void log_bound(void (*pending)(void *arg), void *arg);

/* Report what was left out in seconds that are over.  False: there is more to
 * report; call it again a second later. */
bool log_flush(void);

/* Report all lines that were left out; from now on lines are written as before
 * log_bound().  The other threads have ended. */
void log_unbound(void);

#endif
