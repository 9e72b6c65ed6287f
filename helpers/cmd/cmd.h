/* SPDX-License-Identifier: MIT */
/* cmd.h - the contract between the pushcgi program and its subcommands. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "lib/pushcgi.h"

/* Exit codes, as pushcgi(1) promises them.  A subcommand that asks says "no"
 * with 1, so that a failure has another one. */
enum cmd_exit { CMD_OK, CMD_FAILED, CMD_NO = 1, CMD_USAGE, CMD_UNKNOWN };

/* Of a subcommand whose output depends on the page; see hub_urls_for_page(). */
#define CMD_OPTION_PAGE                                    \
	{                                                  \
		.name = "page", .value = "URL",            \
		.help = "print what the page at URL needs" \
	}

/* A row drives parsing and --help alike; a list ends in a row without name. */
struct cmd_option {
	const char *name;    /* without dashes */
	char letter;         /* short form, 0: none */
	const char *value;   /* what --help calls its value; NULL: a flag */
	bool repeats;        /* may stand there more than once */
	uint64_t number_max; /* > 0: the value is a number up to this */
	const char *help;
};

struct cmd_line;

/*
 * Do the work and add to `out` what goes to standard output; nothing of it is
 * printed on failure.  The problem is one sentence that names the setting or
 * the fix, without a secret.  `h` is NULL unless `configured`.  ERR_NOTFOUND
 * of one that asks, without a sentence: the answer is no, and `out` is printed.
 */
typedef enum err cmd_run(struct buf *out, const struct cmd_line *l,
    struct pushcgi *h, struct problem *p);

/* A subcommand. */
struct cmd {
	const char *name;
	const char *operands; /* as --help shows them; "" for none */
	size_t operands_min, operands_max;
	const char *help; /* one sentence */
	const struct cmd_option *options;
	bool configured; /* needs the configuration */
	bool asks;       /* its exit code is an answer */
	bool answers;    /* pushcgi answer may run it */
	/* A usage error beyond what the tables tell; NULL: none. */
	enum err (*check)(const struct cmd_line *l, struct problem *p);
	cmd_run *run;
};

/* All subcommands, in the order of --help; NULL behind the last. */
extern const struct cmd *const cmd_all[];

/* The options every subcommand takes, before its name and behind it. */
extern const struct cmd_option cmd_globals[];

/* A parsed command line; all slices are borrowed from argv and followed
 * by a NUL. */
struct cmd_line {
	const struct cmd *const *all; /* the subcommands it was parsed with */
	const struct cmd *cmd;        /* NULL: none was named */
	struct cmd_asked *asked;      /* NULL: not by pushcgi answer */
	struct slice *operands;
	size_t operands_n;
	const char **overrides; /* "KEY=value", NULL behind the last */
	size_t overrides_n;
	struct cmd_given *given; /* read with the functions below */
	size_t given_n;
};

/*
 * `commands` ends in NULL.  Operands are counted only if no --help or
 * --version was given.  ERR_SYNTAX: a usage error; the problem says which.
 * ERR_NOMEM.  Free with cmd_line_free().
 */
enum err cmd_line_parse(struct cmd_line **out,
    const struct cmd *const *commands, int argc, char *const *argv,
    struct problem *p);
void cmd_line_free(struct cmd_line *l); /* NULL is allowed */

/* Was the option given?  Its last value (base NULL: not given), as a number
 * (`absent` if not given), or all its values (free *out with mem_free()). */
bool cmd_line_has(const struct cmd_line *l, const char *name);
struct slice cmd_line_text(const struct cmd_line *l, const char *name);
uint64_t cmd_line_number(
    const struct cmd_line *l, const char *name, uint64_t absent);
enum err cmd_line_list(
    struct slice **out, size_t *n, const struct cmd_line *l, const char *name);

/* Add the --help text of one subcommand, or with NULL of the program. */
void cmd_help(
    struct buf *out, const struct cmd *const *commands, const struct cmd *cmd);

/* The input and output of a subcommand that pushcgi answer runs. */
struct cmd_asked {
	struct slice ahead;  /* read from standard input already; borrowed */
	uint64_t left;       /* bytes of the input that were not taken yet */
	struct buf *printed; /* where cmd_print() adds */
};

/*
 * Add what the subcommand's input has next, or all of it.  *over: nothing
 * follows.  ERR_LIMIT, without a sentence: more than `out` may hold.  ERR_IO.
 * ERR_NOMEM.  cmd_read_plain() reads standard input itself.
 */
enum err cmd_read(
    const struct cmd_line *l, struct buf *out, bool *over, struct problem *p);
enum err cmd_read_all(
    const struct cmd_line *l, struct buf *out, struct problem *p);
enum err cmd_read_plain(struct buf *out, bool *over, struct problem *p);

/* Would cmd_read() return at once? */
bool cmd_more_waits(const struct cmd_line *l);

/* Print all of the text.  NULL: to standard output.  ERR_IO. */
enum err cmd_print(
    const struct cmd_line *l, struct slice text, struct problem *p);

/*
 * Publish each line of the input and print its id (--json: as an object, and a
 * problem, too), in groups that are printed once they are published.  The
 * problem names the line, and how many were published before.
 */
enum err cmd_publish_batch(
    const struct cmd_line *l, struct pushcgi *h, struct problem *p);

/* Longest life of a token or cookie that can be asked for: 100 years. */
#define CMD_LIFETIME_MAX_S UINT64_C(3155760000)

/*
 * Run the subcommand and print what it has to say.  On failure the problem is
 * one line.  `h` has its configuration, if it is `configured`.
 */
enum cmd_exit cmd_perform(
    const struct cmd_line *l, struct pushcgi *h, struct problem *p);

/* The exit code after `e`, which came before the subcommand ran; likewise. */
enum cmd_exit cmd_give_up(
    const struct cmd_line *l, enum err e, struct problem *p);

/* The program: parse, load the configuration, run, print.  A problem goes to
 * standard error, as one line. */
enum cmd_exit cmd_program(int argc, char **argv);

#endif
