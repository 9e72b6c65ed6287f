/* SPDX-License-Identifier: MIT */
/* token_report.c - prints what is known about a token, without secrets. */
#include <time.h>

#include "cmd/token.h"
#include "text/cookie.h"
#include "text/json.h"
#include "text/shown.h"

#define DETAIL_MAX 512

enum result { RESULT_OK, RESULT_NO, RESULT_UNKNOWN };

static const char *const results[] = { "ok", "NO", "not checked" };
static const char *const json_results[] = { "ok", "no", "unknown" };

static enum result
result_of(const struct cmd_token *t, enum token_check check)
{
	if (check == t->failed)
		return RESULT_NO;
	/* Without a key the hub looks at nothing. */
	return t->keys != NULL && check < t->failed ? RESULT_OK
						    : RESULT_UNKNOWN;
}

static const struct matcher_list *
topics_of(const struct cmd_token *t)
{
	return t->role == CONFIG_PUBLISHERS ? grant_publish(t->grant)
					    : grant_subscribe(t->grant);
}

static void
add_time(struct buf *out, int64_t ms)
{
	char text[40] = "";
	time_t s = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&s, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		buf_text(out, text);
	else
		buf_printf(out, "%lld", (long long)(ms / 1000));
}

static void
add_header(struct buf *out, const struct cmd_token *t)
{
	buf_text(out, "alg ");
	shown_add(out, slice_of(t->peek.alg));
	if (t->peek.kid[0] != '\0') {
		buf_text(out, ", kid ");
		shown_add(out, slice_of(t->peek.kid));
	}
}

static void
add_key(struct buf *out, const struct cmd_token *t)
{
	const size_t n = jws_keys_count(t->keys);

	buf_printf(out, "%s has %zu key%s", t->setting, n, n == 1 ? "" : "s");
}

static void
add_signature(struct buf *out, const struct cmd_token *t)
{
	const size_t n = jws_keys_count(t->keys);

	if (t->grant == NULL || n == 1)
		return;
	for (size_t i = 0; i < n; i++)
		if (jws_keys_fingerprint(t->keys, i) == grant_key(t->grant))
			buf_printf(out, "by key %zu of %zu", i + 1, n);
}

static void
add_times(struct buf *out, const struct cmd_token *t)
{
	const int64_t expires_ms =
	    t->grant != NULL ? grant_expires_ms(t->grant) : INT64_MAX;

	if (t->grant == NULL)
		return;
	if (expires_ms == INT64_MAX) {
		buf_text(out, "it never expires");
		return;
	}
	buf_text(out, "it expires at ");
	add_time(out, expires_ms);
	buf_printf(
	    out, ", in %lld s", (long long)((expires_ms - t->now_ms) / 1000));
}

/* Details of a check that succeeded. */
static void (*const details[TOKEN_CHECKS])(
    struct buf *out, const struct cmd_token *t) = {
	[TOKEN_HEADER] = add_header,
	[TOKEN_KEY] = add_key,
	[TOKEN_SIGNATURE] = add_signature,
	[TOKEN_TIMES] = add_times,
};

static void
add_detail(struct buf *out, const struct cmd_token *t, enum token_check check)
{
	const enum result r = result_of(t, check);

	if (r == RESULT_NO)
		shown_add(out, slice_of(t->why.text));
	else if (r == RESULT_OK && details[check] != NULL)
		details[check](out, t);
}

static void
add_check(struct buf *out, const struct cmd_token *t, enum token_check check)
{
	struct buf detail;

	buf_init(&detail, DETAIL_MAX);
	add_detail(&detail, t, check);
	buf_printf(out, "  %-10s %s%s%.*s\n", token_check_name(check),
	    results[result_of(t, check)], detail.len > 0 ? ": " : "",
	    SLICE_ARG(buf_view(&detail)));
	if (detail.err == ERR_NOMEM)
		out->err = detail.err;
	buf_free(&detail);
}

