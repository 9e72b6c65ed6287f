# SPDX-License-Identifier: MIT
# embed.awk - turns schema.sql and statements.sql into sql_text.h and .c.
#
#	awk -v kind=h|c -f embed.awk schema.sql statements.sql
#
# `-- name: insert_update` opens a statement; it becomes SQL_INSERT_UPDATE and
# a row of sql_text[].  Other comment lines and blank lines are left out.

function fail(text)
{
	printf "%s:%d: %s\n", FILENAME, FNR, text | "cat 1>&2"
	failed = 1
	exit 1
}

function quoted(line)
{
	gsub(/\\/, "\\\\", line)
	gsub(/"/, "\\\"", line)
	return "\t\"" line "\\n\"\n"
}

/^[ \t]*$/ { next }

FILENAME ~ /statements\.sql$/ && /^-- name: / {
	if ($3 !~ /^[a-z][a-z0-9_]*$/ || NF != 3)
		fail("a name is lower-case letters, digits and _")
	if ($3 in seen)
		fail("the name " $3 " is used twice")
	seen[$3] = 1
	names[++count] = $3
	next
}

/^[ \t]*--/ { next }

FILENAME ~ /statements\.sql$/ {
	if (count == 0)
		fail("a statement without a name")
	texts[count] = texts[count] quoted($0)
	next
}

{ schema = schema quoted($0) }

END {
	if (failed)
		exit 1
	if (schema == "")
		fail("the schema is empty")
	for (i = 1; i <= count; i++)
		if (texts[i] == "")
			fail(names[i] " has no text")
	if (kind == "h") {
		print "/* sql_text.h - made from sql/ by embed.awk. */"
		print "#ifndef SQL_TEXT_H"
		print "#define SQL_TEXT_H\n"
		print "enum sql_statement {"
		for (i = 1; i <= count; i++)
			print "\tSQL_" toupper(names[i]) ","
		print "\tSQL_COUNT\n};\n"
		print "extern const char *const sql_text[SQL_COUNT];"
		print "extern const char sql_schema[];\n"
		print "#endif"
	} else {
		print "/* sql_text.c - made from sql/ by embed.awk. */"
		print "#include \"sql_text.h\"\n"
		print "const char sql_schema[] ="
		printf "%s\t;\n\n", schema
		print "const char *const sql_text[SQL_COUNT] = {"
		for (i = 1; i <= count; i++)
			printf "\t[SQL_%s] =\n%s\t,\n", toupper(names[i]), texts[i]
		print "};"
	}
}
