/* SPDX-License-Identifier: MIT */
/* report.c - a report for people, and the same for programs. */
#include "check/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "text/json.h"

#define MARGIN 9 /* where the sentences begin */

static const char *const results[] = {
	[DOCTOR_GOOD] = "ok",
	[DOCTOR_BAD] = "PROBLEM",
	[DOCTOR_NOTED] = "note",
};

static const char *const json_results[] = {
	[DOCTOR_GOOD] = "ok",
	[DOCTOR_BAD] = "problem",
	[DOCTOR_NOTED] = "note",
};

enum err
doctor_report_new(struct doctor_report **out, const char *url)
{
	struct doctor_report *r = mem_calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR_NOMEM;
	r->server.kind = DOCTOR_ELSE;
	if ((r->url = mem_text(slice_of(url))) == NULL) {
		mem_free(r);
		return ERR_NOMEM;
	}
	*out = r;
	return ERR_OK;
}

void
doctor_report_free(struct doctor_report *r)
{
	if (r == NULL)
		return;
	mem_free(r->url);
	mem_free(r);
}

void
doctor_report_add(struct doctor_report *r, const char *check,
    enum doctor_result result, enum doctor_fault problem, const char *fmt, ...)
{
	struct doctor_finding *n = &r->findings[r->n];
	va_list args;

	if (r->n == DOCTOR_FINDINGS_MAX)
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
doctor_report_faults(const struct doctor_report *r)
{
	size_t faults = 0;

	for (size_t i = 0; i < r->n; i++)
		faults += r->findings[i].result == DOCTOR_BAD;
	return faults;
}

static void
write_mends(struct buf *out, const struct doctor_finding *n,
    const struct doctor_server *s)
{
	const struct doctor_mend *m = NULL;

	while ((m = doctor_mend_next(m, n->problem, s)) != NULL)
		buf_printf(out, "%*s%s, %s:\n%*s    %s\n", MARGIN, "", m->with,
		    m->where, MARGIN, "", m->line);
}

void
doctor_report_write(struct buf *out, const struct doctor_report *r)
{
	const size_t faults = doctor_report_faults(r);

	for (size_t i = 0; i < r->n; i++) {
		const struct doctor_finding *n = &r->findings[i];

		buf_printf(out, "%-*s%s: %s\n", MARGIN, results[n->result],
		    n->check, n->text);
		write_mends(out, n, &r->server);
	}
	if (faults == 0)
		buf_text(out, "No problem found.\n");
	else
		buf_printf(out, "%zu problem%s found.\n", faults,
		    faults == 1 ? "" : "s");
}

static void
write_member(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "\"%s\":", name);
	json_write_text(out, slice_of(value));
}

static void
write_json_mends(struct buf *out, const struct doctor_finding *n,
    const struct doctor_server *s)
{
	const struct doctor_mend *m = NULL;
	bool first = true;

	buf_text(out, ",\"fixes\":[");
	while ((m = doctor_mend_next(m, n->problem, s)) != NULL) {
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
doctor_report_write_json(struct buf *out, const struct doctor_report *r)
{
	buf_byte(out, '{');
	write_member(out, "url", r->url);
	buf_byte(out, ',');
	write_member(out, "server", r->shown);
	buf_printf(
	    out, ",\"problems\":%zu,\"checks\":[", doctor_report_faults(r));
	for (size_t i = 0; i < r->n; i++) {
		const struct doctor_finding *n = &r->findings[i];

		buf_text(out, i == 0 ? "{" : ",{");
		write_member(out, "check", n->check);
		buf_byte(out, ',');
		write_member(out, "result", json_results[n->result]);
		buf_byte(out, ',');
		write_member(out, "problem", doctor_fault_name(n->problem));
		buf_byte(out, ',');
		write_member(out, "text", n->text);
		write_json_mends(out, n, &r->server);
		buf_byte(out, '}');
	}
	buf_text(out, "]}\n");
}
