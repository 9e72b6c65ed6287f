/* SPDX-License-Identifier: MIT */
/* report.h - what was found, one sentence for each check. */
#ifndef CHECK_REPORT_H
#define CHECK_REPORT_H

#include <stddef.h>

#include "base/err.h"
#include "check/check.h"
#include "check/fix.h"

#define DOCTOR_FINDINGS_MAX 32
#define DOCTOR_SERVER_MAX 80

enum doctor_result { DOCTOR_GOOD, DOCTOR_BAD, DOCTOR_NOTED };

struct doctor_finding {
	const char *check; /* static */
	enum doctor_result result;
	enum doctor_fault problem; /* its mends are shown; NONE: none */
	char text[PROBLEM_MAX];
};

struct doctor_report {
	char *url;
	char shown[DOCTOR_SERVER_MAX]; /* the header Server, printable */
	struct doctor_server server;
	struct doctor_finding findings[DOCTOR_FINDINGS_MAX];
	size_t n;
};

/* ERR_NOMEM. */
enum err doctor_report_new(struct doctor_report **out, const char *url);

/* Add a sentence, without a period; beyond DOCTOR_FINDINGS_MAX it is dropped.
 */
void doctor_report_add(struct doctor_report *r, const char *check,
    enum doctor_result result, enum doctor_fault problem, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
