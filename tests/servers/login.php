<?php
/* SPDX-License-Identifier: MIT */
/*
 * login.php - a site with a login, for tests: two widgets that are private,
 * by a cookie (by=cookie) or by the session (by=session); with pushcgi.js
 * (tag=1), or as a plain EventSource.
 */
define('PUSHCGI_TIMEOUT_S', 60); /* machines of tests are slow */
if (isset($_GET['slowly'])) {
    /* Does not go on before the test says so. */
    define('PUSHCGI_PROGRAM', __DIR__ . '/../../run/slowly');
}
require __DIR__ . '/pushcgi.php';

const TOPIC = 'https://example.com/private';

session_save_path(__DIR__ . '/../../run');
session_start();
$by = isset($_GET['by']) ? $_GET['by'] : 'cookie';
$do = isset($_GET['do']) ? $_GET['do'] : 'show';

/* What the page is made of does not know of each other. */
function widget($name, $by)
{
    if ($by === 'cookie') {
        mercure_set_authz_cookie(TOPIC . '/' . $name, array(),
            isset($_GET['lifetime'])
                ? array('lifetime' => $_GET['lifetime']) : array());
    }
}

if ($do === 'login') {
    $_SESSION['user'] = 'x';
    mercure_session_regenerate_id(true);
} elseif ($do === 'logout') {
    mercure_clear_authz_session();
    mercure_clear_authz_cookie();
    session_destroy();
    $_SESSION = array();
} elseif ($do === 'regenerate') {
    mercure_session_regenerate_id(true);
} elseif ($do === 'later') {
    mercure_publish_later(TOPIC . '/one', 'later', true);
    mercure_publish_later(TOPIC . '/two', 'too', true);
    exit("done\n");
}
$user = isset($_SESSION['user']);
$last = mercure_last_event_id();
if ($user && $by === 'session') {
    mercure_set_authz_session(array(TOPIC . '/one', TOPIC . '/two'), array(
        'payload' => array('user' => $_SESSION['user']),
    ));
}
if ($user) {
    widget('one', $by);
    widget('two', $by);
}
mercure_link_header();
$url = mercure_hub_url(
    array(TOPIC . '/one', TOPIC . '/two', 'https://example.com/marker'),
    array('lastEventId' => $last)
);
?>
<!DOCTYPE html>
<meta charset="utf-8">
<title>login</title>
<p id="user"><?= $user ? 'in' : 'out' ?></p>
<p id="state">connecting</p>
<code id="url"><?= htmlspecialchars($url, ENT_QUOTES) ?></code>
<ul id="updates"></ul>
<?php if (isset($_GET['tag'])) { ?>
<script>
"use strict";
for (const kind of ["open", "update", "close", "anonymous"])
	document.addEventListener(`pushcgi:${kind}`, ({ detail }) => {
		const item = document.createElement("li");
		if (kind === "open")
			document.querySelector("#state").textContent = "connected";
		item.textContent = kind === "update" ? detail.data : kind;
		if (kind !== "open")
			document.querySelector("#updates").append(item);
	});
</script>
<?= mercure_script_tag(
    array(TOPIC . '/one', TOPIC . '/two', 'https://example.com/marker'),
    array('src' => 'pushcgi.js')
) ?>

<?php exit; } ?>
<script>
"use strict";
const find = (selector) => document.querySelector(selector);
const source = new EventSource(find("#url").textContent);
source.onopen = () => { find("#state").textContent = "connected"; };
source.onerror = () => { find("#state").textContent = "reconnecting"; };
source.onmessage = ({ data }) => {
	const item = document.createElement("li");
	item.textContent = data;
	find("#updates").append(item);
};
</script>
