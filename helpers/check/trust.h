/* SPDX-License-Identifier: MIT */
/* trust.h - which tokens of this machine may go to the hub at a URL. */
#ifndef CHECK_TRUST_H
#define CHECK_TRUST_H

#include "base/err.h"
#include "url/url.h"

enum check_trust {
	CHECK_STRANGER,  /* none */
	CHECK_NEIGHBOUR, /* such as are made for this run, and end soon */
	CHECK_OWN        /* that of the configuration, too */
};

/*
 * Whose is `u`?  Ours, if one of the `n` URLs of the configuration has its
 * scheme, host and port.  If none is set, a hub on the
 * loopback interface is a neighbour: nobody but this machine hears what is
 * sent there.  ERR_NOMEM; then *out is untouched.
 */
enum err check_trust_of(enum check_trust *out, const struct url *u,
    const struct slice *configured, size_t n);

#endif
