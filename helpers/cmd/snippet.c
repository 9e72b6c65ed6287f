/* SPDX-License-Identifier: MIT */
/* snippet.c - pushcgi snippet: what a web server's configuration needs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/list.h"
#include "text/digits.h"

#define FOLDER PKGDATADIR "/templates/servers"
#define PROGRAM FCGIDIR "/pushcgi.fcgi"
#define SUFFIX ".conf"
#define SNIPPET_MAX 65536
#define SERVERS_MAX 32
#define NAME_MAX_BYTES 48
#define COLUMN 22 /* where what a snippet is for begins */

static const struct cmd_option options[] = {
	{ .name = "program",
	    .value = "PATH",
	    .help = "where pushcgi.fcgi is, if not where it was installed" },
	{ .name = "socket",
	    .value = "PATH",
	    .help = "the socket between the web server and the hub" },
	{ .name = "host",
	    .value = "NAME",
	    .help = "the site's host name (lighttpd-beside)" },
	{ .name = "port",
	    .value = "NUMBER",
	    .help = "the port for the hub alone (lighttpd-beside)" },
	{ .name = "certificate",
	    .value = "PATH",
	    .help = "the certificate with its chain (lighttpd-beside)" },
	{ .name = "key",
	    .value = "PATH",
	    .help = "the file of its private key (lighttpd-beside)" },
	{ .name = "templates",
	    .value = "FOLDER",
	    .help = "read the snippets from there" },
	{ .name = NULL },
};

/* The snippets are ready to use on Debian.  On other systems these of their
 * paths differ: they are what the option says, or else what this build has
 * (NULL: as it is), or a part of that.  The same for what a site has of its
 * own.  A text stands in front of those that it begins with. */
static const struct path {
	const char *text, *option, *built;
	enum { WHOLE, FOLDER_OF, NAME_OF } part;
} paths[] = {
	{ "/usr/lib/cgi-bin/pushcgi.fcgi", "program", PROGRAM, WHOLE },
	{ "/usr/lib/cgi-bin", "program", PROGRAM, FOLDER_OF },
	{ "pushcgi.fcgi", "program", PROGRAM, NAME_OF },
	{ "/run/pushcgi/hub.sock", "socket", NULL, WHOLE },
	{ "/run/lighttpd/pushcgi.sock", "socket", NULL, WHOLE },
	{ "/var/lib/pushcgi", NULL, LOCALSTATEDIR "/lib/pushcgi", WHOLE },
	{ "/etc/letsencrypt/live/www.example.com/fullchain.pem", "certificate",
	    NULL, WHOLE },
	{ "/etc/letsencrypt/live/www.example.com/privkey.pem", "key", NULL,
	    WHOLE },
	{ "www.example.com", "host", NULL, WHOLE },
	{ "8443", "port", NULL, WHOLE },
};

#define PATHS_N (sizeof(paths) / sizeof(paths[0]))

/* The names of the snippets, in order. */
struct servers {
	char names[SERVERS_MAX][NAME_MAX_BYTES];
	size_t n;
};

static const char *
folder(const struct cmd_line *l)
{
	const char *given = cmd_line_text(l, "templates").base;

	return given != NULL ? given : FOLDER;
}

static void
add_name(struct servers *s, const char *file)
{
	size_t len = strlen(file), i;

	if (len <= strlen(SUFFIX) || len >= NAME_MAX_BYTES ||
	    s->n == SERVERS_MAX || file[0] == '.' ||
	    strcmp(file + len - strlen(SUFFIX), SUFFIX) != 0)
		return;
	for (i = s->n++; i > 0 && strcmp(s->names[i - 1], file) > 0; i--)
		memcpy(s->names[i], s->names[i - 1], NAME_MAX_BYTES);
	memcpy(s->names[i], file, len + 1);
}

static enum err
read_folder(struct servers *s, const struct cmd_line *l, struct problem *p)
{
	DIR *d = opendir(folder(l));
	const struct dirent *entry;

	s->n = 0;
	if (d == NULL)
		return problem_set(p, ERR_IO,
		    "The snippets cannot be read: %.180s: %s; say where they "
		    "are with --templates FOLDER.",
		    folder(l), strerror(errno));
	while ((entry = readdir(d)) != NULL)
		add_name(s, entry->d_name);
	closedir(d);
	for (size_t i = 0; i < s->n; i++)
		s->names[i][strlen(s->names[i]) - strlen(SUFFIX)] = '\0';
	if (s->n == 0)
		return problem_set(p, ERR_NOTFOUND,
		    "There are no snippets in %.180s; say where they are with "
		    "--templates FOLDER.",
		    folder(l));
	return ERR_OK;
}

