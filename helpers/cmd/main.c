/* SPDX-License-Identifier: MIT */
/* main.c - the pushcgi program. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sigbus.h"
#include "cmd/cmd.h"

/* With one of the three closed, the database or its sidecar would get its
 * number, and a warning would be written into it. */
static bool
descriptors_fill(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd >= 0 && close(fd) == 0;
}

int
main(int argc, char **argv)
{
	if (!descriptors_fill())
		return CMD_FAILED;
	/* A limit on the size of files is an error like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	mem_keep_from_disk();
	sigbus_guard();
	return (int)cmd_program(argc, argv);
}
