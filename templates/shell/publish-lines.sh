#!/bin/sh
# SPDX-License-Identifier: MIT
# publish-lines.sh - publishes each line of standard input at once.
#
#   tail -F /var/log/app.log | publish-lines.sh https://example.com/log
#
# --private and other options of pushcgi publish may precede the topic.
# For thousands of lines at once, use pushcgi publish --batch.

if [ $# -eq 0 ]; then
	echo "usage: publish-lines.sh [OPTION ...] TOPIC" >&2
	exit 2
fi
# The line is passed by standard input, so it is never taken for an option.  If it
# cannot be published, pushcgi reports that, and the loop continues.
while IFS= read -r line || [ -n "$line" ]; do
	printf %s "$line" | "${PUSHCGI_PROGRAM:-pushcgi}" \
	    ${PUSHCGI_CONFIG:+"--config=$PUSHCGI_CONFIG"} publish "$@" - \
	    >/dev/null
done
