/* SPDX-License-Identifier: MIT */
/* mem.h - the only place that allocates; tests let it fail. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/slice.h"

/* Zero-filled memory for `count` objects of `size` bytes; NULL if there is
 * none, or if the product overflows. */
void *mem_calloc(size_t count, size_t size);

/* As realloc(3), growing or shrinking to `size` > 0 bytes. */
void *mem_realloc(void *p, size_t size);

/* A NUL-terminated copy of `s`, or NULL. */
char *mem_text(struct slice s);

/* NULL is allowed. */
void mem_free(void *p);

/* Overwrite `size` bytes in a way no compiler removes, then free. */
void mem_wipe_free(void *p, size_t size);

/* For programs that hold keys: a crash of this process writes no core file. */
void mem_keep_from_disk(void);

#endif
