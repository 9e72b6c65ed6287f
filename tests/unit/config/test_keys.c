/* SPDX-License-Identifier: MIT */
/* test_keys.c - keys from values in one line, in many, and from files. */
#include "unit/unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/keys.h"
#include "unit/mem_fail.h"

#define LINES_MAX 4096
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define PEM_LINES(end)                                                         \
	"-----BEGIN PUBLIC KEY-----" end                                       \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9" end \
	"q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==" end     \
	"-----END PUBLIC KEY-----" end
#define JWK_LINES(end)                                              \
	"{" end "\"kty\": \"OKP\"," end "\"crv\": \"Ed25519\"," end \
	"\"x\": \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"" end "}"

static char path[] = "/tmp/test_config_keys.XXXXXX";

/* Load the variables (up to two) and make the publishers' keys. */
static enum err
keys_from(
    struct jws_keys **out, const char *key, const char *alg, struct problem *p)
{
	char key_line[LINES_MAX], alg_line[LINES_MAX];
	char *environ_of_case[] = { key_line, alg_line, NULL };
	const struct config_sources src = { .path = "/dev/null",
		.environ = environ_of_case };
	struct config *c = NULL;
	enum err e;

	snprintf(key_line, sizeof(key_line), "MERCURE_JWT_SECRET=%s", key);
	snprintf(alg_line, sizeof(alg_line), "MERCURE_PUBLISHER_JWT_ALG=%s",
	    alg != NULL ? alg : "");
	if ((e = config_load(&c, &src, p)) != ERR_OK)
		return e;
	e = config_keys_new(out, c, CONFIG_PUBLISHERS, p);
	config_unref(c);
	return e;
}

static const struct {
	const char *name, *key, *alg;
	const char *want; /* the algorithm of its only key */
} good[] = {
	{ "secret", "a secret of 20 bytes", NULL, "HS256" },
	{ "secret for HS512", "a secret of 20 bytes", "HS512", "HS512" },
	{ "secret with \\n in it", "a\\nsecret of 20 bytes", NULL, "HS256" },
	{ "secret that starts with @", "@secret of 20 bytes", NULL, "HS256" },
	{ "secret that starts with a slash", "/no/such/file/here", NULL,
	    "HS256" },
	{ "PEM in one line", PEM_LINES("\\n"), NULL, "ES256" },
	{ "PEM in lines", PEM_LINES("\n"), "ES256", "ES256" },
	{ "PEM in lines of Windows", PEM_LINES("\r\n"), "ES256", "ES256" },
	{ "PEM indented", "\n\t" PEM_LINES("\n    "), "ES256", "ES256" },
	{ "JWK in one line", JWK_LINES(""), NULL, "EdDSA" },
	{ "JWK in lines", JWK_LINES("\n"), "EdDSA", "EdDSA" },
	{ "JWK in lines, the first empty", "\n " JWK_LINES("\r\n"), NULL,
	    "EdDSA" },
};

static void
reads_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct jws_keys *keys = NULL;
		struct problem p = { "" };

		if (keys_from(&keys, good[i].key, good[i].alg, &p) != ERR_OK)
			fail_msg("%s: %s", good[i].name, p.text);
		if (jws_keys_count(keys) != 1 ||
		    strcmp(jws_keys_alg(keys, 0), good[i].want) != 0)
			fail_msg("%s: %s", good[i].name, jws_keys_alg(keys, 0));
		jws_keys_free(keys);
	}
}

