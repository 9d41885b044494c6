/*
 * resolvconf.h - what /etc/resolv.conf and /etc/hosts of the host say (resolv.conf(5), hosts(5)).
 *
 * Pure. Lines that cannot be read are skipped, as every resolver does; what is found is only where
 * to ask, or an address like one that was asked for: the rules are asked about it all the same.
 */
#ifndef CR_RESOLVCONF_H
#define CR_RESOLVCONF_H

#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "netmsg.h"

#define CR_RESOLV_TIMEOUT  5 /* seconds for one answer, unless the file says otherwise */
#define CR_RESOLV_ATTEMPTS 3

struct cr_nameserver {
	struct cr_net_addr addr;
	char zone[16]; /* of a link-local address: name or number of an interface; "" none */
};

struct cr_resolvconf {
	struct cr_nameserver servers[CR_MAX_NAMESERVERS];
	size_t n_servers;             /* at least one: 127.0.0.1 when none is named */
	uint32_t timeout_s, attempts; /* 1..30, 1..5: the bounds of other resolvers */
};

/* Reads the first CR_MAX_NAMESERVERS servers, and the two options. `text` may hold any bytes. */
void cr_resolvconf_read(const char *text, size_t len, struct cr_resolvconf *out);

/*
 * The addresses that the text of a hosts file gives a canonical name, in its order and with port 0.
 * Returns how many of them were written, at most `max`.
 */
size_t cr_hosts_find(const char *text, size_t len, const char *name, struct cr_net_addr *out,
		     size_t max);

#endif
