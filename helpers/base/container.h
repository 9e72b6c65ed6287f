/* SPDX-License-Identifier: MIT */
/* container.h - from a member's address to the struct it is embedded in. */
#ifndef BASE_CONTAINER_H
#define BASE_CONTAINER_H

#include <stddef.h>

/* By way of void *: the address is that of a whole `type` by contract. */
#define CONTAINER(type, member, address) \
	((type *)(void *)((char *)(address)-offsetof(type, member)))

#endif