static enum err
read_file(struct buf *text, const struct cmd_line *l, const char *name,
    struct problem *p)
{
	char path[1024], bytes[4096];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%.900s/%s" SUFFIX, folder(l), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(text, bytes, (size_t)n);
	if (n < 0)
		problem_set(p, ERR_IO, "%.200s cannot be read: %s.", path,
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	return n < 0 ? ERR_IO : text->err;
}

/* A path goes into files of four syntaxes: it has no character that one of
 * them could take for its own. */
static enum err
check_path(const struct cmd_line *l, const char *option, struct problem *p)
{
	struct slice path = cmd_line_text(l, option);

	if (path.base == NULL)
		return ERR_OK;
	if (path.len > 0 && path.base[0] == '/' &&
	    strspn(path.base, "/-._+@%~0123456789abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == path.len)
		return ERR_OK;
	return problem_set(p, ERR_SYNTAX,
	    "--%s needs a path from / on, of letters, digits and -._+@%%~ "
	    "only.",
	    option);
}

/* A host name goes into comments and paths only, a port into a setting. */
static enum err
check_site(const struct cmd_line *l, struct problem *p)
{
	struct slice host = cmd_line_text(l, "host");
	struct slice port = cmd_line_text(l, "port");
	uint64_t n;

	if (host.base != NULL &&
	    (host.len == 0 || host.len > 253 || host.base[0] == '.' ||
		strspn(host.base, "-.0123456789abcdefghijklmnopqrstuvwxyz") !=
		    host.len))
		return problem_set(p, ERR_SYNTAX,
		    "--host needs a host name in lower case, such as "
		    "www.example.com.");
	if (port.base != NULL && (!digits_parse(&n, port, 65535) || n == 0))
		return problem_set(
		    p, ERR_SYNTAX, "--port needs a number from 1 to 65535.");
	return ERR_OK;
}

static enum err
check_options(const struct cmd_line *l, struct problem *p)
{
	static const char *const names[] = { "program", "socket", "certificate",
		"key" };
	enum err e = check_site(l, p);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (e == ERR_OK)
			e = check_path(l, names[i], p);
	return e;
}

/* What stands in place of this path; base NULL: itself. */
static struct slice
value_of(const struct path *p, const struct cmd_line *l)
{
	struct slice path = { NULL, 0 };
	size_t folder_len;

	if (p->option != NULL)
		path = cmd_line_text(l, p->option);
	if (path.base == NULL)
		path = slice_of(p->built);
	if (p->part == WHOLE || path.base == NULL)
		return path;
	for (folder_len = path.len; path.base[folder_len - 1] != '/';)
		folder_len--;
	if (p->part == NAME_OF)
		return slice_after(path, folder_len);
	/* The slash of / stays. */
	return (struct slice){ path.base, folder_len > 1 ? folder_len - 1 : 1 };
}

/* The first path at the start of `text` that has another value here; NULL if
 * there is none. */
static const struct path *
path_at(struct slice text, const struct cmd_line *l)
{
	for (size_t i = 0; i < PATHS_N; i++)
		if (slice_starts(text, paths[i].text) &&
		    value_of(&paths[i], l).base != NULL)
			return &paths[i];
	return NULL;
}

static void
fill_in(struct buf *out, struct slice text, const struct cmd_line *l)
{
	while (text.len > 0) {
		const struct path *p = path_at(text, l);

		if (p == NULL) {
			buf_byte(out, text.base[0]);
			text = slice_after(text, 1);
			continue;
		}
		buf_slice(out, value_of(p, l));
		text = slice_after(text, strlen(p->text));
	}
}

/* The second line of a snippet says what it is for, behind its name. */
static void
add_row(struct buf *out, const char *name, struct slice text)
{
	struct slice line = { NULL, 0 };

	slice_cut(&text, '\n', &line);
	slice_cut(&text, '\n', &line);
	while (line.len > 2 && !slice_starts(line, "- "))
		line = slice_after(line, 1);
	buf_printf(out, "%-*s %.*s\n", COLUMN, name,
	    line.len > 2 ? (int)line.len - 2 : 0, line.base + 2);
}

static enum err
list(struct buf *out, const struct servers *s, const struct cmd_line *l,
    struct problem *p)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < s->n && e == ERR_OK; i++) {
		struct buf text;

		buf_init(&text, SNIPPET_MAX);
		e = read_file(&text, l, s->names[i], p);
		if (e == ERR_OK)
			add_row(out, s->names[i], buf_view(&text));
		buf_free(&text);
	}
	return e;
}

static enum err
refuse(const struct servers *s, struct slice name, struct problem *p)
{
	char known[200] = "";
	size_t len = 0;

	for (size_t i = 0; i < s->n && len < sizeof(known); i++)
		len += (size_t)snprintf(known + len, sizeof(known) - len,
		    "%s%s", i > 0 ? ", " : "", s->names[i]);
	return problem_set(p, ERR_NOTFOUND,
	    "There is no snippet %.*s; there are: %s.",
	    name.len < 40 ? (int)name.len : 40, name.base, known);
}

static enum err
snippet_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	struct servers s;
	struct buf text;
	enum err e;
	size_t i;

	(void)h;
	if ((e = check_options(l, p)) != ERR_OK ||
	    (e = read_folder(&s, l, p)) != ERR_OK)
		return e;
	if (l->operands_n == 0)
		return list(out, &s, l, p);
	for (i = 0; i < s.n; i++)
		if (slice_is(l->operands[0], s.names[i]))
			break;
	if (i == s.n)
		return refuse(&s, l->operands[0], p);
	buf_init(&text, SNIPPET_MAX);
	if ((e = read_file(&text, l, s.names[i], p)) == ERR_OK)
		fill_in(out, buf_view(&text), l);
	buf_free(&text);
	return e;
}

const struct cmd cmd_snippet = {
	.name = "snippet",
	.operands = "[SERVER]",
	.operands_max = 1,
	.help = "Print what a web server's configuration needs.",
	.options = options,
	.run = snippet_run,
};
