/* SPDX-License-Identifier: MIT */
/* answer.c - pushcgi answer: subcommands for the questions of a page. */
#include <poll.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/list.h"
#include "cmd/question.h"
#include "lib/handle.h"

#define IDLE_S 60
#define IDLE_MAX_S 86400

/* A peer that stops within a question does not keep the process for good. */
#define REST_S 60

/* More than Linux takes as arguments of a program. */
#define ARGS_BYTES_MAX ((uint64_t)4 << 20)
#define PRINTED_MAX (UINT32_C(64) << 20)

/* A process that answers for longer is replaced, and reads its configuration
 * once more. */
#define QUESTIONS_MAX 10000

struct answering {
	struct pushcgi h;
	const struct cmd_line *l; /* of pushcgi answer itself */
	bool loaded;              /* the configuration could be read */
	struct buf in;            /* what was read */
	size_t at;                /* up to here it is done */
	bool over;                /* nothing follows, or not in time */
	bool idle;                /* nobody asked in time */
	struct question q;
	struct buf args;    /* each with a NUL behind it */
	struct buf printed; /* by the subcommand */
};

static const struct cmd_option options[] = {
	{ .name = "idle",
	    .value = "S",
	    .number_max = IDLE_MAX_S,
	    .help = "end after S seconds without a question; default: 60" },
	{ .name = NULL },
};

static struct slice
ahead(const struct answering *a)
{
	return slice_after(buf_view(&a->in), a->at);
}

/* Wait for more input.  `over` without a problem: there is none, in time. */
static enum err
fill(struct answering *a, uint64_t wait_s, struct problem *p)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	struct buf left;
	enum err e;

	if (poll(&in, 1, (int)wait_s * 1000) == 0) {
		a->over = a->idle = true;
		return ERR_OK;
	}
	if (a->at > 0) {
		buf_init(&left, a->in.max);
		buf_slice(&left, ahead(a));
		e = left.err;
		buf_wipe(&a->in);
		a->in = left;
		a->at = 0;
		if (e != ERR_OK)
			return e;
	}
	return cmd_read_plain(&a->in, &a->over, p);
}

/* The first line, without its line break; base NULL: there is none. */
static enum err
read_line(struct answering *a, struct slice *line, struct problem *p)
{
	uint64_t wait_s = cmd_line_number(a->l, "idle", IDLE_S);
	const char *end;
	enum err e;

	*line = (struct slice){ NULL, 0 };
	while (ahead(a).len == 0 ||
	       (end = memchr(ahead(a).base, '\n', ahead(a).len)) == NULL) {
		if (ahead(a).len > QUESTION_LINE_MAX)
			return problem_set(p, ERR_SYNTAX,
			    "The first line of a question is too long.");
		if ((e = fill(a, wait_s, p)) != ERR_OK)
			return e;
		if (a->over)
			return ERR_OK;
		wait_s = REST_S;
	}
	line->base = ahead(a).base;
	line->len = (size_t)(end - line->base);
	a->at += line->len + 1;
	return ERR_OK;
}

/* Exactly `len` bytes, to *out, or to nowhere. */
static enum err
take(struct answering *a, struct buf *out, uint64_t len, struct problem *p)
{
	enum err e;

	while (len > 0) {
		size_t n = ahead(a).len;

		if (n > len)
			n = (size_t)len;
		if (out != NULL)
			buf_add(out, ahead(a).base, n);
		a->at += n;
		len -= n;
		if (len == 0)
			break;
		if ((e = fill(a, REST_S, p)) != ERR_OK)
			return e;
		if (a->over)
			return problem_set(
			    p, ERR_IO, "The question is cut off.");
	}
	return out != NULL ? out->err : ERR_OK;
}

/* The arguments, as main() gets them. */
static enum err
read_args(struct answering *a, char ***out, struct problem *p)
{
	char **argv;
	enum err e = ERR_OK;
	size_t at = 0;

	for (size_t i = 0; e == ERR_OK && i < a->q.n; i++) {
		e = take(a, &a->args, a->q.lengths[i], p);
		buf_byte(&a->args, '\0');
	}
	if (e == ERR_OK)
		e = a->args.err;
	if (e != ERR_OK)
		return e;
	if ((argv = mem_calloc(a->q.n + 2, sizeof(*argv))) == NULL)
		return ERR_NOMEM;
	argv[0] = a->args.base + a->args.len - 1; /* "", for the program */
	for (size_t i = 0; i < a->q.n; i++) {
		argv[i + 1] = a->args.base + at;
		at += (size_t)a->q.lengths[i] + 1;
	}
	*out = argv;
	return ERR_OK;
}

static enum err
check_args(const struct answering *a, char *const *argv, struct problem *p)
{
	for (size_t i = 0; i < a->q.n; i++)
		if (strlen(argv[i + 1]) != a->q.lengths[i])
			return problem_set(
			    p, ERR_SYNTAX, "An argument must not contain NUL.");
	return ERR_OK;
}

