/* netaddr.c - addresses of backend.h from and to those of the system. */
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "core/backend.h"

size_t cr_net_to_sockaddr(const struct cr_net_addr *addr, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (void *)out;
	struct sockaddr_in6 *v6 = (void *)out;

	memset(out, 0, sizeof(*out));
	if (addr->family == 4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(addr->port);
		memcpy(&v4->sin_addr, addr->bytes, sizeof(v4->sin_addr));
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(addr->port);
	memcpy(&v6->sin6_addr, addr->bytes, sizeof(v6->sin6_addr));
	return sizeof(*v6);
}

bool cr_net_from_sockaddr(const struct sockaddr *from, size_t len, struct cr_net_addr *out)
{
	const struct sockaddr_in *v4 = (const void *)from;
	const struct sockaddr_in6 *v6 = (const void *)from;

	*out = (struct cr_net_addr){.family = 4};
	if (from->sa_family == AF_INET && len >= sizeof(*v4)) {
		memcpy(out->bytes, &v4->sin_addr, sizeof(v4->sin_addr));
		out->port = ntohs(v4->sin_port);
		return true;
	}
	/* connect(2) takes one without the scope. */
	if (from->sa_family != AF_INET6 || len < offsetof(struct sockaddr_in6, sin6_scope_id))
		return false;
	out->family = 6;
	memcpy(out->bytes, &v6->sin6_addr, sizeof(out->bytes));
	out->port = ntohs(v6->sin6_port);
	return true;
}
