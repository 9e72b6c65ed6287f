/* SPDX-License-Identifier: MIT */
/* log.h - one line per event to standard error, where every web server keeps it. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

/*
 * err: the operator must act.  warn: somebody misbehaves.  info: life cycle.
 * debug: the rest.  Lines read "event key=value ..."; tokens, data and full
 * query strings never stand in them.  Any thread; a line is one write(2).
 */
enum log_level {
	LOG_LEVEL_ERR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Set once at start.  `name` stands in front of each line and must outlive
 * the program.  Before the call: warnings and errors, named "pushcgi". */
void log_open(const char *name, enum log_level least);

/*
 * For a process that must go on whatever happens to its log: from now on
 *
 * - no call waits for the reader.  A line that a full pipe or socket or a
 *   stopped terminal does not take is dropped.
 * - within a second LOG_BURST lines of one format are written, and
 *   LOG_SECOND lines in all; errors may be as many again.  With
 *   LOG_LEVEL_DEBUG there is no such limit.
 * - nothing is left out silently: the last of the lines left out of one format
 *   is written later with " repeated=N", and N lines that were dropped are
 *   "log lines dropped=N".
 *
 * `pending` (NULL: nobody) is called in any thread when a first line was left
 * out: log_flush() is due a second later.  Before other threads start.
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

void log_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
