/* SPDX-License-Identifier: MIT */
/* log.h - one line per event to standard error, where every web server keeps it. */
#ifndef LOG_H
#define LOG_H

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

void log_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
