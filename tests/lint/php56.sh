#!/bin/sh
# SPDX-License-Identifier: MIT
# php56.sh - what sites copy has no syntax that PHP 5.6 lacks.
for php in php php-cgi; do
	command -v "$php" >/dev/null || continue
	exec "$php" -q "$(dirname "$0")/php56.php" \
	    "$PUSHCGI_SRC/templates/php/pushcgi.php" \
	    "$PUSHCGI_SRC/templates/php/example.php" \
	    "$PUSHCGI_SRC"/templates/board/*.php \
	    "$PUSHCGI_SRC/templates/wordpress/pushcgi.php"
done
echo "PHP is not installed"
exit 77
