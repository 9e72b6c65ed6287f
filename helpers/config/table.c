/* SPDX-License-Identifier: MIT */
/* table.c - all settings: names, kinds, limits, defaults. */
#include "config/table.h"

#include <ctype.h>
#include <strings.h>

#include "config/counts.h"
#include "config/hub_urls.h"
#include "config/name.h"
#include "config/renamed.h"
#include "jose/jws_keys.h"
#include "mercure/dialect.h"
#include "mercure/session.h"
#include "text/host_name.h"
#include "text/ip.h"
#include "text/origin.h"
#include "url/url.h"

static const char *
check_http_url(struct slice value)
{
	if (memchr(value.base, ' ', value.len) != NULL)
		return "must be a URL that starts with http:// or https://, "
		       "and no more than one";
	return hub_urls_check_one(value);
}

static bool
ends_with(struct slice s, char c)
{
	return s.len > 0 && s.base[s.len - 1] == c;
}

static const char *
check_transport(struct slice value)
{
	if (!slice_starts(value, "sqlite:///") || ends_with(value, '/') ||
	    memmem(value.base, value.len, "%00", 3) != NULL)
		return "must be sqlite:/// and the path of a file";
	if (memchr(value.base, '?', value.len) != NULL ||
	    memchr(value.base, '#', value.len) != NULL)
		return "has no part after ? or #; in the path of a file write "
		       "? as %3F and # as %23";
	return NULL;
}

static const char *
check_path(struct slice value)
{
	return slice_starts(value, "/") && !ends_with(value, '/')
		   ? NULL
		   : "must be the path of a file";
}

static const char *
check_cookie_name(struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.base[i];

		if (c >= 0x80 ||
		    (!isalnum(c) && strchr("!#$%&'*+-.^_`|~", c) == NULL))
			return "must be letters, digits and -_.";
	}
	return NULL;
}

static const char *
check_cookie_names(struct slice value)
{
	struct slice names[SESSION_COOKIES_MAX], word;
	size_t n = 0;

	while (slice_cut(&value, ' ', &word)) {
		if (word.len == 0)
			continue;
		if (check_cookie_name(word) != NULL)
			return check_cookie_name(word);
		for (size_t i = 0; i < n; i++)
			if (slice_eq(names[i], word))
				return "must name each cookie once";
		if (n == SESSION_COOKIES_MAX)
			return "must name four cookies at most";
		names[n++] = word;
	}
	return NULL;
}

/* A dot in front had a meaning once, and browsers ignore it. */
static const char *
check_host(struct slice value)
{
	if (value.len > 1 && value.base[0] == '.')
		value = slice_after(value, 1);
	return host_name_is_valid(value)
		   ? NULL
		   : "must be a host name, such as example.com";
}

/* Browsers write an origin as the URL Standard does. */
static const char *
check_origin(struct slice origin)
{
	static const char wrong[] =
	    "must be origins as browsers write them, such as "
	    "https://example.com: lower case, without a slash at the end or "
	    "the scheme's own port";
	struct url u;
	bool same;
	enum err e;

	if (!origin_is_written(origin))
		return wrong;
	if ((e = url_parse(&u, origin, NULL, 0)) != ERR_OK)
		return e == ERR_NOMEM ? err_text(ERR_NOMEM) : wrong;
	same = slice_eq(origin_of_url(buf_view(&u.href)), origin) &&
	       !host_name_has_gap(u.part[URL_HOST]);
	url_free(&u);
	return same ? NULL : wrong;
}

static const char *
check_origins(struct slice value)
{
	const char *wrong = NULL;
	struct slice word;

	while (wrong == NULL && slice_cut(&value, ' ', &word))
		if (word.len > 0)
			wrong = check_origin(word);
	return wrong;
}

static const char *
check_versions(struct slice value)
{
	struct dialects ignored;

	return dialects_read(&ignored, value);
}

static const char *
check_counts(struct slice value)
{
	struct matcher_list ignored = { 0 };
	const enum err e = counts_read(&ignored, value, NULL);

	matcher_list_free(&ignored);
	if (e == ERR_OK)
		return NULL;
	if (e == ERR_NOMEM)
		return err_text(ERR_NOMEM);
	return "must be up to 100 topics or URI Templates, with blanks between "
	       "them";
}

#define FIELD(name) .offset = offsetof(struct config, name)
#define MIB (UINT64_C(1) << 20)

