# SPDX-License-Identifier: MIT
# library.t - libpushcgi as it is installed: header, pkg-config, manual, symbols.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

my $build = $ENV{PUSHCGI_BUILD} || source();
my $dir = temp_dir();
my $root = "$dir/root";
my %make = slurp("$build/Makefile") =~ /^(\w+) = ?(.*)$/mg;
for my $value (values %make) {
	1 while $value =~ s/\$[({](\w+)[)}]/$make{$1} \/\/ ''/e;
}

# Run a command line of the shell; dies with what it said unless it worked.
sub shell {
	my ($line, %env) = @_;
	my ($status, $out, $err) = run(['sh', '-c', $line], env => \%env);

	die "$line: $status\n$out$err\n" if $status;
	return $out;
}

shell("make -C '$build' -s install DESTDIR='$root'");
my %pkg = (PKG_CONFIG_SYSROOT_DIR => $root,
    PKG_CONFIG_LIBDIR => "$root$make{libdir}/pkgconfig");
my ($cflags, $libs, $version) = map {
	shell("pkg-config $_ pushcgi", %pkg) =~ s/\s+\z//r
} '--cflags', '--libs', '--modversion';
like $cflags, qr/-I\Q$root$make{includedir}\E/, 'pkg-config: the header';
like $libs, qr/-L\Q$root$make{libdir}\E -lpushcgi/, 'and the library';
is $version, $make{PACKAGE_VERSION}, 'and its version';

my $so = "$root$make{libdir}/libpushcgi.so";
ok -l $so && -l "$so.0", 'the links of a versioned library';
like shell("objdump -p '$so'"), qr/SONAME\s+libpushcgi\.so\.0$/m, 'its soname';
my @symbols = shell("nm -D --defined-only '$so'")
    =~ /^[0-9a-f]+ [^A] (\S+)$/mg;
is_deeply [grep { !/^pushcgi_\w+\@\@LIBPUSHCGI_0\.1$/ } @symbols], [],
    'only pushcgi_ symbols get out, with their version';

# A program of the manual, compiled against what was installed.
my ($page) = map { s/\\e/\\/gr }
    slurp("$root$make{mandir}/man3/pushcgi.3")
    =~ /^\.Bd -literal\n(#include.*?)^\.Ed$/ms;
my $strict = '-std=c11 -Wall -Wextra -Wpedantic -Werror';

sub compile {
	my ($name, $text) = @_;

	spew("$dir/$name.c", $text);
	shell("$make{CC} $strict $make{SANITIZE_CFLAGS} $cflags -o "
	    . "'$dir/$name' '$dir/$name.c' $libs");
}
compile('example', $page);
cmp_ok scalar(split /\n/, $page), '<=', 35, 'an application is short';

my $hub = Hub->start(config => { MERCURE_PUBLIC_HUB_URL =>
    'https://hub.example/.well-known/mercure' });
my $stream = $hub->stream(topic => 'https://example.com/news');
my %site = (MERCURE_TRANSPORT_URL => "sqlite://$hub->{queue}",
    MERCURE_PUBLIC_HUB_URL => 'https://hub.example/.well-known/mercure',
    LD_LIBRARY_PATH => "$root$make{libdir}");
my ($status, $out, $err) = run(["$dir/example"], env => \%site);
is $status, 0, 'the example runs' or diag $err;
is $err, '', 'in silence';
my $event = $stream->next_event;
is $event->{data}, 'Hello', 'a stream gets what it published';
is $out, 'https://hub.example/.well-known/mercure?' . Hub::form(topic =>
    'https://example.com/news', lastEventID => $event->{id}) . "\n",
    'and it tells where what follows arrives';
($status, $out, $err) = run(["$dir/example"], env => { %site,
    MERCURE_TRANSPORT_URL => "sqlite://$dir/none/queue.db" });
isnt $status, 0, 'without a queue it fails';
like $err, qr{\A\S*[^\n]*\Q$dir/none\E[^\n]*\n\z},
    'with one sentence that names it';

# The prototypes of the manual are those of the header.
my $prototypes = '';
for my $file (glob "$root$make{mandir}/man3/pushcgi*.3") {
	my $text = slurp($file);
	while ($text =~ /^\.Ft "(.*)"\n\.Fo (\w+)\n((?:\.Fa ".*"\n)+)\.Fc$/mg) {
		my ($type, $name, $arguments) = ($1, $2, $3);
		my $list = join ', ', $arguments =~ /^\.Fa "(.*)"$/mg;
		$prototypes .= "$type $name($list);\n";
	}
}
is scalar(() = $prototypes =~ /pushcgi_\w+\(/g) > 15, 1,
    'the manual has prototypes';
compile('prototypes', "#include <pushcgi.h>\n$prototypes"
    . "int\nmain(void)\n{\n\treturn pushcgi_version()[0] == 0;\n}\n");
pass 'and they are those of the header';
for my $name (map { /^(pushcgi_\w+)@/ } @symbols) {
	ok -s "$root$make{mandir}/man3/$name.3", "a page $name(3)";
}

spew("$dir/plus.cc", "#include <pushcgi.h>\nint main()\n{\n"
    . "\tpushcgi_update u{};\n\treturn static_cast<int>(u.flags);\n}\n");
shell("clang-14 -x c++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only "
    . "$cflags '$dir/plus.cc'");
pass 'the header is C++, too';

# Several handles at once, one for each thread.
compile('threads', <<'C');
#include <pthread.h>
#include <pushcgi.h>
#include <stddef.h>

static void *
work(void *arg)
{
	static const char *const topics[] = { "t" };
	const struct pushcgi_update u = { .topics = topics, .topics_n = 1 };
	struct pushcgi *h = NULL;
	enum pushcgi_result r = pushcgi_open(&h, NULL, NULL);

	for (int i = 0; i < 25 && r == PUSHCGI_OK; i++)
		r = pushcgi_publish(h, NULL, &u);
	pushcgi_close(h);
	return r == PUSHCGI_OK ? NULL : arg;
}

int
main(void)
{
	pthread_t threads[4];
	void *bad, *any = NULL;
	int failed = 0;

	for (int i = 0; i < 4; i++)
		failed |= pthread_create(&threads[i], NULL, work, &any);
	for (int i = 0; i < 4 && !failed; i++) {
		pthread_join(threads[i], &bad);
		if (bad != NULL)
			any = bad;
	}
	return failed || any != NULL;
}
C
my $all = $hub->stream(topic => 't');
($status, undef, $err) = run(["$dir/threads"], env => \%site);
is $status, 0, 'four threads with handles of their own' or diag $err;
$hub->helper(['publish', 't', 'end']);
is scalar(@{ $all->data_until('end') }), 100, 'publish all they have';

shell("make -C '$build' -s uninstall DESTDIR='$root'");
is shell("find '$root' ! -type d"), '', 'uninstalled, nothing is left';

done_testing;
