# SPDX-License-Identifier: MIT
# links.t - the links and paths in the READMEs hold in the source and where
# `make install` puts them.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use PushcgiTest;
use Test::More;

my $installed = temp_dir();
my ($status, undef, $err) = run(['make', '-s', '-C', $ENV{PUSHCGI_BUILD} || source(),
    'install-data', "DESTDIR=$installed", 'prefix=/usr'],
    env => { PATH => $ENV{PATH} });
is $status, 0, 'make install' or diag $err;

# The places of a page: from where its paths are meant.
my %top = ('the source' => source(), installed =>
    "$installed/usr/share/pushcgi");

sub marks_of {
	my ($path) = @_;

	return map { lc s/[^\w\s-]//gr =~ s/ /-/gr => 1 }
	    slurp($path) =~ /^#+ (.*)$/mg;
}

for my $place (sort keys %top) {
	my $top = $top{$place};
	my @pages = map { s{^\Q$top\E/}{}r } glob("$top/README.md"),
	    glob("$top/templates/*.md"), glob("$top/templates/*/*.md");

	cmp_ok scalar(@pages), '>=', 10, "$place: the pages";
	for my $page (@pages) {
		my ($folder) = $page =~ m{^(.*/)};
		my $text = slurp("$top/$page");

		for my $link ($text =~ /\]\((?!https?:)([^)\s]+)\)/g) {
			my ($path, $mark) = split /#/, $link;
			my $target = $path eq '' ? $page
			    : ($folder // '') . $path;

			ok -e "$top/$target", "$place: $page: $link";
			next if !defined $mark || !-e "$top/$target";
			ok { marks_of("$top/$target") }->{$mark},
			    "$place: $page: $link is a heading";
		}
		# In texts and commands, such as /usr/share/pushcgi/templates/js.
		for my $path ($text =~ m{(?<![\w(])((?:[\w.\x{2026}\$/-]*/)?
		    templates/[\w./*-]*\w)}gx) {
			my ($below) = $path =~ m{(templates/.*)};

			like $path, qr{\A(?:/usr/share/pushcgi/)?templates/},
			    "$place: $page: $path begins well";
			ok scalar(() = glob "$top/$below"),
			    "$place: $page: $path";
		}
	}
}

# The commands of the page about WordPress.
my ($block) = grep { /^ +from=/m }
    slurp(source('templates/wordpress/README.md')) =~ /((?:^ {4}\N*\n)+)/mg;
for my $from ("$top{installed}/templates", source('templates')) {
	my $site = temp_dir();

	mkdir "$site/wp-content" or die "$site: $!\n";
	($status, undef, $err) = run(['sh', '-ec', $block =~ s/from=.*/from=$from/r],
	    cwd => $site, env => { PATH => $ENV{PATH} });
	is $status, 0, 'WordPress: the commands run' or diag $err;
	ok -s "$site/wp-content/mu-plugins/$_", "WordPress: $_ is there"
	    for qw(pushcgi.php pushcgi/pushcgi.php pushcgi/pushcgi.js);
}

done_testing;
