# SPDX-License-Identifier: MIT
# Siege.pm - an attack on a hub in use: updates arrive, and nothing is left of it.
package Siege;

use strict;
use warnings;
use Attack;
use Exporter qw(import);
use Hub;
use PushcgiTest;
use Templates;
use Test::More;
use Token;
use Witnesses;

our @EXPORT = qw(templates and_all by_polls visitor_token more_topics withstand
    seed is_full EARLIEST);

use constant EARLIEST => { 'Last-Event-ID' => 'earliest' };

my $seed = $ENV{PUSHCGI_HOSTILE_SEED} || 1 + int rand 1e6;

# Of all that is random.
sub seed { return $seed }

sub is_full { return ($ENV{PUSHCGI_EXACTNESS} || '') eq 'full' }

# So many templates of a kind.
sub templates {
	my ($kind) = @_;

	return sub {
		my ($n, $k) = @_;

		return Templates::query(map { $kind->($n + $_) } 0 .. $k - 1);
	};
}

# The same, and `*` behind them.
sub and_all {
	my ($kind) = @_;
	my $rest = templates($kind);

	return sub { $rest->($_[0], $_[1] - 1 || 1) . '&topic=*' };
}

# The same requests as those of another function, with long polling.
sub by_polls {
	my ($brings) = @_;

	return sub { 'delivery=poll&' . $brings->(@_) };
}

# A token for each of them, as sites give to their visitors.
sub visitor_token {
	return Token::subscriber([Templates::SITE . "visitors/$_[0]"]);
}

# The log of a site before: public and private updates of several topics.
sub store {
	my ($hub, $count) = @_;
	my ($status, undef, $err) = $hub->helper(['publish', '--batch'],
	    input => join '', map { my $n = $_;
		'{"topic":[' . join(',', map { '"' . Templates::SITE
		. "old/$n/$_\"" } 1 .. 3) . "],\"data\":\"$n\""
		. ($n % 3 ? '' : ',"private":true') . "}\n" } 1 .. $count);

	die "publish --batch: $err" if $status;
}

# More topics for some of the site's updates: `usual` for each, and once `most`.
sub more_topics {
	my ($usual, $most) = @_;

	return sub {
		my ($round) = @_;

		return (topic => [map { Templates::SITE . "also/$_/"
		    . 'x' x 20 } 1 .. ($round == 3 ? $most : $usual)]);
	};
}

# KiB: at most so far, and now.
sub memory {
	my ($hub) = @_;

	return slurp("/proc/$hub->{pid}/status")
	    =~ /^VmHWM:\s+(\d+).*^VmRSS:\s+(\d+)/ms;
}

# Sanitizers keep what is freed, and reserve terabytes.
sub is_sanitized {
	my ($hub) = @_;

	return (slurp("/proc/$hub->{pid}/status") =~ /^VmSize:\s+(\d+)/m)[0]
	    > 1 << 32;
}

# Every new or returning stream is served.
sub judge_newcomers {
	my ($name, $at, $witnesses) = @_;
	my %token = (token => Token::subscriber([Witnesses::PRIVATE]));

	for my $row (['a newcomer', topic => Witnesses::PUBLIC],
	    ['one with a token and a template', %token,
		topic => [Witnesses::PRIVATE, Templates::SITE . '{mine}/{x}']],
	    ['one who comes back', topic => Witnesses::PUBLIC,
		last_event_id => $witnesses->{first_id}]) {
		my ($who, @asks) = @$row;
		my $stream = eval { $at->subscribe(@asks) };

		is eval { $stream->status } // $@, 200,
		    "$name: $who is served meanwhile";
		next if !$stream || $who ne 'one who comes back';
		my $data = eval { join ' ', map { $stream->next_event->{data} }
		    2 .. $witnesses->{sent} };
		is $data // $@, join(' ', 2 .. $witnesses->{sent}),
		    "$name: $who gets what he missed";
	}
}

# Refusals name a setting, or the limit of one template; where the request as a
# whole is too long, a web server says so in its own words.
my $refusal = qr/^status[ ](?:(?:400|429|503)[ ](?:MERCURE_|\d+[ ](?:states|bytes))
	|(?:400|414)[ ]of[ ]the[ ]server|431)/x;

sub judge_answers {
	my ($name, $attack) = @_;
	my %c = %{ $attack->stop };
	my @odd = grep { /^status/ && !/^status (?:200|none)\z/
	    && $_ !~ $refusal } sort keys %c;

	note "$name: ", $attack->said;
	cmp_ok $c{requests}, '>=', $attack->{streams},
	    "$name: they have asked";
	is join(', ', map { "$_: " . ($c{example}{ s/^status //r } // '') }
	    @odd), '', "$name: each refusal names a setting";
}

sub judge_hub {
	my ($name, $hub, $before) = @_;
	my ($most, $now) = memory($hub);
	my $log = $hub->log_text;

	note "$name: KiB before $before, most $most, then $now";
	if (!is_sanitized($hub)) {
		cmp_ok $most - $before, '<', 65536,
		    "$name: memory stays within bounds";
		cmp_ok $now - $before, '<', 49152, "$name: and is given back";
	}
	is join('', $log =~ /^(\S+ err: .*\n)/mg), '',
	    "$name: no error in the log";
	cmp_ok length $log, '<', 65536, "$name: a short log";
}

# A hub, and what stands before it: a function of Servers.pm.
sub places {
	my ($through) = @_;
	my %config = (MERCURE_HUB_RECONCILIATION_LENGTH => 1_000_000);
	my $hub;

	if (!$through) {
		$hub = Hub->start(config => \%config);
		return ($hub, $hub);
	}
	require Servers;
	$hub = Servers::hub_for_server(config => \%config)->start;
	return ($hub, Servers->$through(hub => $hub));
}

# One form: the site's subscribers are there, strangers come, updates too.
# attack => see Attack.pm; also => another one beside it; stored => how many
# updates there are before; more, gap => see Witnesses.pm; through => a web server.
sub withstand {
	my ($name, $attack, %o) = @_;
	my ($hub, $at) = places($o{through});

	store($hub, $o{stored}) if $o{stored};
	my $witnesses = Witnesses->new(at => $at);
	$witnesses->rounds(1) or die "$name: the hub was never well\n";
	$witnesses->judge("$name, before");
	my $before = (memory($hub))[1];
	my $strangers = Attack->start(%$attack, at => $at, seed => $seed);
	eval { wait_until('they have all asked', sub {
		return $strangers->counts->{requests} >= $attack->{streams};
	}) } or diag $strangers->said;
	my $others = $o{also} && Attack->start(%{ $o{also} }, at => $at);
	my $well = $witnesses->rounds(is_full() ? 60 : 20, %o);
	$witnesses->judge($name);
	judge_newcomers($name, $at, $witnesses) if $well;
	judge_answers($name, $strangers);
	judge_answers("$name, the others", $others) if $others;
	# The hub has also finished the work that they left behind.
	if ($well && ($well = $witnesses->rounds(5))) {
		$witnesses->judge("$name, after");
		$witnesses->judge_all($name);
		judge_hub($name, $hub, $before);
	}
	ok $well, "$name: the hub has withstood it";
	$witnesses->leave;
	$at->stop if $at != $hub;
	$hub->stop($well ? 'TERM' : 'KILL');
}

1;
