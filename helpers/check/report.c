/* SPDX-License-Identifier: MIT */
/* report.c - a report for people, and the same for programs. */
#include "check/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "text/json.h"

#define MARGIN 9 /* where the sentences begin */

static const char *const results[] = {
	[CHECK_GOOD] = "ok",
	[CHECK_BAD] = "PROBLEM",
	[CHECK_NOTED] = "note",
};

static const char *const json_results[] = {
	[CHECK_GOOD] = "ok",
	[CHECK_BAD] = "problem",
	[CHECK_NOTED] = "note",
};

enum err
check_report_new(struct check_report **out, const char *url)
{
	struct check_report *r = mem_calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR_NOMEM;
	r->server.kind = CHECK_ELSE;
	if ((r->url = mem_text(slice_of(url))) == NULL) {
		mem_free(r);
		return ERR_NOMEM;
	}
	*out = r;
	return ERR_OK;
}

void
check_report_free(struct check_report *r)
{
	if (r == NULL)
		return;
	mem_free(r->url);
	mem_free(r);
}

void
check_report_add(struct check_report *r, const char *check,
    enum check_result result, enum check_problem problem, const char *fmt, ...)
{
	struct check_finding *n = &r->findings[r->n];
	va_list args;

	if (r->n == CHECK_FINDINGS_MAX)
		return;
	r->n++;
	n->check = check;
	n->result = result;
	n->problem = problem;
	va_start(args, fmt);
	vsnprintf(n->text, sizeof(n->text), fmt, args);
	va_end(args);
}

size_t
check_report_problems(const struct check_report *r)
{
	size_t problems = 0;

	for (size_t i = 0; i < r->n; i++)
		problems += r->findings[i].result == CHECK_BAD;
	return problems;
}

static void
write_fixes(struct buf *out, const struct check_finding *n,
    const struct check_server *s)
{
	const struct check_fix *m = NULL;

	while ((m = check_fix_next(m, n->problem, s)) != NULL)
		buf_printf(out, "%*s%s, %s:\n%*s    %s\n", MARGIN, "", m->with,
		    m->where, MARGIN, "", m->line);
}

void
check_report_write(struct buf *out, const struct check_report *r)
{
	const size_t problems = check_report_problems(r);

	for (size_t i = 0; i < r->n; i++) {
		const struct check_finding *n = &r->findings[i];

		buf_printf(out, "%-*s%s: %s\n", MARGIN, results[n->result],
		    n->check, n->text);
		write_fixes(out, n, &r->server);
	}
	if (problems == 0)
		buf_text(out, "No problem found.\n");
	else
		buf_printf(out, "%zu problem%s found.\n", problems,
		    problems == 1 ? "" : "s");
}

static void
write_member(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "\"%s\":", name);
	json_write_text(out, slice_of(value));
}

static void
write_json_fixes(struct buf *out, const struct check_finding *n,
    const struct check_server *s)
{
	const struct check_fix *m = NULL;
	bool first = true;

	buf_text(out, ",\"fixes\":[");
	while ((m = check_fix_next(m, n->problem, s)) != NULL) {
		buf_text(out, first ? "{" : ",{");
		first = false;
		write_member(out, "with", m->with);
		buf_byte(out, ',');
		write_member(out, "where", m->where);
		buf_byte(out, ',');
		write_member(out, "line", m->line);
		buf_byte(out, '}');
	}
	buf_byte(out, ']');
}

void
check_report_write_json(struct buf *out, const struct check_report *r)
{
	buf_byte(out, '{');
	write_member(out, "url", r->url);
	buf_byte(out, ',');
	write_member(out, "server", r->shown);
	buf_printf(
	    out, ",\"problems\":%zu,\"checks\":[", check_report_problems(r));
	for (size_t i = 0; i < r->n; i++) {
		const struct check_finding *n = &r->findings[i];

		buf_text(out, i == 0 ? "{" : ",{");
		write_member(out, "check", n->check);
		buf_byte(out, ',');
		write_member(out, "result", json_results[n->result]);
		buf_byte(out, ',');
		write_member(out, "problem", check_problem_name(n->problem));
		buf_byte(out, ',');
		write_member(out, "text", n->text);
		write_json_fixes(out, n, &r->server);
		buf_byte(out, '}');
	}
	buf_text(out, "]}\n");
}
