# SPDX-License-Identifier: MIT
# completion.t - what bash offers after "pushcgi ... TAB".
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use PushcgiTest;
use Test::More;

my $pushcgi = program('pushcgi');
my $script = source('templates/completion/pushcgi');
my $dir = temp_dir();

# What is offered for the last of these words.
sub offered {
	my (@words) = @_;
	my ($status, $out, $err) = run(['bash', '--norc', '-c', <<'EOT',
script=$1 program=$2
shift 2
. "$script"
COMP_WORDS=(pushcgi "$@")
COMP_CWORD=$#
_pushcgi "$program" "${@: -1}" "${COMP_WORDS[COMP_CWORD - 1]}"
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
EOT
	    'bash', $script, $pushcgi, @words], cwd => $dir);

	die "completion: $status $err" if $status;
	is $err, '', "in silence: @words";
	return [split /\n/, $out];
}

my (undef, $help) = run([$pushcgi, '--help']);
my @commands = $help =~ /^  ([a-z][a-z-]+) {2}/mg;
is_deeply offered(''), \@commands, 'every subcommand';
is_deeply offered('publisher'), ['publisher-jwt'], 'the one that begins so';
is_deeply offered('none'), [], 'none that begins so';
is_deeply offered('--config', "$dir/x", 'gen'), ['gen-secret-key'],
    'behind --config and its value';

for my $command (@commands) {
	(undef, $help) = run([$pushcgi, $command, '--help']);
	my ($options) = $help =~ /^(Options.*?)(^Keys|\z)/ms;
	my %want = map { $_ => 1 } $options =~ /(--[a-z][a-z-]*)/g;
	my %got = map { $_ => 1 } grep { !/=$/ } @{ offered($command, '--') };
	is_deeply \%got, \%want, "$command: the options of its --help";
}
is_deeply offered('publish', 'topic', '--pr'), ['--private'],
    'an option behind an operand';
is_deeply offered('publish', ''), [], 'topics are not for guessing';
is_deeply offered('--mercure-type'), ['--mercure-type-is-topic='],
    'a setting';

# All settings, but no secret ones.
(undef, $help) = run([$pushcgi, 'config', '--help']);
my %want = map { lc(tr/_/-/r) => 1 } $help =~ /^Keys:\n(.*)/ms
    ? $1 =~ /^  ([A-Z][A-Z_]*) /mg : ();
my %got = map { /^--(.*)=$/ ? ($1 => 1) : () } @{ offered('url', '--') };
delete @want{grep { /-key$|-jwt$/ } keys %want};
cmp_ok scalar(keys %want), '>', 20, 'there are settings';
is_deeply \%got, \%want, 'every setting that may stand there';
for my $name (sort keys %got) {
	my ($status, undef, $err) = run([$pushcgi, 'url', "--$name="]);
	unlike $err, qr/everybody on this machine/, "$name is no secret";
}

spew("$dir/site one.conf", '');
is_deeply offered('--config', 'si'), ['site one.conf'], 'a file for --config';

done_testing;
