<?php
/* SPDX-License-Identifier: MIT */
/* example.php - a page that shows private updates, and publishes one. */
require __DIR__ . '/pushcgi.php';

$topic = 'https://example.com/php';

if (isset($_SERVER['REQUEST_METHOD']) && $_SERVER['REQUEST_METHOD'] === 'POST') {
    $data = isset($_POST['data']) ? (string) $_POST['data'] : '';
    $id = mercure_publish_private($topic, $data);
    header('Content-Type: text/plain; charset=utf-8');
    if ($id === false) {
        http_response_code(503);
    }
    exit($id === false ? "The update was not published.\n" : "$id\n");
}

/* Before the page reads its data, so that no later update is missed. */
$last = mercure_last_event_id();

/* A real page grants only topics that this visitor may see. */
mercure_set_authz_cookie($topic);
header('Content-Type: text/html; charset=utf-8');
$url = mercure_hub_url($topic, array('lastEventId' => $last));
?>
<!DOCTYPE html>
<html lang="en">
<title>pushcgi and PHP</title>
<p>Updates of <code id="url"><?= htmlspecialchars($url, ENT_QUOTES) ?></code>
  (<span id="state">connecting</span>):</p>
<ul id="updates"></ul>
<form method="post" id="publish">
  <input name="data" aria-label="Data"> <button>Publish</button>
</form>
<script>
  const source = new EventSource(document.getElementById("url").textContent);
  const state = document.getElementById("state");
  source.onopen = () => { state.textContent = "connected"; };
  source.onerror = () => {
    state.textContent = source.readyState === EventSource.CLOSED
      ? "closed" : "reconnecting";
  };
  source.onmessage = (event) => {
    const item = document.createElement("li");
    item.textContent = event.data;
    document.getElementById("updates").append(item);
  };
  document.getElementById("publish").onsubmit = (event) => {
    event.preventDefault();
    fetch("", { method: "POST",
      body: new URLSearchParams(new FormData(event.target)) });
  };
</script>
</html>
