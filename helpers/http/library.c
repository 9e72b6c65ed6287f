/* SPDX-License-Identifier: MIT */
/* library.c - finds libcurl and its functions at run time. */
#include "http/library.h"

#include <dlfcn.h>
#include <string.h>

#define SONAME "libcurl.so.4"

static enum err
find(void *function, void *library, const char *name, struct problem *p)
{
	void *found = dlsym(library, name);

	if (found == NULL)
		return problem_set(p, ERR_UNSUPPORTED,
		    "%s has no %s: install a newer one (Debian: libcurl4).",
		    SONAME, name);
	/* C has no cast from an object's pointer to a function's; POSIX says
	 * that they look alike. */
	memcpy(function, &found, sizeof(found));
	return ERR_OK;
}

enum err
http_library_load(struct http_library *out, struct problem *p)
{
	void *library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
	struct http_library l;
	enum err e;

	if (library == NULL)
		return problem_set(p, ERR_UNSUPPORTED,
		    "%s cannot be loaded: install it (Debian: libcurl4).",
		    SONAME);
#define X(name)                                                       \
	if ((e = find(&l.name, library, "curl_" #name, p)) != ERR_OK) \
		return e;
	HTTP_LIBRARY(X)
#undef X
	*out = l;
	return ERR_OK;
}
