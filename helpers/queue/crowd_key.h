/* SPDX-License-Identifier: MIT */
/* crowd_key.h - numbers for tokens and clients in counts of streams. */
#ifndef QUEUE_CROWD_KEY_H
#define QUEUE_CROWD_KEY_H

#include <stdint.h>

#include "base/slice.h"
#include "mercure/grant.h"

#define CROWD_NOBODY 0  /* the stream is not counted for any */
#define CROWD_UNKNOWN 2 /* the client without an address */

/* The token and the client that a stream counts for. */
struct crowd_keys {
	uint64_t token, address;
};

/* The grant's holder (grant_holder()); if that is not known, its token or
 * session.  NULL: CROWD_NOBODY. */
uint64_t crowd_key_grant(const struct grant *g);

/*
 * The client with this name, such as ip_write_counted() gives to an address.
 * The empty text and "unknown" are one client, whose streams are all without
 * an address; base NULL: the stream is not counted for any.
 */
uint64_t crowd_key_client(struct slice client);

/* The topic of a view. */
uint64_t crowd_key_topic(struct slice topic);

/* Keyed hashes of the keys, for the memory that all processes share: without
 * the secret an address cannot be recovered from them. */
struct crowd_keys crowd_key_hide(
    const struct crowd_keys *k, const uint64_t secret[2]);
uint64_t crowd_key_hide_topic(uint64_t topic, const uint64_t secret[2]);

#endif
