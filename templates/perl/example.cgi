#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# example.cgi - a page that shows private updates, and publishes one.
use strict;
use warnings;

use FindBin ();
use lib $FindBin::Bin =~ /(.*)/s;    # matched, for taint checks (-T)
use Pushcgi;

my $topic = 'https://example.com/perl';

# The field `data` of the form, without CGI.pm, which may not be installed.
sub posted_data {
    my $length = $ENV{CONTENT_LENGTH} || 0;
    my $body = '';

    return '' if $length > 65536;
    while (length $body < $length) {
        read(STDIN, $body, $length - length $body, length $body) or last;
    }
    my ($data) = $body =~ /(?:^|&)data=([^&]*)/;
    $data = '' if !defined $data;
    $data =~ tr/+/ /;
    $data =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return $data;
}

sub html {
    my ($text) = @_;
    my %entity =
        ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;');

    $text =~ s/([&<>"])/$entity{$1}/g;
    return $text;
}

if (($ENV{REQUEST_METHOD} || '') eq 'POST') {
    my $id = mercure_publish_private($topic, posted_data());

    print "Status: 503 Service Unavailable\n" if !defined $id;
    print "Content-Type: text/plain; charset=utf-8\n\n",
        defined $id ? "$id\n" : "The update was not published.\n";
    exit;
}

# Before the page reads its data, so that no later update is missed.
my $last = mercure_last_event_id();

# A real page grants only topics that this visitor may see.
my $cookie = mercure_set_authz_cookie($topic);
my $url    = mercure_hub_url($topic, lastEventId => $last);

print "Set-Cookie: $cookie\n" if defined $cookie;
print "Content-Type: text/html; charset=utf-8\n\n";
my $page = do { local $/; <DATA> };
$page =~ s/URL/html(defined $url ? $url : '')/e;
print $page;

__DATA__
<!DOCTYPE html>
<html lang="en">
<title>pushcgi and Perl</title>
<p>Updates of <code id="url">URL</code>
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
