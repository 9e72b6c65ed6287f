#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# mason.cgi - runs the components in mason/.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use HTML::Mason::CGIHandler;

HTML::Mason::CGIHandler->new(comp_root => "$FindBin::Bin/mason")
    ->handle_request;
