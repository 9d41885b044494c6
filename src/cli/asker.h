/*
 * asker.h - asks people whether a connection of the box may be made, while `carrel run` waits.
 *
 * On the terminal when carrel is in its foreground, and by the approvals interface
 * (docs/approvals.md) always. The first answer counts; who does not answer says no. Nothing of a
 * box can reach either.
 */
#ifndef CR_CLI_ASKER_H
#define CR_CLI_ASKER_H

#include <stdbool.h>
#include <stdint.h>

#include "cli.h"
#include "core/backend.h"
#include "lib/prepare.h"

struct cr_asker;

/* All borrowed, and the asker lives shorter. */
struct cr_asking {
	struct cr_cli *cli;
	const struct cr_prepared *prepared;
	struct cr_child *child; /* filled before the first question comes */
};

/* True when a rule asks for connections. */
bool cr_asker_is_needed(const struct cr_ruleset *rules);

/* Owned; NULL when there is neither a terminal nor a place for the interface: nobody can be asked.
 */
struct cr_asker *cr_asker_new(const struct cr_asking *asking);

/* True when a directory was made for the sockets: plans made before do not hide it. */
bool cr_asker_has_made_place(const struct cr_asker *asker);

/* The descriptor to be watched for cr_asker_serve; borrowed. */
int cr_asker_watched(const struct cr_asker *asker);

/* A cr_ask_fn's work; a question that ended without us; whatever is ready at the descriptor. */
void cr_asker_question(struct cr_asker *asker, const struct cr_net_msg *question);
void cr_asker_is_over(struct cr_asker *asker, uint64_t id);
void cr_asker_serve(struct cr_asker *asker);

/* When the box has ended: gives the terminal back, removes the socket. NULL is a no-op. */
void cr_asker_free(struct cr_asker *asker);

#endif
