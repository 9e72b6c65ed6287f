# SPDX-License-Identifier: MIT
# selectors.t - URI Templates in topic parameters and in tokens.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;
use Time::HiRes qw(time);

my $hub = Hub->start;
my $path = Hub::URL_PATH;
my $b = 'https://example.com';

# [name, selectors, topics published, the ones that arrive]
my @rows = (
	['one variable', ["$b/books/{id}"],
	    ["$b/books/1", "$b/books/", "$b/books", "$b/books/1/2",
	    "$b/books/a%2Fb", "$b/books/a:b", "$b/books/{id}",
	    "$b/books/{name}", "http://example.com/books/1"],
	    ["$b/books/1", "$b/books/", "$b/books/a%2Fb", "$b/books/{id}"]],
	['reserved characters', ["$b/{+path}/end"],
	    ["$b/a/b/end", "$b/a/b", "$b//end"], ["$b/a/b/end", "$b//end"]],
	['path segments', ["$b\{/a,b}"],
	    [$b, "$b/1", "$b/1/2", "$b/1/2/3"], [$b, "$b/1", "$b/1/2"]],
	['a query', ["$b\{?page,size}"],
	    ["$b?page=1", "$b?size=2&page=1", "$b?a=1&b=2&c=3"],
	    ["$b?page=1", "$b?size=2&page=1"]],
	['what is no template is a topic', ["$b/{id", "{}"],
	    ["$b/1", '{}', "$b/{id"], ['{}', "$b/{id"]],
	['several that hit at once', ["$b/{a}", "$b/{+a}", "$b/1", '*'],
	    ["$b/1", "$b/2"], ["$b/1", "$b/2"]],
	['a template twice', ["$b/{a}", "$b/{a}"], ["$b/1"], ["$b/1"]],
	['a hundred variables', [join '', map { "{v$_}" } 1 .. 100],
	    ['abc', 'a/c', 'x'], ['abc', 'x']],
	['one more is only a text', [join('', map { "{v$_}" } 1 .. 101), 'x'],
	    ['abc', 'x'], ['x']],
);
for my $row (@rows) {
	my ($name, $selectors, $topics, $want) = @$row;
	my $start = $hub->publish_ok(topic => 'start', data => 'start');
	my $stream = $hub->stream(topic => [@$selectors, 'end']);

	$hub->publish_ok(topic => $_, data => $_) for @$topics;
	$hub->publish_ok(topic => 'end', data => 'end');
	is_deeply $stream->data_until('end'), $want, "$name: live";
	is $stream->problems, '', "$name: no problems";
	$stream->hang_up;
	my $replay = $hub->stream(topic => [@$selectors, 'end'],
	    last_event_id => $start);
	is_deeply $replay->data_until('end'), $want, "$name: replayed";
	$replay->hang_up;
}

# An update with several topics that match comes once.
my $once = $hub->stream(topic => ["$b/{x}", "$b/a/{x}"]);
$hub->publish_ok(topic => ["$b/1", "$b/2", "$b/a/3"], data => 'once');
$hub->publish_ok(topic => "$b/4", data => 'end');
is_deeply $once->data_until('end'), ['once'], 'several topics match: once';

# [name, subscribe rights, may it read a private update of $b/users/1/x]
my @rights = (
	['a template', ["$b/users/1/{any}"], 1],
	['a template of all users', ["$b/users/{id}/{any}"], 1],
	['a template of another user', ["$b/users/2/{any}"], 0],
	['too short a template', ["$b/users/{id}"], 0],
	['one of several', ["$b/no", "$b/{a}", "$b/users{/id*}"], 1],
	['a broken template', ["$b/users/1/{any"], 0],
	['no template at all', [], 0],
);
my @streams = map { $hub->stream(topic => ["$b/users/{id}/{any}", 'end'],
    token => Token::subscriber($_->[1])) } @rights;
my $before = $hub->publish_ok(topic => "$b/users/1/x", data => 'public');
$hub->publish_ok(topic => ["$b/users/1/x", 'urn:other'], data => 'private',
    private => 'on');
