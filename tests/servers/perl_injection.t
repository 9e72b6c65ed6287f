# SPDX-License-Identifier: MIT
# perl_injection.t - whatever a visitor writes stays a text, in every function.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/../../templates/perl";
use CGI ();
use File::Copy qw(copy);
use HTML::Entities qw(decode_entities);
use HTML::Mason::FakeApache ();
use HTML::Mason::Interp ();
use HTML::Template ();
use JSON::PP ();
use PushcgiTest;
use Pushcgi;
use Site;
use Template ();
use Test::More;

my $site = site_new();
my $json = JSON::PP->new->allow_nonref;
my $pwned = "$site/pwned";

$Pushcgi::PROGRAM = program('pushcgi');
$Pushcgi::CONFIG = "$site/pushcgi.conf";
$Pushcgi::TIMEOUT_S = PushcgiTest::DEADLINE_S;
$SIG{__WARN__} = sub { };

# [name, text]
my @nasty = (
	['a header', "x\r\nSet-Cookie: a=b"],
	['a bare line break', "x\nLocation: /"],
	['a carriage return', "x\rLocation: /"],
	['a body', "x\n\n<h1>"],
	['NUL', "x\0y"],
	['a script', '</script><script>pwned()</script>'],
	['an attribute', "\" onload=\"pwned()\" x='y' '"],
	['entities', '&quot;&lt;&amp;&#0;'],
	['the end of an address', '<x>; rel="mercure", <y>'],
	['another cookie', 'x; Domain=evil.example, a=b'],
	['a shell', "\$(touch $pwned)"],
	['an older shell', "`touch $pwned`"],
	['a command', "'; touch $pwned; '\" | touch $pwned & touch $pwned"],
	['an option', '--help'],
	['another option', '--config=/etc/passwd'],
	['the end of options', '--'],
	['standard input', '-'],
	['a file', '@/etc/passwd'],
	['Template Toolkit', '[% PERL %]die[% END %][% x = 7 * 6; x %]'],
	['HTML::Template', '<TMPL_VAR NAME=X><TMPL_INCLUDE NAME=/etc/passwd>'],
	['Mason', "<% 7 * 6 %><& /etc/passwd &>\n% die;\n"],
	['Mason on a line', '<%perl>die</%perl><% $x |n %>'],
	['Perl', '@{[ die ]}${\ die}'],
	['JSON', '"],"x":["\\u0022\\'],
	['percent signs', '%0d%0aX:%20y%00%'],
	['a query', 'x&topic=*&authorization=y#z?'],
	['a line for JavaScript', "x\xe2\x80\xa8y\xe2\x80\xa9"],
	['no UTF-8', "x\xff\xc0\x80"],
	['a printf', '%n%s%s%s'],
);

# Some as character strings, too, as frameworks give them.
push @nasty, map {
	my ($name, $text) = @$_;
	utf8::decode($text);
	utf8::upgrade($text);
	["$name, in characters", $text];
} grep { $_->[0] =~ /^(?:a header|a script|a line for)/ } @nasty;

sub bytes {
	my ($text) = @_;

	utf8::encode($text) if utf8::is_utf8($text);
	return $text;
}

