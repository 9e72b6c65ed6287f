/* SPDX-License-Identifier: MIT */
/* test_config.c - settings from all sources, good and bad, and back again. */
#include "unit/unit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/table.h"
#include "unit/mem_fail.h"

#define DUMP_MAX 100000

/* A file with this text, made for each case. */
static char path[] = "test_config.XXXXXX";

static void
write_file(const char *text, size_t len, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static enum err
load(struct config **out, const char *file, const char *variable,
    const char *arg, struct problem *p)
{
	char name[256];
	char *environ_of_case[] = { NULL, NULL };
	const char *args[] = { arg };
	struct config_sources src = { .path = file != NULL ? path : "/dev/null",
		.environ = environ_of_case,
		.args = args,
		.args_n = arg != NULL };

	if (file != NULL)
		write_file(file, strlen(file), 0600);
	if (variable != NULL) {
		snprintf(name, sizeof(name), "%s", variable);
		environ_of_case[0] = name;
	}
	return config_load(out, &src, p);
}

static struct config *
load_good(const char *file, const char *variable, const char *arg)
{
	struct config *c = NULL;
	struct problem p = { "" };

	if (load(&c, file, variable, arg, &p) != ERR_OK)
		fail_msg("%s", p.text);
	return c;
}

static void
has_defaults(void **state)
{
	struct config *c = load_good(NULL, NULL, NULL);

	(void)state;
	assert_null(c->hub_url);
	assert_null(c->public_hub_url);
	assert_null(c->publisher_key);
	assert_null(c->cors_allowed_origins);
	assert_null(c->publisher_alg);
	assert_string_equal(c->cookie_name, "mercureAuthorization");
	assert_string_equal(c->cookie_same_site, "Strict");
	assert_string_equal(c->durability, "normal");
	assert_string_equal(c->protocol_versions, "0.x");
	assert_string_equal(c->delivery, "stream");
	assert_true(c->poll_wait_s == 20);
	assert_string_equal(c->log_level, "info");
	assert_false(c->allow_publish);
	assert_true(c->allow_anonymous);
	assert_false(c->type_is_topic);
	assert_true(c->keepalive_s == 15 && c->write_timeout_s == 600);
	assert_true(c->retry_ms == 3000 && c->history_rows_max == 10000);
	assert_true(c->history_age_max_s == 604800);
	assert_true(c->history_bytes_max == 268435456);
	assert_true(c->body_max == 1048576 && c->topics_max == 1000);
	assert_true(c->matchers_max == 100 && c->topic_length_max == 4096);
	assert_true(c->connections_max == 0 && c->pending_max == 1024);
	assert_true(c->per_address_max == 250 && !c->per_address_given);
	assert_null(c->trusted_proxies);
	assert_true(c->pending_bytes_max == 67108864 && c->workers == 4);
	assert_true(c->queued_bytes_max == 67108864);
	config_unref(c);
	config_unref(NULL);
}

static const struct {
	const char *name, *file, *variable, *arg;
	uint64_t want; /* of MERCURE_RETRY */
} sources[] = {
	{ "file", "MERCURE_RETRY = 1\n", NULL, NULL, 1 },
	{ "environment", NULL, "MERCURE_RETRY=2", NULL, 2 },
	{ "command line", NULL, NULL, "MERCURE_RETRY=3", 3 },
	{ "environment beats file", "MERCURE_RETRY = 1\n", "MERCURE_RETRY=2",
	    NULL, 2 },
	{ "command line beats all", "MERCURE_RETRY = 1\n", "MERCURE_RETRY=2",
	    "MERCURE_RETRY=3", 3 },
	{ "an empty variable is none", "MERCURE_RETRY = 1\n",
	    "MERCURE_RETRY=", NULL, 1 },
	{ "lower case and dashes", NULL, NULL, "mercure-retry=3", 3 },
	{ "a variable in lower case is another", NULL, "mercure_retry=2", NULL,
	    3000 },
	{ "an unknown variable is a warning", NULL, "MERCURE_RETRIES=2", NULL,
	    3000 },
	{ "another program's variable", NULL, "PATH=/bin", NULL, 3000 },
	{ "no line end", "MERCURE_RETRY=1", NULL, NULL, 1 },
	{ "Windows", "\xef\xbb\xbf# x\r\nMERCURE_RETRY = 1\r\n", NULL, NULL,
	    1 },
	{ "blanks and comments",
	    "\n  # MERCURE_RETRY = 7\n ;x\n\t MERCURE_RETRY\t=\t1 \n\n", NULL,
	    NULL, 1 },
};

static void
takes_sources_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		struct config *c = load_good(
		    sources[i].file, sources[i].variable, sources[i].arg);

		if (c->retry_ms != sources[i].want)
			fail_msg("%s", sources[i].name);
		config_unref(c);
	}
}