const struct config_option config_options[] = {
	{ { "MERCURE_PUBLIC_HUB_URL", "MERCURE_PUBLIC_URL" },
	    FIELD(public_hub_url), .check = hub_urls_check,
	    .help = "URLs of the hub as browsers see it" },
	{ { "MERCURE_HUB_URL", "MERCURE_URL" }, FIELD(hub_url),
	    .check = check_http_url,
	    .help = "another hub for the helpers to publish to" },
	{ { "MERCURE_PUBLISHER_JWT" }, FIELD(publisher_jwt), .secret = true,
	    .help = "token to publish with on that other hub" },
	{ { "MERCURE_PUBLISH_CONNECT_TIMEOUT" }, FIELD(publish_connect_ms),
	    .kind = CONFIG_NUMBER, .min = 1, .max = 600000, .standard = "200",
	    .help = "milliseconds to connect to it" },
	{ { "MERCURE_PUBLISH_TIMEOUT" }, FIELD(publish_timeout_ms),
	    .kind = CONFIG_NUMBER, .min = 1, .max = 600000, .standard = "1000",
	    .help = "milliseconds for a publish there, in all" },
	{ { "SECRET_KEY" }, FIELD(secret_key), .secret = true, .key = true,
	    .help = "key of all tokens, if no other is set" },
	{ { "MERCURE_PUBLISHER_SECRET_KEY", "MERCURE_PUBLISHER_JWT_KEY",
	      "MERCURE_JWT_SECRET" },
	    FIELD(publisher_key), .secret = true, .key = true,
	    .help = "key of publishers' tokens" },
	{ { "MERCURE_PUBLISHER_JWT_ALG" }, FIELD(publisher_alg),
	    .kind = CONFIG_CHOICE, .choices = JWS_ALG_NAMES,
	    .help = "algorithm of publishers' tokens" },
	{ { "MERCURE_SUBSCRIBER_SECRET_KEY", "MERCURE_SUBSCRIBER_JWT_KEY" },
	    FIELD(subscriber_key), .secret = true, .key = true,
	    .help = "key of subscribers' tokens" },
	{ { "MERCURE_SUBSCRIBER_JWT_ALG" }, FIELD(subscriber_alg),
	    .kind = CONFIG_CHOICE, .choices = JWS_ALG_NAMES,
	    .help = "algorithm of subscribers' tokens" },
	{ { "MERCURE_CA_FILE" }, FIELD(ca_file), .check = check_path,
	    .help = "authorities to trust when keys are fetched" },
	{ { "MERCURE_AUTHZ_COOKIE_NAME" }, FIELD(cookie_name),
	    .check = check_cookie_name, .standard = "mercureAuthorization",
	    .help = "name of the cookie that carries a token" },
	{ { "MERCURE_SESSION_COOKIE" }, FIELD(session_cookie),
	    .check = check_cookie_names,
	    .help = "names of the applications' own session cookies" },
	{ { "MERCURE_SESSION_LIFETIME" }, FIELD(session_lifetime_s),
	    .kind = CONFIG_NUMBER, .min = 1, .max = 31536000,
	    .standard = "3600",
	    .help = "seconds of a session's grant without an end" },
	{ { "MERCURE_SESSION_MAX_EXTENSION" }, FIELD(session_extension_s),
	    .kind = CONFIG_NUMBER, .max = 31536000, .standard = "43200",
	    .help = "seconds that open streams extend it; 0: never" },
	{ { "MERCURE_COOKIE_SAMESITE" }, FIELD(cookie_same_site),
	    .kind = CONFIG_CHOICE, .choices = "Strict Lax None",
	    .standard = "Strict", .help = "SameSite of the token's cookie" },
	{ { "MERCURE_COOKIE_DOMAIN" }, FIELD(cookie_domain),
	    .check = check_host, .help = "Domain of that cookie" },
	{ { "MERCURE_COOKIE_PARTITIONED" }, FIELD(cookie_partitioned),
	    .kind = CONFIG_BOOL, .standard = "false",
	    .help = "that cookie is kept apart for each site" },
	{ { "MERCURE_PROTOCOL_VERSIONS" }, FIELD(protocol_versions),
	    .check = check_versions, .standard = "0.x",
	    .help = "generations of the protocol to speak" },
	{ { "MERCURE_HUB_ALLOW_PUBLISH" }, FIELD(allow_publish),
	    .kind = CONFIG_BOOL, .standard = "false",
	    .help = "accept updates over HTTP" },
	{ { "MERCURE_HUB_ALLOW_ANONYMOUS" }, FIELD(allow_anonymous),
	    .kind = CONFIG_BOOL, .standard = "true",
	    .help = "public updates need no token" },
	{ { "MERCURE_HUB_SUBSCRIPTIONS" }, FIELD(subscriptions),
	    .kind = CONFIG_BOOL, .standard = "true",
	    .help = "publish and list who subscribes" },
	{ { "MERCURE_PRESENCE_DELAY" }, FIELD(presence_delay_ms),
	    .kind = CONFIG_NUMBER, .max = 60000, .standard = "1000",
	    .help = "milliseconds before one without a token is listed" },
	{ { "MERCURE_PRESENCE_RATE" }, FIELD(presence_rate),
	    .kind = CONFIG_NUMBER, .max = 1024 * MIB, .standard = "524288",
	    .help = "bytes a second written about those; 0: no limit" },
	{ { "MERCURE_COUNTS" }, FIELD(counts), .check = check_counts,
	    .help = "topics whose number of viewers everybody may read" },
	{ { "MERCURE_CORS_ALLOWED_ORIGINS" }, FIELD(cors_allowed_origins),
	    .check = check_origins,
	    .help = "origins whose pages may use the hub" },
	{ { "MERCURE_PUBLISH_ALLOWED_ORIGINS" }, FIELD(publish_allowed_origins),
	    .check = check_origins,
	    .help = "origins whose pages may publish by cookie" },
	{ { "MERCURE_TYPE_IS_TOPIC" }, FIELD(type_is_topic),
	    .kind = CONFIG_BOOL, .standard = "false",
	    .help = "helpers use the topic as the event type" },
	{ { "MERCURE_HUB_KEEPALIVE_INTERVAL" }, FIELD(keepalive_s),
	    .kind = CONFIG_NUMBER, .max = 3600, .standard = "15",
	    .help = "seconds of silence before a comment; 0: none" },
	{ { "MERCURE_WRITE_TIMEOUT" }, FIELD(write_timeout_s),
	    .kind = CONFIG_NUMBER, .max = 604800, .standard = "600",
	    .help = "longest life of a stream in seconds; 0: no end" },
	{ { "MERCURE_RETRY" }, FIELD(retry_ms), .kind = CONFIG_NUMBER,
	    .max = 86400000, .standard = "3000",
	    .help = "milliseconds before a browser reconnects" },
	{ { "MERCURE_DELIVERY" }, FIELD(delivery), .kind = CONFIG_CHOICE,
	    .choices = "stream poll", .standard = "stream",
	    .help = "poll: end each response with its first updates" },
	{ { "MERCURE_POLL_WAIT" }, FIELD(poll_wait_s), .kind = CONFIG_NUMBER,
	    .min = 1, .max = 3600, .standard = "20",
	    .help = "seconds such a response waits for an update" },
	{ { "MERCURE_DRAIN_WINDOW" }, FIELD(drain_window_s),
	    .kind = CONFIG_NUMBER, .max = 60, .standard = "5",
	    .help = "seconds to end all streams in, when the hub ends" },
	{ { "MERCURE_TRANSPORT_URL" }, FIELD(transport_url),
	    .check = check_transport,
	    .standard = "sqlite://" LOCALSTATEDIR "/lib/pushcgi/queue.db",
	    .help = "where updates are kept" },
	{ { "MERCURE_DURABILITY" }, FIELD(durability), .kind = CONFIG_CHOICE,
	    .choices = "normal full", .standard = "normal",
	    .help = "full: a publish also survives power loss" },
	{ { "MERCURE_HUB_RECONCILIATION_LENGTH" }, FIELD(history_rows_max),
	    .kind = CONFIG_NUMBER, .min = 1, .max = 1000000000,
	    .standard = "10000", .help = "updates kept for replay" },
	{ { "MERCURE_HUB_RECONCILIATION_MAX_AGE" }, FIELD(history_age_max_s),
	    .kind = CONFIG_NUMBER, .max = 3155760000, .standard = "604800",
	    .help = "seconds they are kept; 0: no limit" },
	{ { "MERCURE_HUB_RECONCILIATION_MAX_BYTES" }, FIELD(history_bytes_max),
	    .kind = CONFIG_NUMBER, .max = MIB * MIB, .standard = "268435456",
	    .help = "bytes they may take; 0: no limit" },
	{ { "MERCURE_MAX_BODY" }, FIELD(body_max), .kind = CONFIG_NUMBER,
	    .min = 1024, .max = 1024 * MIB, .standard = "1048576",
	    .help = "bytes of a request's body" },
	{ { "MERCURE_MAX_TOPICS" }, FIELD(topics_max), .kind = CONFIG_NUMBER,
	    .min = 1, .max = 100000, .standard = "1000",
	    .help = "topics of one update" },
	{ { "MERCURE_MAX_MATCHERS" }, FIELD(matchers_max),
	    .kind = CONFIG_NUMBER, .min = 1, .max = 100000, .standard = "100",
	    .help = "selectors of one subscriber or right" },
	{ { "MERCURE_MAX_PATTERN_WEIGHT" }, FIELD(pattern_weight_max),
	    .kind = CONFIG_NUMBER, .max = 1000000000, .standard = "32768",
	    .help = "weight of all patterns; 0: no limit" },
	{ { "MERCURE_MAX_PATTERN_WEIGHT_PER_STREAM" },
	    FIELD(pattern_weight_stream_max), .kind = CONFIG_NUMBER,
	    .max = 1000000000, .standard = "400",
	    .help = "of a stream without a token; 0: no limit" },
	{ { "MERCURE_MAX_PATTERN_WEIGHT_PER_CLIENT" },
	    FIELD(pattern_weight_client_max), .kind = CONFIG_NUMBER,
	    .max = 1000000000, .standard = "4096",
	    .help = "of a token, or an address without; 0: no limit" },
	{ { "MERCURE_MAX_TOPIC_LENGTH" }, FIELD(topic_length_max),
	    .kind = CONFIG_NUMBER, .min = 64, .max = 65536, .standard = "4096",
	    .help = "bytes of one topic or selector" },
	{ { "MERCURE_MAX_CONNECTIONS" }, FIELD(connections_max),
	    .kind = CONFIG_NUMBER, .max = 10000000, .standard = "0",
	    .help = "open streams; 0: as descriptors allow" },
	{ { "MERCURE_MAX_CONNECTIONS_PER_TOKEN" }, FIELD(per_token_max),
	    .kind = CONFIG_NUMBER, .max = 10000000, .standard = "1000",
	    .help = "streams with one token; 0: no limit" },
	{ { "MERCURE_MAX_CONNECTIONS_PER_ADDRESS" }, FIELD(per_address_max),
	    .kind = CONFIG_NUMBER, .max = 10000000, .standard = "250",
	    .is_lenient = true, .help = "streams of one address; 0: no limit" },
	{ { "MERCURE_TRUSTED_PROXIES" }, FIELD(trusted_proxies),
	    .check = ip_networks_check,
	    .help = "proxies whose headers name the client" },
	{ { "MERCURE_MAX_PENDING" }, FIELD(pending_max), .kind = CONFIG_NUMBER,
	    .min = 1, .max = 1000000, .standard = "1024",
	    .help = "publishes that wait to be written" },
	{ { "MERCURE_MAX_PENDING_BYTES" }, FIELD(pending_bytes_max),
	    .kind = CONFIG_NUMBER, .min = 1024, .max = MIB * MIB,
	    .standard = "67108864", .help = "bytes of those publishes" },
	{ { "MERCURE_MAX_QUEUED_BYTES" }, FIELD(queued_bytes_max),
	    .kind = CONFIG_NUMBER, .min = 65536, .max = MIB * MIB,
	    .standard = "67108864", .help = "bytes held for slow readers" },
	{ { "MERCURE_WORKERS" }, FIELD(workers), .kind = CONFIG_NUMBER,
	    .min = 1, .max = 256, .standard = "4",
	    .help = "threads that answer requests" },
	{ { "MERCURE_LOG_LEVEL" }, FIELD(log_level), .kind = CONFIG_CHOICE,
	    .choices = "err warn info debug", .standard = "info",
	    .help = "least important lines that are logged" },
	{ .names = { NULL } },
};

