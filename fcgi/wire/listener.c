/* SPDX-License-Identifier: MIT */
/* listener.c - opens, inherits and judges sockets. */
#include "wire/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rights.h"
#include "base/slice.h"
#include "text/digits.h"

#define BACKLOG 4096 /* a full one makes web servers answer 502 */
#define SYSTEMD_FD 3

static bool
listens(int fd)
{
	int on = 0;
	socklen_t len = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on;
}

bool
listener_inherited(void)
{
	return listens(STDIN_FILENO);
}

/* Does somebody answer on this socket? */
static bool
in_use(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answered;

	if (fd < 0)
		return false;
	answered = connect(fd, (const struct sockaddr *)(const void *)sun,
		       sizeof(*sun)) == 0 ||
		   errno == EAGAIN;
	close(fd);
	return answered;
}

static enum err
find_group(gid_t *out, const char *name, struct problem *p)
{
	const struct group *gr = name != NULL ? getgrnam(name) : NULL;

	if (name != NULL && gr == NULL)
		return problem_set(p, ERR_NOTFOUND,
		    "--listen-group: there is no group %s: addgroup --system "
		    "makes one.",
		    name);
	*out = gr != NULL ? gr->gr_gid : (gid_t)-1;
	return ERR_OK;
}

/* Others may write in the folder, too: what has this name now is given away
 * only if it is a socket of ours without another name. */
static enum err
give_to_group(const char *path, const char *group, gid_t gid, struct problem *p)
{
	const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	enum err e = ERR_OK;

	errno = ESTALE;
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISSOCK(st.st_mode) ||
	    st.st_uid != geteuid() || st.st_nlink != 1 ||
	    fchownat(fd, "", (uid_t)-1, gid, AT_EMPTY_PATH) != 0)
		e = problem_set(p, ERR_READONLY,
		    "--listen-group: %s cannot be given to the group %s: %s.",
		    path, group, strerror(errno));
	if (fd >= 0)
		close(fd);
	return e;
}

/* 0660 from its first moment on, by the umask: this comes before all threads.
 * Nobody can connect before listen(2). */
static bool
bind_private(int fd, const struct sockaddr_un *sun)
{
	const mode_t was = umask(0117);
	const bool bound = bind(fd, (const struct sockaddr *)(const void *)sun,
			       sizeof(*sun)) == 0;
	const int code = errno;

	umask(was);
	errno = code;
	return bound;
}

/* Nobody answers on it, so remove it; only a socket, never the target of a
 * link. */
static enum err
remove_stale(const char *path, struct problem *p)
{
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return problem_set(p, ERR_DENIED,
		    "--listen: %s is there already, and no socket.", path);
	unlink(path);
	return ERR_OK;
}

/* Nobody made the folder, or this user may not write in it. */
static enum err
no_place(const char *path, int code, struct problem *p)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	char *slash;
	struct rights_who who;

	snprintf(folder, sizeof(folder), "%s", path);
	if ((slash = strrchr(folder, '/')) == NULL || slash == folder)
		return problem_set(
		    p, ERR_IO, "--listen: %s: %s.", path, strerror(code));
	*slash = '\0';
	if (code == EACCES && rights_explain(p, folder, W_OK | X_OK))
		return ERR_IO;
	if (code != ENOENT)
		return problem_set(
		    p, ERR_IO, "--listen: %s: %s.", path, strerror(code));
	rights_of_process(&who);
	return problem_set(p, ERR_IO,
	    "--listen: the folder of %s does not exist: install -d -o %s -g %s "
	    "%s",
	    path, rights_owner_for(who.shared), who.shared, folder);
}

/* A hub of root's without --listen-group: no web server reaches it. */
static void
warn_of_root(const char *path)
{
	struct rights_who who;
	struct stat st;

	if (lstat(path, &st) != 0 || st.st_gid != 0)
		return;
	rights_of_process(&who);
	log_warn("only root can use the socket", LOG_TEXT("socket", path),
	    LOG_TEXT("hint", "--listen-group with the web server's group"),
	    LOG_TEXT("group", who.shared));
}

static enum err
open_unix(int fd, const char *path, const char *group, struct problem *p)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	gid_t gid = (gid_t)-1;
	enum err e;

	if (strlen(path) >= sizeof(sun.sun_path))
		return problem_set(p, ERR_LIMIT,
		    "--listen: a unix socket's path has at most %zu "
		    "characters.",
		    sizeof(sun.sun_path) - 1);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	if (in_use(&sun))
		return problem_set(p, ERR_BUSY,
		    "--listen: another process listens on %s.", path);
	if ((e = find_group(&gid, group, p)) != ERR_OK ||
	    (e = remove_stale(path, p)) != ERR_OK)
		return e;
	if (!bind_private(fd, &sun))
		return no_place(path, errno, p);
	if (group != NULL)
		return give_to_group(path, group, gid, p);
	warn_of_root(path);
	return ERR_OK;
}

static enum err
parse_tcp(struct sockaddr_in *sin, const char *address, bool remote,
    struct problem *p)
{
	char host[INET_ADDRSTRLEN];
	const char *colon = strrchr(address, ':');
	uint64_t port;

