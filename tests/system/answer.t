# SPDX-License-Identifier: MIT
# answer.t - one process answers the questions of a page.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use PushcgiTest;
use Site;
use Test::More;

my $pushcgi = program('pushcgi');
my $site = site_new();
spew("$site/pushcgi.conf", slurp("$site/pushcgi.conf")
    . "MERCURE_SESSION_COOKIE = PHPSESSID\n", 0600);
my $hub = 'http://site.example/.well-known/mercure';

# A question as pushcgi answer reads it.
sub question {
	my ($input, @args) = @_;

	return join(' ', map { length } @args, $input) . "\n"
	    . join('', @args, $input);
}

# All answers to an input: [status, output, errors] each, and what remains.
sub answers {
	my ($input, @options) = @_;
	my ($status, $out, $err) = run([$pushcgi,
	    "--config=$site/pushcgi.conf", 'answer', @options],
	    input => $input);
	my @answers;

	while ($out =~ s/\A(\d+) (\d+) (\d+)\n//) {
		push @answers, [$1, substr($out, 0, $2, ''),
		    substr $out, 0, $3, ''];
	}
	return (\@answers, $out, $status >> 8, $err);
}

subtest 'answers' => sub {
	my $long = 'x' x 200_000;
	my $update = '{"topic":"t","data":"' . $long . "\"}\n";
	# [name, input, arguments, status, output, errors]
	my @rows = (
		['url', '', ['url', '--', 'a b'], 0,
		    qr/\A\Q$hub\E\?topic=a%20b\n\z/, qr/\A\z/],
		['an empty argument', '', ['url', '--', ''], 1, qr/\A\z/,
		    qr/topic/],
		['unknown subcommand', '', ['none'], 2, qr/\A\z/,
		    qr/\Apushcgi: There is no subcommand none.*\n\z/],
		['usage', '', ['cookie'], 2, qr/\A\z/, qr/missing/],
		['NUL', '', ['url', "a\0b"], 2, qr/\A\z/, qr/NUL/],
		['line break', '', ['url', "a\nb"], 1, qr/\A\z/,
		    qr/\A[^\n]+\n\z/],
		['input', "token.of.it\n", ['cookie', '--token'], 0,
		    qr/\AmercureAuthorization=token.of.it;/, qr/\A\z/],
		['unused input', 'x' x 300_000, ['last-event-id'], 0,
		    qr/\A\S+\n\z/, qr/\A\z/],
		['no', '', ['connected', 'nobody'], 1, qr/\A\z/, qr/\A\z/],
		['not known', '', ['connected', ''], 3, qr/\A\z/,
		    qr/\Apushcgi: /],
		['one update', $update, ['publish', '--batch'], 0,
		    qr/\A[^\n]+\n\z/, qr/\A\z/],
		['no line break at its end', '{"topic":"t"}',
		    ['publish', '--batch'], 0, qr/\A[^\n]+\n\z/, qr/\A\z/],
		['300 updates', qq({"topic":"u"}\n) x 300,
		    ['publish', '--batch'], 0, qr/\A(?:[^\n]+\n){300}\z/,
		    qr/\A\z/],
		['an update in the middle is wrong', qq({"topic":"v"}\n) x 300
		    . qq({"topic":"*"}\n) . qq({"topic":"v"}\n) x 300,
		    ['publish', '--batch'], 1, qr/\A(?:[^\n]+\n){256,300}\z/,
		    qr/Line 301/],
		['too long data', '{"topic":"t","data":"' . 'x' x 9_000_000
		    . '"}', ['publish', '--batch'], 1, qr/\A\z/,
		    qr/MERCURE_MAX_BODY/],
		['session', "session-id-of-the-page\n",
		    ['session', 'grant', '--', 'a'], 0, qr/\A\z/, qr/\A\z/],
		['long arguments', '', ['url', 'x' x 5_000_000], 2, qr/\A\z/,
		    qr/too long/],
		['another configuration', '', ['url', '--config=x'], 2,
		    qr/\A\z/, qr/belong behind pushcgi answer/],
		['a setting', '', ['url', '--mercure-max-body=1'], 2, qr/\A\z/,
		    qr/belong behind pushcgi answer/],
		map { ["$_ is not run", '', [$_], 2, qr/\A\z/,
		    qr/does not run \Q$_\E\./] } qw(answer config
		    token-explain gen-secret-key check snippet),
	);
	# All in one process, and each is as if it were alone.
	my ($answers, $rest, $status, $err) = answers(join '', map {
	    question($_->[1], @{ $_->[2] }) } @rows);
	is @$answers, @rows, 'an answer to each' or diag $err;
	for my $i (0 .. $#rows) {
		my ($name, undef, undef, $want, $out, $errors) = @{ $rows[$i] };
		my $got = $answers->[$i] || [-1, '', ''];

		is $got->[0], $want, "$name: status" or diag $got->[2];
		like $got->[1], $out, "$name: output";
		like $got->[2], $errors, "$name: errors";
	}
	is $rest, '', 'nothing else';
	is $status, 0, 'it ends';
	is $err, '', 'without a word';
};

