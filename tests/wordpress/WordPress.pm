# SPDX-License-Identifier: MIT
# WordPress.pm - Debian's WordPress behind lighttpd, with a MariaDB of its own.
package WordPress;

use strict;
use warnings;
use File::Copy qw(copy);
use Http;
use Hub;
use PushcgiTest;
use Servers;

use constant PACKAGE => '/usr/share/wordpress';
use constant USER => 'admin';
use constant PASSWORD => 'a long password of the tests';

# A database server of one folder, reached by its socket alone; returns that.
sub database {
	my $dir = temp_dir();
	my $user = getpwuid $>;
	my @where = ('--no-defaults', "--datadir=$dir/data", "--user=$user");
	my $socket = "$dir/db.sock";

	my ($status, $out, $err) = run([Servers::find_program(
	    'mariadb-install-db'), @where, '--skip-test-db',
	    '--auth-root-authentication-method=normal']);
	die "mariadb-install-db: $out$err" if $status;
	watch_log("$dir/db.log", 'MariaDB');
	my $pid = spawn(name => 'MariaDB', stderr => "$dir/db.log",
	    stdout => "$dir/db.log", command => [Servers::find_program(
	    'mariadbd'), @where, "--socket=$socket", '--skip-networking',
	    "--pid-file=$dir/db.pid"]);
	wait_until('MariaDB answers', sub {
		die "MariaDB did not start\n" if defined process_ended($pid);
		my ($failed) = run(['mariadb', '--no-defaults', '-uroot',
		    "-S$socket", '-eCREATE DATABASE IF NOT EXISTS wordpress']);
		return !$failed;
	});
	return $socket;
}

# The files of a site below www/, with the plugin as its README has it.
sub files {
	my ($dir, $database, $hub) = @_;
	my $www = "$dir/www";
	my $plugins = "$www/wp-content/mu-plugins";

	# Its links lead to other packages.
	my ($status, undef, $err) = run(['cp', '-RL', PACKAGE . '/.', $www]);
	die "cp: $err" if $status;
	unlink "$www/.htaccess";
	mkdir $_ for $plugins, "$plugins/pushcgi";
	for (['wordpress/pushcgi.php', ''], ['php/pushcgi.php', '/pushcgi'],
	    ['js/pushcgi.js', '/pushcgi'],
	    ['js/pushcgi-more.js', '/pushcgi']) {
		my ($path, $to) = @$_;
		copy(source('templates', $path), "$plugins$to/")
		    or die "$path: $!\n";
	}
	# A test may change it; PHP would keep a script for two seconds.
	spew("$www/settings.json", '{}');
	spew("$www/wp-config.php", <<"EOT");
<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:$database');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('DISABLE_WP_CRON', true);
define('WP_DEBUG', true);
define('WP_DEBUG_DISPLAY', false);
define('PUSHCGI_PROGRAM', '$dir/pushcgi');
define('PUSHCGI_CONFIG', '$hub->{config_path}');
define('PUSHCGI_TIMEOUT_S', 60);
@{[ map { "define('${_}_KEY', 'k$_');\ndefine('${_}_SALT', 's$_');\n" }
    qw(AUTH SECURE_AUTH LOGGED_IN NONCE) ]}
foreach (json_decode(file_get_contents(__DIR__ . '/settings.json'), true)
    as \$name => \$value) {
	define(\$name, \$value);
}
\$table_prefix = 'wp_';
defined('ABSPATH') || define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
EOT
}

# Run the site, and install it as its first visitor would.
sub start {
	my ($class, $hub) = @_;
	my $database = database();
	my $server = Servers->lighttpd(hub => $hub, fpm => 1,
	    application => sub { files($_[0], $database, $hub) });
	my $answer = $server->send_request('POST',
	    '/wp-admin/install.php?step=2', Hub::form(
	    weblog_title => 'A site', user_name => USER,
	    admin_password => PASSWORD, admin_password2 => PASSWORD,
	    admin_email => 'admin@example.com', pw_weak => 'on',
	    blog_public => 0))->finished;
	die 'install.php: ' . $answer->status . " $answer->{body}\n"
	    if $answer->status != 200 || $answer->{body} !~ /wp-login\.php/;
	return $server;
}

1;
