#!/bin/sh
# SPDX-License-Identifier: MIT
# notify-or-store.sh - sends a text to a visitor now, or stores it for later.
#
#   echo 'Your order was sent.' | notify-or-store.sh 42 /var/spool/site
#
# If user 42 has a page open that subscribes to their topic, the page gets the
# text; otherwise it is appended to the file FOLDER/42, for example for a mail.
#
# Everybody may subscribe to that topic.  User 42 is recognised by the payload
# {"user":"42"} of the cookie (page.cgi makes one) or session.

if [ $# -ne 2 ]; then
	echo "usage: notify-or-store.sh USER FOLDER" >&2
	exit 2
fi
# The name becomes part of a topic and of a path.
case $1 in
'' | .* | *[!A-Za-z0-9._-]*)
	echo "notify-or-store.sh: not a name of a user: $1" >&2
	exit 2
	;;
esac
topic=https://example.com/users/$1

hub() {
	"${PUSHCGI_PROGRAM:-pushcgi}" \
	    ${PUSHCGI_CONFIG:+"--config=$PUSHCGI_CONFIG"} "$@"
}

# The user is not connected, or the hub cannot be asked or cannot publish: store.
text=$(cat)
hub connected "$topic" "user=$1" &&
    printf %s "$text" | hub publish --private "$topic" - >/dev/null ||
    printf '%s\n' "$text" >>"$2/$1"
