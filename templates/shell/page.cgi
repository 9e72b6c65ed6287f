#!/bin/sh
# SPDX-License-Identifier: MIT
# page.cgi - a page in shell that shows private updates of its visitor.
#
# Protect it by a password of the web server, which then sets REMOTE_USER.

LC_ALL=C
export LC_ALL

hub() {
	"${PUSHCGI_PROGRAM:-pushcgi}" \
	    ${PUSHCGI_CONFIG:+"--config=$PUSHCGI_CONFIG"} "$@"
}

case ${REMOTE_USER:-} in
'' | .* | *[!A-Za-z0-9._-]*)
	printf 'Status: 403 Forbidden\nContent-Type: text/plain\n\n'
	echo 'Who are you?'
	exit 0
	;;
esac
topic=https://example.com/users/$REMOTE_USER

# If the hub is down, the page is shown nevertheless.  notify-or-store.sh
# recognises the visitor by the payload.
payload=$(printf '{"user":"%s"}' "$REMOTE_USER")
cookie=$(hub cookie --payload="$payload" -- "$topic") &&
    printf 'Set-Cookie: %s\n' "$cookie"
id=$(hub last-event-id) || id=earliest
url=$(hub url --last-event-id="$id" -- "$topic" | sed 's/&/\&amp;/g')
printf 'Cache-Control: no-store\nContent-Type: text/html; charset=utf-8\n\n'
cat <<EOT
<!DOCTYPE html>
<html lang="en">
<title>pushcgi and shell</title>
<p>Updates of <code id="url">$url</code>
  (<span id="state">connecting</span>):</p>
<ul id="updates"></ul>
<script>
  const source = new EventSource(document.getElementById("url").textContent);
  source.onopen = () => {
    document.getElementById("state").textContent = "connected";
  };
  source.onmessage = (event) => {
    const item = document.createElement("li");
    item.textContent = event.data;
    document.getElementById("updates").append(item);
  };
</script>
</html>
EOT
