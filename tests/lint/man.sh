#!/bin/sh
# SPDX-License-Identifier: MIT
# man.sh - the manual pages are clean mdoc.
command -v mandoc >/dev/null || {
	echo "mandoc is not installed"
	exit 77
}
cd "$PUSHCGI_SRC" || exit 1
status=0
for page in helpers/*/*.[1-8] fcgi/*.[1-8]; do
	[ -f "$page" ] || continue
	# Pages of ours that are not installed yet are not a problem.
	problems=$(mandoc -Tlint "$page" | grep -v 'referenced manual not found')
	[ -z "$problems" ] && continue
	echo "$problems"
	status=1
done
exit $status
