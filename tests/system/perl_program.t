# SPDX-License-Identifier: MIT
# perl_program.t - how the functions for Perl run the program: once for a request,
# and never for two.
use strict;
use warnings;
use Config ();
use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../../templates/perl";
use Plack::Middleware::Pushcgi ();
use POSIX ();
use Pushcgi;
use PushcgiTest;
use Site;
use Test::More;

my $program = program('pushcgi');
my $site = site_new();
my $url = 'http://site.example/.well-known/mercure?topic=a';
my @warnings;

# The program, and a line with process id and arguments for each start of it.
spew("$site/counted", "#!/bin/sh\necho \"\$\$ \$*\" >>'$site/starts'\n"
    . "exec '$program' \"\$\@\"\n", 0755);
$Pushcgi::PROGRAM = "$site/counted";
$Pushcgi::CONFIG = "$site/pushcgi.conf";
$Pushcgi::TIMEOUT_S = DEADLINE_S;
$SIG{__WARN__} = sub { push @warnings, @_ };

# What is asked in good time here may be too late on a busy machine.
$Pushcgi::Program::IDLE_S = $Pushcgi::Program::REUSE_S = DEADLINE_S;

# The starts since the last call: [process id, arguments] each.
sub starts {
	my @starts = -e "$site/starts" ? split /\n/, slurp("$site/starts") : ();

	unlink "$site/starts";
	return map { [split / /, $_, 2] } @starts;
}

# Those of the starts that still run.  One that has ended and for which nobody has
# waited counts, too.
sub still_there { return grep { kill 0, $_->[0] } @_ }

# Does it run?  Nobody may have waited for one that does not.
sub runs {
	my ($pid) = @_;
	open my $stat, '<', "/proc/$pid/stat" or return 0;
	my $line = <$stat>;

	return defined $line && $line !~ /\) [ZX] /;
}

# Programs whose parent has ended: whether it, or the system, waits for them.
sub end_soon {
	my (@starts) = @_;

	return wait_until('they have ended', sub {
		!grep { runs($_->[0]) } @starts });
}

sub rows { return scalar(() = site_rows($site)) }

# The calls of a page, which ask six times.
sub calls {
	my ($hub) = @_;

	return $hub->hub_url('a') eq $url && $hub->set_authz_cookie('secret')
	    && $hub->script_tag('secret') && $hub->publish('a', 'secret')
	    && $hub->is_connected('a') eq '0';
}

# A page's script, whose process ends; its output.
sub script {
	my ($code, %more) = @_;
	my ($status, $out, $err) = run([$^X, '-I' . source('templates/perl'),
	    '-we', "use Pushcgi; use POSIX (); \$Pushcgi::Program::IDLE_S = "
	    . '$Pushcgi::Program::REUSE_S = ' . DEADLINE_S . "; $code"],
	    env => { PUSHCGI_PROGRAM => "$site/counted",
	    PUSHCGI_CONFIG => "$site/pushcgi.conf", REQUEST_METHOD => 'GET',
	    PUSHCGI_TIMEOUT_S => DEADLINE_S, %more });

	is $err, '', 'without a word';
	is $status, 0, 'it ends well';
	return $out;
}

subtest 'one program for a page' => sub {
	local $ENV{REQUEST_METHOD} = 'GET';
	my $hub = Pushcgi->new;
	ok calls($hub), 'all calls work' or diag @warnings;
	is $hub->publish('*'), undef, 'and one that fails';
	ok calls($hub), 'and those after it';
	undef $hub;
	my @starts = starts();
	is @starts, 1, 'the program was started once';
	unlike $starts[0][1], qr/secret/, 'nothing of the page in arguments';
	is_deeply [still_there(@starts)], [], 'it has ended with the request';

	mercure_begin_request();
	ok mercure_hub_url('a') && mercure_last_event_id(), 'by functions';
	mercure_begin_request();
	ok mercure_hub_url('a') && mercure_last_event_id(),
	    'in the next request';
	mercure_end_request();
	@starts = starts();
	is @starts, 2, 'one for each request';
	is_deeply [still_there(@starts)], [], 'they have ended';
	@warnings = ();
};