#define TEN "0 1 2 3 4 5 6 7 8 9 "

static const struct {
	const char *name, *file, *arg;
	enum err want;
	const char *says;
} bad[] = {
	{ "unknown", "# x\n\nMERCURE_RETYR = 1\n", NULL, ERR_SYNTAX,
	    ":3: there is no setting MERCURE_RETYR; the nearest is "
	    "MERCURE_RETRY." },
	{ "unknown, no prefix", "retry = 1\n", NULL, ERR_SYNTAX,
	    "nearest is MERCURE_RETRY." },
	{ "unknown argument", NULL, "mercure-hub-allow-publsh=1", ERR_SYNTAX,
	    "command line: there is no setting mercure-hub-allow-publsh; the "
	    "nearest is MERCURE_HUB_ALLOW_PUBLISH." },
	{ "of a later version", "MERCURE_TRUSTED_ISSUERS = x\n", NULL,
	    ERR_SYNTAX, ":1: there is no setting MERCURE_TRUSTED_ISSUERS" },
	{ "twice", "MERCURE_RETRY = 1\nMERCURE_RETRY = 1\n", NULL, ERR_SYNTAX,
	    ":2: MERCURE_RETRY is set twice" },
	{ "twice, by an alias",
	    "MERCURE_URL = http://a\nMERCURE_HUB_URL = http://a\n", NULL,
	    ERR_SYNTAX, ":2: MERCURE_HUB_URL is set twice" },
	{ "a section", "[issuer \"x\"]\n", NULL, ERR_SYNTAX,
	    ":1: sections come with protocol 1.0" },
	{ "no =", "MERCURE_RETRY\n", NULL, ERR_SYNTAX, "not KEY = value" },
	{ "no name", "= 1\n", NULL, ERR_SYNTAX, "the name of a setting" },
	{ "a name in pieces", "MERCURE RETRY = 1\n", NULL, ERR_SYNTAX,
	    "the name of a setting" },
	{ "no value", "MERCURE_RETRY =\n", NULL, ERR_SYNTAX,
	    "MERCURE_RETRY has no value" },
	{ "an argument without =", NULL, "mercure-retry", ERR_SYNTAX,
	    "--mercure-retry needs a value" },
	{ "no number", "MERCURE_RETRY = 3s\n", NULL, ERR_SYNTAX,
	    "MERCURE_RETRY must be a number from 0 to 86400000." },
	{ "too large", NULL, "MERCURE_WORKERS=257", ERR_SYNTAX,
	    "MERCURE_WORKERS must be a number from 1 to 256." },
	{ "too small", NULL, "MERCURE_WORKERS=0", ERR_SYNTAX, "from 1" },
	{ "overflow", NULL, "MERCURE_WORKERS=18446744073709551617", ERR_SYNTAX,
	    "from 1" },
	{ "negative", NULL, "MERCURE_RETRY=-1", ERR_SYNTAX, "from 0" },
	{ "no boolean", NULL, "MERCURE_TYPE_IS_TOPIC=maybe", ERR_SYNTAX,
	    "must be true or false" },
	{ "no choice", NULL, "MERCURE_DURABILITY=half", ERR_SYNTAX,
	    "must be one of: normal full." },
	{ "no algorithm", NULL, "MERCURE_PUBLISHER_JWT_ALG=none", ERR_SYNTAX,
	    "must be one of: HS256 HS384 HS512 RS256" },
	{ "1.0", NULL, "MERCURE_PROTOCOL_VERSIONS=0.x 1.0", ERR_SYNTAX,
	    "PROTOCOL_VERSIONS must name versions, each once, of those that "
	    "this program has: 0.x." },
	{ "2.0", NULL, "MERCURE_PROTOCOL_VERSIONS=2.0", ERR_SYNTAX,
	    "this program has: 0.x." },
	{ "a version twice", NULL, "MERCURE_PROTOCOL_VERSIONS=0.x 0.x",
	    ERR_SYNTAX, "each once" },
	{ "no URL", NULL, "MERCURE_HUB_URL=example.com", ERR_SYNTAX,
	    "must be a URL that starts with http://" },
	{ "a host in Unicode", NULL,
	    "MERCURE_PUBLIC_HUB_URL=https://b\xc3\xbc"
	    "cher.example/x",
	    ERR_SYNTAX, "xn--" },
	{ "a second host in Unicode", NULL,
	    "MERCURE_PUBLIC_HUB_URL=https://a.example/x https://b\xc3\xbc"
	    "cher.example/x",
	    ERR_SYNTAX, "xn--" },
	{ "a second one that is no URL", NULL,
	    "MERCURE_PUBLIC_HUB_URL=https://a.example/x b.example", ERR_SYNTAX,
	    "MERCURE_PUBLIC_HUB_URL must be a URL that starts" },
	{ "nine URLs", NULL,
	    "MERCURE_PUBLIC_HUB_URL=http://1 http://2 http://3 http://4 "
	    "http://5 http://6 http://7 http://8 http://9",
	    ERR_SYNTAX, "MERCURE_PUBLIC_HUB_URL must name eight URLs" },
	{ "two hubs to publish to", NULL, "MERCURE_HUB_URL=http://a http://b",
	    ERR_SYNTAX, "MERCURE_HUB_URL must be a URL" },
	{ "too many topics", NULL,
	    "MERCURE_COUNTS=" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "x",
	    ERR_SYNTAX, "MERCURE_COUNTS must be up to 100 topics" },
	{ "another transport", NULL, "MERCURE_TRANSPORT_URL=bolt://x",
	    ERR_SYNTAX, "must be sqlite:///" },
	{ "a query", NULL, "MERCURE_TRANSPORT_URL=sqlite:///q.db?mode=ro",
	    ERR_SYNTAX, "write ? as %3F" },
	{ "a fragment", NULL, "MERCURE_TRANSPORT_URL=sqlite:///q#1.db",
	    ERR_SYNTAX, "# as %23" },
	{ "no path", NULL, "MERCURE_TRANSPORT_URL=sqlite:///", ERR_SYNTAX,
	    "must be sqlite:///" },
	{ "a cookie's name", NULL, "MERCURE_AUTHZ_COOKIE_NAME=a b", ERR_SYNTAX,
	    "MERCURE_AUTHZ_COOKIE_NAME must be" },
	{ "an origin with a slash", NULL,
	    "MERCURE_CORS_ALLOWED_ORIGINS=https://a https://b/", ERR_SYNTAX,
	    "without a slash" },
	{ "an origin without a scheme", NULL,
	    "MERCURE_PUBLISH_ALLOWED_ORIGINS=example.com", ERR_SYNTAX,
	    "must be origins" },
	{ "every origin", NULL, "MERCURE_CORS_ALLOWED_ORIGINS=*", ERR_SYNTAX,
	    "must be origins" },
	{ "the origin null", NULL,
	    "MERCURE_PUBLISH_ALLOWED_ORIGINS=https://a null", ERR_SYNTAX,
	    "must be origins" },
	{ "a pattern of origins", NULL,
	    "MERCURE_CORS_ALLOWED_ORIGINS=https://*.example.com", ERR_SYNTAX,
	    "must be origins" },
	{ "an origin in large letters", NULL,
	    "MERCURE_CORS_ALLOWED_ORIGINS=https://A.example", ERR_SYNTAX,
	    "lower case" },
	{ "an origin with a needless port", NULL,
	    "MERCURE_CORS_ALLOWED_ORIGINS=http://a:80", ERR_SYNTAX,
	    "the scheme's own port" },
	{ "origins with a comma", NULL,
	    "MERCURE_CORS_ALLOWED_ORIGINS=https://a, https://b", ERR_SYNTAX,
	    "must be origins" },
	{ "control characters", "MERCURE_HUB_URL = http://a\x01\n", NULL,
	    ERR_SYNTAX, "control characters" },
	{ "pending less than a body", NULL, "MERCURE_MAX_PENDING_BYTES=1024",
	    ERR_SYNTAX, "MERCURE_MAX_PENDING_BYTES must not be smaller" },
	{ "a secret", NULL, "secret-key=hush", ERR_DENIED,
	    "put it into the configuration file or the environment" },
	{ "an alias of one", NULL, "MERCURE_JWT_SECRET=hush", ERR_DENIED,
	    "read MERCURE_PUBLISHER_SECRET_KEY here" },
	{ "a token", NULL, "MERCURE_PUBLISHER_JWT=hush", ERR_DENIED,
	    "read MERCURE_PUBLISHER_JWT here" },
};