static const struct {
	const char *name, *text;
	mode_t mode;
	const char *alg;
	enum err err;
	const char *want; /* in the sentence; the algorithm if all is well */
} files[] = {
	{ "secret", "a secret of 20 bytes\n", 0640, NULL, ERR_OK, "HS256" },
	{ "secret for everybody", "a secret of 20 bytes\n", 0644, NULL,
	    ERR_DENIED, "holds a secret and everybody may read it: ch" },
	{ "secret that the group may change", "a secret of 20 bytes\n", 0660,
	    NULL, ERR_DENIED,
	    "can be changed by all of its group: chmod go-w" },
	{ "PEM that everybody may change", PEM_LINES("\n"), 0666, "ES256",
	    ERR_DENIED, "can be changed by everybody: chmod go-w" },
	{ "PEM for everybody", PEM_LINES("\n"), 0644, "ES256", ERR_OK,
	    "ES256" },
	{ "JWK for everybody", JWK_LINES("\n") "\n", 0644, NULL, ERR_OK,
	    "EdDSA" },
	{ "PEM for another algorithm", PEM_LINES("\n"), 0644, "RS256",
	    ERR_SYNTAX, "MERCURE_PUBLISHER_SECRET_KEY: The key is not" },
	{ "1 PEM as a secret", PEM_LINES("\n"), 0600, "HS256", ERR_SYNTAX,
	    "HS256 cannot use" },
	{ "empty", "\n", 0600, NULL, ERR_SYNTAX, "is empty" },
	{ "1 a bare array of JWKs", "[{\"kty\":\"EC\"}]", 0600, NULL,
	    ERR_SYNTAX, "looks like a JWK" },
	{ "1 a JWK behind a byte order mark", "\xef\xbb\xbf{\"kty\":\"EC\"}",
	    0600, NULL, ERR_SYNTAX, "looks like a JWK" },
	{ "1 DER", "\x30\x59\x30\x13\x06\x07", 0600, NULL, ERR_SYNTAX,
	    "neither a line of text" },
	{ "1 a public key behind a blank", " ssh-rsa AAAA", 0600, NULL,
	    ERR_SYNTAX, "looks like a public key" },
	{ "1 a public key behind a byte order mark",
	    "\xef\xbb\xbfMFkwEwYHKoZIzj0C", 0600, NULL, ERR_SYNTAX,
	    "looks like a public key" },
};

static void
reads_files(void **state)
{
	char value[LINES_MAX];

	(void)state;
	snprintf(value, sizeof(value), "@%s", path);
	for (size_t i = 0; i < COUNT(files); i++) {
		struct jws_keys *keys = NULL;
		struct problem p = { "" };
		FILE *file = fopen(path, "w");
		enum err e;

		assert_non_null(file);
		fputs(files[i].text, file);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(chmod(path, files[i].mode), 0);
		e = keys_from(&keys, value, files[i].alg, &p);
		if (e != files[i].err ||
		    strstr(e == ERR_OK ? jws_keys_alg(keys, 0) : p.text,
			files[i].want) == NULL)
			fail_msg("%s: %s", files[i].name, p.text);
		jws_keys_free(keys);
	}
}

static const struct {
	const char *name, *key;
	enum err err;
	const char *want;
} bad[] = {
	{ "no key", "", ERR_NOTFOUND, "MERCURE_PUBLISHER_SECRET_KEY is not" },
	{ "no file", "@/nowhere/key.pem", ERR_IO, "/nowhere/key.pem" },
	{ "a folder", "@/", ERR_IO,
	    "MERCURE_PUBLISHER_SECRET_KEY: / is a directory: name a file" },
	{ "a URL", "@https://example.com/jwks", ERR_UNSUPPORTED,
	    "MERCURE_PUBLISHER_SECRET_KEY: keys at a URL verify tokens and "
	    "cannot sign" },
	{ "a URL without @", "https://example.com/jwks", ERR_UNSUPPORTED,
	    "cannot sign" },
	{ "a file without @", "/dev/null", ERR_SYNTAX, "write @ in front" },
	{ "fifteen bytes", "fifteen bytes 5", ERR_SYNTAX,
	    "has 15 bytes, and fewer than 16" },
	{ "secret of lines", "a\nsecret", ERR_SYNTAX, "control characters" },
	{ "control characters in PEM", PEM_LINES("\n\a"), ERR_SYNTAX,
	    "control characters" },
};

static void
refuses_bad_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct jws_keys *keys = NULL;
		struct problem p = { "" };

		if (keys_from(&keys, bad[i].key, NULL, &p) != bad[i].err ||
		    keys != NULL || strstr(p.text, bad[i].want) == NULL)
			fail_msg("%s: %s", bad[i].name, p.text);
	}
}

