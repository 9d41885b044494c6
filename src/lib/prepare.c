/*
 * prepare.c - prepare.h: the stages of the pipeline, one after the other.
 *
 * The only decision here is the tier, and it is made from the facts alone. A
 * lesser tier is tried only when nobody asked for a certain one, and what it
 * cannot enforce is a gap of its plan, which refuses like any other.
 */
#include "prepare.h"

#include <string.h>

#include "childenv.h"
#include "broker/broker.h"
#include "core/path.h"
#include "sys.h"
#include "where.h"

static int no_memory(struct cr_err *err)
{
	return cr_fail(err, CR_E_NOMEM, "out of memory");
}

static int is_here(const struct cr_prepared *prepared)
{
	return prepared->request->os == cr_sys_os;
}

int cr_tier_best(const struct cr_facts *facts, enum cr_tier *tier, struct cr_err *err)
{
	switch (facts->os) {
	case CR_OS_LINUX:
		break;
	case CR_OS_WINDOWS:
		*tier = facts->setup_done ? CR_TIER_ELEVATED : CR_TIER_UNELEVATED;
		return 0;
	case CR_OS_MACOS:
		*tier = CR_TIER_FULL;
		return 0;
	}
	if (facts->user_namespaces != CR_NO && facts->seccomp_filter) {
		*tier = CR_TIER_FULL;
		return 0;
	}
	if (facts->landlock_abi > 0 && facts->seccomp_filter) {
		*tier = CR_TIER_LANDLOCK;
		return 0;
	}
	cr_fail(err, CR_E_TIER, "this machine can enforce nothing: no %s",
		facts->seccomp_filter ? "user namespaces and no Landlock" : "seccomp filters");
	return cr_hint(err, "'carrel doctor' says how to enable what is missing");
}

static int choose_tier(struct cr_prepared *prepared, struct cr_err *err)
{
	const char *asked = prepared->request->tier;
	const struct cr_facts *facts = &prepared->facts;
	enum cr_tier *tier = &prepared->ctx.tier;

	if (!asked)
		return cr_tier_best(facts, tier, err);
	if (cr_tier_parse(asked, tier) < 0) {
		cr_fail(err, CR_E_USAGE, "unknown tier '%.100s'", asked);
		return cr_hint(err,
			       "on Linux: full or landlock; on Windows: unelevated or elevated");
	}
	if (facts->os == CR_OS_LINUX && *tier == CR_TIER_FULL && facts->user_namespaces == CR_NO) {
		cr_fail(err, CR_E_TIER, "the full tier cannot be had here: %s",
			facts->user_namespaces_why[0] ? facts->user_namespaces_why
						      : "no user namespaces");
		return cr_hint(err, "'carrel doctor' says how to enable it");
	}
	return 0;
}

static int load_layers(struct cr_prepared *prepared, struct cr_err *err)
{
	const struct cr_context *ctx = &prepared->ctx;
	const struct cr_layers_input input = {
		.config_dir = ctx->config_dir,
		.state_dir = ctx->state_dir,
		.workspace = ctx->workspace,
	};

	if (!is_here(prepared))
		return 0; /* policies of this host name this host's paths */
	return cr_layers_load(prepared->arena, &input, &prepared->layers, &prepared->diags, err);
}

/* Parses what the caller gave, behind the policies from disk; 1 when there are errors. */
static int parse_texts(struct cr_prepared *prepared, struct cr_err *err)
{
	const struct cr_request *request = prepared->request;
	const size_t n_disk = prepared->layers.n_policies;
	int bad = 0;

	prepared->policies = cr_arena_alloc(prepared->arena, n_disk + request->n_texts + 1,
					    sizeof(*prepared->policies));
	if (!prepared->policies)
		return no_memory(err);
	for (size_t i = 0; i < n_disk; i++)
		prepared->policies[i] = prepared->layers.policies[i];
	prepared->n_policies = n_disk;
	for (size_t i = 0; i < request->n_texts; i++) {
		const struct cr_policy_text *text = &request->texts[i];
		struct cr_policy *policy;

		if (cr_policy_parse(prepared->arena,
				    &(const struct cr_policy_source){text->name, CR_LAYER_COMMAND,
								     text->text, text->len},
				    &policy, &prepared->diags, err) == 0) {
			prepared->policies[prepared->n_policies++] = policy;
			continue;
		}
		if (err->code != CR_E_SYNTAX)
			return -1;
		bad = 1;
	}
	return bad;
}

