/* SPDX-License-Identifier: MIT */
/* err.h - the error values of all modules, and problems in words. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* One list gives the enum and its texts. */
#define ERR_LIST(X)                                 \
	X(OK, "no error")                           \
	X(NOMEM, "out of memory")                   \
	X(LIMIT, "a configured limit was hit")      \
	X(SYNTAX, "malformed input")                \
	X(TOKEN, "the access token is not valid")   \
	X(DENIED, "not allowed")                    \
	X(NOTFOUND, "not found")                    \
	X(UNSUPPORTED, "not supported")             \
	X(IO, "input/output error")                 \
	X(BUSY, "another process holds the lock")   \
	X(FULL, "no space left on the device")      \
	X(READONLY, "no permission to write")       \
	X(MOVED, "the queue was moved or replaced") \
	X(NEWER, "the queue belongs to a newer version")

enum err {
#define X(name, text) ERR_##name,
	ERR_LIST(X)
#undef X
};

/* The value's text: static, never NULL. */
const char *err_text(enum err e);

#define PROBLEM_MAX 512

/*
 * One plain sentence about a failure, for the person who can fix it.  It is
 * shown to peers, so it never holds a secret or anything a peer sent that
 * was not made printable.
 */
struct problem {
	char text[PROBLEM_MAX];
};

/*
 * Write the sentence (cut at PROBLEM_MAX - 1) and give `e` back, so that a
 * failing function ends in `return problem_set(f, ERR_SYNTAX, "…")`.
 * `p` may be NULL: the sentence is then dropped.
 */
enum err problem_set(struct problem *p, enum err e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