static void
add_rights(struct buf *out, const struct cmd_token *t)
{
	const bool publisher = t->role == CONFIG_PUBLISHERS;
	const struct matcher_list *topics = topics_of(t);
	const struct slice payload = grant_payload(t->grant);

	if (topics->n == 0)
		buf_text(out,
		    publisher ? "Accepted, but it may publish nothing.\n"
			      : "Accepted, as an anonymous one: public updates "
				"only.\n");
	else
		buf_text(out,
		    publisher ? "Accepted; it may publish to:\n"
			      : "Accepted; public updates, and private ones "
				"of:\n");
	for (size_t i = 0; i < topics->n; i++) {
		buf_text(out, "  ");
		shown_add(out, matcher_text(topics->v[i]));
		buf_byte(out, '\n');
	}
	if (payload.base != NULL) {
		buf_text(out, "Payload: ");
		shown_add(out, payload);
		buf_byte(out, '\n');
	}
}

void
cmd_token_text(struct buf *out, const struct cmd_token *t)
{
	buf_printf(out, "As a %s (%s):\n",
	    t->role == CONFIG_PUBLISHERS ? "publisher" : "subscriber",
	    t->setting);
	for (int i = 0; i < TOKEN_CHECKS; i++)
		add_check(out, t, (enum token_check)i);
	buf_printf(out, "  %-10s %s: %zu bytes, at most %d\n", "cookie",
	    t->bytes <= COOKIE_VALUE_MAX ? "ok" : "too long", t->bytes,
	    COOKIE_VALUE_MAX);
	if (t->grant != NULL)
		add_rights(out, t);
	else
		buf_text(out, "Not accepted: the answer is 401.\n");
}

static void
add_json_checks(struct buf *out, const struct cmd_token *t)
{
	for (int i = 0; i < TOKEN_CHECKS; i++) {
		const enum token_check check = (enum token_check)i;
		struct buf detail;

		buf_init(&detail, DETAIL_MAX);
		add_detail(&detail, t, check);
		buf_printf(out, "%s{\"check\":\"%s\",\"result\":\"%s\"",
		    i > 0 ? "," : "", token_check_name((enum token_check)i),
		    json_results[result_of(t, check)]);
		if (detail.len > 0) {
			buf_text(out, ",\"detail\":");
			json_write_text(out, buf_view(&detail));
		}
		buf_byte(out, '}');
		if (detail.err == ERR_NOMEM)
			out->err = detail.err;
		buf_free(&detail);
	}
}

static void
add_json_rights(struct buf *out, const struct cmd_token *t)
{
	const struct matcher_list *topics = topics_of(t);
	const int64_t expires_ms = grant_expires_ms(t->grant);
	const struct slice payload = grant_payload(t->grant);

	buf_text(out, ",\"topics\":[");
	for (size_t i = 0; i < topics->n; i++) {
		buf_text(out, i > 0 ? "," : "");
		json_write_text(out, matcher_text(topics->v[i]));
	}
	buf_byte(out, ']');
	if (expires_ms != INT64_MAX)
		buf_printf(
		    out, ",\"expires\":%lld", (long long)(expires_ms / 1000));
	if (payload.base != NULL)
		buf_printf(out, ",\"payload\":%.*s", SLICE_ARG(payload));
}

void
cmd_token_json(struct buf *out, const struct cmd_token *t)
{
	buf_printf(out, "{\"role\":\"%s\",\"setting\":\"%s\",\"accepted\":%s",
	    t->role == CONFIG_PUBLISHERS ? "publisher" : "subscriber",
	    t->setting, t->grant != NULL ? "true" : "false");
	buf_text(out, ",\"checks\":[");
	add_json_checks(out, t);
	buf_printf(out, "],\"bytes\":%zu,\"fits_cookie\":%s", t->bytes,
	    t->bytes <= COOKIE_VALUE_MAX ? "true" : "false");
	if (t->grant != NULL)
		add_json_rights(out, t);
	buf_byte(out, '}');
}