/* Every text of every layer is parsed before giving up, so that all errors are told at once. */
static int gather(struct cr_prepared *prepared, struct cr_err *err)
{
	const int from_disk = load_layers(prepared, err);
	int from_texts;
	size_t errors;

	if (from_disk < 0 && err->code != CR_E_SYNTAX)
		return -1;
	from_texts = parse_texts(prepared, err);
	if (from_texts < 0)
		return -1;
	if (from_disk == 0 && from_texts == 0)
		return 0;
	errors = prepared->diags.count + prepared->diags.dropped;
	return cr_fail(err, CR_E_SYNTAX, "%u error%s in the policy; nothing ran", (unsigned)errors,
		       errors == 1 ? "" : "s");
}

static int resolve(struct cr_prepared *prepared, struct cr_err *err)
{
	struct cr_rules_input input = {
		.view = is_here(prepared) ? cr_host_fsview() : cr_fsview_empty(),
		.policies = prepared->policies,
		.n_policies = prepared->n_policies,
		.project_trusted = prepared->layers.project_trusted,
		.profile = is_here(prepared) ? cr_layers_profile : NULL,
		.profile_arg = &prepared->layers,
	};

	if (cr_where_temp(prepared->arena, &prepared->ctx, err) < 0)
		return -1;
	input.ctx = prepared->ctx;
	return cr_rules_resolve(prepared->arena, &input, &prepared->rules, &prepared->diags, err);
}

int cr_prepare_rules(struct cr_arena *arena, const struct cr_request *request,
		     struct cr_prepared *out, struct cr_err *err)
{
	struct cr_err ignored;

	if (!err)
		err = &ignored;
	*out = (struct cr_prepared){.arena = arena, .request = request};
	if (!is_here(out))
		cr_facts_typical(request->os, &out->facts);
	else if (cr_probe(&out->facts, err) < 0 || cr_probe_sockets(arena, &out->facts, err) < 0)
		return -1;
	if (cr_where_find(arena, request, &out->ctx, err) < 0 || choose_tier(out, err) < 0)
		return -1;
	out->ctx.published = request->published;
	return gather(out, err) < 0 ? -1 : resolve(out, err);
}

/* Only such plans ask whether connections can be looked at one by one. */
static bool may_need_proxy(const struct cr_ruleset *rules)
{
	if (rules->ctx.tier != CR_TIER_LANDLOCK)
		return false;
	for (int group = 0; group < CR_GROUP_COUNT; group++)
		if (rules->lists[group][CR_CAP_CONNECT].n_other > 0)
			return true;
	return false;
}

int cr_prepare_plan(struct cr_prepared *prepared, struct cr_err *err)
{
	const struct cr_limit *limits = prepared->rules->limits;

	if (is_here(prepared) && (limits[CR_LIMIT_MEMORY].set || limits[CR_LIMIT_PROCESSES].set))
		cr_probe_limits(&prepared->facts);
	if (is_here(prepared) && may_need_proxy(prepared->rules))
		cr_probe_notify(&prepared->facts);
	return cr_plan_make(prepared->arena, prepared->rules, &prepared->facts, &prepared->plan,
			    err);
}

/* Where the command starts: as asked, else where the user is if that is in the workspace. */
static const char *start_dir(struct cr_prepared *prepared, const struct cr_start *start,
			     struct cr_err *err)
{
	const struct cr_context *ctx = &prepared->ctx;
	const char *dir = ctx->workspace;

