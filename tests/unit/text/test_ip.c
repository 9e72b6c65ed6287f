/* SPDX-License-Identifier: MIT */
/* test_ip.c - addresses, networks and their one way to be written. */
#include "unit/unit.h"

#include "base/mem.h"
#include "text/ip.h"
#include "unit/mem_fail.h"

static const struct {
	const char *text, *written, *counted; /* NULL: it is none */
	bool inner;
} rows[] = {
	{ "192.0.2.1", "192.0.2.1", "192.0.2.1", false },
	{ "0.0.0.0", "0.0.0.0", "0.0.0.0", false },
	{ "255.255.255.255", "255.255.255.255", "255.255.255.255", false },
	{ "127.0.0.1", "127.0.0.1", "127.0.0.1", true },
	{ "127.255.0.9", "127.255.0.9", "127.255.0.9", true },
	{ "128.0.0.1", "128.0.0.1", "128.0.0.1", false },
	{ "10.9.8.7", "10.9.8.7", "10.9.8.7", true },
	{ "11.0.0.0", "11.0.0.0", "11.0.0.0", false },
	{ "172.15.255.255", "172.15.255.255", "172.15.255.255", false },
	{ "172.16.0.0", "172.16.0.0", "172.16.0.0", true },
	{ "172.31.255.255", "172.31.255.255", "172.31.255.255", true },
	{ "172.32.0.0", "172.32.0.0", "172.32.0.0", false },
	{ "192.168.1.2", "192.168.1.2", "192.168.1.2", true },
	{ "192.169.1.2", "192.169.1.2", "192.169.1.2", false },
	{ "169.254.1.1", "169.254.1.1", "169.254.1.1", true },
	{ "100.63.255.255", "100.63.255.255", "100.63.255.255", false },
	{ "100.64.0.0", "100.64.0.0", "100.64.0.0", true },
	{ "100.127.255.255", "100.127.255.255", "100.127.255.255", true },
	{ "100.128.0.0", "100.128.0.0", "100.128.0.0", false },
	{ "2001:db8::1", "2001:db8::1", "2001:db8::/64", false },
	{ "2001:DB8:0:0:1:2:3:4", "2001:db8::1:2:3:4", "2001:db8::/64", false },
	{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64",
	    false },
	{ "::1", "::1", "::/64", true },
	{ "::2", "::2", "::/64", false },
	{ "::", "::", "::/64", false },
	{ "fc00::1", "fc00::1", "fc00::/64", true },
	{ "fdff::1", "fdff::1", "fdff::/64", true },
	{ "fe00::1", "fe00::1", "fe00::/64", false },
	{ "fe80::1", "fe80::1", "fe80::/64", true },
	{ "fe80::1%eth0", "fe80::1", "fe80::/64", true },
	{ "fec0::1", "fec0::1", "fec0::/64", false },
	{ "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1", false },
	{ "::FFFF:c000:0201", "192.0.2.1", "192.0.2.1", false },
	{ "::ffff:127.0.0.1", "127.0.0.1", "127.0.0.1", true },
	{ NULL, NULL, NULL, false },
	{ "", NULL, NULL, false },
	{ " 192.0.2.1", NULL, NULL, false },
	{ "192.0.2.1 ", NULL, NULL, false },
	{ "192.0.2", NULL, NULL, false },
	{ "64:ff9b::192.0.2.1", "64:ff9b::c000:201", "192.0.2.1", false },
	{ "64:ff9b::c000:202", "64:ff9b::c000:202", "192.0.2.2", false },
	{ "64:ff9b:1::192.0.2.1", "64:ff9b:1::c000:201", "64:ff9b:1::/64",
	    false },
	{ "::192.0.2.1", "::192.0.2.1", "::/64", false },
	{ "192.0.2.256", NULL, NULL, false },
	{ "192.0.2.01", NULL, NULL, false },
	{ "0x7f.1", NULL, NULL, false },
	{ "2130706433", NULL, NULL, false },
	{ "192.0.2.1:80", NULL, NULL, false },
	{ "[::1]", NULL, NULL, false },
	{ "::1::", NULL, NULL, false },
	{ "1:2:3:4:5:6:7", NULL, NULL, false },
	{ "1:2:3:4:5:6:7:8:9", NULL, NULL, false },
	{ "::12345", NULL, NULL, false },
	{ "unix:", NULL, NULL, false },
	{ "/run/socket", NULL, NULL, false },
	{ "%eth0", NULL, NULL, false },
	{ "localhost", NULL, NULL, false },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:0",
	    NULL, NULL, false },
};