subtest 'where nobody knows when the request ends' => sub {
	local $ENV{REQUEST_METHOD} = 'GET';
	ok mercure_hub_url('a') && mercure_last_event_id(), 'functions';
	my @starts = starts();
	is @starts, 2, 'one for each call';
	is_deeply [still_there(@starts)], [], 'they have ended';

	ok mercure_script_tag('a'), 'a call that asks three times';
	is scalar(() = starts()), 1, 'starts one';

	local $ENV{MOD_PERL} = 'mod_perl/1.0';
	my $hub = Pushcgi->new;
	ok $hub->hub_url('a') && $hub->last_event_id, 'mod_perl 1';
	@starts = starts();
	is @starts, 2, 'one for each call';
	is_deeply [still_there(@starts)], [], 'they have ended';
	delete local $ENV{MOD_PERL};
	delete local $ENV{REQUEST_METHOD};
	$hub = Pushcgi->new;
	ok $hub->hub_url('a') && $hub->last_event_id,
	    'a script of the command line';
	@starts = starts();
	is @starts, 2, 'one for each call';
	is_deeply [still_there(@starts)], [], 'they have ended';
	is_deeply \@warnings, [], 'without a word';
};

subtest 'when another program is started' => sub {
	my $running = sub { return (starts())[-1][0] };
	# [name, code between two calls, starts between and after, settings]
	for my $row (
	    ['nothing', sub {}, 0],
	    ['another environment', sub { $ENV{X_VISITOR} = 'another' }, 1],
	    ['another folder', sub { chdir '/' }, 1],
	    ['another mask of new files', sub { umask(umask() ^ 001) }, 1],
	    ['another group', sub {
		$) = (split ' ', $))[0] . ' 12345' if $> == 0 }, $> == 0],
	    ['another program', sub {
		$Pushcgi::PROGRAM = "$site/./counted" }, 1],
	    ['a rule of its own', sub { $_[0]{type_is_topic} = 1 }, 1],
	    ['a long time', sub { $Pushcgi::Program::REUSE_S = 0 }, 1],
	    ['it was killed', sub { my ($hub, $pid) = @_; kill 'KILL', $pid;
		wait_until('it is dead', sub { !runs($pid) }) }, 1],
	    ['it was killed and waited for', sub { kill 'KILL', $_[1];
		waitpid $_[1], 0 }, 1],
	    ['it has said that it ends', sub {
		$_[0]{program}{text} = "end\n" }, 1],
	    ['an exception in a call', sub {
		local $SIG{ALRM} = sub { die "alarm\n" };
		local *Pushcgi::Program::_wait = sub { die "alarm\n" };
		is eval { $_[0]->hub_url('b'); 1 }, undef, 'it dies' }, 1]) {
		my ($name, $between, $want) = @$row;
		local $ENV{REQUEST_METHOD} = 'GET';
		local $ENV{X_VISITOR} = 'one';
		local $Pushcgi::PROGRAM = $Pushcgi::PROGRAM;
		local $Pushcgi::Program::REUSE_S = DEADLINE_S;
		no warnings 'redefine';
		my $hub = Pushcgi->new;
		my $before = rows();
		my ($cwd, $umask, $groups) = (Cwd::getcwd(), umask, $));

		ok $hub->hub_url('a'), "$name: before";
		my @starts = starts();
		$between->($hub, $starts[0][0]);
		ok $hub->publish('a', $name), "$name: after" or diag @warnings;
		chdir $cwd;
		umask $umask;
		$) = $groups if $> == 0;
		is rows(), $before + 1, "$name: published once";
		push @starts, my @more = starts();
		is @more, $want, "$name: starts";
		undef $hub;
		is_deeply [still_there(@starts)], [], "$name: ended";
	}
	is_deeply \@warnings, [], 'without a word';
};

