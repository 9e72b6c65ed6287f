# SPDX-License-Identifier: MIT
# readme.t - what the READMEs and pushcgi(1) show is there, and does what they
# say.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use JSON::PP ();
use PushcgiTest;
use Servers;
use Site;
use Test::More;

my $readme = slurp(source('README.md'));
my $servers = slurp(source('templates/servers/README.md'));
my $manual = slurp(source('helpers/cmd/pushcgi.1'));
my $site = site_new();
my %env = (PUSHCGI_PROGRAM => program('pushcgi'),
    PUSHCGI_CONFIG => "$site/pushcgi.conf");

cmp_ok scalar(() = $readme =~ /\n/g), '<=', 250, 'the README is short';

# What the README of templates/servers says a front end can hold is what the snippet lets through.
for my $row (['lighttpd-spawned', 'These values suit'], ['lighttpd-standing',
    'These values suit'], ['nginx', 'These values suit'],
    ['apache-mod_proxy_fcgi', 'MaxRequestWorkers'],
    ['apache-mod_fcgid', 'FcgidMaxProcessesPerClass'],
    ['apache-cgi', 'MaxRequestWorkers']) {
	my ($name, $words) = @$row;
	my ($said) = $servers =~ m{^\| $name \| [\d,]+ / ([\d,]+) \|}m;
	my ($limit) = slurp(source("templates/servers/$name.conf"))
	    =~ /\Q$words\E ([\d,]+)/;

	is $said =~ tr/,//dr, $limit =~ tr/,//dr, "$name: its limit";
}

# The lines of the indented block behind a sentence, without the commas and
# brackets at their ends.
sub lines_of {
	my ($text) = @_;

	return grep { /\w/ } map { s/^\s+|[\s,)]+\z//gr } split /\n/, $text;
}

for my $row (['The core of lighttpd-spawned', 'lighttpd-spawned.conf'],
    ['outside any `<VirtualHost>`', 'apache-mod_fcgid.conf']) {
	my ($sentence, $name) = @$row;
	my ($block) = $servers =~ /\Q$sentence\E:\n\n((?: {4}[^\n]*\n)+)/;
	my %shipped = map { $_ => 1 }
	    lines_of(slurp(source('templates/servers', $name)));
	my @lines = lines_of($block);

	ok @lines > 5, "$name: a block of it";
	is join("\n", grep { !$shipped{$_} } @lines), '',
	    "$name: all its lines are in the file";
}

my ($packages) = $readme =~ /apt-get install (.*?)\n *\.\/autogen/s;
my ($known) = slurp(source('quickstart'))
    =~ /install_for_building\(\) \{\n(.*?)\n\}/s;
for my $package (grep { $_ ne '\\' } split ' ', $packages) {
	like $known, qr/(?<![\w-])\Q$package\E(?![\w-])/,
	    "quickstart installs $package, too";
}

# What the two languages' blocks publish.
sub published {
	my ($language) = @_;
	my ($last) = reverse site_rows($site);

	is_deeply [@$last{qw(topics data private)}],
	    ['https://example.com/users/42', 'Only for you', 1],
	    "$language: publishes";
}

my ($php) = $readme =~ /^```php\n(.*?)^```/ms;
my $folder = source('templates/php');
spew("$site/page.php", "<?php\nset_include_path('$folder');\n$php"
    . 'echo $url;');