my $hub = qr{http://site\.example/\.well-known/mercure};
my $query = qr/[\w.~%-]*/;
my $cookie = qr{mercureAuthorization=[\w-]+\.[\w-]+\.[\w-]+; [\w=/.; -]+};
my $quoted = qr/[^"<>'\x00-\x1f\x7f-\xff]*/;
my $tag = qr{<script(?: [a-z-]+="$quoted")+></script>};

# [function, call, what it may return at most]
my @calls = (
	['hub_url', sub { mercure_hub_url($_[0]) }, qr/$hub\?topic=$query/],
	['hub_url: lastEventId', sub { mercure_hub_url('a',
	    lastEventId => $_[0]) }, qr/$hub\?topic=a&lastEventID=$query/],
	['hub_url: authorization', sub { mercure_hub_url('a',
	    authorization => $_[0]) },
	    qr/$hub\?topic=a&authorization=$query/],
	['hub_url: subscriptions', sub { mercure_hub_url($_[0],
	    subscriptions => 1) }, qr/$hub\?topic=$query&topic=$query/],
	['authentified_hub_url', sub { mercure_authentified_hub_url($_[0]) },
	    qr/$hub\?topic=$query&authorization=$query/],
	['subscription_topic', sub { mercure_subscription_topic($_[0]) },
	    qr{/\.well-known/mercure/subscriptions/$query\{/subscriber\}}],
	['subscription_topic: subscriber', sub {
	    mercure_subscription_topic('a', $_[0]) },
	    qr{/\.well-known/mercure/subscriptions/a/$query}],
	['link_header', sub { mercure_link_header(lastEventId => $_[0]) },
	    qr/<$hub>; rel="mercure"; last-event-id="(?:[^"\\\x00-\x1f]|\\.)*"/],
	['set_authz_cookie', sub { mercure_set_authz_cookie($_[0]) },
	    $cookie],
	['set_authz_cookie: payload', sub { mercure_set_authz_cookie('a',
	    payload => $_[0]) }, $cookie],
	['set_authz_cookie: token', sub { mercure_set_authz_cookie(undef,
	    token => $_[0]) }, qr{mercureAuthorization=[^;,"\\\s]*; Path=/[\w/.-]+; HttpOnly; SameSite=Strict}i],
	['set_authz_cookie: lifetime', sub { mercure_set_authz_cookie('a',
	    lifetime => $_[0]) }, qr/(?!)/],
	['subscriber_jwt', sub { mercure_subscriber_jwt($_[0]) },
	    qr/[\w-]+\.[\w-]+\.[\w-]+/],
	['publisher_jwt', sub { mercure_publisher_jwt($_[0]) },
	    qr/[\w-]+\.[\w-]+\.[\w-]+/],
	['is_connected', sub { mercure_is_connected($_[0]) }, qr/0/],
	['is_connected: payload', sub { mercure_is_connected('a',
	    { $_[0] => $_[0] }) }, qr/0/],
	['script_tag', sub { mercure_script_tag($_[0]) }, $tag],
	map { my $option = $_; ["script_tag: $_", sub {
	    mercure_script_tag(undef, lastEventId => undef,
	    $option => $_[0]) }, $tag] } qw(src lastEventId refresh),
);

for my $call (@calls) {
	my ($name, $function, $may) = @$call;

	subtest $name => sub {
		for my $row (@nasty) {
			my $got = $function->($row->[1]);
			ok !defined $got || $got =~ /\A$may\z/, $row->[0]
			    or diag $got;
		}
	};
}

subtest 'the attributes say what was given' => sub {
	for my $row (@nasty) {
		my ($name, $text) = @$row;
		my $got = mercure_script_tag(undef, src => $text,
		    lastEventId => undef, refresh => $text);
		my ($src, $refresh) = map { decode_entities($_) }
		    $got =~ / src="(.*?)" .* data-refresh="(.*?)"/;
		my $want = bytes($text);
		utf8::decode($want);

		# A browser makes another character of these, and no harm.
		next if $text =~ /[\x00-\x1f]/;
		is $src, $want, "$name: src";
		is $refresh, $want, "$name: refresh";
	}
};

# What each function has to say of a topic, for those that take it.
subtest 'rights are for what was given' => sub {
	for my $row (@nasty) {
		my ($name, $text) = @$row;
		my $want = bytes($text);
		utf8::decode($want);

		for my $made (mercure_subscriber_jwt($text),
		    mercure_set_authz_cookie($text)) {
			next if !defined $made;
			is_deeply site_claims($made)->{mercure}{subscribe},
			    [$want], $name;
		}
		my $token = mercure_subscriber_jwt('a', payload =>
		    { $text => $text }) or next;
		is_deeply [map { bytes($_) } %{ site_claims($token)
		    ->{mercure}{payload} }], [(bytes($text)) x 2],
		    "$name: payload" if bytes($text) ne "x\xff\xc0\x80";
	}
};

subtest 'an update is one, and says what was given' => sub {
	my $request = Pushcgi->new;

	# [name, call, column]
	for my $call (
	    ['data', sub { $request->publish('t', $_[0]) }, 'data'],
	    ['topic', sub { $request->publish($_[0], 'x') }, 'topics'],
	    ['id', sub { $request->publish('t', 'x', id => $_[0]) }, 'id'],
	    ['type', sub { $request->publish('t', 'x', type => $_[0]) },
		'type'],
	    ['retry', sub { $request->publish('t', 'x', retry => $_[0]) },
		'none'],
	    ['later: data', sub { $request->publish_later('t', $_[0])
		&& $request->publish_flush }, 'data'],
	    ['later: topic', sub { $request->publish_later($_[0], 'x')
		&& $request->publish_flush }, 'topics'],
	    ['later: id', sub { $request->publish_later('t', 'x',
		id => $_[0]) && $request->publish_flush }, 'id'],
	    ['later: retry', sub { $request->publish_later('t', 'x',
		retry => $_[0]) && $request->publish_flush }, 'none'],
	    ) {
		my ($what, $function, $column) = @$call;
		my @before = site_rows($site);
		my @published = grep { defined $function->($_->[1]) } @nasty;
		my @rows = site_rows($site);
		my @want = map { my $text = bytes($_->[1]);
		    utf8::decode($text); $text } @published;

		is_deeply [map { $_->{$column} } @rows[@before .. $#rows]],
		    \@want, "$what: " . @published . ' of ' . @nasty;
		is scalar @published, 0, "$what: none" if $column eq 'none';
	}
};

subtest 'the id of a session is one line on standard input' => sub {
	local $Pushcgi::PROGRAM = site_answers($site,
	    "printf '%s|' \"\$@\" >'$site/given'\ncat >'$site/input'");

	for my $row (@nasty) {
		my ($name, $id) = @$row;
		for my $call (
		    [sub { mercure_set_authz_session('a', session => $_[0]) },
			"--config=$site/pushcgi.conf|session|grant|--|a|", 1],
		    [sub { mercure_clear_authz_session('a', session => $_[0])
			}, "--config=$site/pushcgi.conf|session|revoke|--|a|",
			1],
		    [sub { mercure_move_authz_session($_[0], $_[0]) },
			"--config=$site/pushcgi.conf|session|move|", 2]) {
			my ($function, $given, $lines) = @$call;
			unlink "$site/given";
			if (!defined $function->($id)) {
				ok !-e "$site/given", "$name: refused";
				next;
			}
			is slurp("$site/given"), $given,
			    "$name: not among the arguments";
			is slurp("$site/input"), (bytes($id) . "\n") x $lines,
			    "$name: its line";
		}
		local $ENV{HTTP_COOKIE} = "SID=$id";
		unlink "$site/given";
		mercure_set_authz_session('a', session => { cookie => 'SID' });
		ok !-e "$site/given" || slurp("$site/input")
		    =~ /\A[^\x00-\x20\x7f]+\n\z/, "$name: of a cookie";
	}
};

subtest 'no template engine reads it again' => sub {
	my $mason = temp_dir();
	my $out;
	my $source_tt = '[% USE hub = Pushcgi; hub.allow(t);'
	    . 'hub.script_tag(t) %]';
	my $source_html = '<TMPL_VAR MERCURE_SCRIPT>'
	    . '|<TMPL_VAR ESCAPE=HTML MERCURE_URL>'
	    . '|<TMPL_VAR ESCAPE=HTML MERCURE_LINK>';
	my $request = HTML::Mason::FakeApache->new;
	copy(source('templates/perl/pushcgi.mc'), $mason);
	spew("$mason/page", '<%args>$topic</%args>'
	    . '<& /pushcgi.mc, topics => $topic, subscribe => $topic &>');
	my $interp = HTML::Mason::Interp->new(comp_root => $mason,
	    allow_globals => ['$r'], out_method => \$out);
	$interp->set_global('$r', $request);

	for my $row (grep { $_->[1] =~ /[<%\@"&\r\n]/ } @nasty) {
		my ($name, $text) = @$row;
		my $want = Pushcgi->new->script_tag($text);
		my $granted = Pushcgi->new->script_tag($text, private => 1,
		    refresh => '#', refreshAfter => 2700);
		$_ = defined $_ ? $_ : '' for $want, $granted;

		my $template = Template->new;
		my $tt = '';
		$template->process(\$source_tt, { t => $text }, \$tt)
		    or die $template->error;
		is $tt, $granted, "$name: Template Toolkit";

		my $html = HTML::Template->new(scalarref => \$source_html);
		$html->param(Pushcgi->new->tmpl_params($text));
		like $html->output,
		    qr/\A\Q$want\E\|$quoted\|(?:&lt;$quoted)?\z/,
		    "$name: HTML::Template";

		$out = '';
		$interp->exec('/page', topic => $text);
		is $out, $granted, "$name: Mason";
		my @set = (scalar $request->err_headers_out)
		    ->get('Set-Cookie');
		ok !(grep { !/\A$cookie\z/ } grep { defined } @set),
		    "$name: Mason: the header" or diag @set;
	}
};

ok !-e $pwned, 'no shell saw anything';

done_testing;
