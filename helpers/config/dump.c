/* SPDX-License-Identifier: MIT */
/* dump.c - writes the configuration, and what can be configured. */
#include <inttypes.h>

#include "base/utf8.h"
#include "config/table.h"
#include "text/json.h"

/* The place of a key is shown, since it is not a secret. */
static bool
is_hidden(const struct config_option *o, const char *text, bool show_secrets)
{
	return o->secret && !show_secrets &&
	       !(o->key && config_key_is_place(text));
}

static void
dump_option(struct buf *out, const struct config *c,
    const struct config_option *o, bool show_secrets)
{
	const char *name = o->names[0], *text;

	switch (o->kind) {
	case CONFIG_BOOL:
		buf_printf(out, "%s = %s\n", name,
		    *config_option_bool(c, o) ? "true" : "false");
		return;
	case CONFIG_NUMBER:
		/* Make a default with exceptions a comment: as a setting it
		 * would lose them. */
		if (o->is_lenient && !config_option_is_given(c, o))
			buf_text(out, "# by default: ");
		buf_printf(out, "%s = %" PRIu64 "\n", name,
		    *config_option_number(c, o));
		return;
	case CONFIG_TEXT:
	case CONFIG_CHOICE:
		break;
	}
	if ((text = *config_option_text(c, o)) == NULL)
		return;
	if (is_hidden(o, text, show_secrets))
		buf_printf(
		    out, "# %s is set (%zu bytes)\n", name, strlen(text));
	else
		buf_printf(out, "%s = %s\n", name, text);
}

void
config_dump(struct buf *out, const struct config *c, bool show_secrets)
{
	const struct config_option *o;

	for (o = config_options; o->names[0] != NULL; o++)
		dump_option(out, c, o, show_secrets);
}

static void
dump_json_text(struct buf *out, const struct config_option *o, const char *text,
    bool show_secrets)
{
	if (is_hidden(o, text, show_secrets) || !utf8_valid(slice_of(text)))
		buf_text(out, "null");
	else
		json_write_text(out, slice_of(text));
}

static void
dump_json_option(struct buf *out, const struct config *c,
    const struct config_option *o, bool show_secrets)
{
	const char *mark = out->base[out->len - 1] == '{' ? "" : ",";
	const bool is_text = o->kind != CONFIG_BOOL && o->kind != CONFIG_NUMBER;

	if (is_text && *config_option_text(c, o) == NULL)
		return;
	buf_printf(out, "%s\"%s\":", mark, o->names[0]);
	if (is_text)
		dump_json_text(out, o, *config_option_text(c, o), show_secrets);
	else if (o->kind == CONFIG_BOOL)
		buf_text(out, *config_option_bool(c, o) ? "true" : "false");
	else
		buf_printf(out, "%" PRIu64, *config_option_number(c, o));
}

void
config_dump_json(struct buf *out, const struct config *c, bool show_secrets)
{
	const struct config_option *o;

	buf_byte(out, '{');
	for (o = config_options; out->err == ERR_OK && o->names[0] != NULL; o++)
		dump_json_option(out, c, o, show_secrets);
	buf_byte(out, '}');
}

void
config_help(struct buf *out)
{
	const struct config_option *o;

	for (o = config_options; o->names[0] != NULL; o++) {
		buf_printf(out, "  %-36s %s", o->names[0], o->help);
		if (o->standard != NULL)
			buf_printf(out, " [%s]", o->standard);
		buf_byte(out, '\n');
	}
}