subtest 'it dies in the middle' => sub {
	local $ENV{REQUEST_METHOD} = 'GET';
	# Answers once, and then dies when it has read a question.
	spew("$site/dies", "#!$^X\nif (-e '$site/died') { exec '$program', "
	    . "\@ARGV }\n\$| = 1;\nsub question { my \@n = split ' ', <STDIN>; "
	    . "my \$n = 0; \$n += \$_ for \@n; read STDIN, my \$x, \$n; }\n"
	    . "question(); print \"0 1 0\\nx\"; question(); "
	    . "open my \$f, '>', '$site/died'; close \$f; kill 9, \$\$;", 0755);
	local $Pushcgi::PROGRAM = "$site/dies";

	my $hub = Pushcgi->new;
	is $hub->link_header, 'x', 'one answer';
	is $hub->hub_url('a'), $url, 'the call is answered by a new one';
	is_deeply [splice @warnings], [], 'without a word';

	# Nobody knows whether the update was published.
	unlink "$site/died";
	my $before = rows();
	$hub = Pushcgi->new;
	is $hub->link_header, 'x', 'one answer';
	is $hub->publish('a', 'x'), undef, 'an update is not published again';
	like join('', splice @warnings),
	    qr/\A\S+ failed: it ended without an answer at \S+ line \d+\n\z/,
	    'and why';
	ok $hub->publish('a', 'x'), 'the next one is';
	is rows(), $before + 1, 'once';

	# A program that cannot live is not started for ever.
	$Pushcgi::PROGRAM = site_fake($site, 'echo end');
	is $hub->hub_url('a'), undef, 'always at its end: undef';
	like join('', splice @warnings), qr/again and again/, 'and why';
	is scalar(split /\n/, slurp("$site/started")), 3, 'three starts';
	$Pushcgi::PROGRAM = site_fake($site, 'echo Hello; exec sleep 600');
	is $hub->hub_url('a'), undef, 'another program: undef';
	like join('', splice @warnings), qr/not an answer/, 'and why';
	is $hub->is_connected('a'), undef, 'nor is that a 0 or 1';
	$Pushcgi::PROGRAM = site_fake($site, 'echo broken >&2; exit 1');
	is $hub->is_connected('a'), undef, 'nor its exit status';
	like join('', splice @warnings), qr/failed: broken at/, 'and why';
	$Pushcgi::PROGRAM = site_fake($site,
	    'head -c 2000000 /dev/zero | tr "\\0" x >&2; exit 1');
	is $hub->is_connected('a'), undef, 'a message without end';
	cmp_ok length join('', splice @warnings), '<', 70_000, 'is cut off';
};