static const struct {
	const char *name, *key;
	enum err err;
	const char *want; /* the URL, NULL, or in the sentence */
} urls[] = {
	{ "a URL", "@https://example.com/jwks?a=b", ERR_OK,
	    "https://example.com/jwks?a=b" },
	{ "a URL in capitals", "@HTTPS://Example.COM/jwks", ERR_OK,
	    "HTTPS://Example.COM/jwks" },
	{ "no key", "", ERR_OK, NULL },
	{ "a secret of 20 bytes", "a secret of 20 bytes", ERR_OK, NULL },
	{ "a file", "@/etc/jwks.json", ERR_OK, NULL },
	{ "a URL without @", "https://example.com/jwks", ERR_SYNTAX,
	    "MERCURE_PUBLISHER_SECRET_KEY: this is a URL: write @" },
	{ "http", "@http://example.com/jwks", ERR_UNSUPPORTED,
	    "must begin with https://.  Or save the set to a file" },
	{ "http without @", "http://example.com/jwks", ERR_SYNTAX, "write @" },
	{ "a URL of a file", "@file:///etc/jwks.json", ERR_UNSUPPORTED,
	    "name that: @/path" },
	{ "no host", "@https:///", ERR_SYNTAX, "cannot be read" },
	{ "a password", "@https://me:hidden@example.com/", ERR_SYNTAX,
	    "what is before the @" },
};

static void
reads_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++) {
		char line[LINES_MAX];
		char *environ_of_case[] = { line, NULL };
		const struct config_sources src = { .path = "/dev/null",
			.environ = environ_of_case };
		struct config *c = NULL;
		const char *url = NULL;
		struct problem p = { "" };
		enum err e;

		snprintf(
		    line, sizeof(line), "MERCURE_JWT_SECRET=%s", urls[i].key);
		assert_int_equal(config_load(&c, &src, NULL), ERR_OK);
		e = config_keys_url(&url, c, CONFIG_PUBLISHERS, &p);
		if (e != urls[i].err ||
		    (url == NULL) != (e != ERR_OK || urls[i].want == NULL))
			fail_msg("%s: %d %s", urls[i].name, e, p.text);
		if (url != NULL)
			assert_string_equal(url, urls[i].want);
		if (e != ERR_OK && strstr(p.text, urls[i].want) == NULL)
			fail_msg("%s: %s", urls[i].name, p.text);
		assert_null(strstr(p.text, "hidden"));
		config_unref(c);
	}
}

/* A dump shows a PEM key from the environment as one line of a file. */
static void
is_dumped(void **state)
{
	char line[] = "MERCURE_SUBSCRIBER_JWT_KEY=" PEM_LINES("\n");
	char *environ_of_case[] = { line, NULL };
	const struct config_sources src = { .path = "/dev/null",
		.environ = environ_of_case };
	struct config *c = NULL;
	struct buf dump;

	(void)state;
	assert_int_equal(config_load(&c, &src, NULL), ERR_OK);
	buf_init(&dump, 1 << 20);
	config_dump(&dump, c, true);
	buf_byte(&dump, '\0');
	assert_non_null(strstr(dump.base, "MERCURE_SUBSCRIBER_SECRET_KEY = "
					  "-----BEGIN PUBLIC KEY-----\\nMFk"));
	assert_non_null(strstr(dump.base, "\\n-----END PUBLIC KEY-----\n"));
	buf_free(&dump);
	config_unref(c);
}

/* Sentences about a key from SECRET_KEY name that setting. */
static void
names_the_setting(void **state)
{
	char line[] = "SECRET_KEY=ssh-ed25519 AAAA";
	char *environ_of_case[] = { line, NULL };
	const struct config_sources src = { .path = "/dev/null",
		.environ = environ_of_case };
	struct jws_keys *keys = NULL;
	struct config *c = NULL;
	struct problem p;

	(void)state;
	assert_int_equal(config_load(&c, &src, NULL), ERR_OK);
	assert_int_equal(
	    config_keys_new(&keys, c, CONFIG_SUBSCRIBERS, &p), ERR_SYNTAX);
	assert_int_equal(strncmp(p.text, "SECRET_KEY: ", 12), 0);
	config_unref(c);
}

static void
survives_no_memory(void **state)
{
	long n = 0;
	enum err e;

	(void)state;
	do {
		struct jws_keys *keys = NULL;
		struct problem p = { "" };

		mem_fail_at(++n);
		e = keys_from(&keys, PEM_LINES("\n"), NULL, &p);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		assert_true((p.text[0] != '\0') == mem_failed());
		jws_keys_free(keys);
	} while (mem_failed());
	mem_fail_at(0);
	assert_true(n > 3);
}

static int
path_make(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
path_remove(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_values),
		cmocka_unit_test(reads_files),
		cmocka_unit_test(refuses_bad_keys),
		cmocka_unit_test(reads_urls),
		cmocka_unit_test(is_dumped),
		cmocka_unit_test(names_the_setting),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, path_make, path_remove);
}
