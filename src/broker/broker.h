/*
 * broker.h - the process that stands between a box and the network.
 *
 * One for each box with rules about connections. It answers the box's name service, takes every
 * connection the box makes, decides by name and port, dials outside and moves the bytes. It is
 * forked from the launcher, holds no file, and confines itself before it reads the first byte of
 * the box (cr_broker_confine). When it dies the box is offline.
 */
#ifndef CR_BROKER_H
#define CR_BROKER_H

#include "core/backend.h"
#include "core/publish.h"
#include "core/rules.h"

#define CR_ASK_SECONDS 120 /* how long somebody has to answer, unless told otherwise */

/*
 * Starts one for `rules`, which it inherits as a copy, with a proxy if the plan has one. On the
 * ports of rules->ctx.published it listens already when this returns: a port 0 has become the one
 * the kernel chose. What is asked for and not answered within `ask_seconds` is refused. 0 and *out,
 * owned by the caller; or -1: CR_E_STEP, CR_E_NOMEM, and CR_E_IO when it cannot listen. It ends
 * with the calling thread, or when its sockets are closed.
 */
int cr_broker_start(const struct cr_ruleset *rules, const struct cr_plan *plan,
		    uint32_t ask_seconds, struct cr_broker *out, struct cr_err *err);

#endif
