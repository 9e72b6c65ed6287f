#!/bin/sh
# SPDX-License-Identifier: MIT
# format.sh - .clang-format decides how C is laid out.
tool=$(command -v clang-format-14 || command -v clang-format) || {
	echo "clang-format-14 is not installed"
	exit 77
}
cd "$PUSHCGI_SRC" || exit 1
files=$(find helpers fcgi tests -name '*.[ch]' 2>/dev/null)
[ -n "$files" ] || exit 1
# shellcheck disable=SC2086
exec "$tool" --style=file --dry-run -Werror $files
