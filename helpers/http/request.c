/* SPDX-License-Identifier: MIT */
/* request.c - turns a request into options of libcurl. */
#include "http/request.h"

#include "base/mem.h"
#include "http/exchange.h"
#include "url/url.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static enum err
read_url(struct url *out, const char *text, bool https_only, struct problem *p)
{
	struct slice scheme;
	enum err e = url_parse(out, slice_of(text), NULL, 0);

	if (e == ERR_NOMEM)
		return problem_set(p, e, "Out of memory.");
	if (e != ERR_OK)
		return problem_set(p, e,
		    "The URL cannot be read: write it as in "
		    "https://example.com/path.");
	scheme = out->part[URL_SCHEME];
	if (!slice_is(scheme, "https") &&
	    (https_only || !slice_is(scheme, "http")))
		return problem_set(p, ERR_UNSUPPORTED,
		    "The URL must begin with https://%s.",
		    https_only ? "" : " or http://");
	if (out->part[URL_USERNAME].len > 0 || out->part[URL_PASSWORD].len > 0)
		return problem_set(p, ERR_SYNTAX,
		    "The URL must not contain a name or a password: remove "
		    "what is before the @.");
	return ERR_OK;
}

enum err
http_check_url(const char *url, bool https_only, struct problem *p)
{
	struct url u = { .part = { { NULL, 0 } } };
	enum err e = read_url(&u, url, https_only, p);

	url_free(&u);
	return e;
}

/*
 * Options of every request.  An empty proxy is none, whatever the environment
 * says: HTTPS_PROXY, ALL_PROXY and the like.
 */
static const struct {
	CURLoption name;
	const char *text;
} texts[] = {
	{ CURLOPT_PROXY, "" },
	{ CURLOPT_NOPROXY, "*" },
	{ CURLOPT_PROTOCOLS_STR, "http,https" },
	{ CURLOPT_USERAGENT, "pushcgi/" PACKAGE_VERSION },
};

static const struct {
	CURLoption name;
	long number;
} numbers[] = {
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
	{ CURLOPT_TCP_KEEPALIVE, 1 },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
};

static CURLcode
set_constants(const struct http_library *lib, CURL *curl)
{
	CURLcode rc = CURLE_OK;

	for (size_t i = 0; rc == CURLE_OK && i < COUNT(texts); i++)
		rc = lib->easy_setopt(curl, texts[i].name, texts[i].text);
	for (size_t i = 0; rc == CURLE_OK && i < COUNT(numbers); i++)
		rc = lib->easy_setopt(curl, numbers[i].name, numbers[i].number);
	return rc;
}

/* HEAD has an option of its own: with any other, libcurl would wait for a
 * body. */
static CURLcode
set_method(
    const struct http_request *rq, const struct http_library *lib, CURL *curl)
{
	CURLcode rc = CURLE_OK;

	if (rq->body.base != NULL &&
	    (rc = lib->easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		 (curl_off_t)rq->body.len)) == CURLE_OK)
		rc = lib->easy_setopt(curl, CURLOPT_POSTFIELDS, rq->body.base);
	if (rc != CURLE_OK || rq->method == NULL)
		return rc;
	if (strcmp(rq->method, "HEAD") == 0)
		return lib->easy_setopt(curl, CURLOPT_NOBODY, 1L);
	return lib->easy_setopt(curl, CURLOPT_CUSTOMREQUEST, rq->method);
}

static CURLcode
set_connection(
    const struct http_request *rq, const struct http_library *lib, CURL *curl)
{
	const struct {
		CURLoption name;
		long number;
	} options[] = {
		{ CURLOPT_CONNECTTIMEOUT_MS, (long)rq->connect_ms },
		{ CURLOPT_TIMEOUT_MS, (long)rq->total_ms },
		{ CURLOPT_PIPEWAIT, rq->shares },
		{ CURLOPT_FRESH_CONNECT, !rq->shares },
		{ CURLOPT_FORBID_REUSE, !rq->shares },
	};
	CURLcode rc = CURLE_OK;

	for (size_t i = 0; rc == CURLE_OK && i < COUNT(options); i++)
		rc = lib->easy_setopt(curl, options[i].name, options[i].number);
	if (rc == CURLE_OK && rq->ca_file != NULL)
		rc = lib->easy_setopt(curl, CURLOPT_CAINFO, rq->ca_file);
	return rc;
}

static CURLcode
add_header(
    struct curl_slist **list, const struct http_library *lib, const char *line)
{
	struct curl_slist *more = lib->slist_append(*list, line);

	if (more == NULL)
		return CURLE_OUT_OF_MEMORY;
	*list = more;
	return CURLE_OK;
}

static CURLcode
set_headers(struct curl_slist **list, const struct http_request *rq,
    const struct http_library *lib, CURL *curl)
{
	/* Without it, a long body would wait for a 100, which few servers
	 * send. */
	CURLcode rc = add_header(list, lib, "Expect:");

	for (const char *const *h = rq->headers; h != NULL && *h != NULL; h++)
		if (rc == CURLE_OK)
			rc = add_header(list, lib, *h);
	if (rc == CURLE_OK)
		rc = lib->easy_setopt(curl, CURLOPT_HTTPHEADER, *list);
	return rc;
}

static CURLcode
set_all(const struct http_request *rq, const struct http_library *lib,
    CURL *curl, const char *href, struct curl_slist **headers)
{
	CURLcode rc;

	if ((rc = set_constants(lib, curl)) != CURLE_OK ||
	    (rc = set_method(rq, lib, curl)) != CURLE_OK ||
	    (rc = set_connection(rq, lib, curl)) != CURLE_OK ||
	    (rc = set_headers(headers, rq, lib, curl)) != CURLE_OK)
		return rc;
	return lib->easy_setopt(curl, CURLOPT_URL, href);
}

/* All but the fragment is sent. */
static enum err
copy_href(char **out, const struct url *u)
{
	const struct slice fragment = u->part[URL_FRAGMENT];
	struct slice all = buf_view(&u->href);

	if (fragment.base != NULL)
		all.len = (size_t)(fragment.base - all.base) - 1;
	return (*out = mem_text(all)) != NULL ? ERR_OK : ERR_NOMEM;
}

enum err
http_request_prepare(const struct http_request *rq,
    const struct http_library *lib, CURL *curl, char **href,
    struct curl_slist **headers, struct problem *p)
{
	struct url u = { .part = { { NULL, 0 } } };
	enum err e = read_url(&u, rq->url, rq->https_only, p);

	if (e == ERR_OK)
		e = copy_href(href, &u);
	url_free(&u);
	if (e == ERR_OK && set_all(rq, lib, curl, *href, headers) != CURLE_OK)
		e = ERR_NOMEM;
	return e == ERR_NOMEM ? problem_set(p, e, "Out of memory.") : e;
}
