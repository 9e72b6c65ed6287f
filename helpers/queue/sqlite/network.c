/* SPDX-License-Identifier: MIT */
/* network.c - refuses file systems on which WAL does not work. */
#include <string.h>
#include <sys/vfs.h>

#include "base/buf.h"
#include "queue/sqlite/sqlite.h"

static const struct network_fs {
	unsigned long magic;
	const char *name;
} network_fs[] = {
	{ 0x6969, "NFS" },
	{ 0x517b, "SMB" },
	{ 0xff534d42, "CIFS" },
	{ 0xfe534d42, "SMB2" },
	{ 0x65735546, "FUSE" },
	{ 0x01021997, "9P" },
};

const char *
queue_sqlite_network_fs(unsigned long magic)
{
	for (size_t i = 0; i < sizeof(network_fs) / sizeof(network_fs[0]); i++)
		if (network_fs[i].magic == (magic & 0xffffffff))
			return network_fs[i].name;
	return NULL;
}

enum err
queue_sqlite_network_check(const char *path, struct problem *p)
{
	const char *slash = strrchr(path, '/');
	struct statfs fs;
	const char *name;
	struct buf dir;

	buf_init(&dir, QUEUE_SQLITE_PATH_MAX);
	buf_add(&dir, path, (size_t)(slash - path) + 1);
	buf_byte(&dir, '\0');
	if (dir.err != ERR_OK) {
		enum err e = dir.err;

		buf_free(&dir);
		return problem_set(p, e, "%s", err_text(e));
	}
	/* The sidecar reports a directory that does not exist. */
	name = statfs(dir.base, &fs) == 0
		   ? queue_sqlite_network_fs((unsigned long)fs.f_type)
		   : NULL;
	buf_free(&dir);
	if (name == NULL)
		return ERR_OK;
	return problem_set(p, ERR_UNSUPPORTED,
	    "%s lies on a %s file system, where locks and shared memory do "
	    "not work: set MERCURE_TRANSPORT_URL to a local disk",
	    path, name);
}