	if (colon == NULL || (size_t)(colon - address) >= sizeof(host))
		return problem_set(p, ERR_SYNTAX,
		    "--listen: tcp needs ADDRESS:PORT, such as "
		    "tcp:127.0.0.1:9000.");
	memcpy(host, address, (size_t)(colon - address));
	host[colon - address] = '\0';
	if (inet_pton(AF_INET, host, &sin->sin_addr) != 1 ||
	    !digits_parse(&port, slice_of(colon + 1), 65535))
		return problem_set(p, ERR_SYNTAX,
		    "--listen: %s is not an IPv4 address and port.", address);
	if (ntohl(sin->sin_addr.s_addr) >> 24 != 127 && !remote)
		return problem_set(p, ERR_DENIED,
		    "--listen: anybody who reaches a FastCGI port controls the "
		    "hub; %s is not loopback.  Add --listen-remote if it is "
		    "meant, and set FCGI_WEB_SERVER_ADDRS.",
		    host);
	sin->sin_port = htons((uint16_t)port);
	return ERR_OK;
}

static enum err
open_tcp(int fd, const char *address, bool remote, struct problem *p)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	const int on = 1;
	enum err e = parse_tcp(&sin, address, remote, p);

	if (e != ERR_OK)
		return e;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)(void *)&sin, sizeof(sin)) != 0)
		return problem_set(
		    p, ERR_IO, "--listen: %s: %s.", address, strerror(errno));
	return ERR_OK;
}

static enum err
open_own(int *out, const struct listener_settings *s, struct problem *p)
{
	struct slice how = slice_of(s->listen);
	bool local = slice_starts(how, "unix:");
	enum err e;
	int fd;

	if (!local && !slice_starts(how, "tcp:"))
		return problem_set(p, ERR_SYNTAX,
		    "--listen: unix:PATH or tcp:ADDRESS:PORT is wanted.");
	if (!local && s->group != NULL)
		return problem_set(p, ERR_SYNTAX,
		    "--listen-group: only a unix socket has a group.");
	fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return problem_set(p, ERR_IO, "socket: %s.", strerror(errno));
	e = local ? open_unix(fd, s->listen + 5, s->group, p)
		  : open_tcp(fd, s->listen + 4, s->remote, p);
	if (e == ERR_OK && listen(fd, BACKLOG) != 0)
		e = problem_set(p, ERR_IO, "listen: %s.", strerror(errno));
	if (e != ERR_OK) {
		close(fd);
		return e;
	}
	*out = fd;
	return ERR_OK;
}

static bool
systemd_passed(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");

	return pid != NULL && n != NULL &&
	       strtol(pid, NULL, 10) == (long)getpid() &&
	       strtol(n, NULL, 10) >= 1 && listens(SYSTEMD_FD);
}

enum err
listener_open(int *out, const struct listener_settings *s, struct problem *p)
{
	enum err e;
	int fd = -1;

	if (s->listen != NULL) {
		if ((e = open_own(&fd, s, p)) != ERR_OK)
			return e;
	} else if (systemd_passed())
		fd = SYSTEMD_FD;
	else if (listener_inherited())
		fd = STDIN_FILENO;
	else
		return problem_set(p, ERR_NOTFOUND,
		    "There is no socket to listen on: a web server or systemd "
		    "starts this program; by hand it needs --listen "
		    "unix:/run/pushcgi/hub.sock.");
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	*out = fd;
	return ERR_OK;
}

void
listener_withdraw(const struct listener_settings *s)
{
	struct stat st;

	/* Somebody may have put another one there. */
	if (s->listen != NULL && slice_starts(slice_of(s->listen), "unix:") &&
	    lstat(s->listen + 5, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_uid == geteuid())
		unlink(s->listen + 5);
}

/* The peer's address as FCGI_WEB_SERVER_ADDRS would name it; false: it came
 * through a unix socket, or is gone. */
static bool
peer_address(int fd, char out[INET6_ADDRSTRLEN])
{
	struct sockaddr_storage ss = { 0 };
	const struct sockaddr_in *v4 = (const void *)&ss;
	const struct sockaddr_in6 *v6 = (const void *)&ss;
	socklen_t len = sizeof(ss);

	if (getpeername(fd, (struct sockaddr *)(void *)&ss, &len) != 0)
		return false;
	if (ss.ss_family == AF_INET)
		return inet_ntop(AF_INET, &v4->sin_addr, out,
			   INET6_ADDRSTRLEN) != NULL;
	if (ss.ss_family != AF_INET6)
		return false;
	/* An IPv4 address on a socket that takes both. */
	if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		return inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], out,
			   INET6_ADDRSTRLEN) != NULL;
	return inet_ntop(AF_INET6, &v6->sin6_addr, out, INET6_ADDRSTRLEN) !=
	       NULL;
}

bool
listener_trusts(int fd)
{
	const char *addrs = getenv("FCGI_WEB_SERVER_ADDRS");
	struct slice rest = slice_of(addrs), one;
	char host[INET6_ADDRSTRLEN];

	if (addrs == NULL || !peer_address(fd, host))
		return true;
	while (slice_cut(&rest, ',', &one))
		if (slice_is(slice_trim(one), host))
			return true;
	return false;
}