static void
refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct config *c = NULL;
		struct problem p = { "" };
		enum err e = load(&c, bad[i].file, NULL, bad[i].arg, &p);

		if (e != bad[i].want || c != NULL)
			fail_msg("%s: %s", bad[i].name, err_text(e));
		if (strstr(p.text, bad[i].says) == NULL ||
		    strstr(p.text, "hush") != NULL)
			fail_msg("%s: %s", bad[i].name, p.text);
		if (bad[i].file != NULL && strstr(p.text, path) != p.text)
			fail_msg("%s: no file in %s", bad[i].name, p.text);
	}
}

static void
names_the_environment(void **state)
{
	struct config *c = NULL;
	struct problem p = { "" };

	(void)state;
	assert_int_equal(
	    load(&c, NULL, "MERCURE_RETRY=x", NULL, &p), ERR_SYNTAX);
	assert_non_null(strstr(p.text, "environment: MERCURE_RETRY must be"));
	assert_null(c);
}

static void
refuses_an_argument_twice(void **state)
{
	const char *args[] = { "MERCURE_RETRY=1", "mercure-retry=2" };
	struct config_sources src = {
		.path = "/dev/null", .args = args, .args_n = 2
	};
	struct config *c = NULL;

	(void)state;
	assert_int_equal(config_load(&c, &src, NULL), ERR_SYNTAX);
	assert_null(c);
}