subtest 'processes' => sub {
	is script('my $hub = Pushcgi->new; print $hub->hub_url("a"), '
	    . '$hub->hub_url("a"); our $kept = $hub; exit 0;'), $url x 2,
	    'a request that lives until the process ends';
	my @starts = starts();
	is @starts, 1, 'one start';
	ok end_soon(@starts), 'it ends with the process';

	script('mercure_begin_request(); mercure_hub_url("a"); '
	    . 'mercure_last_event_id();');
	@starts = starts();
	is @starts, 1, 'the functions: one start';
	ok end_soon(@starts), 'it ends with the process';

	# A child has its pipes, and lives longer.
	is script('mercure_begin_request(); mercure_hub_url("a");'
	    . 'my $child = fork; if (!$child) { sleep 600; POSIX::_exit(0) }'
	    . 'mercure_begin_request(); print "on"; kill "KILL", $child; '
	    . 'waitpid $child, 0;'), 'on',
	    'a program ends although a child has its pipes';
	@starts = starts();
	ok end_soon(@starts), 'it ends';

	# [name, how the child ends]
	for my $row (['exit', 'exit 0'], ['_exit', 'POSIX::_exit(0)'],
	    ['undef', 'undef $hub; POSIX::_exit(0)']) {
		my ($name, $end) = @$row;
		my $before = rows();
		is script('my $hub = Pushcgi->new; $hub->publish("a", "p"); '
		    . 'my $child = fork; if (!$child) { '
		    . '$hub->publish("a", "c") for 1 .. 5; ' . $end . '} '
		    . '$hub->publish("a", "p") for 1 .. 5; '
		    . 'waitpid $child, 0; print $?; '
		    . '$hub->publish("a", "p");'), '0', "$name: a child";
		is rows(), $before + 12, 'all is published';
		@starts = starts();
		is @starts, 2, 'parent and child have one each';
		ok end_soon(@starts), 'they end';
	}

	# The handlers of the process.
	is script('$SIG{CHLD} = "IGNORE"; $SIG{PIPE} = sub { die }; '
	    . 'my $hub = Pushcgi->new; $hub->hub_url("a"); kill "KILL", $hub->{program}{child}; '
	    . 'select undef, undef, undef, 0.01 '
	    . 'while kill 0, $hub->{program}{child}; '
	    . '($!, $?, $@) = (2, 5, "kept"); print $hub->hub_url("a"); '
	    . 'undef $hub; print " ", $! + 0, " $? $@"; $? = 0;'),
	    "$url 2 5 kept", 'variables stay, and no signal is seen';
	@starts = starts();
	is @starts, 2, 'two starts';
	ok end_soon(@starts), 'they end';

	SKIP: {
		skip 'this Perl has no threads', 1
		    if !$Config::Config{useithreads};
		is script('use threads; my $hub = Pushcgi->new; '
		    . '$hub->hub_url("a"); threads->create(sub { '
		    . '$hub->hub_url("b"); undef $hub; })->join; '
		    . 'print $hub->hub_url("a");'), $url, 'a thread';
		@starts = starts();
		is @starts, 2, 'has a program of its own';
		ok end_soon(@starts), 'they end';
	}

	# Programs of the application do not get the pipes, nor is the program in
	# the place of a standard file that is closed.
	is script('$^F = 50; my $hub = Pushcgi->new; $hub->hub_url("a"); '
	    . 'my $child = $hub->{program}{child}; my @mine = map { readlink '
	    . '"/proc/$$/fd/" . fileno $_ } @{ $hub->{program} }'
	    . '{qw(to from from_errors)}; my $theirs = `ls -l /proc/self/fd`; '
	    . 'print scalar grep { $theirs =~ /\Q$_/ } @mine;'), '0',
	    'other programs do not get the pipes';
	is script('close STDIN; close STDERR; my $hub = Pushcgi->new; '
	    . 'print $hub->hub_url("a"), $hub->{program} ? "kept" : "";'), $url,
	    'standard files that are closed';
	starts();
};

subtest 'a request that somebody keeps' => sub {
	local $ENV{REQUEST_METHOD} = 'GET';
	local $Pushcgi::Program::REUSE_S = 0;
	my @kept = map { Pushcgi->new } 1 .. 4;

	ok $_->hub_url('a'), 'a call' for @kept;
	is scalar(() = still_there(starts())), 1,
	    'leaves no program when the next one is started';
};

subtest 'PSGI' => sub {
	my ($hub, @cleanup);
	my $app = Plack::Middleware::Pushcgi->new(link => 1)->wrap(sub {
		$hub = $_[0]{'pushcgi.request'};
		mercure_hub_url('a');
		mercure_last_event_id();
		return [200, [], ['x']];
	});
	for my $has (0, 1) {
		my $status = $app->({ REQUEST_METHOD => 'GET',
		    'psgix.cleanup' => $has,
		    'psgix.cleanup.handlers' => \@cleanup })->[0];
		is $status, 200, 'the application answers';
		$_->() for splice @cleanup;
		my @starts = starts();
		is @starts, 1, 'one start for the request';
		is_deeply [still_there(@starts)], [],
		    'it has ended with the answer';
		ok $hub->hub_url('a') && $hub->last_event_id, 'later calls';
		is_deeply [still_there(starts())], [], 'leave none';
	}
	my $dies = Plack::Middleware::Pushcgi->new->wrap(sub {
		$hub = $_[0]{'pushcgi.request'};
		$hub->hub_url('a');
		die "wrong\n";
	});
	is eval { $dies->({ REQUEST_METHOD => 'GET' }) }, undef,
	    'an application that dies';
	is $@, "wrong\n", 'of its own';
	is_deeply [still_there(starts())], [], 'leaves none';
	is_deeply \@warnings, [], 'without a word';
};

done_testing;
