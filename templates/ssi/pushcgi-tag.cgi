#!/bin/sh
# SPDX-License-Identifier: MIT
# pushcgi-tag.cgi - prints the script element of pushcgi.js into a page of Apache's SSI.
#
# Do you read this in your page?  Then the web server is lighttpd.  Its
# `include virtual` reads files and runs nothing, so everybody sees the source
# of a program.  Remove that line, and do as README.md beside this file says.
#
# Put it into the folder of your CGI programs.  The page says what it listens
# to, where no visitor can say it instead:
#
#   <!--#set var="PUSHCGI_TOPICS" value="https://example.com/news" -->
#   <!--#include virtual="/cgi-bin/pushcgi-tag.cgi" -->
#
#   PUSHCGI_TOPICS      topics, with blanks between them
#   PUSHCGI_COOKIE_URL  where pushcgi-cookie.cgi is, for private updates
#   PUSHCGI_SCRIPT_URL  where pushcgi.js is; default: /pushcgi.js
#   PUSHCGI_PRINT       url: print the URL for an EventSource of the page's own,
#                       as it stands in HTML, and nothing else
#
# and with SetEnv in the configuration of Apache:
#
#   PUSHCGI_PROGRAM     the program; default: pushcgi, found in PATH
#   PUSHCGI_CONFIG      its configuration file; default: the program's own

set -f
LC_ALL=C
export LC_ALL

hub() {
	"${PUSHCGI_PROGRAM:-pushcgi}" \
	    ${PUSHCGI_CONFIG:+"--config=$PUSHCGI_CONFIG"} "$@"
}

# A text as it stands in HTML.
html() {
	printf %s "$1" | tr -d '[:cntrl:]' | sed -e 's/&/\&amp;/g' \
	    -e 's/"/\&quot;/g' -e "s/'/\&#39;/g" -e 's/</\&lt;/g' \
	    -e 's/>/\&gt;/g'
}

attribute() {
	printf ' %s="%s"' "$1" "$(html "$2")"
}

# Texts as a list in JSON.
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
# What is wrong is told in Apache's error log, and the page is whole without.
id=$(hub last-event-id) || id=
url=$(hub url ${id:+"--last-event-id=$id"} -- "$@") || exit 0
if [ "$PUSHCGI_PRINT" = url ]; then
	html "$url"
	exit 0
fi
url=$(hub url) || exit 0

# Waits for the cookie, so that the stream begins with it.
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
