# SPDX-License-Identifier: MIT
# perl_processes.t - Perl processes of every kind, and who called what failed.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../../templates/perl";
use PushcgiTest;
use Pushcgi;
use Site;
use Test::More;

my $site = site_new();
$Pushcgi::PROGRAM = program('pushcgi');
$Pushcgi::CONFIG = "$site/pushcgi.conf";
$Pushcgi::TIMEOUT_S = DEADLINE_S;

# The caller of a failed call.
for my $row (['publish', 'mercure_publish("*")'],
    ['publish_private', 'mercure_publish_private("*")'],
    ['an option', 'mercure_hub_url("t", x => 1)'],
    ['a URL', 'mercure_hub_url("")'],
    ['a script', 'mercure_script_tag("")'],
    ['a session', 'mercure_set_authz_session("t")'],
    ['a session that is a list',
	'mercure_set_authz_session("t", session => [])'],
    (map { ["the option $_", "mercure_script_tag('t', $_ => [])"] }
	qw(refresh refreshAfter share delivery pollAfter leaveAfter count
	swap class src)),
    ['types in a list', "mercure_script_tag('t', types => [[]])"],
    ['a target in a list', "mercure_script_tag('t', target => ['x'])"],
    ['a target of no text', "mercure_script_tag('t', target => { a => [] })"],
    ['types by name', "mercure_script_tag('t', types => {})"],
    ['a method', 'Pushcgi->new->publish("*")'],
    ['is_connected', 'mercure_is_connected("")']) {
	my ($name, $call) = @$row;
	my @warnings;
	local $SIG{__WARN__} = sub { push @warnings, @_ };

	eval "# line 7 \"page.pl\"\n$call; 1" or die $@;
	is @warnings, 1, "$name: one line";
	like $warnings[0], qr/ at page\.pl line 7\n\z/, "$name: its caller";

	local $Pushcgi::STRICT = 1;
	eval "# line 7 \"page.pl\"\n$call";
	like $@, qr/ at page\.pl line 7\n\z/, "$name: as an exception";
}

like mercure_script_tag('t', target => { message => '#a', b => '"' }),
    qr/ data-target="\{&quot;b&quot;:&quot;\\u0022&quot;,&quot;message&quot;:&quot;#a&quot;\}"/,
    'selectors by type are JSON';

for my $call ('Pushcgi->new(script => [])', 'Pushcgi->new(strickt => 1)',
    'mercure_begin_request(timeout => {})') {
	is eval "# line 7 \"page.pl\"\n$call; 1", undef, "$call: dies";
	like $@, qr/new\(\).* at page\.pl line 7\n\z/, 'and says where';
}

# Handlers that die.
{
	my $log = '';
	open my $kept, '>&', \*STDERR or die;
	close STDERR;
	open STDERR, '>', \$log or die;
	my $lives = eval {
		local $SIG{__WARN__} = sub { die "warned\n" };
		local $SIG{__DIE__} = sub { die "handled\n" };
		mercure_publish('*');
		mercure_get_subscriptions('x');
		1;
	};
	close STDERR;
	open STDERR, '>&', $kept or die;
	ok $lives, 'a handler that dies does not end the page';
	like $log, qr/topic \*/, 'and the failure is reported';
}

# A program whose children nobody waits for.
my $ignored;
{
	local $SIG{CHLD} = 'IGNORE';
	local ($@, $!, $?) = ('kept', 2, 3);
	$ignored = mercure_publish('a', 'ignored');
	is_deeply [$@, $! + 0, $?], ['kept', 2, 3], 'variables stay';
}
is +(site_rows($site))[-1]{id}, $ignored, 'SIGCHLD ignored: the id is right';

# Left for later, then forked.
{
	my @warnings;
	local $SIG{__WARN__} = sub { push @warnings, @_ };
	my $before = () = site_rows($site);
	my $hub = Pushcgi->new;
	$hub->publish_later('a', 'parent');
	my $pid = fork;
	die "fork: $!" if !defined $pid;
	if ($pid == 0) {
		$hub->publish_later('a', 'child');
		my $ids = $hub->publish_flush;
		require POSIX;
		POSIX::_exit(@$ids == 1 && !@warnings ? 0 : 1);
	}
	waitpid $pid, 0;
	is $?, 0, 'the child publishes its own';
	$hub->publish_flush;
	my @rows = site_rows($site);
	is_deeply [map { $_->{data} } @rows[$before .. $#rows]],
	    ['child', 'parent'], 'and the parent its own, once';
}

done_testing;
