/* SPDX-License-Identifier: MIT */
/* fuzz_origin.c - Origin, Referer, Host and public URL: may it publish? */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "endpoint/cors.h"
#include "text/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The origin is the URL's beginning; its own origin is the same. */
static void
check_url(struct slice url)
{
	struct slice origin = origin_of_url(url);

	if (origin.base == NULL)
		return;
	if (origin.base != url.base || origin.len > url.len ||
	    !slice_eq(origin_of_url(origin), origin) ||
	    origin_is_written(origin) != origin_is_of(origin, url))
		abort();
}

/* Only the hub's own origin and listed ones may publish. */
static void
check_request(const struct request *rq, struct slice public_url)
{
	static char list[] = "https://listed.example";
	struct config config = { .publish_allowed_origins = list };
	const struct settings s = { .config = &config };
	struct slice from = rq->origin;

	if (public_url.len > 0)
		config.public_hub_url = mem_text(public_url);
	if (from.len == 0)
		from = origin_of_url(rq->referer);
	if (cors_may_publish(rq, &s) &&
	    (!origin_is_written(from) ||
		(!slice_is(from, list) && rq->host.len == 0 &&
		    public_url.len == 0)))
		abort();
	mem_free(config.public_hub_url);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, line[4];

	for (size_t i = 0; i < 4; i++) {
		line[i] = (struct slice){ NULL, 0 };
		slice_cut(&rest, '\n', &line[i]);
		check_url(line[i]);
	}
	const struct request rq = { .origin = line[0],
		.referer = line[1],
		.host = line[2],
		.https = rest.len > 0 };
	check_request(&rq, line[3]);
	return 0;
}
