/* SPDX-License-Identifier: MIT */
/* sidecar_state.h - what the sidecar's own files share. */
#ifndef QUEUE_SQLITE_SIDECAR_STATE_H
#define QUEUE_SQLITE_SIDECAR_STATE_H

#include "queue/sqlite/sidecar.h"

/*
 * The bytes that processes lock.  They lie on the file's offsets, not in its
 * content.  From SIDECAR_BYTE_LIVE on there is one for each process that has
 * subscribers: a random offset, which is its owner key.
 */
enum {
	SIDECAR_BYTE_WRITE = 0,  /* commit, checkpoint, schema, migration */
	SIDECAR_BYTE_CREATE = 1, /* initialising the page */
	SIDECAR_BYTE_REAPER = 2, /* who looks for dead processes */
};
#define SIDECAR_BYTE_LIVE ((off_t)1 << 40)

struct sidecar_header {
	char magic[8];
	uint32_t version;
	uint32_t size;
};

/* Only the kernel's lock is the truth; the words make waiting for it cheap
 * and may be stale after a kill. */
struct sidecar_page {
	struct sidecar_header header;
	_Atomic uint32_t wake;     /* bumped after each commit */
	_Atomic uint32_t released; /* bumped after each unlock */
	_Atomic uint32_t waiters;  /* for `released`; never too low */
	_Atomic int32_t holder;    /* process id; 0: nobody */
	_Atomic int64_t made_ms;   /* clock_mono_ms(), of the file */
	_Atomic uint32_t rang_ms; /* clock_mono_ms() of the last bump of wake */
	_Atomic int64_t owed_us; /* clock_mono_ms() * 1000, see sidecar_owe() */
	_Atomic uint32_t led_ms; /* clock_mono_ms() of a leader's last look */
};

struct sidecar {
	int fd;           /* one for life: the locks hang on it */
	int dir;          /* the folder */
	const char *name; /* the database's in it; lies in db_path */
	struct sidecar_page *page;
	char *path;
	char *db_path;
	bool woke_other;
	uint64_t owner;  /* the byte of this process; 0: not taken */
	bool leads;      /* it has the reaper's */
	uint32_t led_ms; /* what it wrote into the page */
};

/* Lock or unlock (F_WRLCK, F_UNLCK) one byte, without waiting.  ERR_BUSY:
 * another has it.  ERR_IO. */
enum err sidecar_lock_byte(int fd, off_t byte, short type);

#endif