/* Settings belong to the process, which read them once. */
static enum err
check_line(const struct cmd_line *l, struct problem *p)
{
	if (l->cmd == NULL)
		return ERR_OK; /* --help, --version */
	if (!l->cmd->answers)
		return problem_set(p, ERR_SYNTAX,
		    "pushcgi answer does not run %s.", l->cmd->name);
	if (l->overrides_n > 0 || cmd_line_has(l, "config"))
		return problem_set(p, ERR_SYNTAX,
		    "Settings and --config belong behind pushcgi answer, not "
		    "to a question.");
	return ERR_OK;
}

/* A configuration that cannot be read fails the question only, since the next
 * one may find it repaired. */
static enum err
load(struct answering *a, struct problem *p)
{
	enum err e = ERR_OK;

	if (!a->loaded)
		e = handle_load(&a->h, cmd_line_text(a->l, "config").base,
		    a->l->overrides, p);
	if (e == ERR_OK)
		a->loaded = true;
	return e;
}

static enum cmd_exit
perform(struct answering *a, char **argv, struct cmd_asked *asked,
    struct problem *p)
{
	struct cmd_line *line = NULL;
	enum cmd_exit status;
	enum err e = check_args(a, argv, p);

	if (e == ERR_OK)
		e = cmd_line_parse(&line, a->l->all, (int)a->q.n + 1, argv, p);
	if (e == ERR_OK)
		e = check_line(line, p);
	if (e != ERR_OK) {
		status = cmd_give_up(NULL, e, p);
	} else if ((e = load(a, p)) != ERR_OK) {
		status = cmd_give_up(line, e, p);
	} else {
		line->asked = asked;
		status = cmd_perform(line, &a->h, p);
	}
	cmd_line_free(line);
	return status;
}

static enum err
print_answer(struct answering *a, enum cmd_exit status,
    const struct problem *why, struct problem *p)
{
	char errors[PROBLEM_MAX + 16] = "";
	struct buf out;
	enum err e;

	if (status != CMD_OK && why->text[0] != '\0')
		snprintf(errors, sizeof(errors), "pushcgi: %s\n", why->text);
	buf_init(&out, SIZE_MAX - 1);
	buf_printf(
	    &out, "%d %zu %zu\n", (int)status, a->printed.len, strlen(errors));
	buf_slice(&out, buf_view(&a->printed));
	buf_text(&out, errors);
	if ((e = out.err) == ERR_OK)
		e = cmd_print(NULL, buf_view(&out), p);
	buf_wipe(&out);
	return e;
}

/* An answer of its own for each question, and its input is taken whatever
 * happens, so that the next question begins where it should. */
static enum err
answer_one(struct answering *a, struct problem *p)
{
	struct cmd_asked asked = { .left = a->q.input, .printed = &a->printed };
	enum cmd_exit status = CMD_USAGE;
	struct problem why = { "" };
	char **argv = NULL;
	uint64_t taken;
	enum err e;

	buf_init(&a->args, ARGS_BYTES_MAX + QUESTION_ARGS_MAX);
	buf_init(&a->printed, PRINTED_MAX);
	if (a->q.args_bytes > ARGS_BYTES_MAX) {
		(void)problem_set(&why, ERR_LIMIT,
		    "The arguments of a question are too long.");
		e = take(a, NULL, a->q.args_bytes, p);
	} else if ((e = read_args(a, &argv, p)) == ERR_OK) {
		asked.ahead = ahead(a);
		status = perform(a, argv, &asked, &why);
		taken = a->q.input - asked.left;
		a->at += ahead(a).len - asked.ahead.len;
		a->q.input -= taken;
	}
	if (e == ERR_OK)
		e = take(a, NULL, a->q.input, p);
	if (e == ERR_OK)
		e = print_answer(a, status, &why, p);
	mem_free(argv);
	buf_wipe(&a->args);
	buf_wipe(&a->printed);
	return e;
}

/* Nobody asked for a while, or it has answered enough: the peer reads this
 * where it expects an answer, and asks another process. */
static enum err
say_end(struct problem *p)
{
	return cmd_print(NULL, slice_of("end\n"), p);
}

static enum err
answer_all(struct answering *a, struct problem *p)
{
	struct slice line = { NULL, 0 };
	enum err e;

	for (unsigned i = 0; i < QUESTIONS_MAX; i++) {
		if ((e = read_line(a, &line, p)) != ERR_OK)
			return e;
		if (line.base == NULL && ahead(a).len > 0)
			return problem_set(
			    p, ERR_IO, "The question is cut off.");
		if (line.base == NULL)
			return a->idle ? say_end(p) : ERR_OK;
		if (line.len == 0)
			return ERR_OK;
		if ((e = question_parse(&a->q, line, p)) != ERR_OK ||
		    (e = answer_one(a, p)) != ERR_OK)
			return e;
	}
	return say_end(p);
}

static enum err
answer_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	struct answering *a = mem_calloc(1, sizeof(*a));
	enum err e;

	(void)out;
	(void)h;
	if (a == NULL)
		return ERR_NOMEM;
	a->l = l;
	a->h.is_program = true;
	buf_init(&a->in, QUESTION_LINE_MAX + ((size_t)128 << 10));
	e = answer_all(a, p);
	handle_unload(&a->h);
	buf_wipe(&a->in);
	mem_free(a);
	return e;
}

const struct cmd cmd_answer = {
	.name = "answer",
	.operands = "",
	.help = "Answer questions on standard input, for libraries.",
	.options = options,
	.run = answer_run,
};
