#!/bin/sh
# SPDX-License-Identifier: MIT
# tell-or-keep.sh - tells a visitor now, or keeps it until they come back.
#
#   echo 'Your order was sent.' | tell-or-keep.sh 42 /var/spool/site
#
# If user 42 has a page open that listens to their topic, it gets the text;
# else it is added to the file FOLDER/42, say for the next mail.
#
# That it is user 42 and no stranger, who may ask for the topic as well, tells
# the payload {"user":"42"} of their cookie (page.cgi makes such) or session.

if [ $# -ne 2 ]; then
	echo "usage: tell-or-keep.sh USER FOLDER" >&2
	exit 2
fi
# The name becomes part of a topic and of a path.
case $1 in
'' | .* | *[!A-Za-z0-9._-]*)
	echo "tell-or-keep.sh: no name of a user: $1" >&2
	exit 2
	;;
esac
topic=https://example.com/users/$1

hub() {
	"${PUSHCGI_PROGRAM:-pushcgi}" \
	    ${PUSHCGI_CONFIG:+"--config=$PUSHCGI_CONFIG"} "$@"
}

# Nobody is there, or it cannot be told, or not be published: keep it.
text=$(cat)
hub connected "$topic" "user=$1" &&
    printf %s "$text" | hub publish --private "$topic" - >/dev/null ||
    printf '%s\n' "$text" >>"$2/$1"
