/* SPDX-License-Identifier: MIT */
/* ip.h - IPv4 and IPv6 addresses, and networks of them. */
#ifndef TEXT_IP_H
#define TEXT_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define IP_TEXT_MAX 64      /* bytes of a text with its NUL */
#define IP_NETWORKS_MAX 256 /* of a list */

/* In network byte order.  An IPv4 address is ::ffff:0:0/96, as an IPv6 socket
 * gives it, so that there is one way only to write it. */
struct ip {
	uint8_t byte[16];
};

struct ip_network {
	struct ip base; /* all bits behind the first `bits` are 0 */
	unsigned bits;  /* of 128 */
};

struct ip_networks {
	size_t n;
	struct ip_network network[];
};

/* Four decimal numbers, or RFC 4291, 2.2; a zone ("%eth0") is cut off.
 * ERR_SYNTAX. */
enum err ip_parse(struct ip *out, struct slice text);

/* The address's shortest text, as RFC 5952 wants it. */
void ip_write(char out[IP_TEXT_MAX], const struct ip *ip);

/* Write one name for all addresses that a visitor may choose from: the address
 * for IPv4, also inside an IPv6 one (::ffff:192.0.2.1, 64:ff9b::192.0.2.1); for
 * any other IPv6 address its network of 64 bits. */
void ip_write_counted(char out[IP_TEXT_MAX], const struct ip *ip);

/* Is it an address that is not on the public Internet: loopback, private (RFC
 * 1918, RFC 4193), link-local, or shared by carriers (RFC 6598)? */
bool ip_is_inner(const struct ip *ip);

/* "address" or "address/bits".  ERR_SYNTAX, also for bits behind the first. */
enum err ip_network_parse(struct ip_network *out, struct slice text);

/* No IPv4 address is in a network of IPv6 addresses, not even in ::/0. */
bool ip_network_has(const struct ip_network *n, const struct ip *ip);

/* Read a blank-separated list; *out is NULL for an empty one.  ERR_SYNTAX,
 * ERR_LIMIT: more than IP_NETWORKS_MAX.  ERR_NOMEM.  mem_free() frees it. */
enum err ip_networks_new(struct ip_networks **out, struct slice list);

/* Describe the error of such a list, as "must ..."; NULL: it is right. */
const char *ip_networks_check(struct slice list);

/* Is the address in any network of the list?  NULL is an empty list. */
bool ip_networks_have(const struct ip_networks *list, const struct ip *ip);

#endif
