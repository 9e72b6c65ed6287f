/* SPDX-License-Identifier: MIT */
/* fuzz_ip.c - a list of networks, and an address in the second line. */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "text/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An address is read as it was written, and is in the network it counts as. */
static void
check_address(const struct ip *ip)
{
	char text[IP_TEXT_MAX];
	struct ip_network n;
	struct ip again;

	ip_write(text, ip);
	if (ip_parse(&again, slice_of(text)) != ERR_OK ||
	    memcmp(&again, ip, sizeof(again)) != 0)
		abort();
	ip_write_counted(text, ip);
	if (ip_network_parse(&n, slice_of(text)) != ERR_OK)
		abort();
	/* ::/64 is IPv6, where mapped addresses are at home. */
	if (!ip_network_has(&n, ip))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, list = rest;
	struct ip_networks *networks = NULL;
	enum err e;
	struct ip ip;

	slice_cut(&rest, '\n', &list);
	e = ip_networks_new(&networks, list);
	if ((e == ERR_OK) != (ip_networks_check(list) == NULL) ||
	    (networks != NULL &&
		(networks->n == 0 || networks->n > IP_NETWORKS_MAX)))
		abort();
	for (size_t i = 0; networks != NULL && i < networks->n; i++)
		if (!ip_networks_have(networks, &networks->network[i].base) &&
		    networks->network[i].bits >= 96)
			abort();
	if (ip_parse(&ip, rest) == ERR_OK) {
		check_address(&ip);
		ip_is_inner(&ip);
		ip_networks_have(networks, &ip);
	}
	mem_free(networks);
	return 0;
}
