/* SPDX-License-Identifier: MIT */
/* update.h - an update of a publisher: topics, data and properties. */
#ifndef MERCURE_UPDATE_H
#define MERCURE_UPDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "text/form.h"

/* Whose history a row belongs to: the applications', or the hub's own
 * subscription events. */
enum update_kind { UPDATE_APPLICATION, UPDATE_HUB, UPDATE_KINDS };

/* A view: all slices are borrowed.  Absent fields have base NULL. */
struct update {
	struct slice topics; /* canonical first; see topic_list.h */
	struct slice id;     /* never absent once published */
	struct slice type;
	struct slice data; /* absent counts as empty */
	uint32_t retry_ms;
	bool has_retry;
	bool private;
	enum update_kind kind;
};

struct update_limits {
	size_t topics_max;       /* topics of one update */
	size_t topic_length_max; /* bytes */
};

/* An update that owns its storage. */
struct update_box;

/*
 * Build an update from the fields `topic` (repeated), `data`, `private` (by
 * presence), `id`, `type`, `retry` of draft 7, "Publication", and check all
 * rules.  A missing or empty id becomes a random "urn:uuid:…"; empty `type`
 * and `retry` count as not given.
 * ERR_SYNTAX: no topic; a field that is not UTF-8; CR, LF or NUL in id or
 * type; other control characters in id; an id that starts or ends with a blank,
 * which HTTP takes off a header, that starts with `#` or is "earliest"; retry
 * that is not 1-9 digits; NUL in data.
 * ERR_LIMIT: too many or too long topics; id or type over 1,024 bytes.
 * ERR_DENIED: a reserved topic (topic_check()), or the type "mercure" or
 * COUNT_EVENT.
 * ERR_NOMEM, ERR_IO.
 * The problem is one sentence that names the field.
 */
enum err update_from_form(struct update_box **out, const struct form *form,
    const struct update_limits *limits, struct problem *p);

/* Copy an update that is not from a form, and check the same rules. */
enum err update_new(struct update_box **out, const struct update *u,
    const struct update_limits *limits, struct problem *p);

const struct update *update_view(const struct update_box *box);
size_t update_bytes(const struct update_box *box); /* memory it holds */
void update_free(struct update_box *box);          /* NULL is allowed */

#endif
