/* SPDX-License-Identifier: MIT */
/* report.h - what was found, one sentence for each check. */
#ifndef CHECK_REPORT_H
#define CHECK_REPORT_H

#include <stddef.h>

#include "base/err.h"
#include "check/check.h"
#include "check/fix.h"

#define CHECK_FINDINGS_MAX 32
#define CHECK_SERVER_MAX 80

enum check_result { CHECK_GOOD, CHECK_BAD, CHECK_NOTED };

struct check_finding {
	const char *check; /* static */
	enum check_result result;
	enum check_problem problem; /* its fixes are shown; NONE: none */
	char text[PROBLEM_MAX];
};

struct check_report {
	char *url;
	char shown[CHECK_SERVER_MAX]; /* the header Server, printable */
	struct check_server server;
	struct check_finding findings[CHECK_FINDINGS_MAX];
	size_t n;
};

/* ERR_NOMEM. */
enum err check_report_new(struct check_report **out, const char *url);

/* Add a sentence, without a period; beyond CHECK_FINDINGS_MAX it is dropped.
 */
void check_report_add(struct check_report *r, const char *check,
    enum check_result result, enum check_problem problem, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
