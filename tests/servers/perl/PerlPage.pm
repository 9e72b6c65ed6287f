# SPDX-License-Identifier: MIT
# PerlPage.pm - what all the pages of perl_pages.t have in common.
package PerlPage;

use strict;
use warnings;
use Exporter qw(import);

our @EXPORT_OK = qw(topic html);

# Whether a request was begun in this interpreter: see begin.cgi.
our $begun;
# Requests that begin.cgi keeps.
our @kept;

# Whatever could end an attribute, a script, a header or a template.
use constant NASTY => '?</script>&amp;"\'&[% 1 %]<TMPL_VAR NAME=X><% 1 %>'
    . "\$(x)`x`\xc3\xa9";

# A topic for each page.
sub topic { return "https://example.com/$_[0]" . NASTY }

sub html {
	my ($script) = @_;

	return <<"END";
<!DOCTYPE html>
<html lang="en">
<title>page</title>
<p id="state">connecting</p>
<ul id="updates"></ul>
<script src="/app/show.js"></script>
$script
</html>
END
}

1;
