/* SPDX-License-Identifier: MIT */
/* test_forwarded.c - elements of X-Forwarded-For and Forwarded. */
#include "unit/unit.h"

#include "text/forwarded.h"

static const struct {
	const char *element, *address; /* NULL: it is none */
} plain[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "192.0.2.1:4711", "192.0.2.1" },
	{ "2001:db8::1", "2001:db8::1" },
	{ "[2001:db8::1]", "2001:db8::1" },
	{ "[2001:db8::1]:4711", "2001:db8::1" },
	{ "::ffff:192.0.2.1", "192.0.2.1" },
	{ "", NULL },
	{ "unknown", NULL },
	{ "192.0.2.1:", NULL },
	{ "192.0.2.1:x", NULL },
	{ "192.0.2.1:123456", NULL },
	{ "[2001:db8::1", NULL },
	{ "[2001:db8::1]x", NULL },
	{ "[2001:db8::1]:", NULL },
	{ "[]", NULL },
	{ "192.0.2.1 192.0.2.2", NULL },
	{ "\"192.0.2.1\"", NULL },
	{ "for=192.0.2.1", NULL },
	{ "example.com", NULL },
};

static const struct {
	const char *element;
	enum err e;
	const char *address, *proto, *host; /* NULL: not there */
} standard[] = {
	{ "for=192.0.2.1", ERR_OK, "192.0.2.1", NULL, NULL },
	{ "For=192.0.2.1;PROTO=https;host=a.example;by=203.0.113.43", ERR_OK,
	    "192.0.2.1", "https", "a.example" },
	{ "for=192.0.2.1 ; proto=http", ERR_OK, "192.0.2.1", "http", NULL },
	{ "for=\"192.0.2.1:47011\"", ERR_OK, "192.0.2.1", NULL, NULL },
	{ "for=\"[2001:db8::1]\"", ERR_OK, "2001:db8::1", NULL, NULL },
	{ "for=\"[2001:db8::1]:4711\"", ERR_OK, "2001:db8::1", NULL, NULL },
	{ "host=\"a.example:81\"", ERR_OK, NULL, NULL, "a.example:81" },
	{ "proto=https", ERR_OK, NULL, "https", NULL },
	{ "for=unknown", ERR_OK, NULL, NULL, NULL },
	{ "for=\"unknown:80\"", ERR_OK, NULL, NULL, NULL },
	{ "for=_hidden", ERR_OK, NULL, NULL, NULL },
	{ "for=\"_SEVKISEK:x\"", ERR_OK, NULL, NULL, NULL },
	{ "by=x;other=\"\"", ERR_OK, NULL, NULL, NULL },
	{ "", ERR_SYNTAX, NULL, NULL, NULL },
	{ ";", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for=192.0.2.1;", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for", ERR_SYNTAX, NULL, NULL, NULL },
	{ "=192.0.2.1", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for=", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for=\"\"", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for =192.0.2.1", ERR_OK, NULL, NULL, NULL },
	{ "192.0.2.1", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for=example.com", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for=192.0.2.1;for=192.0.2.2", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for=192.0.2.1;For=192.0.2.1", ERR_SYNTAX, NULL, NULL, NULL },
	{ "proto=http;proto=https", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for=\"192.0.2.1", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for=192.0.2.1\"", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for=\"192\\.0.2.1\"", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for=\"192.0.2.1\";x=\"", ERR_SYNTAX, NULL, NULL, NULL },
	{ "for=\"192.0.2.1\"x", ERR_SYNTAX, NULL, NULL, NULL },
};

static void
expect(const char *element, const struct forwarded *f, const char *address)
{
	char text[IP_TEXT_MAX] = "";

	if (f->has_address)
		ip_write(text, &f->address);
	if (f->has_address != (address != NULL) ||
	    strcmp(text, address != NULL ? address : "") != 0)
		fail_msg("%s: %s", element, text);
}

static void
reads_elements(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct forwarded f = { .has_address = false };
		enum err e = forwarded_read_for(&f, slice_of(plain[i].element));

		if ((e == ERR_OK) != (plain[i].address != NULL))
			fail_msg("%s", plain[i].element);
		expect(plain[i].element, &f, plain[i].address);
	}
}

static void
reads_elements_of_the_standard(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++) {
		struct forwarded f = { .has_address = false };

		if (forwarded_read(&f, slice_of(standard[i].element)) !=
			standard[i].e ||
		    !slice_is(f.proto, standard[i].proto) ||
		    !slice_is(f.host, standard[i].host))
			fail_msg("%s", standard[i].element);
		expect(standard[i].element, &f, standard[i].address);
	}
}

/* "|" between the elements, as they are taken. */
static const struct {
	const char *list, *taken, *third;
} lists[] = {
	{ NULL, "", NULL },
	{ "", "|", "" },
	{ "a", "a|", "a" },
	{ "a,b", "b|a|", "a" },
	{ " a\t, b ,c", "c|b|a|", "a" },
	{ "a,,b,", "|b||a|", "" },
	{ "for=\"a,b\"", "b\"|for=\"a|", "for=\"a" },
	{ "x=\"evil, for=a", "for=a|x=\"evil|", "x=\"evil" },
	{ "a, b, c, d", "d|c|b|a|", "b" },
};

static void
takes_the_last_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct slice list = slice_of(lists[i].list), element;
		char taken[64] = "";
		size_t n = 0;

		element = forwarded_nth(list, 3);
		if (!slice_is(element, lists[i].third))
			fail_msg("%s: third", lists[i].list);
		while (forwarded_last(&list, &element))
			n += (size_t)snprintf(taken + n, sizeof(taken) - n,
			    "%.*s|", SLICE_ARG(element));
		if (strcmp(taken, lists[i].taken) != 0)
			fail_msg("%s: %s", lists[i].list, taken);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_elements),
		cmocka_unit_test(reads_elements_of_the_standard),
		cmocka_unit_test(takes_the_last_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
