/* SPDX-License-Identifier: MIT */
/* pushcgi_open.c - makes the library's handles and lets go of them. */
#include "base/mem.h"
#include "lib/handle.h"

extern char **environ;

const char *
pushcgi_version(void)
{
	return PACKAGE_VERSION;
}

static size_t
count(const char *const *settings)
{
	size_t n = 0;

	while (settings != NULL && settings[n] != NULL)
		n++;
	return n;
}

enum pushcgi_result
pushcgi_open(
    struct pushcgi **out, const char *file, const char *const *settings)
{
	const struct config_sources sources = {
		.path = file,
		.environ = environ,
		.args = settings,
		.args_n = count(settings),
	};
	struct pushcgi *h = mem_calloc(1, sizeof(*h));
	enum err e;

	*out = h;
	if (h == NULL)
		return PUSHCGI_MEMORY;
	e = config_load(&h->config, &sources, &h->problem);
	if (handle_end(h, e) == PUSHCGI_MEMORY)
		return PUSHCGI_MEMORY;
	return e == ERR_OK ? PUSHCGI_OK : PUSHCGI_CONFIG;
}

void
pushcgi_close(struct pushcgi *h)
{
	if (h == NULL)
		return;
	queue_close(h->queue);
	config_unref(h->config);
	mem_free(h);
}

const char *
pushcgi_error(const struct pushcgi *h)
{
	return h != NULL ? h->problem.text : "Out of memory.";
}

void
pushcgi_free(char *text)
{
	if (text != NULL)
		mem_wipe_free(text, strlen(text));
}
