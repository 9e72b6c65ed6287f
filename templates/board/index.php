<?php
/* SPDX-License-Identifier: MIT */
/* index.php - a thread, in which new replies appear automatically. */
define('IN_BOARD', true);
require __DIR__ . '/common.php';

$thread = board_thread(isset($_GET['thread']) ? $_GET['thread'] : '');
/* Before the replies are read, so that no later one is missed. */
mercure_last_event_id();
$replies = board_replies($thread);
$form_token = '<input type="hidden" name="token" value="'
    . h(board_form_token()) . '">';
$options = $user === null ? array() : array('share' => "member $user",
    'refresh' => 'refresh.php', 'refreshAfter' => 1800);

header('Content-Type: text/html; charset=utf-8');
header('Cache-Control: no-store');
?>
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title><?= h($threads[$thread][0]) ?></title>
<nav>
<?php foreach ($threads as $name => $about) { ?>
  <?php if ($user !== null || !$about[1]) { ?>
  <a href="index.php?thread=<?= h($name) ?>"><?= h($about[0]) ?></a>
  <?php } ?>
<?php } ?>
</nav>
<?php if ($user === null) { ?>
<form method="post" action="login.php" id="login">
  <?= $form_token ?>

  <input name="name" aria-label="Name" autocomplete="username">
  <input name="password" type="password" aria-label="Password"
    autocomplete="current-password">
  <button>Log in</button>
</form>
<?php } else { ?>
<form method="post" action="logout.php" id="logout">
  <?= $form_token ?>

  <?= h($user) ?> <button>Log out</button>
</form>
<?php } ?>
<h1><?= h($threads[$thread][0]) ?></h1>
<ol id="replies" aria-live="polite">
<?php foreach ($replies as $reply) { ?>
  <li id="reply-<?= h($reply->id) ?>"><?= h("$reply->user: $reply->text")
    ?></li>
<?php } ?>
</ol>
<?php if ($user !== null) { ?>
<form method="post" action="reply.php" id="reply">
  <?= $form_token ?>

  <input type="hidden" name="thread" value="<?= h($thread) ?>">
  <textarea name="text" aria-label="Reply"></textarea>
  <button>Reply</button>
</form>
<?php } ?>
<script>
document.addEventListener("pushcgi:update", function (event) {
  var reply = JSON.parse(event.detail.data), item;

  // The page may contain it already, if it was made at the same moment.
  if (document.getElementById("reply-" + reply.id))
    return;
  item = document.createElement("li");
  item.id = "reply-" + reply.id;
  item.textContent = reply.user + ": " + reply.text;
  document.getElementById("replies").appendChild(item);
});
</script>
<?= mercure_script_tag(BOARD_URL . $thread, $options) ?>

</html>
