/* SPDX-License-Identifier: MIT */
/* sigbus.h - a mapped file that gets shorter does not end the process. */
#ifndef BASE_SIGBUS_H
#define BASE_SIGBUS_H

/*
 * A user who may write a file may also truncate it, at any moment.  The next
 * access to a lost page of a mapping is a SIGBUS, and no check before the
 * access can prevent that.  So programs (not the library, which leaves signals
 * alone) call sigbus_guard(), before threads start: a handler puts an empty
 * page of memory in the place of the lost one and counts it.  The empty page
 * is private to this process.  So code that maps a file must not rely on bytes
 * that it read or wrote since the count changed: it compares the count, or
 * checks the file's header, before it uses the content, and then maps the file
 * again.  In a private mapping, such as that of a library, and for a signal
 * that somebody sent, SIGBUS ends the process as without the handler.
 */
void sigbus_guard(void);

/* How many pages were replaced so far, over all threads. */
unsigned sigbus_count(void);

#endif
