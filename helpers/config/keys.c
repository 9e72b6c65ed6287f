/* SPDX-License-Identifier: MIT */
/* keys.c - finds the text of a role's keys and parses it. */
#include "config/keys.h"

#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "config/table.h"
#include "http/request.h"

static const char *
key_of(const struct config *c, enum config_role role)
{
	return role == CONFIG_PUBLISHERS ? c->publisher_key : c->subscriber_key;
}

const char *
config_keys_setting(const struct config *c, enum config_role role)
{
	const char *key = key_of(c, role);

	if (key != NULL && c->secret_key != NULL &&
	    strcmp(key, c->secret_key) == 0)
		return "SECRET_KEY";
	return role == CONFIG_PUBLISHERS ? "MERCURE_PUBLISHER_SECRET_KEY"
					 : "MERCURE_SUBSCRIBER_SECRET_KEY";
}

/* A PEM text in one line has \n where its lines end. */
static void
add_lines(struct buf *out, struct slice text)
{
	const char *at;

	while ((at = memmem(text.base, text.len, "\\n", 2)) != NULL) {
		size_t n = (size_t)(at - text.base);

		buf_add(out, text.base, n);
		buf_byte(out, '\n');
		text = slice_after(text, n + 2);
	}
	buf_slice(out, text);
}

/* A file may end in line breaks, which do not belong to a secret. */
static struct slice
without_line_ends(struct slice text)
{
	while (text.len > 0 && (text.base[text.len - 1] == '\n' ||
				   text.base[text.len - 1] == '\r'))
		text.len--;
	return text;
}

/* Does the value look like the URL of keys?  It must not be used as a secret,
 * since it can be guessed. */
static bool
is_url(const char *value)
{
	static const char *const starts[] = { "http://", "https://", "file:" };

	if (value[0] == '@')
		value++;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncasecmp(value, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

bool
config_key_is_place(const char *value)
{
	return value[0] == '@' && (value[1] == '/' || is_url(value));
}

enum err
config_keys_url(const char **out, const struct config *c, enum config_role role,
    struct problem *p)
{
	const char *setting = config_keys_setting(c, role);
	const char *value = key_of(c, role);
	struct problem why = { "" };
	enum err e;

	if (value == NULL || !is_url(value)) {
		*out = NULL;
		return ERR_OK;
	}
	if (value[0] != '@')
		return problem_set(p, ERR_SYNTAX,
		    "%s: this is a URL: write @ in front of it.", setting);
	if ((e = http_check_url(value + 1, true, &why)) == ERR_UNSUPPORTED)
		return problem_set(p, e,
		    "%s: %s  Or save the set to a file and name that: @/path.",
		    setting, why.text);
	if (e != ERR_OK)
		return problem_set(p, e, "%s: %s", setting, why.text);
	*out = value + 1;
	return ERR_OK;
}

/* Read the text of the keys into *out; *open: everybody may read it. */
static enum err
key_text(struct buf *out, bool *open, const char *value, struct problem *p)
{
	mode_t mode = 0;
	enum err e;

	*open = false;
	if (value[0] == '/' && access(value, F_OK) == 0)
		return problem_set(p, ERR_SYNTAX,
		    "this is the name of a file: write @ in front of it.");
	if (is_url(value))
		return problem_set(p, ERR_UNSUPPORTED,
		    "keys at a URL verify tokens and cannot sign them: make "
		    "the token where the private key is, or set a secret.");
	if (strncmp(value, "@/", 2) == 0) {
		if ((e = config_read_text(out, &mode, value + 1, p)) != ERR_OK)
			return e == ERR_NOTFOUND ? ERR_IO : e;
		if ((e = config_check_writers(mode, value + 1, p)) != ERR_OK)
			return e;
		*open = (mode & S_IROTH) != 0;
		return ERR_OK;
	}
	if (config_is_pem(slice_of(value)))
		add_lines(out, slice_of(value));
	else
		buf_text(out, value);
	return out->err;
}

/* Warn about short secrets: sites use them, so they still work. */
static void
warn_of_short(const struct jws_keys *keys, const char *setting)
{
	for (size_t i = 0; i < jws_keys_count(keys); i++) {
		size_t wanted = jws_keys_secret_wanted(keys, i);

		if (wanted > 0)
			log_warn("short secret", LOG_TEXT("setting", setting),
			    LOG_UINT("bytes", jws_keys_secret_len(keys, i)),
			    LOG_UINT("wanted", wanted),
			    LOG_TEXT(
				"hint", "pushcgi gen-secret-key makes one"));
	}
}

enum err
config_keys_new(struct jws_keys **out, const struct config *c,
    enum config_role role, struct problem *p)
{
	const char *setting = config_keys_setting(c, role);
	const char *value = key_of(c, role);
	struct jws_keys *keys = NULL;
	struct problem why = { "out of memory." };
	struct buf text;
	bool open;
	enum err e;

	if (value == NULL)
		return problem_set(p, ERR_NOTFOUND, "%s is not set.", setting);
	buf_init(&text, CONFIG_FILE_MAX);
	if ((e = key_text(&text, &open, value, &why)) != ERR_OK)
		goto out;
	e = jws_keys_new(&keys, without_line_ends(buf_view(&text)),
	    role == CONFIG_PUBLISHERS ? c->publisher_alg : c->subscriber_alg,
	    &why);
	if (e != ERR_OK)
		goto out;
	if (open && jws_keys_have_secret(keys)) {
		e = config_too_open(value + 1, "a secret", &why);
		goto out;
	}

	warn_of_short(keys, setting);
	*out = keys;
	keys = NULL;
out:
	if (e != ERR_OK)
		problem_set(p, e, "%s: %s", setting, why.text);
	jws_keys_free(keys);
	buf_wipe(&text);
	return e;
}
