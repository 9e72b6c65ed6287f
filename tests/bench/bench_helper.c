/* SPDX-License-Identifier: MIT */
/* bench_helper.c - measures the library's calls: bench_helper CONFIG N */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/pushcgi.h"

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
failed(const struct pushcgi *h)
{
	fprintf(stderr, "bench_helper: %s\n", pushcgi_error(h));
	return 1;
}

int
main(int argc, char **argv)
{
	static const char *const topic = "https://example.com/users/42";
	const struct pushcgi_update update = {
		.topics = &topic, .topics_n = 1, .data = "x", .data_len = 1
	};
	long n = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	struct pushcgi *h = NULL;
	char *url, *cookie;
	double start;

	if (n <= 0 || pushcgi_open(&h, argv[1], NULL) != PUSHCGI_OK)
		return failed(h);
	start = now_us();
	for (long i = 0; i < n; i++) {
		if (pushcgi_hub_url(h, &url, &topic, 1, NULL) != PUSHCGI_OK ||
		    pushcgi_cookie(h, &cookie, &topic, 1, NULL, 0) !=
			PUSHCGI_OK)
			return failed(h);
		pushcgi_free(url);
		pushcgi_free(cookie);
	}
	printf("page %.1f\n", (now_us() - start) / (double)n);
	start = now_us();
	for (long i = 0; i < n; i++)
		if (pushcgi_publish(h, NULL, &update) != PUSHCGI_OK)
			return failed(h);
	printf("publish %.1f\n", (now_us() - start) / (double)n);
	pushcgi_close(h);
	return 0;
}
