# SPDX-License-Identifier: MIT
# perl_session.t - what Perl grants to a session, the hub delivers to it.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../../templates/perl";
use CGI::Session ();
use Hub;
use PushcgiTest;
use Pushcgi;
use Test::More;

my $hub = Hub->start(config => { MERCURE_SESSION_COOKIE => 'CGISESSID' });
my $folder = temp_dir();
my @warnings;

$Pushcgi::PROGRAM = program('pushcgi');
$Pushcgi::CONFIG = $hub->{config_path};
$Pushcgi::TIMEOUT_S = PushcgiTest::DEADLINE_S;
$SIG{__WARN__} = sub { push @warnings, @_ };

sub session {
	return CGI::Session->new('driver:file', undef,
	    { Directory => $folder });
}

sub stream {
	my ($id, @topics) = @_;

	return $hub->stream(topic => [@topics, 'end'], headers => {
	    Cookie => "CGISESSID=$id; CGISESSID=another" });
}

# Publish to each topic; what of it the stream has.
sub has {
	my ($stream, @topics) = @_;

	mercure_publish($_, $_, private => 1) for @topics;
	mercure_publish('end', 'end');
	return join ' ', @{ $stream->data_until('end') };
}

my $alice = session();
my $bob = session();
my $request = Pushcgi->new(session => $alice);

is $request->set_authz_session('a'), 1, 'granted';
my $stream = stream($alice->id, 'a', 'b', 'c');
is has($stream, 'a', 'b'), 'a', 'the session has what it was granted';
is has(stream($bob->id, 'a'), 'a'), '', 'another has not';
is has($hub->stream(topic => ['a', 'end']), 'a'), '', 'nor has none';

is $request->set_authz_session(['b'], lifetime => 60), 1, 'granted more';
wait_until('the open stream has it', sub {
	return has($stream, 'a', 'b') eq 'a b';
});
pass 'the open stream has it, too';
ok !$stream->is_over, 'and goes on';

is mercure_set_authz_session('c', session => $alice->id, replace => 1), 1,
    'granted something else';
wait_until('the open stream knows', sub {
	$stream = stream($alice->id, 'a', 'b', 'c');
	return has($stream, 'a', 'b', 'c') eq 'c';
});
pass 'and nothing of what was before';

my $next = session();
is mercure_move_authz_session($alice, $next), 1, 'moved';
$stream->until('its end', sub { $stream->is_over });
pass 'the stream of the old id ends';
is has(stream($alice->id, 'c'), 'c'), '', 'the old id has nothing';
$stream = stream($next->id, 'c');
is has($stream, 'c'), 'c', 'the new one has it';

# Nothing else is needed for that: a program that does not revoke.
{
	my $dir = temp_dir();
	my $real = program('pushcgi');
	spew("$dir/pushcgi", "#!/bin/sh\ncase \"\$*\" in *revoke*) exit 1;; esac\n"
	    . "exec '$real' \"\$@\"\n", 0755);
	local $Pushcgi::PROGRAM = "$dir/pushcgi";
	my ($was, $is) = (session(), session());
	mercure_set_authz_session('c', session => $was);
	my $old = stream($was->id, 'c');
	is has($old, 'c'), 'c', 'granted';
	is mercure_move_authz_session($was, $is), 1, 'moved, without a revoke';
	$old->until('its end', sub { $old->is_over });
	is has(stream($was->id, 'c'), 'c'), '', 'the old id has nothing';
}

{
	local $ENV{HTTP_COOKIE} = 'x=y; CGISESSID=' . $next->id;
	is mercure_clear_authz_session('c',
	    session => { cookie => 'CGISESSID' }), 1, 'revoked';
}
$stream->until('its end', sub { $stream->is_over });
pass 'its stream ends';
is has(stream($next->id, 'c'), 'c'), '', 'it has nothing';
$request->set_authz_session(['a', 'b'], session => $next);
is $request->clear_authz_session(undef, session => $next), 1, 'revoked all';
is has(stream($next->id, 'a', 'b'), 'a', 'b'), '', 'nothing is left';

is_deeply \@warnings, [], 'and no warning';
done_testing;
