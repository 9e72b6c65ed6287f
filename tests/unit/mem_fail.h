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

#endif
