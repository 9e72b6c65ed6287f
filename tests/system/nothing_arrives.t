# SPDX-License-Identifier: MIT
# nothing_arrives.t - the commands of "Nothing arrives" print what the page says,
# and show the mistakes that it names.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Servers;
use Test::More;

my $page = slurp(source('templates/NOTHING-ARRIVES.md'));
my $hub = Servers::hub_for_server();
$hub->configure(SECRET_KEY => 'k' x 32, MERCURE_SESSION_COOKIE => 'PHPSESSID',
    (map { ("MERCURE_${_}_SECRET_KEY" => undef) } qw(PUBLISHER SUBSCRIBER)),
    MERCURE_PUBLIC_HUB_URL => "http://127.0.0.1:$hub->{port}" . Hub::URL_PATH);
$hub->start;
my $server = Servers->lighttpd(hub => $hub);
my $program = program('pushcgi');
my ($folder) = $program =~ m{(.*)/};

# Run as the page means it, on this site.
sub shell {
	my ($line) = @_;

	$line =~ s/sudo -u www-data //g;
	$line =~ s/(?<![\w.])pushcgi(?= [a-z])/pushcgi --config "\$CONFIG"/g;
	$line =~ s{\S*/pushcgi\.fcgi}{"\$HUB" --config "\$CONFIG"}g;
	$line =~ s{http://localhost}{http://127.0.0.1:$hub->{port}}g;
	my ($status, $out, $err) = run(['sh', '-c', $line], env => {
	    PATH => "$folder:$ENV{PATH}", CONFIG => $hub->{config_path},
	    HUB => program('pushcgi.fcgi'), COOKIE => cookie(),
	    SESSION => 'the-id-of-a-session-1234' });

	$out =~ s{\Q$hub->{queue}}{/var/lib/pushcgi/queue.db}g;
	$out =~ s/\r//g;
	return wantarray ? ($out, $err) : $out;
}

my $cookie;

sub cookie {
	if (!defined $cookie) {
		(undef, $cookie) = $hub->helper(['cookie',
		    'https://example.com/users/42']);
		$cookie =~ s/^\w+=|;.*//sg;
	}
	return $cookie;
}

# Without blanks at the beginnings of lines, which say how a page is indented.
sub plain {
	my ($text) = @_;

	return $text =~ s/^\s+//mgr;
}

# What is printed if all is well, where ... stands for any text.
sub as_said {
	my ($text) = @_;
	my $pattern = join '', map { $_ eq "\x{2026}\n" ? '(?:.*\n)*'
	    : join '.*', map { quotemeta $_ } split /\x{2026}/, $_, -1
	} split /^/, plain($text);

	return qr/\A$pattern\z/;
}

$hub->helper(['publish', 'https://example.com/news', 'Hello']);
$hub->helper(['publish', '--private', 'https://example.com/users/42',
    'Only for you']);
$hub->helper(['session', 'grant', 'https://example.com/users/42'],
    input => "the-id-of-a-session-1234\n");

# Each command with what it prints.
utf8::decode($page);
my @examples;
for my $line (split /\n/, $page) {
	if ($line =~ /^ {4,6}\$ (.*)/) {
		push @examples, [$1, ''];
	} elsif (@examples && $line =~ /^ {4,6}(\S.*|\t.*|  \S.*)/
	    && !$examples[-1][2]) {
		$examples[-1][1] .= "$1\n";
	} elsif (@examples) {
		$examples[-1][2] = 1;
	}
}
cmp_ok scalar(@examples), '>=', 10, 'the page has its commands';
for my $example (@examples) {
	my ($command, $want) = @$example;
	my ($out, $err);

	# On a busy machine the time that the page gives curl may be short.
	for my $time_s ($command =~ /-m 2 / ? (2, 10, 60) : 0) {
		($out, $err) = shell($command =~ s/-m 2 /-m $time_s /r);
		utf8::decode($out);
		last if plain($out) =~ as_said($want);
	}
	like plain($out), as_said($want), $command or diag $err;
}

# The mistakes that the page names, and what shows each.
my ($out) = shell('id=$(pushcgi last-event-id); pushcgi publish '
    . 'https://example.com/news/ x; pushcgi subscribe --last-event-id "$id" '
    . '--count 1 "*"');
like $out, qr{\tpublic\thttps://example\.com/news/$}m,
    'a mistyped topic: subscribe shows it';
($out) = shell('pushcgi cookie https://example.com/users/43 | '
    . 'sed "s/^[^=]*=//;s/;.*//" | pushcgi token-explain');
like $out, qr{private ones of:\n  https://example\.com/users/43\n},
    'another topic in the cookie: token-explain shows it';
($out) = shell('pushcgi subscriber-jwt | pushcgi token-explain');
like $out, qr/public updates only/, 'no topic in it: it says so';
is shell('echo the-id-of-another-one-9876 | pushcgi session list --of'), '',
    'a session without a grant: nothing';
($out) = shell('curl -s -o /dev/null -w "%{http_code}" '
    . 'http://localhost/none?topic=x');
is $out, '404', 'a path that is not the hub\'s: 404';

$server->stop;
$hub->stop;
done_testing;