static void
reads_every_spelling(void **state)
{
	static const char *const yes[] = { "true", "1", "yes", "on", "TRUE" };
	static const char *const no[] = { "false", "0", "no", "off", "No" };
	struct config *c;
	char arg[64];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		snprintf(
		    arg, sizeof(arg), "MERCURE_HUB_ALLOW_PUBLISH=%s", yes[i]);
		c = load_good(NULL, NULL, arg);
		assert_true(c->allow_publish);
		config_unref(c);
		snprintf(
		    arg, sizeof(arg), "MERCURE_HUB_ALLOW_ANONYMOUS=%s", no[i]);
		c = load_good(NULL, NULL, arg);
		assert_false(c->allow_anonymous);
		config_unref(c);
	}
	c = load_good(NULL, NULL, "MERCURE_COOKIE_SAMESITE=lax");
	assert_string_equal(c->cookie_same_site, "Lax");
	config_unref(c);
}

static void
falls_back_to_the_secret_key(void **state)
{
	struct config *c = load_good(
	    "SECRET_KEY = one # two; \"three\" \nMERCURE_JWT_SECRET = p\n",
	    NULL, NULL);

	(void)state;
	assert_string_equal(c->secret_key, "one # two; \"three\"");
	assert_string_equal(c->subscriber_key, "one # two; \"three\"");
	assert_string_equal(c->publisher_key, "p");
	config_unref(c);

	c = load_good(NULL, "SECRET_KEY=k", NULL);
	assert_string_equal(c->publisher_key, "k");
	assert_string_equal(c->subscriber_key, "k");
	config_unref(c);
}

static void
takes_away_a_text(void **state)
{
	struct config *c = load_good("MERCURE_PUBLIC_HUB_URL = http://a\n",
	    NULL, "MERCURE_PUBLIC_HUB_URL=");

	(void)state;
	assert_null(c->public_hub_url);
	config_unref(c);
}