$hub->publish_ok(topic => 'end', data => 'end');
for my $i (0 .. $#rights) {
	my ($name, $rights, $may) = @{ $rights[$i] };
	my $private = [$may ? 'private' : ()];

	is_deeply $streams[$i]->data_until('end'), ['public', @$private],
	    "$name: live";
	my $replay = $hub->stream(topic => ["$b/users/{id}/{any}", 'end'],
	    token => Token::subscriber($rights), last_event_id => $before);
	is_deeply $replay->data_until('end'), $private, "$name: replayed";
}

# [name, publish rights, topics, status]
for my $row (
	['a template', ["$b/books/{id}"], ["$b/books/1"], 200],
	['another path', ["$b/books/{id}"], ["$b/books/1/2"], 403],
	['every topic by one template', ["$b/books/{id}"],
	    ["$b/books/1", "$b/books/2"], 200],
	['every topic by several', ["$b/books/{id}", 'urn:{x}'],
	    ['urn:1', "$b/books/2"], 200],
	['an alternate topic beyond it', ["$b/books/{id}"],
	    ["$b/books/1", 'urn:1'], 403],
	['a text that is no template', ["$b/books/{id"], ["$b/books/1"], 403],
) {
	my ($name, $rights, $topics, $status) = @$row;
	my $answer = $hub->publish(topic => $topics, data => 'x',
	    token => Token::publisher($rights));

	is $answer->status, $status, "publish, $name: $status";
}

# Limits are told.
my $complex = join('', map { "{v$_}" . 'x' x 30 } 1 .. 40) . '{end}';
my $long = 'x' x 4094 . '{a}';
my $roomy = Hub->start(config => { MERCURE_MAX_TOPIC_LENGTH => 10000 });
for my $row (['too complex', $complex, '1024 states'],
    ['too long', $long, '4096 bytes']) {
	my ($name, $template, $words) = @$row;

	for my $method ('GET', 'HEAD') {
		my $answer = $roomy->request($method,
		    "$path?" . Hub::form(topic => $template));
		is $answer->status, 400, "$name: $method: 400";
		next if $method eq 'HEAD';
		like $answer->body, qr/^[^\n]*\Q$words\E[^\n]*\n?\z/,
		    "$name: one sentence that names the limit";
	}
	my $answer = $roomy->request('GET', "$path?topic=a", undef,
	    token => Token::subscriber(['a', $template]));
	is $answer->status, 401, "$name: in a token: 401";
	like $answer->body, qr/\Q$words\E/, "$name: which limit";
	like $roomy->log_text, qr/token refused [^\n]*\Q$words\E/,
	    "$name: the log has it, too";
}
is $roomy->request('HEAD', "$path?" . Hub::form(
    topic => 'x' x 4094 . '{a'))->status, 200,
    'long, but no template: a topic';

# Templates that a backtracker would never end with, and topics to match,
# keep nobody waiting.
my @hostile = (join('', map { "{+v$_}x" } 1 .. 99) . '{end}',
    join('', map { "{v$_}{+w$_}" } 1 .. 50),
    '{+z}{/' . join(',', map { "v$_" } 1 .. 99) . '}',
    join('', map { '{+v}' . 'xyxxyyyxy' } 1 .. 99) . '{end}');
my @slow = map { $hub->stream(topic => $_) } @hostile;
# No variable holds a blank, so the marker is for one stream only.
my $fast = $hub->stream(topic => 'the end');
my $topic = 'xyx/%41y' x 499 . 'x';
$hub->publish_ok(topic => ["$topic|", map { "$topic$_ " } 1 .. 100],
    data => 'hostile');
$hub->publish_ok(topic => 'the end', data => 'end');
is_deeply $fast->data_until('end'), [],
    'a stream beside hostile ones does not wait for ever';
$hub->publish_ok(topic => $topic, data => 'for all');
is $slow[$_]->next_event->{data}, 'for all', "template $_ is served"
    for 0 .. 2;

done_testing;
