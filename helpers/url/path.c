/* SPDX-License-Identifier: MIT */
/* path.c - dot segments, drives and the normal form of a URL's path. */
#include "url/path.h"

#include "text/percent.h"
#include "url/url.h"

/* Section 4.3: how many dots, each plain or as %2e, the segment consists of;
 * 0 if it holds anything else. */
static size_t
count_dots(struct slice segment)
{
	size_t dots = 0;

	while (segment.len > 0) {
		if (segment.base[0] == '.')
			segment = slice_after(segment, 1);
		else if (percent_byte(segment) == '.')
			segment = slice_after(segment, 3);
		else
			return 0;
		dots++;
	}
	return dots;
}

bool
url_path_is_drive(struct slice text)
{
	char letter = text.len == 2 ? (char)(text.base[0] | 0x20) : '\0';

	return letter >= 'a' && letter <= 'z' &&
	       (text.base[1] == ':' || text.base[1] == '|');
}

bool
url_path_starts_with_drive(struct slice text)
{
	if (text.len > 2 && memchr("/\\?#", text.base[2], 4) == NULL)
		return false;
	if (text.len > 2)
		text.len = 2;
	return url_path_is_drive(text);
}

struct slice
url_path_drive(struct slice path)
{
	bool is_drive = path.len >= 3 && path.base[0] == '/' &&
			path.base[2] == ':' &&
			(path.len == 3 || path.base[3] == '/') &&
			url_path_is_drive((struct slice){ path.base + 1, 2 });

	path.len = is_drive ? 3 : 0;
	return path;
}

struct slice
url_path_shorten(struct slice path, bool is_file)
{
	const char *slash = NULL;

	if (path.len > 0)
		slash = memrchr(path.base, '/', path.len);
	if (slash == NULL)
		return path;
	if (is_file && path.len == 3 && url_path_drive(path).len == 3)
		return path;
	path.len = (size_t)(slash - path.base);
	return path;
}

static void
drop_segment(struct url_path *p)
{
	struct slice path = slice_after(buf_view(p->out), p->start);

	path = url_path_shorten(path, p->is_file);
	buf_truncate(p->out, p->start + path.len);
}

/* `is_last`: no slash follows, so a dot segment leaves an empty one. */
static void
add_segment(struct url_path *p, struct slice segment, bool is_last)
{
	size_t dots = count_dots(segment);

	if (dots == 2)
		drop_segment(p);
	if (dots == 1 || dots == 2) {
		if (is_last)
			buf_byte(p->out, '/');
		return;
	}
	if (p->is_file && p->out->len == p->start &&
	    url_path_is_drive(segment)) {
		const char drive[] = { '/', segment.base[0], ':' };

		buf_add(p->out, drive, sizeof(drive));
		return;
	}
	buf_byte(p->out, '/');
	percent_encode_set(p->out, segment, PERCENT_PATH);
}

void
url_path_add(struct url_path *p, struct slice text)
{
	size_t n;

	for (;;) {
		for (n = 0; n < text.len; n++)
			if (text.base[n] == '/' ||
			    (p->is_special && text.base[n] == '\\'))
				break;
		add_segment(p, (struct slice){ text.base, n }, n == text.len);
		if (n == text.len)
			return;
		text = slice_after(text, n + 1);
	}
}

/*
 * A blank at the end would be trimmed when the URL is parsed again without
 * what follows, so it is encoded; where nothing follows, it was trimmed.
 */
void
url_path_add_opaque(struct buf *out, struct slice text, bool is_last)
{
	bool has_blank = text.len > 0 && text.base[text.len - 1] == ' ';

	if (has_blank && !is_last)
		text.len--;
	percent_encode_set(out, text, PERCENT_CONTROL);
	if (has_blank && !is_last)
		buf_text(out, "%20");
}

/* Decode the %XX that `out` ends in, if it stands for an unreserved
 * character.  That character may be the end of another %XX, and so on. */
static void
decode_end(struct buf *out)
{
	int byte;

	while (out->len >= 3) {
		byte = percent_byte(slice_after(buf_view(out), out->len - 3));
		if (byte < 0 || !percent_is_unreserved((char)byte))
			return;
		buf_truncate(out, out->len - 3);
		buf_byte(out, (char)byte);
	}
}

static void
add_decoded(struct buf *out, struct slice s)
{
	if (s.len == 0 || memchr(s.base, '%', s.len) == NULL) {
		buf_slice(out, s);
		return;
	}
	for (size_t i = 0; i < s.len; i++) {
		buf_byte(out, s.base[i]);
		decode_end(out);
	}
}

void
url_normalize_path(struct buf *out, struct slice path)
{
	struct url_path p = { .out = out, .start = out->len };
	struct slice rest = path, segment;

	slice_cut(&rest, '/', &segment); /* nothing is before the first */
	while (slice_cut(&rest, '/', &segment)) {
		size_t before = out->len;

		buf_byte(out, '/');
		add_decoded(out, segment);
		segment = slice_after(buf_view(out), before);
		if (!slice_is(segment, "/.") && !slice_is(segment, "/.."))
			continue;
		buf_truncate(out, before);
		if (segment.len == 3)
			drop_segment(&p);
		if (rest.base == NULL)
			buf_byte(out, '/');
	}
}
