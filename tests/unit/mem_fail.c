/* SPDX-License-Identifier: MIT */
/* mem_fail.c - stands in for helpers/base/mem.c in unit tests. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "unit/mem_fail.h"

static atomic_long left;
static atomic_bool failed;

void
mem_fail_at(long n)
{
	atomic_store(&failed, false);
	atomic_store(&left, n);
}

bool
mem_failed(void)
{
	return atomic_load(&failed);
}

long
mem_fail_pause(void)
{
	return atomic_exchange(&left, 0);
}

void
mem_fail_resume(long n)
{
	atomic_store(&left, n);
}

/* By a default size that is more than a process's addresses. */
void
mem_fail_stacks(bool fail)
{
	static size_t usual;
	pthread_attr_t attr;

	pthread_getattr_default_np(&attr);
	if (usual == 0)
		pthread_attr_getstacksize(&attr, &usual);
	pthread_attr_setstacksize(&attr, fail ? (size_t)1 << 48 : usual);
	pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
}

static bool
mem_fails_now(void)
{
	long n = atomic_load(&left);

	while (n > 0 && !atomic_compare_exchange_weak(&left, &n, n - 1))
		;
	if (n != 1)
		return false;
	atomic_store(&failed, true);
	return true;
}

void *
mem_calloc(size_t count, size_t size)
{
	if (mem_fails_now())
		return NULL;
	return calloc(count, size);
}

void *
mem_realloc(void *p, size_t size)
{
	if (mem_fails_now())
		return NULL;
	return realloc(p, size);
}

char *
mem_text(struct slice s)
{
	char *text;

	if (s.len == SIZE_MAX || mem_fails_now())
		return NULL;
	text = malloc(s.len + 1);
	if (text == NULL)
		return NULL;
	if (s.len > 0)
		memcpy(text, s.base, s.len);
	text[s.len] = '\0';
	return text;
}

void
mem_free(void *p)
{
	free(p);
}

void
mem_wipe_free(void *p, size_t size)
{
	if (p != NULL)
		explicit_bzero(p, size);
	free(p);
}
