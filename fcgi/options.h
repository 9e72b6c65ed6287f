/* SPDX-License-Identifier: MIT */
/* options.h - the responder's command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "wire/listener.h"

#define OPTIONS_KEYS_MAX 64

/* All texts are borrowed from argv. */
struct options {
	const char *config;
	struct listener_settings listener;
	const char *user; /* --check as this one; NULL: see selfcheck.h */
	bool check, help, version;
	const char *keys[OPTIONS_KEYS_MAX]; /* "KEY=value", see config.h */
	size_t keys_n;
};

/* ERR_SYNTAX: the problem names the word and what is wrong with it. */
enum err options_parse(
    struct options *out, int argc, char *const *argv, struct problem *p);

/* Print the text of --help. */
void options_help(void);

#endif
