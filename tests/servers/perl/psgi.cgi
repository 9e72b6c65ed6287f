#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# psgi.cgi - runs app.psgi as CGI.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Plack::Handler::CGI;
use Plack::Util;

$ENV{PAGE_NAME} = 'psgi';
Plack::Handler::CGI->new->run(Plack::Util::load_psgi(
    "$FindBin::Bin/app.psgi"));