static void
limits_lines_and_files(void **state)
{
	static char line[20000], file[1100000];
	struct config_sources src = { .path = path };
	struct config *c = NULL;
	struct problem p = { "" };
	int n = snprintf(line, sizeof(line), "SECRET_KEY = ");

	(void)state;
	memset(line + n, 'x', sizeof(line) - (size_t)n);
	write_file(line, 16385, 0600);
	assert_int_equal(config_load(&c, &src, &p), ERR_LIMIT);
	assert_non_null(strstr(p.text, ":1: the line is longer"));
	write_file(line, (size_t)n + CONFIG_VALUE_MAX + 1, 0600);
	assert_int_equal(config_load(&c, &src, &p), ERR_LIMIT);
	assert_non_null(strstr(p.text, "SECRET_KEY must not be longer"));
	memset(file, '\n', sizeof(file));
	write_file(file, sizeof(file), 0600);
	assert_int_equal(config_load(&c, &src, &p), ERR_LIMIT);
	write_file("SECRET_KEY = a\0b\n", 17, 0600);
	assert_int_equal(config_load(&c, &src, &p), ERR_SYNTAX);
	assert_null(c);

	write_file(line, (size_t)n + CONFIG_VALUE_MAX, 0600);
	assert_int_equal(config_load(&c, &src, &p), ERR_OK);
	assert_int_equal(strlen(c->secret_key), CONFIG_VALUE_MAX);
	config_unref(c);
}

static void
wants_the_file_it_was_given(void **state)
{
	struct config_sources src = { .path = "/nonexistent/pushcgi.conf" };
	struct config *c = NULL;
	struct problem p = { "" };

	(void)state;
	assert_int_equal(config_load(&c, &src, &p), ERR_IO);
	assert_non_null(strstr(p.text, src.path));
	src.path = "/";
	assert_int_equal(config_load(&c, &src, &p), ERR_IO);
	assert_null(c);
}

static char *
dump_of(const struct config *c, bool show_secrets)
{
	struct buf b;
	char *text;

	buf_init(&b, DUMP_MAX);
	config_dump(&b, c, show_secrets);
	text = buf_steal(&b);
	assert_non_null(text);
	return text;
}

static void
dump_is_a_fixed_point(void **state)
{
	static const char file[] =
	    "MERCURE_HUB_URL = https://h/.well-known/mercure\n"
	    "MERCURE_PUBLIC_URL = https://p/.well-known/mercure\n"
	    "SECRET_KEY = # = ; [x] \"y\" \\\n"
	    "MERCURE_PUBLISHER_JWT = a.b.c\n"
	    "MERCURE_JWT_SECRET = pub\n"
	    "MERCURE_PUBLISHER_JWT_ALG = hs512\n"
	    "MERCURE_CORS_ALLOWED_ORIGINS = https://a  https://b:8443\n"
	    "MERCURE_HUB_ALLOW_PUBLISH = yes\n"
	    "MERCURE_LOG_LEVEL = DEBUG\n"
	    "MERCURE_HUB_RECONCILIATION_MAX_BYTES = 0\n";
	struct config *first = load_good(file, NULL, NULL), *again;
	char *text = dump_of(first, true), *twice;

	(void)state;
	again = load_good(text, NULL, NULL);
	twice = dump_of(again, true);
	assert_string_equal(text, twice);
	assert_non_null(strstr(text, "SECRET_KEY = # = ; [x] \"y\" \\\n"));
	assert_non_null(strstr(text, "MERCURE_PUBLISHER_JWT_ALG = HS512\n"));
	assert_string_equal(again->subscriber_key, first->secret_key);
	free(text);
	free(twice);
	config_unref(first);
	config_unref(again);
}

static void
dump_hides_secrets(void **state)
{
	struct config *c =
	    load_good("SECRET_KEY = hush\nMERCURE_PUBLISHER_JWT = hush.hush\n",
		NULL, NULL);
	char *text = dump_of(c, false);

	(void)state;
	assert_null(strstr(text, "hush"));
	assert_non_null(strstr(text, "# SECRET_KEY is set (4 bytes)\n"));
	assert_non_null(
	    strstr(text, "# MERCURE_PUBLISHER_JWT is set (9 bytes)\n"));
	assert_non_null(strstr(text, "MERCURE_RETRY = 3000\n"));
	config_unref(c);
	config_unref(load_good(text, NULL, NULL));
	free(text);
}

