/* SPDX-License-Identifier: MIT */
/* library.h - libcurl, loaded by the few processes that send requests. */
#ifndef HTTP_LIBRARY_H
#define HTTP_LIBRARY_H

#include <curl/curl.h>

#include "base/err.h"

/* The functions that this folder uses, without their curl_. */
#define HTTP_LIBRARY(X)        \
	X(easy_cleanup)        \
	X(easy_getinfo)        \
	X(easy_init)           \
	X(easy_setopt)         \
	X(easy_strerror)       \
	X(getdate)             \
	X(global_cleanup)      \
	X(global_init)         \
	X(multi_add_handle)    \
	X(multi_cleanup)       \
	X(multi_info_read)     \
	X(multi_init)          \
	X(multi_perform)       \
	X(multi_poll)          \
	X(multi_remove_handle) \
	X(slist_append)        \
	X(slist_free_all)

struct http_library {
#define X(name) __typeof__(&curl_##name) name;
	HTTP_LIBRARY(X)
#undef X
};

/*
 * Load libcurl, which stays; any thread.  Not linked, since it brings thirty
 * libraries: they would take each process's start, and a plain CGI program is
 * a process for each request.  ERR_UNSUPPORTED: it is not installed, or too
 * old.
 */
enum err http_library_load(struct http_library *out, struct problem *p);

#endif