	if (start->cwd) {
		dir = cr_sys_real_dir(prepared->arena, start->cwd, err);
	} else if (prepared->request->workspace) {
		const char *cwd = cr_sys_cwd(prepared->arena, NULL);

		if (cwd && cr_path_within(ctx->os, cwd, ctx->workspace))
			dir = cwd;
	}
	if (dir && cr_decide_view(prepared->rules, dir, NULL) == CR_VIEW_HIDDEN) {
		cr_fail(err, CR_E_PATH, "the command cannot start in '%.500s': the box hides it",
			dir);
		cr_hint(err, "start it elsewhere with --chdir, or show it with --read");
		return NULL;
	}
	return dir;
}

static bool needs_broker(const struct cr_plan *plan)
{
	return cr_plan_has(plan, CR_STEP_CAPTURE) || cr_plan_has(plan, CR_STEP_PROXY) ||
	       cr_plan_has(plan, CR_STEP_PUBLISH);
}

static int start_once(struct cr_prepared *prepared, struct cr_start *start, struct cr_child *child,
		      struct cr_err *err)
{
	const struct cr_request *request = prepared->request;
	struct cr_launch launch = {
		.argv = start->argv,
		.stdio = {-1, -1, -1},
		.flags = start->flags,
		.on_denial = start->on_denial,
		.on_connection = start->on_connection,
		.on_ask = start->on_ask,
		.on_watch = start->on_watch,
		.watch = start->watch,
		.arg = start->arg,
	};

	if (cr_plan_check_gaps(prepared->plan, request->accepted, request->n_accepted, err) < 0)
		return -1;
	launch.cwd = start_dir(prepared, start, err);
	if (!launch.cwd)
		return -1;
	if (needs_broker(prepared->plan) &&
	    cr_broker_start(prepared->rules, prepared->plan,
			    start->ask_seconds ? start->ask_seconds : CR_ASK_SECONDS,
			    &launch.broker, err) < 0)
		return -1;
	launch.envp = cr_child_environment(prepared, &launch.broker);
	if (!launch.envp) {
		cr_broker_end(&launch.broker);
		return cr_fail(err, CR_E_LIMIT, "the environment is too large");
	}
	launch.blank = start->blank;
	start->blank = NULL;
	return cr_enforce(prepared->plan, &launch, child, err);
}

/* A file of the plan was replaced, or went away, before the box was there: other programs run too.
 * A plan of what is there now is as good as the first; but not for ever. */
#define MAX_PLANS 4

static int plan_again(struct cr_prepared *prepared, struct cr_err *err)
{
	return resolve(prepared, err) < 0 ? -1 : cr_prepare_plan(prepared, err);
}

static int start_box(struct cr_prepared *prepared, struct cr_start *start, struct cr_child *child,
		     struct cr_err *err)
{
	for (int plans = 1;; plans++) {
		if (start_once(prepared, start, child, err) == 0)
			return 0;
		if (err->code != CR_E_RACE || plans == MAX_PLANS || plan_again(prepared, err) < 0)
			return -1;
	}
}

static int start_in_some_tier(struct cr_prepared *prepared, struct cr_start *start,
			      struct cr_child *child, struct cr_err *err)
{
	if (!is_here(prepared))
		return cr_fail(err, CR_E_USAGE, "this plan is for another system");
	if (start_box(prepared, start, child, err) == 0)
		return 0;
	if (err->code != CR_E_TIER || prepared->request->tier ||
	    prepared->ctx.tier != CR_TIER_FULL || cr_sys_os != CR_OS_LINUX)
		return -1;

	/* The kernel refused namespaces although no setting forbids them: a container's filter. */
	prepared->facts.user_namespaces = CR_NO;
	prepared->ctx.tier = CR_TIER_LANDLOCK;
	return plan_again(prepared, err) < 0 ? -1 : start_box(prepared, start, child, err);
}

int cr_prepare_start(struct cr_prepared *prepared, const struct cr_start *start,
		     struct cr_child *child, struct cr_err *err)
{
	struct cr_start left = *start; /* its blank box is used once */
	const struct cr_published *published = &prepared->request->published;
	struct cr_err ignored;

	for (size_t i = 0; i < published->count; i++)
		if (published->items[i].is_chosen)
			published->items[i].at.port = 0; /* of another start */

	int started = start_in_some_tier(prepared, &left, child, err ? err : &ignored);

	cr_blank_discard(left.blank);
	return started;
}
