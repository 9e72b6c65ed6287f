#!/bin/sh
# SPDX-License-Identifier: MIT
# pushcgi-cookie.cgi - allows a visitor's browser to receive private updates.
#
# SSI cannot set the cookie, because Apache drops the headers of included
# programs.  Therefore the browser requests this program as a script:
#
#   <script src="/cgi-bin/pushcgi-cookie.cgi"></script>
#
# pushcgi-tag.cgi prints this element if the page sets PUSHCGI_COOKIE_URL.
# Apache must know the visitor: apache-ssi.conf requires a password.  The visitor
# is allowed to receive private updates of one topic; change that below, but
# never read a topic from the request.

LC_ALL=C
export LC_ALL

answer() {
	printf 'Status: %s\nCache-Control: no-store\n' "$1"
	printf 'Content-Type: text/javascript; charset=utf-8\n%s\n' "$2"
	exit 0
}

case ${REMOTE_USER:-} in
'' | .* | *[!A-Za-z0-9._-]*) answer '403 Forbidden' '' ;;
esac
cookie=$("${PUSHCGI_PROGRAM:-pushcgi}" \
    ${PUSHCGI_CONFIG:+"--config=$PUSHCGI_CONFIG"} cookie -- \
    "https://example.com/users/$REMOTE_USER") ||
    answer '503 Service Unavailable' ''
answer '200 OK' "Set-Cookie: $cookie
"