subtest 'the end' => sub {
	my $url = question('', 'url');
	# [name, input, answers, rest, status, error]
	for my $row (['nothing', '', 0, '', 0, qr/\A\z/],
	    ['an empty line', "$url\n$url", 1, '', 0, qr/\A\z/],
	    ['letters', "url\n", 0, '', 1, qr/line of lengths/],
	    ['a sign', "3 -1\n", 0, '', 1, qr/line of lengths/],
	    ['one length', "3\nurl", 0, '', 1, qr/at least two/],
	    ['two spaces', "3  0\nurl", 0, '', 1, qr/line of lengths/],
	    ['no line break', '3 0', 0, '', 1, qr/cut off/],
	    ['behind others', "${url}3 5\nurl", 1, '', 1, qr/cut off/],
	    ['cut arguments', "9 0\nurl", 0, '', 1, qr/cut off/],
	    ['many arguments', '0 ' x 5000 . "0\n", 0, '', 1,
		qr/at most 4096/],
	    ['a long line', '0' x 300_000, 0, '', 1, qr/too long/]) {
		my ($answers, $rest, $status, $err) = answers($row->[1]);

		is @$answers, $row->[2], "$row->[0]: answers";
		is $rest, $row->[3], "$row->[0]: nothing else";
		is $status, $row->[4], "$row->[0]: exit status";
		like $err, $row->[5], "$row->[0]: problem";
	}
};

# Run it with pipes: (pid, to, from).
sub start {
	my (@options) = @_;

	pipe my $in, my $to or die "pipe: $!";
	pipe my $from, my $out or die "pipe: $!";
	my $pid = fork;
	die "fork: $!" if !defined $pid;
	if ($pid == 0) {
		open STDIN, '<&', $in or die;
		open STDOUT, '>&', $out or die;
		close $to;
		close $from;
		exec $pushcgi, "--config=$site/pushcgi.conf", 'answer',
		    @options or die;
	}
	$to->autoflush(1);
	return ($pid, $to, $from);
}

subtest 'one after the other' => sub {
	my ($pid, $to, $from) = start('--idle=600');

	for my $topic ('a', 'b') {
		print $to question('', 'url', $topic);
		like scalar <$from>, qr/\A0 \d+ 0\n\z/, 'answered at once';
		is scalar <$from>, "$hub?topic=$topic\n", 'by its text';
	}
	print $to "\n";
	is scalar <$from>, undef, 'an empty line ends it, with its pipe open';
	waitpid $pid, 0;
	is $?, 0, 'without a failure';
};

subtest 'nobody asks' => sub {
	my ($pid, $to, $from) = start('--idle=1');

	is scalar <$from>, "end\n", 'it says that it ends';
	is scalar <$from>, undef, 'and ends';
	waitpid $pid, 0;
	is $?, 0, 'without a failure';
};

subtest 'nobody reads' => sub {
	my ($pid, $to, $from) = start('--idle=600');

	close $from;
	print $to question('', 'url');
	waitpid $pid, 0;
	isnt $?, 0, 'it ends with its pipe';
};

subtest 'a configuration that is repaired' => sub {
	my $good = slurp("$site/pushcgi.conf");
	my ($pid, $to, $from) = start('--idle=600');

	spew("$site/pushcgi.conf", "WRONG = 1\n", 0600);
	print $to question('', 'url');
	like scalar <$from>, qr/\A1 0 \d+\n\z/, 'the question fails';
	like scalar <$from>, qr/WRONG/, 'with the reason';
	spew("$site/pushcgi.conf", $good, 0600);
	print $to question('', 'url');
	like scalar <$from>, qr/\A0 /, 'the next one does not';
	close $to;
	waitpid $pid, 0;
	is $?, 0, 'it ends with its input';
};

done_testing;
