/* SPDX-License-Identifier: MIT */
/* config_dump.c - writes the configuration, and what can be configured. */
#include <inttypes.h>

#include "config_table.h"

static void
dump_option(struct buf *out, const struct config *c,
    const struct config_option *o, bool show_secrets)
{
	const char *name = o->names[0], *text;

	switch (o->kind) {
	case CONFIG_BOOL:
		buf_printf(out, "%s = %s\n", name,
		    *config_bool(c, o) ? "true" : "false");
		return;
	case CONFIG_NUMBER:
		buf_printf(
		    out, "%s = %" PRIu64 "\n", name, *config_number(c, o));
		return;
	case CONFIG_TEXT:
	case CONFIG_CHOICE:
		break;
	}
	if ((text = *config_text(c, o)) == NULL)
		return;
	/* Where a key is may be seen by everybody. */
	if (o->secret && !show_secrets &&
	    !(o->key && config_key_is_place(text)))
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