_Static_assert(sizeof(config_options) / sizeof(config_options[0]) <= 65,
    "a set of options is a uint64_t");

const struct config_option *
config_option_find(struct slice name)
{
	const struct config_option *o;

	for (o = config_options; o->names[0] != NULL; o++)
		for (size_t i = 0; o->names[i] != NULL; i++)
			if (config_name_is(name, o->names[i]))
				return o;
	return NULL;
}

bool
config_has_key(struct slice name)
{
	return config_option_find(name) != NULL ||
	       config_new_name(name) != NULL;
}

/* Levenshtein's distance, one row of the table at a time. */
static size_t
distance(struct slice a, const char *b)
{
	size_t row[CONFIG_NAME_MAX + 1], i, j, n = strlen(b);

	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 0; i < a.len; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (j = 0; j < n; j++) {
			size_t best = corner + (config_fold(a.base[i]) != b[j]);

			corner = row[j + 1];
			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > row[j + 1] + 1)
				best = row[j + 1] + 1;
			row[j + 1] = best;
		}
	}
	return row[n];
}

const char *
config_option_nearest(struct slice name)
{
	static const char prefix[] = "MERCURE_";
	const struct config_option *o;
	const char *nearest = "";
	size_t least = SIZE_MAX;

	for (o = config_options; o->names[0] != NULL; o++) {
		for (size_t i = 0; o->names[i] != NULL; i++) {
			const char *known = o->names[i];
			size_t d = distance(name, known), short_d = d;

			/* People often leave out the prefix. */
			if (slice_starts(slice_of(known), prefix))
				short_d =
				    distance(name, known + sizeof(prefix) - 1);
			if (short_d < d)
				d = short_d;
			if (d < least) {
				least = d;
				nearest = known;
			}
		}
	}
	return nearest;
}
