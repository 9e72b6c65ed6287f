/* SPDX-License-Identifier: MIT */
/* address.h - IPv4 and IPv6 addresses as URLs spell them; for host.c. */
#ifndef URL_ADDRESS_H
#define URL_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#define URL_IPV6_PIECES 8

/* Does the domain have to be an IPv4 address ("ends in a number checker")? */
bool url_address_ends_in_number(struct slice domain);

/* Section 3.5, "IPv4 parser": one to four numbers, decimal, octal or
 * hexadecimal, the last of which fills what is left.  ERR_SYNTAX. */
enum err url_address_parse_ipv4(uint32_t *address, struct slice text);

void url_address_add_ipv4(struct buf *out, uint32_t address);

/* Section 3.5, "IPv6 parser", without the brackets.  ERR_SYNTAX. */
enum err url_address_parse_ipv6(
    uint16_t piece[URL_IPV6_PIECES], struct slice text);

/* The shortest spelling, without the brackets (RFC 5952, section 4). */
void url_address_add_ipv6(
    struct buf *out, const uint16_t piece[URL_IPV6_PIECES]);

#endif
