<?php
/* SPDX-License-Identifier: MIT */
/*
 * beside.php - a page of Apache whose hub has another port or host name, for
 * tests: by=cookie or by=session, with pushcgi.js or a plain EventSource.
 */
define('PUSHCGI_TIMEOUT_S', 60); /* machines of tests are slow */
require __DIR__ . '/pushcgi.php';

const TOPIC = 'https://example.com/private';
const MARKER = 'https://example.com/marker';

session_save_path(__DIR__ . '/../../run');
if (isset($_GET['domain'])) {
    ini_set('session.cookie_domain', $_GET['domain']);
}
session_start();
$last = mercure_last_event_id();
if ($_GET['by'] === 'cookie') {
    mercure_set_authz_cookie(TOPIC);
} elseif ($_GET['by'] === 'session') {
    mercure_set_authz_session(TOPIC);
}
$topics = array(TOPIC, MARKER);
if (isset($_GET['publish'])) {
    mercure_publish(TOPIC, $_GET['publish'], true);
}
?>
<!DOCTYPE html>
<meta charset="utf-8">
<title>beside</title>
<p id="state">connecting</p>
<ul id="updates"></ul>
<script>
"use strict";
const find = (selector) => document.querySelector(selector);
const opened = () => { find("#state").textContent = "connected"; };
const show = (data) => {
	const item = document.createElement("li");
	item.textContent = data;
	find("#updates").append(item);
};
document.addEventListener("pushcgi:open", opened);
document.addEventListener("pushcgi:update", (event) =>
	show(event.detail.data));
</script>
<?php if ($_GET['script'] === 'pushcgi.js') { ?>
<?= mercure_script_tag($topics, array('src' => 'pushcgi.js',
    'lastEventId' => $last)) ?>

<?php } else { ?>
<script>
const source = new EventSource(<?= json_encode(mercure_hub_url(
    $topics,
    array('lastEventId' => $last)
)) ?>, { withCredentials: true });
source.onopen = opened;
source.onmessage = ({ data }) => show(data);
</script>
<?php } ?>
