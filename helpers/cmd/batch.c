/* SPDX-License-Identifier: MIT */
/* batch.c - pushcgi publish --batch: updates as lines, in groups. */
#include "base/mem.h"
#include "base/utf8.h"
#include "cmd/batch_line.h"
#include "cmd/cmd.h"
#include "lib/publish.h"
#include "text/json.h"

/* A group is a transaction: large enough to be fast, small enough for others
 * that wait for the lock. */
#define GROUP_LINES 256
#define GROUP_BYTES ((size_t)1 << 20)

/* JSON may take six bytes for one, and names need some, too. */
#define LINE_MAX_BYTES(body_max) ((size_t)(body_max)*6 + GROUP_BYTES)

struct batch {
	struct pushcgi *h;
	const struct cmd_line *l;
	bool json;        /* print objects instead of ids */
	struct buf input; /* what was read and does not belong to a group */
	bool over;        /* there will be no more */
	struct batch_line lines[GROUP_LINES];
	uint64_t numbers[GROUP_LINES]; /* of the lines, from 1 */
	size_t n, bytes;               /* of the group */
	uint64_t number;               /* of the last line read */
	uint64_t published;
};

/* For a program, which need not take a sentence apart. */
static void
print_problem(const struct batch *b, uint64_t number, enum err e,
    const struct problem *why)
{
	struct problem ignored;
	struct buf out;

	buf_init(&out, SIZE_MAX - 1);
	buf_printf(
	    &out, "{\"line\":%llu,\"error\":", (unsigned long long)number);
	/* It may be cut within a character. */
	json_write_text(&out, utf8_valid(slice_of(why->text))
				  ? slice_of(why->text)
				  : slice_of(err_text(e)));
	buf_printf(
	    &out, ",\"published\":%llu}\n", (unsigned long long)b->published);
	if (out.err == ERR_OK)
		(void)cmd_print(b->l, buf_view(&out), &ignored);
	buf_free(&out);
}

static enum err
line_problem(
    const struct batch *b, uint64_t number, enum err e, struct problem *p)
{
	if (b->json)
		print_problem(b, number, e, p);
	return problem_set(p, e,
	    "Line %llu: %.200s Published before it: %llu updates.",
	    (unsigned long long)number, p->text,
	    (unsigned long long)b->published);
}

static void
group_clear(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		batch_line_free(&b->lines[i]);
	b->n = b->bytes = 0;
}

static void
add_id(const struct batch *b, struct buf *out, uint64_t number, const char *id)
{
	if (!b->json) {
		buf_printf(out, "%s\n", id);
		return;
	}
	buf_printf(out, "{\"line\":%llu,\"id\":", (unsigned long long)number);
	json_write_text(out, slice_of(id));
	buf_text(out, "}\n");
}

/* Print the ids that there are, one on a line. */
static enum err
print_ids(struct batch *b, char **ids, struct problem *p)
{
	struct buf out;
	enum err e;

	buf_init(&out, SIZE_MAX - 1);
	for (size_t i = 0; i < b->n && ids[i] != NULL; i++) {
		add_id(b, &out, b->numbers[i], ids[i]);
		b->published++;
	}
	if ((e = out.err) == ERR_OK)
		e = cmd_print(b->l, buf_view(&out), p);
	buf_free(&out);
	return e;
}

/* All of the group or none, unless the hub is remote; see pushcgi.h. */
static enum err
group_publish(struct batch *b, struct problem *p)
{
	struct pushcgi_update updates[GROUP_LINES];
	char *ids[GROUP_LINES] = { NULL };
	struct problem ignored;
	size_t at = 0;
	enum err e, printed;

	if (b->n == 0)
		return ERR_OK;
	for (size_t i = 0; i < b->n; i++)
		updates[i] = b->lines[i].update;
	e = handle_explain(handle_publish(b->h, ids, updates, b->n, &at, p), p);
	printed = print_ids(b, ids, e == ERR_OK ? p : &ignored);
	if (e != ERR_OK)
		e = line_problem(b, b->numbers[at < b->n ? at : 0], e, p);
	else
		e = printed;
	for (size_t i = 0; i < b->n; i++)
		mem_free(ids[i]);
	group_clear(b);
	return e;
}

/* No update can be made of a line; those before it are as good as ever. */
static enum err
bad_line(struct batch *b, uint64_t number, enum err e, struct problem *p)
{
	struct problem mine = *p;
	enum err before = group_publish(b, p);

	if (before != ERR_OK)
		return before;
	*p = mine;
	return line_problem(b, number, e, p);
}

static enum err
read_line(struct batch *b, struct slice line, struct problem *p)
{
	enum err e;

	/* Editors of Windows write a byte order mark in front. */
	if (b->number++ == 0 && slice_starts(line, "\xef\xbb\xbf"))
		line = slice_after(line, 3);
	if (line.len > 0 && line.base[line.len - 1] == '\r')
		line.len--;
	if (slice_trim(line).len == 0)
		return ERR_OK;
	e = batch_line_parse(&b->lines[b->n], line, p);
	if (e == ERR_NOMEM)
		(void)problem_set(p, e, "Out of memory.");
	if (e != ERR_OK)
		return bad_line(b, b->number, e, p);
	b->numbers[b->n++] = b->number;
	b->bytes += line.len;
	if (b->n == GROUP_LINES || b->bytes >= GROUP_BYTES)
		return group_publish(b, p);
	return ERR_OK;
}

/* Read the whole lines of what has arrived; at the end, also the last. */
static enum err
read_lines(struct batch *b, struct problem *p)
{
	struct slice rest = buf_view(&b->input), line = { NULL, 0 };
	struct buf left;
	enum err e = ERR_OK;

	while (e == ERR_OK && rest.base != NULL) {
		struct slice from = rest;

		(void)slice_cut(&rest, '\n', &line);
		if (rest.base == NULL && !b->over) {
			line = from;
			break;
		}
		e = read_line(b, line, p);
		line = (struct slice){ NULL, 0 };
	}
	buf_init(&left, b->input.max);
	buf_slice(&left, line);
	if (e == ERR_OK)
		e = left.err;
	buf_free(&b->input);
	b->input = left;
	return e;
}

static enum err
read_some(struct batch *b, struct problem *p)
{
	enum err e = cmd_read(b->l, &b->input, &b->over, p);

	if (e != ERR_LIMIT)
		return e;
	(void)problem_set(
	    p, ERR_LIMIT, "its data is longer than MERCURE_MAX_BODY allows.");
	return bad_line(b, b->number + 1, ERR_LIMIT, p);
}

enum err
cmd_publish_batch(
    const struct cmd_line *l, struct pushcgi *h, struct problem *p)
{
	struct batch b = { .h = h, .l = l, .json = cmd_line_has(l, "json") };
	enum err e = ERR_OK;

	buf_init(&b.input, LINE_MAX_BYTES(h->config->body_max));
	while (e == ERR_OK && !b.over) {
		if ((e = read_some(&b, p)) != ERR_OK)
			break;
		e = read_lines(&b, p);
		/* A program that writes line by line into a pipe wants each
		 * line published at once. */
		if (e == ERR_OK && (b.over || !cmd_more_waits(l)))
			e = group_publish(&b, p);
	}
	if (e == ERR_NOMEM)
		(void)problem_set(p, e, "Out of memory.");
	group_clear(&b);
	buf_free(&b.input);
	return e;
}
