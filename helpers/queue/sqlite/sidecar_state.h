/* SPDX-License-Identifier: MIT */
/* sidecar_state.h - what the files of the sidecar share. */
#ifndef QUEUE_SQLITE_SIDECAR_STATE_H
#define QUEUE_SQLITE_SIDECAR_STATE_H

#include "queue/sqlite/sidecar.h"

/*
 * The bytes that processes lock.  They are offsets of the file, not part of its
 * content.  From SIDECAR_BYTE_LIVE on there is one for each process that has
 * subscribers: a random offset, which is its owner number.
 */
enum {
	SIDECAR_BYTE_WRITE = 0,  /* commit, checkpoint, schema, migration */
	SIDECAR_BYTE_CREATE = 1, /* initialising the page */
	SIDECAR_BYTE_REAPER = 2, /* held by the reaper */
};
#define SIDECAR_BYTE_LIVE ((off_t)1 << 40)

struct sidecar_header {
	char magic[8];
	uint32_t version;
	uint32_t size;
};

/* Only the kernel's lock counts; the words make waiting for it cheap and may be
 * stale after a kill. */
struct sidecar_page {
	struct sidecar_header header;
	_Atomic uint32_t wake;     /* incremented after each commit */
	_Atomic uint32_t released; /* incremented after each unlock */
	_Atomic uint32_t waiters;  /* for `released`; never too low */
	_Atomic int32_t holder;    /* process id; 0: unknown */
	_Atomic int64_t made_ms;   /* clock_mono_ms(), of the file */
	_Atomic uint32_t woke_ms;  /* clock_mono_ms() of the last wake */
	_Atomic int64_t owed_us; /* clock_mono_ms() * 1000, see sidecar_owe() */
	_Atomic uint32_t led_ms; /* clock_mono_ms() of a leader's last search */
};

struct sidecar {
	int fd;  /* the same one until the end: the locks depend on it */
	int dir; /* the folder */
	const char *name; /* the database's name in it; points into db_path */
	struct sidecar_page *page;
	char *path;
	char *db_path;
	bool woke_other;
	uint64_t owner;  /* the byte of this process; 0: not taken */
	bool leads;      /* it has the reaper's byte */
	uint32_t led_ms; /* what it wrote into the page */
};

/* Lock or unlock (F_WRLCK, F_UNLCK) one byte, without waiting.  ERR_BUSY:
 * another has it.  ERR_IO. */
enum err sidecar_lock_byte(int fd, off_t byte, short type);

#endif
