/*
 * fuzz_resolvconf.c - any two files: what is found is an address, is bounded, and is the same from
 * text that is read a second time.
 */
#include <string.h>

#include "core/resolvconf.h"
#include "fuzz.h"

#define MOST 4

static void check_address(const struct cr_net_addr *addr, uint16_t port)
{
	MUST((addr->family == 4 || addr->family == 6) && addr->port == port);
}

static void check_servers(const char *text, size_t size)
{
	struct cr_resolvconf conf;

	cr_resolvconf_read(text, size, &conf);
	MUST(conf.n_servers >= 1 && conf.n_servers <= CR_MAX_NAMESERVERS);
	MUST(conf.timeout_s >= 1 && conf.timeout_s <= 30);
	MUST(conf.attempts >= 1 && conf.attempts <= 5);
	for (size_t i = 0; i < conf.n_servers; i++) {
		check_address(&conf.servers[i].addr, CR_NET_DNS_PORT);
		MUST(memchr(conf.servers[i].zone, '\0', sizeof(conf.servers[i].zone)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct cr_net_addr found[MOST + 1], first;

	check_servers(text, size);
	found[MOST] = (struct cr_net_addr){.port = 1};

	size_t count = cr_hosts_find(text, size, "a.example", found, MOST);

	MUST(count <= MOST && found[MOST].port == 1);
	for (size_t i = 0; i < count; i++)
		check_address(&found[i], 0);
	MUST(cr_hosts_find(text, size, "a.example", &first, 1) == (count > 0));
	MUST(count == 0 || cr_net_same_addr(&first, &found[0]));
	return 0;
}
