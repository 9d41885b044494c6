/*
 * prepare.h - the one flow of carrel, shared by the command line and the
 * library: facts and places -> layers -> rules -> plan -> box.
 *
 * It holds no state of its own: everything lives in the caller's arena and in
 * one struct. It prints nothing and decides nothing; each stage is a call of
 * the core or of the session code, in the order of DESIGN, and the first
 * failure ends it.
 */
#ifndef CR_LIB_PREPARE_H
#define CR_LIB_PREPARE_H

#include "core/arena.h"
#include "core/backend.h"
#include "core/decide.h"
#include "core/plan.h"
#include "core/rules.h"
#include "session/layers.h"

/* One policy given by the caller: an option's lines, a file, a library call. Borrowed. */
struct cr_policy_text {
	const char *name; /* shown in messages: "--write", a file name */
	const char *text;
	size_t len;
};

/* What is asked for. Zeroed: this system, the current directory, the best tier. Borrowed. */
struct cr_request {
	enum cr_os os;
	const char *workspace; /* NULL: the current directory; any spelling */
	const char *home;      /* NULL: the user's */
	const char *tier;      /* name; NULL: the best this host has */
	const struct cr_policy_text *texts;
	size_t n_texts;
	const char *const *accepted; /* gaps */
	size_t n_accepted;
	struct cr_published published; /* a port 0 is replaced when the box is started */
};

/* How far the flow has come. All memory is the arena's. Stays where it is: rules borrow from it. */
struct cr_prepared {
	struct cr_arena *arena;
	const struct cr_request *request;
	struct cr_facts facts;
	struct cr_context ctx;
	struct cr_layers layers;           /* from disk; empty for another system */
	const struct cr_policy **policies; /* these and the request's */
	size_t n_policies;
	struct cr_ruleset *rules;
	struct cr_plan *plan;
	struct cr_diags diags; /* of a failure with CR_E_SYNTAX */
};

/* The strongest tier these facts allow. 0, or -1 with CR_E_TIER. */
int cr_tier_best(const struct cr_facts *facts, enum cr_tier *tier, struct cr_err *err);

/*
 * Facts, places, layers and rules. 0, or -1: CR_E_SYNTAX with out->diags filled, CR_E_TIER,
 * CR_E_PATH, CR_E_STATE, CR_E_TRUST, CR_E_LIMIT, CR_E_NOMEM. `request` is borrowed as long as *out.
 */
int cr_prepare_rules(struct cr_arena *arena, const struct cr_request *request,
		     struct cr_prepared *out, struct cr_err *err);

/* And the plan. Gaps are not looked at. 0 or -1. */
int cr_prepare_plan(struct cr_prepared *prepared, struct cr_err *err);

/* What to start in the box; see struct cr_launch. */
struct cr_start {
	char *const *argv;
	const char
		*cwd; /* any spelling; NULL: the current directory when it lies in the workspace */
	unsigned flags; /* CR_LAUNCH_* */
	cr_denial_fn on_denial;
	cr_connection_fn on_connection; /* likewise */
	cr_ask_fn on_ask;               /* likewise */
	void (*on_watch)(void *arg);
	int watch;
	uint32_t ask_seconds; /* 0: CR_ASK_SECONDS */
	void *arg;
	struct cr_blank *blank; /* owned by cr_prepare_start from its call on; may be NULL */
};

/*
 * Refuses a plan with gaps nobody accepted, filters the environment, and starts the command.
 * When the kernel refuses the full tier and no tier was asked for, makes the plan of the
 * lesser tier, once. 0, or -1 as cr_enforce, and CR_E_GAP. *child is the caller's.
 */
int cr_prepare_start(struct cr_prepared *prepared, const struct cr_start *start,
		     struct cr_child *child, struct cr_err *err);

#endif
