/* SPDX-License-Identifier: MIT */
/* host_name.h - names of hosts in the DNS. */
#ifndef TEXT_HOST_NAME_H
#define TEXT_HOST_NAME_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * Is it a host name (RFC 1123, 2.1): labels of 1 to 63 letters, digits and
 * hyphens, no hyphen first or last, with dots between them, 253 bytes in all?
 * A dot at the end, which the DNS allows, is not accepted.  Pure; any thread.
 */
bool host_name_is_valid(struct slice name);

/* Is there a label without a character?  One dot at the end is accepted. */
bool host_name_has_gap(struct slice name);

#endif
