/*
 * publish.h - ports of the host that lead to a server in the box: what --publish takes.
 *
 * Pure. Nothing is guessed: what is not written plainly is refused.
 */
#ifndef CR_PUBLISH_H
#define CR_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"
#include "netmsg.h"
#include "policy.h"

struct cr_publish {
	struct cr_net_addr at; /* on the host; port 0: the kernel chooses, and it is put here */
	bool is_chosen;        /* it was 0 when asked for */
	uint16_t box_port;     /* where the server listens */
	struct cr_origin origin;
};

/* Those of one box. */
struct cr_published {
	struct cr_publish *items;
	size_t count; /* at most CR_MAX_PUBLISHED */
};

/*
 * Reads "[ADDR:]PORT[:PORT]": address and port of the host, port of the box; the address is
 * 127.0.0.1 and the second port the first when not given. *out gets no origin. 0, or -1 with
 * CR_E_USAGE and a hint.
 */
int cr_publish_parse(const char *text, struct cr_publish *out, struct cr_err *err);

/* Adds one, parsed, in `arena`; `file` (borrowed) is where the plan says it comes from. 0, or -1:
 * as cr_publish_parse, CR_E_LIMIT, CR_E_NOMEM. */
int cr_published_add(struct cr_arena *arena, struct cr_published *published, const char *text,
		     const char *file, struct cr_err *err);

#endif
