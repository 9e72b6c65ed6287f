/* SPDX-License-Identifier: MIT */
/* line.c - parses the command line by the tables of options. */
#include "base/mem.h"
#include "cmd/cmd.h"
#include "config/config.h"
#include "text/digits.h"

struct cmd_given {
	const struct cmd_option *option;
	struct slice value; /* base NULL for a flag */
};

const struct cmd_option cmd_globals[] = {
	{ .name = "config",
	    .value = "FILE",
	    .help = "read FILE instead of " CONFIG_PATH_DEFAULT },
	{ .name = "help", .help = "print this and exit" },
	{ .name = "version", .help = "print the version and exit" },
	{ .name = NULL },
};

/* The arguments not yet looked at. */
struct argument_list {
	char *const *next;
	size_t left;
};

static const struct cmd_option *
option_by_name(const struct cmd_option *options, struct slice name)
{
	for (; options->name != NULL; options++)
		if (slice_is(name, options->name))
			return options;
	return NULL;
}

static const struct cmd_option *
option_by_letter(const struct cmd_option *options, char letter)
{
	for (; options->name != NULL; options++)
		if (options->letter != 0 && options->letter == letter)
			return options;
	return NULL;
}

static const struct cmd_given *
given_last(const struct cmd_line *l, const char *name)
{
	for (size_t i = l->given_n; i > 0; i--)
		if (strcmp(l->given[i - 1].option->name, name) == 0)
			return &l->given[i - 1];
	return NULL;
}

/* Values are never repeated in a problem: somebody may have put a secret
 * there. */
static enum err
read_option(struct cmd_line *l, const struct cmd_option *o, struct slice value,
    struct argument_list *rest, struct problem *p)
{
	uint64_t number;

	if (o->value == NULL && value.base != NULL)
		return problem_set(
		    p, ERR_SYNTAX, "--%s takes no value.", o->name);
	if (o->value != NULL && value.base == NULL) {
		if (rest->left == 0)
			return problem_set(p, ERR_SYNTAX,
			    "--%s needs a value: --%s %s.", o->name, o->name,
			    o->value);
		value = slice_of(*rest->next++);
		rest->left--;
	}
	if (!o->repeats && given_last(l, o->name) != NULL)
		return problem_set(
		    p, ERR_SYNTAX, "--%s was given twice.", o->name);
	if (o->number_max > 0 && !digits_parse(&number, value, o->number_max))
		return problem_set(p, ERR_SYNTAX,
		    "--%s needs a whole number from 0 to %llu.", o->name,
		    (unsigned long long)o->number_max);

	l->given[l->given_n++] =
	    (struct cmd_given){ .option = o, .value = value };
	return ERR_OK;
}

static enum err
option_unknown(const struct cmd_line *l, const char *dashes, struct slice name,
    struct problem *p)
{
	if (l->cmd == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "There is no option %s%.*s before the subcommand; "
		    "pushcgi --help lists what there is.",
		    dashes, SLICE_ARG(name));
	return problem_set(p, ERR_SYNTAX,
	    "There is no option %s%.*s; pushcgi %s --help lists what there "
	    "is, and -- ends the options.",
	    dashes, SLICE_ARG(name), l->cmd->name);
}

static enum err
read_long(struct cmd_line *l, const char *text, struct argument_list *rest,
    struct problem *p)
{
	struct slice value = slice_of(text), name = { NULL, 0 };
	const struct cmd_option *o = NULL;

	(void)slice_cut(&value, '=', &name);
	if (l->cmd != NULL)
		o = option_by_name(l->cmd->options, name);
	if (o == NULL)
		o = option_by_name(cmd_globals, name);
	if (o != NULL)
		return read_option(l, o, value, rest, p);

	if (!config_has_key(name))
		return option_unknown(l, "--", name, p);
	if (value.base == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "A setting needs its value: --%.*s=VALUE.",
		    SLICE_ARG(name));
	l->overrides[l->overrides_n++] = text;
	return ERR_OK;
}

/* One letter an argument: -t TOPIC or -tTOPIC. */
static enum err
read_short(struct cmd_line *l, const char *text, struct argument_list *rest,
    struct problem *p)
{
	const struct cmd_option *o = NULL;
	struct slice value = { NULL, 0 };

	if (l->cmd != NULL)
		o = option_by_letter(l->cmd->options, text[0]);
	if (o == NULL)
		return option_unknown(l, "-", (struct slice){ text, 1 }, p);
	if (text[1] != '\0')
		value = slice_of(text + 1);
	return read_option(l, o, value, rest, p);
}

