/* SPDX-License-Identifier: MIT */
/* sigbus.c - puts empty pages in the place of those that a file has lost. */
#include "sigbus.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic unsigned replaced;

/* Async-signal-safe: system calls only.  Back in the program, the access is
 * tried again. */
static void
replace_page(int number, siginfo_t *info, void *context)
{
	const uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
	void *page = (void *)((uintptr_t)info->si_addr & ~(size - 1));

	(void)context;
	if (info->si_code == BUS_ADRERR &&
	    mmap(page, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page)
		atomic_fetch_add(&replaced, 1);
	else
		signal(number, SIG_DFL);
}

void
sigbus_guard(void)
{
	struct sigaction a = { .sa_flags = SA_SIGINFO | SA_RESTART };

	a.sa_sigaction = replace_page;
	sigemptyset(&a.sa_mask);
	sigaction(SIGBUS, &a, NULL);
}

unsigned
sigbus_count(void)
{
	return atomic_load(&replaced);
}
