#!/bin/sh
# SPDX-License-Identifier: MIT
# pushcgi-tag.cgi - prints the script element of pushcgi.js into a page of Apache's SSI.
#
# If you see this text in your page, the web server is lighttpd.  Its
# `include virtual` reads files and does not run programs, so everybody sees the
# source of a program.  Remove that line, and see README.md beside this file.
#
# Put it into the folder of your CGI programs.  The page sets its topics in a way
# that visitors cannot change:
#
#   <!--#set var="PUSHCGI_TOPICS" value="https://example.com/news" -->
#   <!--#include virtual="/cgi-bin/pushcgi-tag.cgi" -->
#
#   PUSHCGI_TOPICS      topics, separated by blanks
#   PUSHCGI_COOKIE_URL  URL of pushcgi-cookie.cgi, for private updates
#   PUSHCGI_SCRIPT_URL  URL of pushcgi.js; default: /pushcgi.js
#   PUSHCGI_PRINT       url: print only the URL for an EventSource of the page,
#                       escaped for HTML
#
# and in the configuration of Apache, with SetEnv:
#
#   PUSHCGI_PROGRAM     the program; default: pushcgi, found in PATH
#   PUSHCGI_CONFIG      its configuration file; default: the program's default

set -f
LC_ALL=C
export LC_ALL

hub() {
	"${PUSHCGI_PROGRAM:-pushcgi}" \
	    ${PUSHCGI_CONFIG:+"--config=$PUSHCGI_CONFIG"} "$@"
}

# Escape a text for HTML.
html() {
	printf %s "$1" | tr -d '[:cntrl:]' | sed -e 's/&/\&amp;/g' \
	    -e 's/"/\&quot;/g' -e "s/'/\&#39;/g" -e 's/</\&lt;/g' \
	    -e 's/>/\&gt;/g'
}

attribute() {
	printf ' %s="%s"' "$1" "$(html "$2")"
}

# Print texts as a list in JSON.
json_list() {
	separator='['
	for text; do
		printf '%s"%s"' "$separator" "$(printf %s "$text" |
		    tr -d '[:cntrl:]' | sed -e 's/[\\"]/\\&/g')"
		separator=,
	done
	printf ']'
}

printf 'Content-Type: text/html; charset=utf-8\n\n'
# shellcheck disable=SC2086 # they are several
set -- $PUSHCGI_TOPICS
[ $# -gt 0 ] || exit 0
# Problems are reported in Apache's error log; the page works without the element.
id=$(hub last-event-id) || id=
url=$(hub url ${id:+"--last-event-id=$id"} -- "$@") || exit 0
if [ "$PUSHCGI_PRINT" = url ]; then
	html "$url"
	exit 0
fi
url=$(hub url) || exit 0

# The browser waits for this script, so the stream begins with the cookie.
if [ -n "$PUSHCGI_COOKIE_URL" ]; then
	printf '<script%s></script>\n' "$(attribute src "$PUSHCGI_COOKIE_URL")"
fi
printf '<script'
attribute src "${PUSHCGI_SCRIPT_URL:-/pushcgi.js}"
attribute data-url "$url"
attribute data-topics "$(json_list "$@")"
[ -z "$id" ] || attribute data-last-event-id "$id"
[ -z "$PUSHCGI_COOKIE_URL" ] || attribute data-refresh "$PUSHCGI_COOKIE_URL"
printf '></script>\n'