static void
reads_and_writes_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char written[IP_TEXT_MAX], counted[IP_TEXT_MAX];
		struct ip ip;

		if ((ip_parse(&ip, slice_of(rows[i].text)) == ERR_OK) !=
		    (rows[i].written != NULL))
			fail_msg("%s: parsed", rows[i].text);
		if (rows[i].written == NULL)
			continue;
		ip_write(written, &ip);
		ip_write_counted(counted, &ip);
		if (strcmp(written, rows[i].written) != 0 ||
		    strcmp(counted, rows[i].counted) != 0)
			fail_msg("%s: %s %s", rows[i].text, written, counted);
		if (ip_is_inner(&ip) != rows[i].inner)
			fail_msg("%s: inner", rows[i].text);
	}
	assert_int_equal(
	    ip_parse(&(struct ip){ { 0 } }, (struct slice){ "1.2.3.4\0", 8 }),
	    ERR_SYNTAX);
}

static const struct {
	const char *network, *address;
	bool has;
} networks[] = {
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "192.0.2.1", "::ffff:192.0.2.1", true },
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.128/25", "192.0.2.128", true },
	{ "192.0.2.4/31", "192.0.2.5", true },
	{ "192.0.2.4/31", "192.0.2.6", false },
	{ "192.0.2.4/32", "192.0.2.4", true },
	{ "0.0.0.0/0", "198.51.100.1", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "198.51.100.1", false },
	{ "::ffff:0:0/96", "198.51.100.1", true },
	{ "::ffff:10.0.0.0/104", "10.1.2.3", true },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::1", false },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	{ "2001:db8::1", "2001:db8::1", true },
	{ "2001:db8::1", "2001:db8::2", false },
	{ "2001:db8::1/128", "2001:db8::1", true },
};

static void
finds_members(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		struct ip_network n;
		struct ip ip;

		if (ip_network_parse(&n, slice_of(networks[i].network)) !=
			ERR_OK ||
		    ip_parse(&ip, slice_of(networks[i].address)) != ERR_OK ||
		    ip_network_has(&n, &ip) != networks[i].has)
			fail_msg("%s has %s", networks[i].network,
			    networks[i].address);
	}
}

static void
refuses_what_is_no_network(void **state)
{
	static const char *const bad[] = { "", "/", "/8", "10.0.0.0/",
		"10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/+8",
		"10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "10.0.0.1/8", "::/129",
		"::/1000", "2001:db8::1/64", "2001:db8:8000::/32", "fe80::1%a",
		"*", "localhost", "unix:", "10.0.0.0-10.0.0.9", "10.0.0.0/8,",
		"10.*" };
	struct ip_network n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (ip_network_parse(&n, slice_of(bad[i])) != ERR_SYNTAX)
			fail_msg("%s", bad[i]);
}

static void
reads_lists(void **state)
{
	static const struct {
		const char *list;
		size_t n;
		enum err e;
	} lists[] = {
		{ NULL, 0, ERR_OK },
		{ "", 0, ERR_OK },
		{ "  ", 0, ERR_OK },
		{ "127.0.0.1", 1, ERR_OK },
		{ " 10.0.0.0/8  ::1 ", 2, ERR_OK },
		{ "127.0.0.1 x", 0, ERR_SYNTAX },
		{ "127.0.0.1,::1", 0, ERR_SYNTAX },
		{ "127.0.0.1\t::1", 0, ERR_SYNTAX },
	};
	struct ip_networks *l;

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct slice list = slice_of(lists[i].list);

		l = NULL;
		if (ip_networks_new(&l, list) != lists[i].e ||
		    (l != NULL ? l->n : 0) != lists[i].n ||
		    (ip_networks_check(list) == NULL) != (lists[i].e == ERR_OK))
			fail_msg("\"%s\"", lists[i].list);
		mem_free(l);
	}
}

static void
bounds_lists(void **state)
{
	char text[(IP_NETWORKS_MAX + 1) * 4 + 1];
	struct slice list = { text, IP_NETWORKS_MAX * 4 };
	const struct ip one = { { [15] = 1 } }, two = { { [15] = 2 } };
	struct ip_networks *l = NULL;

	(void)state;
	for (size_t i = 0; i <= IP_NETWORKS_MAX; i++)
		memcpy(text + 4 * i, "::1 ", 4);
	assert_int_equal(ip_networks_new(&l, list), ERR_OK);
	assert_int_equal(l->n, IP_NETWORKS_MAX);
	assert_true(ip_networks_have(l, &one));
	assert_false(ip_networks_have(l, &two));
	assert_false(ip_networks_have(NULL, &one));
	mem_free(l);
	l = NULL;
	mem_fail_at(1);
	assert_int_equal(ip_networks_new(&l, list), ERR_NOMEM);
	mem_fail_at(0);
	list.len += 4;
	assert_int_equal(ip_networks_new(&l, list), ERR_LIMIT);
	assert_null(l);
	assert_non_null(strstr(ip_networks_check(list), "256"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_addresses),
		cmocka_unit_test(finds_members),
		cmocka_unit_test(refuses_what_is_no_network),
		cmocka_unit_test(reads_lists),
		cmocka_unit_test(bounds_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