static void
knows_keys_and_lists(void **state)
{
	(void)state;
	assert_true(config_has_key(slice_of("mercure-retry")));
	assert_true(config_has_key(slice_of("MERCURE_PUBLIC_URL")));
	assert_true(config_has_key(slice_of("Secret_Key")));
	assert_false(config_has_key(slice_of("mercure-retr")));
	assert_false(config_has_key(slice_of("mercure-retry-")));
	assert_false(config_has_key(slice_of("")));

	assert_true(config_list_has("a  b", slice_of("b")));
	assert_true(config_list_has("a", slice_of("a")));
	assert_false(config_list_has("a  b", slice_of("")));
	assert_false(config_list_has("ab", slice_of("a")));
	assert_false(config_list_has("a", slice_of("A")));
	assert_false(config_list_has(NULL, slice_of("a")));
}

/* pushcgi.conf(5) and --help name every option and nothing else; the page also
 * gives its range. */
static void
is_documented(void **state)
{
	static char page[100000];
	const char *folder = getenv("PUSHCGI_SRC");
	const struct config_option *o;
	struct slice rest, line;
	struct buf help;
	char name[4096];
	FILE *f;

	(void)state;
	buf_init(&help, DUMP_MAX);
	config_help(&help);
	buf_byte(&help, '\0');
	assert_int_equal(help.err, ERR_OK);
	snprintf(name, sizeof(name), "%s/helpers/config/pushcgi.conf.5",
	    folder != NULL ? folder : ".");
	assert_non_null(f = fopen(name, "r"));
	page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
	fclose(f);

	for (o = config_options; o->names[0] != NULL; o++) {
		for (size_t i = 0; o->names[i] != NULL; i++) {
			snprintf(
			    name, sizeof(name), ".It Ic %s\n", o->names[i]);
			if (strstr(page, name) == NULL)
				fail_msg("not in the page: %s", o->names[i]);
		}
		snprintf(name, sizeof(name),
		    "Range: %" PRIu64 " to %" PRIu64 ".\nDefault: %s", o->min,
		    o->max, o->standard);
		if (o->kind == CONFIG_NUMBER && strstr(page, name) == NULL)
			fail_msg("%s: not %s", o->names[0], name);
		if (strstr(help.base, o->names[0]) == NULL)
			fail_msg("not in --help: %s", o->names[0]);
	}
	rest = slice_of(page);
	while (slice_cut(&rest, '\n', &line))
		if (slice_starts(line, ".It Ic ") &&
		    !config_has_key(slice_after(line, 7)))
			fail_msg("only in the page: %.*s", SLICE_ARG(line));
	buf_free(&help);
}

static void
survives_no_memory(void **state)
{
	long n = 0;

	(void)state;
	do {
		struct config *c = NULL;
		struct problem p = { "" };
		enum err e;

		mem_fail_at(++n);
		e = load(&c, "SECRET_KEY = x\nMERCURE_URL = http://a\n",
		    "MERCURE_PUBLIC_URL=http://b", NULL, &p);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		assert_int_equal(c == NULL, mem_failed());
		assert_int_equal(p.text[0] != '\0', mem_failed());
		config_unref(c);
	} while (mem_failed());
	mem_fail_at(0);
	assert_true(n > 10);
}

static int
make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(takes_sources_in_order),
		cmocka_unit_test(refuses),
		cmocka_unit_test(names_the_environment),
		cmocka_unit_test(refuses_an_argument_twice),
		cmocka_unit_test(reads_every_spelling),
		cmocka_unit_test(falls_back_to_the_secret_key),
		cmocka_unit_test(takes_away_a_text),
		cmocka_unit_test(limits_lines_and_files),
		cmocka_unit_test(wants_the_file_it_was_given),
		cmocka_unit_test(dump_is_a_fixed_point),
		cmocka_unit_test(dump_hides_secrets),
		cmocka_unit_test(knows_keys_and_lists),
		cmocka_unit_test(is_documented),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
