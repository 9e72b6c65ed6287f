/* SPDX-License-Identifier: MIT */
/* http_easy.c - the tables of options and failures that all requests share. */
#include "http/http_easy.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void
http_show(char *out, size_t size, struct slice text)
{
	size_t n = 0;

	while (n < text.len && n + 1 < size) {
		char c = text.base[n];

		out[n++] = c > ' ' && c < 0x7f && c != '"' ? c
			   : c == ' '                      ? ' '
							   : '?';
	}
	out[n] = '\0';
}

/*
 * What holds for every request.  An empty proxy is none, whatever the
 * environment says: HTTPS_PROXY, ALL_PROXY and the like.
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

CURLcode
http_easy_prepare(const struct http_library *lib, CURL *curl)
{
	CURLcode rc = CURLE_OK;

	for (size_t i = 0; rc == CURLE_OK && i < COUNT(texts); i++)
		rc = lib->easy_setopt(curl, texts[i].name, texts[i].text);
	for (size_t i = 0; rc == CURLE_OK && i < COUNT(numbers); i++)
		rc = lib->easy_setopt(curl, numbers[i].name, numbers[i].number);
	return rc;
}

/* What each failure is like, for the person who can mend it. */
static const struct {
	CURLcode rc;
	const char *why;
	/* Then libcurl tells more than how long it took, which would make each
	 * failure another one. */
	bool has_detail;
} reasons[] = {
	{ CURLE_COULDNT_RESOLVE_HOST,
	    "the host's name is not found: is it spelled right, and does this "
	    "machine reach a name server?",
	    false },
	{ CURLE_COULDNT_CONNECT,
	    "there is no connection: does the server run, and does a firewall "
	    "let this machine through?",
	    false },
	{ CURLE_OPERATION_TIMEDOUT,
	    "no whole answer came in time: is the server slow, or cut off?",
	    false },
	{ CURLE_PEER_FAILED_VERIFICATION,
	    "its certificate is not trusted: fix it, or name the file of its "
	    "authority in MERCURE_CA_FILE",
	    true },
	{ CURLE_SSL_CACERT_BADFILE,
	    "the certificates to trust cannot be read: look at "
	    "MERCURE_CA_FILE",
	    true },
	{ CURLE_SSL_CONNECT_ERROR,
	    "what answers there does not speak TLS: is the port right?", true },
	{ CURLE_UNSUPPORTED_PROTOCOL,
	    "what answers there does not speak HTTP: is the port right?",
	    false },
	{ CURLE_WEIRD_SERVER_REPLY,
	    "what answers there does not speak HTTP: is the port right?",
	    false },
	{ CURLE_GOT_NOTHING, "the server hung up without an answer", false },
	{ CURLE_PARTIAL_FILE, "the server hung up within its answer", false },
	{ CURLE_RECV_ERROR, "the connection broke off", false },
	{ CURLE_SEND_ERROR, "the connection broke off", false },
	{ CURLE_ABORTED_BY_CALLBACK, "not waited for, as this program ends",
	    false },
};

const char *
http_easy_reason(CURLcode rc, bool *has_detail)
{
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (reasons[i].rc == rc) {
			*has_detail = reasons[i].has_detail;
			return reasons[i].why;
		}
	*has_detail = true;
	return "the request failed";
}
