# SPDX-License-Identifier: MIT
# rights.t - who may not use a file reads a command that helps, until it works.
use strict;
use warnings;
use File::Copy qw(copy);
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

die "rights.t needs other users of the machine: run it as root\n" if $> != 0;

# Programs that other users can start, wherever the build stands.
my $programs = temp_dir();
for my $name (qw(pushcgi pushcgi.fcgi)) {
	copy(program($name), "$programs/$name") or die "$name: $!\n";
	chmod 0755, "$programs/$name";
}

# A site as the README makes it; its paths.
sub site {
	my $dir = temp_dir();
	my %site = (dir => $dir, etc => "$dir/etc", data => "$dir/data",
	    conf => "$dir/etc/pushcgi.conf", db => "$dir/data/queue.db");

	mkdir $site{$_} or die "$site{$_}: $!\n" for qw(etc data);
	spew($site{conf}, 'SECRET_KEY = ' . 'k' x 32 . "\n"
	    . "MERCURE_TRANSPORT_URL = sqlite://$site{db}\n", 0640);
	owned($site{conf}, 'root', 'www-data', 0640);
	owned($site{data}, 'www-data', 'www-data', 02770);
	return \%site;
}

sub owned {
	my ($path, $user, $group, $mode) = @_;

	chown scalar getpwnam $user, scalar getgrnam $group, $path
	    or die "$path: $!\n";
	chmod $mode, $path or die "$path: $!\n";
}

# Publish as this user; what the program says, '' if it works.
sub publish {
	my ($site, $user, @groups) = @_;
	my $own = (getpwnam $user)[3];
	my ($status, undef, $err) = run(['setpriv', "--reuid=$user",
	    "--regid=$own", '--groups=' . join(',', $own, @groups),
	    "$programs/pushcgi", '--config', $site->{conf}, 'publish', 't',
	    'x']);

	return $status ? $err : '';
}

my $join = 'usermod -aG www-data nobody, and restart what runs as nobody';
my $keep = 'chgrp www-data CONF && chmod 640 CONF';

# [name, what is wrong with the site, who publishes, the end of each sentence]
my @rows = (
	['all is well', sub {}, 'www-data'],
	['another user', sub {}, 'nobody', 'user nobody may not read CONF, '
	    . "which is root:www-data, mode 0640: $join"],
	['root keeps the file', sub { owned($_[0]{conf}, 'root', 'root',
	    0600) }, 'www-data', 'user www-data may not read CONF, which is '
	    . "root:root, mode 0600: $keep"],
	['root keeps it, another user', sub { owned($_[0]{conf}, 'root',
	    'root', 0600) }, 'nobody', ": $keep && $join"],
	['everybody may read it', sub { owned($_[0]{conf}, 'root', 'root',
	    0644) }, 'www-data',
	    "CONF holds secrets and everybody may read it: $keep"],
	['root alone asks', sub { owned($_[0]{conf}, 'root', 'root', 0644) },
	    'root', ": $keep"],
	['the folder is closed', sub { owned($_[0]{etc}, 'root', 'root',
	    0700) }, 'www-data', 'user www-data may not enter ETC, which is '
	    . 'root:root, mode 0700: chmod o+x ETC'],
	['the queue is of root alone', sub { owned($_[0]{data}, 'root',
	    'root', 0755) }, 'www-data', 'user www-data may not write DATA, '
	    . 'which is root:root, mode 0755: chgrp www-data DATA && chmod '
	    . '2770 DATA'],
	['so is its file', sub { publish($_[0], 'www-data');
	    owned($_[0]{db}, 'root', 'root', 0644) }, 'www-data',
	    'user www-data may not write DB, which is root:root, mode 0644: '
	    . 'chgrp www-data DB && chmod 660 DB'],
	['and the file beside it', sub { publish($_[0], 'www-data');
	    owned("$_[0]{db}-hub", 'root', 'root', 0600) }, 'www-data',
	    'chgrp www-data DB-hub && chmod 660 DB-hub'],
	['the queue has no folder', sub { rmdir $_[0]{data} or die }, 'root',
	    'does not exist: install -d -m 2770 -o www-data -g www-data DATA'],
	['all of it, for another user', sub {
	    owned($_[0]{conf}, 'root', 'root', 0600);
	    owned($_[0]{etc}, 'root', 'root', 0700);
	    owned($_[0]{data}, 'root', 'root', 0755) }, 'nobody',
	    ' ETC', "$keep && $join", 'chmod 2770 DATA'],
);
for my $row (@rows) {
	my ($name, $break, $user, @want) = @$row;
	my $site = site();
	my (%joined, $said);

	$break->($site);
	while (($said = publish($site, $user, sort keys %joined)) ne '') {
		my $plain = $said =~ s/\n\z//r;

		$plain =~ s/\Q$site->{$_}\E/\U$_/g
		    for qw(conf etc db data);
		my $want = shift @want;
		if (!defined $want || $plain !~ /\Q$want\E$/) {
			fail "$name: $plain";
			last;
		}
		unlike $said, qr/user \d|group \d/, "$name: by names";
		my ($fix) = $said =~ /: ((?:chgrp|chmod|usermod|install) .*)/;
		$fix =~ s/, and restart what runs as \w+$//;
		$joined{$1} = 1
		    while $fix =~ s/(?: && )?usermod -aG (\S+) \Q$user\E//;
		is +(run(['sh', '-c', $fix]))[0], 0, "$name: $plain";
	}
	is scalar(@want), 0, "$name: and then it works";
	is publish($site, 'www-data'), '', "$name: for the web server, too";
}

# The socket of a hub that root starts by hand.
for my $row ([[], 1], [['--listen-group', 'www-data'], 0]) {
	my ($args, $warns) = @$row;
	my $hub = Hub->start(args => $args);

	is scalar(() = $hub->log_text =~
	    /only root can use the socket .*--listen-group .*=www-data$/mg),
	    $warns, "a socket of root's: @$args";
	$hub->stop;
}

done_testing;
