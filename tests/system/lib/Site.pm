# SPDX-License-Identifier: MIT
# Site.pm - a site's side: configuration, queue, and programs that misbehave.
package Site;

use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use Exporter qw(import);
use JSON::PP ();
use MIME::Base64 qw(decode_base64url encode_base64url);
use PushcgiTest;

our @EXPORT = qw(site_new site_rows site_claims site_fake
    site_answers);

my $key = 'key-of-the-tests-0123456789abcdef';

# A folder with pushcgi.conf and, once published to, queue.db.
sub site_new {
	my $dir = temp_dir();

	spew("$dir/pushcgi.conf", join('', map { "$_\n" }
	    "SECRET_KEY = $key", "MERCURE_TRANSPORT_URL = sqlite://$dir/queue.db",
	    'MERCURE_PUBLIC_HUB_URL = http://site.example/.well-known/mercure'),
	    0600);
	return $dir;
}

# The updates in the queue: a list of hashes.
sub site_rows {
	my ($dir) = @_;

	return () unless -e "$dir/queue.db";
	my (undef, $json) = run(['sqlite3', '-readonly', '-json',
	    "$dir/queue.db", 'SELECT id, type, topics, data, private, '
	    . 'retry_ms FROM updates ORDER BY seq']);
	return $json eq '' ? () : @{ JSON::PP->new->utf8->decode($json) };
}

# The claims of a token, or of a cookie with one; undef if it is badly signed.
sub site_claims {
	my ($token) = @_;
	my ($h, $c, $s) = $token =~ /^(?:[\w-]+=)?([\w-]+)\.([\w-]+)\.([\w-]+)/
	    or return;

	return unless $s eq encode_base64url(hmac_sha256("$h.$c", $key));
	return JSON::PP::decode_json(decode_base64url($c));
}

# A program in place of pushcgi: a shell script that first adds a line to
# DIR/started.
sub site_fake {
	my ($dir, $script) = @_;

	spew("$dir/fake", "#!/bin/sh\necho \$\$ >>'$dir/started'\n$script\n",
	    0755);
	return "$dir/fake";
}

# The same, but the shell script runs for each question to `pushcgi answer`, with
# its arguments and its input; the options in front of `answer` come first.
sub site_answers {
	my ($dir, $script) = @_;
	my $sh = "$dir/answers.sh";

	spew($sh, "echo \$\$ >>'$dir/started'\n$script\n");
	spew("$dir/answers", <<"END", 0755);
#!/usr/bin/perl
use strict;
use warnings;
my \@options = grep { !/^(?:answer|--idle=.*)\$/ } \@ARGV;
\$| = 1;
while (defined(my \$line = <STDIN>)) {
	my \@texts = map { my \$text = ''; read STDIN, \$text, \$_; \$text }
	    split ' ', \$line or last;
	my \$input = pop \@texts;
	open my \$in, '>', "\$0.in" or die;
	print \$in \$input;
	close \$in;
	my \$status = system '/bin/sh', '-c', 'sh=\$1; in=\$2; shift 2; exec '
	    . '/bin/sh "\$sh" "\$\@" <"\$in" >"\$in.out" 2>"\$in.err"', 'sh',
	    '$sh', "\$0.in", \@options, \@texts;
	my \@out = map { open my \$f, '<', "\$0.in.\$_" or die;
	    local \$/; scalar <\$f> } 'out', 'err';
	print join(' ', \$status >> 8, map { length } \@out), "\n", \@out;
}
END
	return "$dir/answers";
}

1;
