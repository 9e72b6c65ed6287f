/* SPDX-License-Identifier: MIT */
/* sigbus.c - puts empty pages in the place of those that a file has lost. */
#include "base/sigbus.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK 1024

static _Atomic unsigned replaced;

/* Reads "/proc/self/maps": lines of "START-END PERMISSIONS ...". */
struct maps {
	int fd;
	size_t at, n;
	char chunk[CHUNK];
};

/* -1: the end, or an error. */
static int
next(struct maps *m)
{
	ssize_t got;

	if (m->at == m->n) {
		got = read(m->fd, m->chunk, sizeof(m->chunk));
		m->at = 0;
		m->n = got > 0 ? (size_t)got : 0;
	}
	return m->at < m->n ? (unsigned char)m->chunk[m->at++] : -1;
}

static uintptr_t
next_number(struct maps *m)
{
	uintptr_t n = 0;
	int c;

	while ((c = next(m)) >= 0 && c != '-' && c != ' ')
		n = n << 4 | (uintptr_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	return n;
}

/* "rw-s", and not "rw-p"; the rest of the line goes as well. */
static bool
next_is_shared(struct maps *m)
{
	int c = 0;

	for (int i = 0; i < 4; i++)
		c = next(m);
	for (int end = c; end >= 0 && end != '\n';)
		end = next(m);
	return c == 's';
}

/* Only files that others write are mapped so; libraries are private.  Where
 * nobody can say, it is taken for one of ours. */
static bool
is_shared(uintptr_t where)
{
	struct maps m = { .fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC) };
	bool shared = m.fd < 0;

	while (m.fd >= 0) {
		const uintptr_t from = next_number(&m), to = next_number(&m);
		const bool is = next_is_shared(&m);

		shared = where >= from && where < to && is;
		if (m.n == 0 || (where >= from && where < to))
			break;
	}
	if (m.fd >= 0)
		close(m.fd);
	return shared;
}

static bool
replace_page(const siginfo_t *info)
{
	const uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
	void *page = (void *)((uintptr_t)info->si_addr & ~(size - 1));

	return info->si_code == BUS_ADRERR &&
	       is_shared((uintptr_t)info->si_addr) &&
	       mmap(page, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page;
}

/* Async-signal-safe: system calls only.  Back in the program, the access is
 * tried again, and ends it if nothing was replaced; a signal that somebody
 * sent has no access. */
static void
handle(int number, siginfo_t *info, void *context)
{
	const int code = errno;

	(void)context;
	if (replace_page(info)) {
		atomic_fetch_add(&replaced, 1);
	} else {
		signal(number, SIG_DFL);
		raise(number);
	}
	errno = code;
}

void
sigbus_guard(void)
{
	struct sigaction a = { .sa_flags = SA_SIGINFO | SA_RESTART };

	a.sa_sigaction = handle;
	sigemptyset(&a.sa_mask);
	sigaction(SIGBUS, &a, NULL);
}

unsigned
sigbus_count(void)
{
	return atomic_load(&replaced);
}
