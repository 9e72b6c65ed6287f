# SPDX-License-Identifier: MIT
# quickstart_packages.t - however installing packages ends, web servers are
# unmasked; a source that is configured itself is not built.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use PushcgiTest;
use Test::More;

my $dir = temp_dir();
my $log = "$dir/log";
mkdir "$dir/$_" or die "$_: $!\n" for qw(bin systemd);

# Programs that only say that they were called.
my %programs = (
	'dpkg-query' => 'exit 1',
	id => 'echo 0',
	systemctl => qq(echo "systemctl \$*" >>"$log"),
	'apt-get' => <<"END");
echo apt-get >>"$log"
case " \$* fails \$FAIL " in
*' update '*' update ' | *' install '*' install ') exit 100 ;;
*' install '*' signal ') kill -TERM \$PPID ;;
esac
END
for my $name (keys %programs) {
	spew("$dir/bin/$name", "#!/bin/sh\n$programs{$name}\n", 0755);
}

# Its functions, up to the one that installs, with another place for systemd.
my ($functions) = slurp(source('quickstart'))
    =~ /^(die\(\) \{.*?^install_packages\(\) \{.*?^\}\n)/ms;
$functions =~ s{/run/systemd/system}{$dir/systemd};

# [what fails, whether it says so, whether the servers stay disabled]
for my $row (['update', 1, 0], ['install', 1, 0], ['signal', 1, 0],
    ['nothing', 0, 1]) {
	my ($fails, $complains, $disabled) = @$row;

	spew($log, '');
	my ($status, undef, $err) = run(['bash', '-c', "set -euo pipefail\n"
	    . "$functions\ninstall_packages make lighttpd nginx-light"],
	    env => { FAIL => $fails, PATH => "$dir/bin:$ENV{PATH}" });
	my @calls = split /\n/, slurp($log);
	my $units = 'lighttpd.service nginx.service';

	is $status >> 8, $complains, "$fails fails: the exit code";
	is $err =~ /apt-get could not install/ ? 1 : 0, $complains,
	    "$fails fails: the sentence" or diag $err;
	is_deeply [grep { /^systemctl/ } @calls], [
	    "systemctl mask --quiet --runtime $units",
	    "systemctl unmask --quiet --runtime $units",
	    $disabled ? "systemctl disable --quiet $units" : ()],
	    "$fails fails: masked for the time alone";
	ok scalar(grep { $_ eq 'apt-get' } @calls), "$fails fails: it was asked";
}

# ./configure in the source: a build folder beside it does not work then.
my ($build) = slurp(source('quickstart'))
    =~ /^(die\(\) \{.*?^\}\n)/ms;
$build .= (slurp(source('quickstart')) =~ /^(build\(\) \{.*?^\}\n)/ms)[0];
mkdir "$dir/source" or die "source: $!\n";
spew("$dir/source/config.status", '');
my ($ended, undef, $said) = run(['bash', '-ec',
    "src=$dir/source\n$build\nbuild $dir/source/build"],
    env => { PATH => $ENV{PATH} });
isnt $ended, 0, 'a configured source: not built';
like $said, qr{^quickstart: $dir/source .* make distclean},
    'and says what to do';
ok !-e "$dir/source/build", 'nothing is made there';

done_testing;