my ($status, $out) = run(['php-cgi', '-q', "$site/page.php"], env => \%env);
is $status, 0, 'PHP: runs';
like $out, qr{http://site\.example/\.well-known/mercure\?topic=https.*42\z},
    'PHP: the URL';
published('PHP');

my ($perl) = $readme =~ /^```perl\n(.*?)^```/ms;
spew("$site/page.pl", $perl . 'print "$url\n$cookie";');
($status, $out) = run([$^X, '-I' . source('templates/perl'),
    "$site/page.pl"], env => \%env);
is $status, 0, 'Perl: runs';
like $out, qr{^http://site\.example/\.well-known/mercure\?topic=https.*42\n
    mercureAuthorization=}x, 'Perl: the URL and the cookie';
published('Perl');
is scalar(() = site_rows($site)), 2, 'one update each';

my ($line) = $readme =~ /^ {4}(pushcgi publish --private .*)$/m;
my ($bin) = $env{PUSHCGI_PROGRAM} =~ m{(.*)/};
($status, $out) = run(['sh', '-c', $line
    =~ s/^pushcgi/pushcgi --config "\$PUSHCGI_CONFIG"/r],
    env => { %env, PATH => "$bin:$ENV{PATH}" });
is $status, 0, 'the shell: runs';
published('the shell');

# The commands of each example in a section of pushcgi(1).
sub examples_of {
	my ($section) = @_;
	my ($part) = $manual =~ /^\.Sh \Q$section\E\n(.*?)^\.Sh /ms;

	return map { s/^\$ //mgr =~ s/\\e/\\/gr }
	    ($part // '') =~ /^\.Bd [^\n]*\n(.*?)^\.Ed$/msg;
}

# Who is connected: with a hub behind a web server.
my ($ask, $payloads, $curl) = examples_of('WHO IS CONNECTED');
my ($post) = examples_of('PUBLISHING OVER HTTP');
my $hub = Servers::hub_for_server()->start;
my $server = Servers->lighttpd(hub => $hub);
my $cwd = temp_dir();

sub shell {
	my ($lines) = @_;

	($status, $out) = run(['sh', '-c', $lines
	    =~ s/\bpushcgi(?= [a-z])/pushcgi --config "\$PUSHCGI_CONFIG"/gr
	    =~ s/\bsudo -u www-data //r
	    =~ s{https://example\.com(?=/\.well)}
		{http://127.0.0.1:$hub->{port}}r],
	    cwd => $cwd, env => { PATH => "$bin:$ENV{PATH}",
	    PUSHCGI_CONFIG => $hub->{config_path} });
	return $out;
}

is shell($ask), '', 'nobody is here';
ok -e "$cwd/later", 'so that it waits for later';
unlink "$cwd/later";
my ($cookie) = shell($payloads) =~ /^(mercureAuthorization=[^;]+)/;
my $stranger = $hub->stream(topic => 'https://example.com/users/42');
wait_until('a stranger is listed', sub {
	return ($hub->helper(['connected',
	    'https://example.com/users/42']))[0] == 0;
});
shell($ask);
ok unlink("$cwd/later"), 'who is not user 42 does not count';
my @streams = ($hub->stream(topic => 'https://example.com/news'),
    $hub->stream(topic => 'https://example.com/users/42',
	headers => { Cookie => $cookie }));
wait_until('both are here', sub {
	return shell($ask) =~ m{^https://example\.com/news\turn:uuid:\S+\t-$}
	    && !unlink "$cwd/later";
});
is $status, 0, 'the example runs';
my $list = JSON::PP::decode_json(shell($curl));
is @{ $list->{subscriptions} }, 3, 'curl has the list';
shell($post);
is $streams[0]->next_event->{data}, 'Hello', 'curl publishes';

# How many look at a page.
my ($public, $counts) = examples_of('HOW MANY LOOK AT A PAGE');
my $product = 'https://example.com/products/1';
my $look;
$hub->configure($public =~ /^(\w+) = (\S+)$/);
$hub->reload;
wait_until('the hub counts', sub {
	$look = $hub->stream(topic => $product);
	my $counted = ($hub->helper(['count', $product]))[1] == 1;

	$look->hang_up if !$counted;
	return $counted;
});
is shell($counts), qq(1\n{"topic":"$product","count":1}), 'how many look';
$look->hang_up;

# Sessions.
my ($setting, $session_commands) = examples_of('SESSIONS');
my @commands = split /^/, $session_commands;
$hub->configure($setting =~ /^(\w+) = (\w+)$/);
my ($id, $new) = map { "$_-of-the-session" } 'one', 'another';
my @printed = map { shell("SESSION=$id NEW=$new\n$_") } @commands;
is $status, 0, 'sessions: the commands run';
like $printed[1], qr{^[0-9a-f]{64}\t\d+\thttps://example\.com/users/42\n\z},
    'sessions: granted';
is join('', @printed[0, 2, 3]), '', 'sessions: and nothing else is said';
is +($hub->helper(['session', 'list']))[1], '', 'sessions: and revoked';
$server->stop;
$hub->stop;

done_testing;
