# SPDX-License-Identifier: MIT
# perl_pod.t - the examples in the POD of the Perl modules do what they say.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../../templates/perl";
use Plack::Builder ();
use Pushcgi;
use PushcgiTest;
use Site;
use Template;
use Test::More;

my $site = site_new();
my %env = (PUSHCGI_PROGRAM => program('pushcgi'),
    PUSHCGI_CONFIG => "$site/pushcgi.conf",
    MERCURE_COUNTS => 'https://example.com/products/{id}',
    PUSHCGI_TIMEOUT_S => PushcgiTest::DEADLINE_S);
my @warnings;

($Pushcgi::PROGRAM, $Pushcgi::CONFIG, $Pushcgi::TIMEOUT_S) =
    @env{qw(PUSHCGI_PROGRAM PUSHCGI_CONFIG PUSHCGI_TIMEOUT_S)};
$SIG{__WARN__} = sub { push @warnings, @_ };

# The verbatim paragraphs, those that follow each other as one.
sub examples {
	my ($path) = @_;
	my (undef, $pod) = split /^__END__$/m,
	    slurp(source('templates/perl', $path));

	return map { s/^    //gmr } $pod =~ /((?:^ {4}[^\n]*\n(?:\n+(?= ))?)+)/mg;
}

# Run one as a program of its own; returns what it prints.
sub printed {
	my ($code) = @_;
	my ($first) = $code =~ /(.*)/;
	my ($status, $out, $err) = run(['perl', '-I'
	    . source('templates/perl'), '-Mstrict', '-Mwarnings', '-MPushcgi',
	    '-e', $code], env => \%env);

	is $status, 0, "$first: runs" or diag $code;
	is $err, '', "$first: without a word";
	return $out;
}

sub published {
	my $before = () = site_rows($site);
	my ($code) = @_;

	printed($code);
	my @rows = site_rows($site);
	return map { "$_->{topics} $_->{data}" } @rows[$before .. $#rows];
}

my $user = 'https://example.com/users/42';
my %about = (
	'use Pushcgi;' => sub {
		is_deeply [published($_[0])], ["$user Hello"], 'publishes';
		is_deeply site_claims(printed($_[0]) =~ s/Set-Cookie: //r)
		    ->{mercure}{subscribe}, [$user], 'and allows';
	},
	'# allows both' => sub {
		my $claims = site_claims(printed($_[0]) =~ s/^Set-Cookie: //r);
		is_deeply $claims->{mercure}{subscribe}, [$user,
		    'https://example.com/groups/7'], 'one cookie';
	},
	'mercure_begin_request' => sub {
		my $claims = site_claims(printed($_[0]) =~ s/^Set-Cookie: //r);
		is_deeply $claims->{mercure}{subscribe}, [$user,
		    'https://example.com/groups/7'], 'one cookie';
	},
	'what the database' => sub { like printed($_[0] . ';print $url'),
	    qr/lastEventID=%23/, 'a position' },
	'type => .price' => sub { is_deeply [published($_[0])],
	    ['https://example.com/books/1 {"price":12}'], 'JSON' },
	'Only for you' => sub { is_deeply [published($_[0])],
	    ["$user Only for you"], 'private' },
	'publish_discard' => sub { is_deeply [published($_[0])],
	    ['https://example.com/books/1 sold'], 'flushed' },
	'->listener' => sub { is_deeply [published($_[0])],
	    ['https://example.com/books {"id":1}'], 'told' },
	'cookie->args' => sub { like printed($_[0]
	    . ';print map { "$_ " } %args, keys %cookies'),
	    qr/-name .*mercureAuthorization/, 'for others' },
	'payload_callback' => sub { is_deeply site_claims(printed($_[0]
	    . ';print $cookie'))->{mercure}{payload}, { name => 'Alice' },
	    'a payload' },
	'mercure_count' => sub { is printed($_[0] . ';print $viewers'), '0',
	    'nobody looks' },
	'is_connected' => sub { is printed($_[0] . ';print $there'), '0',
	    'nobody' },
	'tmpl_params' => sub { my $out = printed($_[0] . ';print %param');
	    like $out, qr/MERCURE_SCRIPT<script /, 'the script';
	    like $out, qr/\ASet-Cookie: mercure/, 'the cookie' },
	'set_authz_session' => sub {
		$_[0] =~ s/CGI::Session->new/My::Session->new/;
		local $env{PUSHCGI_PROGRAM} = site_answers($site,
		    "cat >'$site/input'");
		printed('package My::Session; sub new { return bless {} } '
		    . "sub id { return 'd41d8cd98f00b204' } package main;\n"
		    . $_[0]);
		is slurp("$site/input"), "d41d8cd98f00b204\n",
		    'the session\'s id';
	},
);

subtest 'Pushcgi' => sub {
	for my $example (examples('Pushcgi.pm')) {
		my ($name, @more) = grep { $example =~ /$_/ } keys %about;

		ok defined $name && !@more, 'an example with a test'
		    or diag $example;
		(delete $about{$name})->($example) if defined $name;
	}
	is_deeply [keys %about], [], 'and all of those were there';
};

subtest 'Template::Plugin::Pushcgi' => sub {
	my @examples = examples('Template/Plugin/Pushcgi.pm');
	is @examples, 3, 'examples';
	my ($script, $url, $program) = @examples;
	my $text = "${script}[% USE hub = Pushcgi %]$url";

	spew("$site/page.tt", $text);
	my $out = printed('use Template; my $template = Template->new('
	    . "INCLUDE_PATH => '$site');$program");
	my ($cookie) = $out =~ /^Set-Cookie: (.*)\n/;
	is_deeply site_claims($cookie)->{mercure}{subscribe}, [$user],
	    'the cookie';
	like $out, qr/<script src=[^>]*users\/42&quot;\]" data-last[^>]*>/,
	    'the script';
	like $out, qr/data-url="http:[^"]*42">/, 'the URL';
};

subtest 'Plack::Middleware::Pushcgi' => sub {
	my ($synopsis) = examples('Plack/Middleware/Pushcgi.pm');
	my $app = eval "package My::App; $synopsis" or die $@;
	my $before = () = site_rows($site);
	my $cleanup = [];
	my $response = $app->({ REQUEST_METHOD => 'GET', PATH_INFO => '/',
	    'psgix.cleanup' => 1, 'psgix.cleanup.handlers' => $cleanup });
	my %header = @{ $response->[1] };

	is_deeply site_claims($header{'Set-Cookie'})->{mercure}{subscribe},
	    [$user], 'the cookie';
	like $header{Link}, qr/; rel="mercure"\z/, 'the link';
	like join('', @{ $response->[2] }), qr/<script src=/, 'the script';
	is scalar(() = site_rows($site)), $before, 'not published yet';
	$_->() for @$cleanup;
	is +(site_rows($site))[-1]{data}, 'Hello', 'behind the response it is';
};

is_deeply \@warnings, [], 'no warning';
done_testing;
