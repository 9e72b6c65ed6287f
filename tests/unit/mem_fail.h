/* SPDX-License-Identifier: MIT */
/* mem_fail.h - a mem.h whose n-th allocation fails. */
#ifndef MEM_FAIL_H
#define MEM_FAIL_H

#include <stdbool.h>

/*
 * The n-th allocation from now (1 is the next) returns NULL, once; 0: none
 * does.  Counts mem_calloc(), mem_realloc() and mem_text() of all threads.
 */
void mem_fail_at(long n);

/* Whether the failure has happened since the last mem_fail_at(). */
bool mem_failed(void);

/* Count no further, and go on from `left`: around what the test allocates
 * for itself. */
long mem_fail_pause(void);
void mem_fail_resume(long left);

/* Whether from now on no thread finds memory for its stack. */
void mem_fail_stacks(bool fail);

#endif
