/* SPDX-License-Identifier: MIT */
/* sigbus.h - a mapped file that gets shorter does not end the process. */
#ifndef SIGBUS_H
#define SIGBUS_H

/*
 * Whoever may write a file may also truncate it, at any moment.  The next
 * access to a page of it that others have mapped is a SIGBUS for them; no
 * check before the access can prevent that.  So programs (not the library,
 * which leaves signals alone) install a handler: it puts an empty page of
 * memory in the place of the missing one and counts that.  The page is this
 * process's own then, so nothing may be trusted that was written to the
 * mapping or read from it since the count changed: whoever maps a file
 * compares the count, or looks whether its header is still there, before it
 * relies on the content, and then maps the file again.
 */
void sigbus_guard(void);

/* How many pages were replaced so far, over all threads. */
unsigned sigbus_count(void);

#endif
