#!/bin/sh
# SPDX-License-Identifier: MIT
# publish-lines.sh - publishes each line of standard input, when it comes.
#
#   tail -F /var/log/app.log | publish-lines.sh https://example.com/log
#
# --private and other options of pushcgi publish may stand before the topic.
# For thousands of lines at once there is pushcgi publish --batch.

if [ $# -eq 0 ]; then
	echo "usage: publish-lines.sh [OPTION ...] TOPIC" >&2
	exit 2
fi
# A line goes by standard input, where nothing takes it for an option; what
# cannot be published is told, and the next one may be.
while IFS= read -r line || [ -n "$line" ]; do
	printf %s "$line" | "${PUSHCGI_PROGRAM:-pushcgi}" \
	    ${PUSHCGI_CONFIG:+"--config=$PUSHCGI_CONFIG"} publish "$@" - \
	    >/dev/null
done
