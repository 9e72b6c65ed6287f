# SPDX-License-Identifier: MIT
# shell.t - the shell scripts in templates/shell.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Presence;
use PushcgiTest;
use Site;
use Test::More;

my $site = site_new();
my %env = (PUSHCGI_PROGRAM => program('pushcgi'),
    PUSHCGI_CONFIG => "$site/pushcgi.conf");
my @nasty = ('--help', '-', '', ' x  y ', "\$(touch $site/pwned)",
    "`touch $site/pwned`", "'\"; touch $site/pwned", '%s%n', 'a\\nb\\c', '*',
    "caf\xc3\xa9", '</script>');

sub script {
	my ($name, $args, %o) = @_;

	return run(['sh', source('templates/shell', $name), @$args],
	    input => $o{input}, env => { %env, %{ $o{env} || {} } });
}

subtest 'publish-lines.sh' => sub {
	my ($status, $out, $err) = script('publish-lines.sh', ['--private',
	    'https://example.com/log'], input => join("\n", @nasty));
	my @rows = site_rows($site);

	is $status, 0, 'ends well';
	is "$out$err", '', 'without a word';
	is_deeply [map { my $s = $_->{data}; utf8::encode($s); $s } @rows],
	    \@nasty, 'each line as it is, also the last without a break';
	is $rows[0]{private}, 1, 'with the options';
	is $rows[0]{topics}, 'https://example.com/log', 'of the topic';

	(undef, undef, $err) = script('publish-lines.sh', ['t'],
	    input => "bad \xff\ngood\n");
	like $err, qr/UTF-8/, 'what cannot be published is told';
	is +(site_rows($site))[-1]{data}, 'good', 'and the next one is';
	($status) = script('publish-lines.sh', []);
	is $status, 2 << 8, 'no topic: 2';

	# Lines are published when they come.
	my $before = () = site_rows($site);
	pipe my $read, my $write or die "$!\n";
	my $pid = spawn(command => ['sh',
	    source('templates/shell/publish-lines.sh'), 't'], stdin => $read,
	    env => \%env);
	close $read;
	syswrite $write, "first\n";
	wait_until('the first is there', sub {
		return (() = site_rows($site)) == $before + 1;
	});
	close $write;
	wait_until('it ends', sub { defined process_ended($pid) });
	pass 'at once';
};

subtest 'notify-or-store.sh' => sub {
	my $hub = Hub->start;
	my $folder = temp_dir();
	my $topic = 'https://example.com/users/42';
	my $tell = sub {
		my ($user, $text) = @_;
		return script('notify-or-store.sh', [$user, $folder],
		    input => $text, env => {
		    PUSHCGI_CONFIG => $hub->{config_path} });
	};

	$tell->(42, "kept\n");
	is slurp("$folder/42"), "kept\n", 'nobody is there: it is kept';
	my $as = sub {
		return Token::mint({ mercure => { subscribe => [$topic],
		    payload => { user => $_[0] } } }, Token::SUBSCRIBER_KEY);
	};
	my @others = map { $hub->stream(topic => $topic, %$_) } {},
	    { token => $as->('x') };
	wait_until('others are listed', sub { @{ there($hub, $topic) } == 2 });
	$tell->(42, "kept, too\n");
	is slurp("$folder/42"), "kept\nkept, too\n",
	    'only others are there: it is kept';
	$_->hang_up for @others;
	spew("$folder/42", "kept\n");
	my $stream = $hub->stream(topic => $topic, token => $as->('42'));
	wait_until('the page is listed', sub {
		($hub->helper(['connected', $topic, 'user=42']))[0] == 0;
	});
	$tell->(42, 'told');
	is $stream->next_event->{data}, 'told', 'somebody is: it is told';
	is slurp("$folder/42"), "kept\n", 'and not kept';
	$tell->(42, "x\xff");
	is slurp("$folder/42"), "kept\nx\xff\n",
	    'what cannot be published is kept';
	$stream->hang_up;
	for my $user ('../x', '.x', '', 'a b', "a\n", '$(x)', '{x}', '*') {
		my ($status, undef, $err) = $tell->($user, 'x');
		is $status, 2 << 8, 'no such user: 2';
		like $err, qr/not a name/, 'and why';
	}
	opendir my $dir, $folder or die "$!\n";
	is_deeply [sort grep { !/^\.\.?\z/ } readdir $dir], ['42'],
	    'no other file';
	$hub->stop;
	spew("$site/none.conf", "NONE = 1\n");
	(undef, undef, my $err) = script('notify-or-store.sh', ['7', $folder],
	    input => "x\n", env => { PUSHCGI_CONFIG => "$site/none.conf" });
	is slurp("$folder/7"), "x\n", 'it cannot be told who is there: kept';
};

subtest 'page.cgi' => sub {
	my (undef, $out, $err) = script('page.cgi', [],
	    env => { REMOTE_USER => 'alice' });
	my ($cookie) = $out =~ /\ASet-Cookie: (.*)$/m;
	is_deeply site_claims($cookie)->{mercure}{subscribe},
	    ['https://example.com/users/alice'], 'the cookie';
	is_deeply site_claims($cookie)->{mercure}{payload},
	    { user => 'alice' }, 'that tells who it is';
	like $out, qr{<code\ id="url">http://site\.example/\.well-known/mercure
	    \?topic=https%3A%2F%2Fexample\.com%2Fusers%2Falice&amp;
	    lastEventID=%23[\w-]+</code>}x, 'the URL';
	is $err, '', 'without a word';
	for my $user (undef, '', '../x', "a\nSet-Cookie: b", '<b>', '{x}') {
		($out) = (script('page.cgi', [], env => { defined $user
		    ? (REMOTE_USER => $user) : () }))[1];
		like $out, qr/\AStatus: 403 /, 'who is that?';
		unlike $out, qr/Set-Cookie|<b>/, 'nothing of it is printed';
	}
	($out) = (script('page.cgi', [], env => { REMOTE_USER => 'a',
	    PUSHCGI_PROGRAM => '/none' }))[1];
	like $out, qr/\ACache-Control.*<ul id="updates">/s,
	    'without the program it still shows';
};

ok !-e "$site/pwned", 'no line was taken for a command';

# The line for cron in the README.
my ($line) = slurp(source('templates/shell/README.md'))
    =~ /^ {4}\S+ \* \* \* \*\s+(.*)$/m;
my ($bin) = $env{PUSHCGI_PROGRAM} =~ m{(.*)/};
my ($status) = run(['sh', '-c', $line
    =~ s/pushcgi/pushcgi --config "\$PUSHCGI_CONFIG"/r],
    env => { %env, PATH => "$bin:$ENV{PATH}" });
is $status, 0, 'the line for cron';
like +(site_rows($site))[-1]{data}, qr/^\S.*%.*\n.*%/, 'publishes';

done_testing;
