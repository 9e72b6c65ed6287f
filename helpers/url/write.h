/* SPDX-License-Identifier: MIT */
/* write.h - a URL that is being put together, part after part; for url.c. */
#ifndef URL_WRITE_H
#define URL_WRITE_H

#include "text/percent.h"
#include "url/url.h"

/*
 * The parts are written in their order, so the serialization (section 4.5)
 * grows at its end only.  Failures of the buffer are reported by
 * url_write_finish().
 */
struct url_writer {
	struct buf text;
	struct {
		size_t at, len;
		bool is_there;
	} part[URL_PARTS];
	const char *default_port; /* "" if the scheme has none */
	bool is_special, is_file, has_opaque_path;
};

void url_write_init(struct url_writer *w);

/* The scheme, in any case, and what it means for the rest. */
void url_write_scheme(struct url_writer *w, struct slice scheme);

/* The slashes of the authority and the credentials, which may be empty and
 * may be encoded already. */
void url_write_credentials(
    struct url_writer *w, struct slice username, struct slice password);

void url_write_port(struct url_writer *w, struct slice digits);
void url_write_query(struct url_writer *w, struct slice query);
void url_write_fragment(struct url_writer *w, struct slice fragment);

/* The same parts as `base` has; none if it has no host. */
void url_write_authority_of(struct url_writer *w, const struct url *base);

/* For the host and the path: what is added to w->text between the two. */
void url_write_begin(struct url_writer *w, enum url_part part);
void url_write_end(struct url_writer *w, enum url_part part);

/* The text of a part so far; valid until the next change. */
struct slice url_write_get(const struct url_writer *w, enum url_part part);

/* Make *out of it; the writer is empty then.  On failure *out is untouched:
 * ERR_LIMIT, ERR_NOMEM. */
enum err url_write_finish(struct url_writer *w, struct url *out);

void url_write_free(struct url_writer *w);

#endif
