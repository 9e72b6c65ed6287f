#!/bin/sh
# SPDX-License-Identifier: MIT
# pushcgi-cookie.cgi - lets a visitor's browser have their private updates.
#
# SSI cannot do that: Apache drops the headers of what a page includes.  So the
# browser asks for this itself, as for a script:
#
#   <script src="/cgi-bin/pushcgi-cookie.cgi"></script>
#
# which pushcgi-tag.cgi prints, too, if the page sets PUSHCGI_COOKIE_URL.  Who
# the visitor is, Apache has to know: apache-ssi.conf asks for a password.
# Change what they may hear below, if it is more than a topic of their own, but
# never take a topic from the request.

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
