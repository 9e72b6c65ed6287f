/* SPDX-License-Identifier: MIT */
/* crowd_key.h - whom a stream is counted for: numbers instead of addresses and tokens. */
#ifndef CROWD_KEY_H
#define CROWD_KEY_H

#include <stdint.h>

#include "grant.h"
#include "slice.h"

/* Two numbers; CROWD_NOBODY: there is nobody to count it for. */
#define CROWD_NOBODY 0
#define CROWD_UNKNOWN 2 /* the client without an address */
struct crowd_keys {
	uint64_t token, address;
};

/* Who holds the grant; if that is not known, its token, or session.  NULL:
 * nobody. */
uint64_t crowd_key_grant(const struct grant *g);

/*
 * The client with this name, such as ip_write_counted() gives to an address.
 * The empty text and "unknown" are one client, whose streams are all without
 * an address; base NULL: the stream is not counted for any.
 */
uint64_t crowd_key_client(struct slice client);

/* What stands for the keys in the memory that all processes share: nobody
 * reads an address there without the secret. */
struct crowd_keys crowd_key_hide(
    const struct crowd_keys *k, const uint64_t secret[2]);

#endif