static enum err
read_operand(struct cmd_line *l, const struct cmd *const *commands,
    const char *text, struct problem *p)
{
	if (l->cmd != NULL) {
		l->operands[l->operands_n++] = slice_of(text);
		return ERR_OK;
	}
	for (; *commands != NULL; commands++) {
		if (strcmp((*commands)->name, text) == 0) {
			l->cmd = *commands;
			return ERR_OK;
		}
	}
	return problem_set(p, ERR_SYNTAX,
	    "There is no subcommand %.40s; pushcgi --help lists them.", text);
}

static enum err
read_all(struct cmd_line *l, const struct cmd *const *commands,
    struct argument_list rest, struct problem *p)
{
	bool options_end = false;
	enum err e = ERR_OK;

	while (e == ERR_OK && rest.left > 0) {
		const char *text = *rest.next++;

		rest.left--;
		if (options_end || text[0] != '-' || text[1] == '\0')
			e = read_operand(l, commands, text, p);
		else if (strcmp(text, "--") == 0)
			options_end = true;
		else if (text[1] == '-')
			e = read_long(l, text + 2, &rest, p);
		else
			e = read_short(l, text + 1, &rest, p);
	}
	return e;
}

static enum err
check_operands(const struct cmd_line *l, struct problem *p)
{
	const struct cmd *cmd = l->cmd;

	if (cmd_line_has(l, "help") || cmd_line_has(l, "version"))
		return ERR_OK;
	if (cmd == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "A subcommand is missing; pushcgi --help lists them.");
	if (l->operands_n < cmd->operands_min)
		return problem_set(p, ERR_SYNTAX,
		    "Something is missing: pushcgi %s %s.", cmd->name,
		    cmd->operands);
	if (l->operands_n > cmd->operands_max)
		return problem_set(p, ERR_SYNTAX,
		    "There is an argument too many: pushcgi %s%s%s.", cmd->name,
		    cmd->operands[0] == '\0' ? "" : " ", cmd->operands);
	return cmd->check != NULL ? cmd->check(l, p) : ERR_OK;
}

enum err
cmd_line_parse(struct cmd_line **out, const struct cmd *const *commands,
    int argc, char *const *argv, struct problem *p)
{
	size_t n = argc > 0 ? (size_t)argc : 1;
	struct cmd_line *l;
	enum err e = ERR_NOMEM;

	if ((l = mem_calloc(1, sizeof(*l))) == NULL)
		goto out;
	l->all = commands;
	l->operands = mem_calloc(n, sizeof(*l->operands));
	l->overrides = mem_calloc(n, sizeof(*l->overrides));
	l->given = mem_calloc(n, sizeof(*l->given));
	if (l->operands == NULL || l->overrides == NULL || l->given == NULL)
		goto out;
	if ((e = read_all(l, commands,
		 (struct argument_list){ argv + 1, n - 1 }, p)) != ERR_OK)
		goto out;
	if ((e = check_operands(l, p)) != ERR_OK)
		goto out;

	*out = l;
	l = NULL;
out:
	if (e == ERR_NOMEM)
		(void)problem_set(p, e, "Out of memory.");
	cmd_line_free(l);
	return e;
}

void
cmd_line_free(struct cmd_line *l)
{
	if (l == NULL)
		return;
	mem_free(l->operands);
	mem_free(l->overrides);
	mem_free(l->given);
	mem_free(l);
}

bool
cmd_line_has(const struct cmd_line *l, const char *name)
{
	return given_last(l, name) != NULL;
}

struct slice
cmd_line_text(const struct cmd_line *l, const char *name)
{
	const struct cmd_given *g = given_last(l, name);

	return g != NULL ? g->value : (struct slice){ NULL, 0 };
}

uint64_t
cmd_line_number(const struct cmd_line *l, const char *name, uint64_t absent)
{
	const struct cmd_given *g = given_last(l, name);
	uint64_t n = absent;

	if (g != NULL)
		(void)digits_parse(&n, g->value, g->option->number_max);
	return n;
}

enum err
cmd_line_list(
    struct slice **out, size_t *n, const struct cmd_line *l, const char *name)
{
	struct slice *list = mem_calloc(l->given_n + 1, sizeof(*list));
	size_t found = 0;

	if (list == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < l->given_n; i++)
		if (strcmp(l->given[i].option->name, name) == 0)
			list[found++] = l->given[i].value;
	*out = list;
	*n = found;
	return ERR_OK;
}
