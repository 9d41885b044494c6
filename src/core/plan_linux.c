/*
 * plan_linux.c - the plan of a Linux box: order of the whole, and what both
 * tiers share. The file view of the full tier is plan_linux_view.c, that of the
 * landlock tier plan_linux_landlock.c.
 *
 * Pure; must give the same plan for the same rules and facts on every host.
 */
#include "plan_linux.h"

#include <string.h>

#include "linux_abi.h"
#include "path.h"

/* 192.0.2.0/24 is for documentation (RFC 5737): nobody is there. */
#define CANARY_ADDRESS "192.0.2.1"

void cr_linux_bare_step(struct cr_builder *builder, enum cr_step_kind kind, const char *detail,
			uint64_t value)
{
	cr_build_step(builder, &(struct cr_step){
				       .kind = kind,
				       .detail = detail,
				       .value = value,
				       .origin = cr_origin_system,
			       });
}

uint64_t cr_linux_rights_write(int abi)
{
	uint64_t rights = CR_LL_WRITE_FILE | CR_LL_REMOVE_DIR | CR_LL_REMOVE_FILE |
			  CR_LL_MAKE_CHAR | CR_LL_MAKE_DIR | CR_LL_MAKE_REG | CR_LL_MAKE_SOCK |
			  CR_LL_MAKE_FIFO | CR_LL_MAKE_BLOCK | CR_LL_MAKE_SYM;

	return abi >= 2 ? rights | CR_LL_REFER : rights;
}

uint64_t cr_linux_rights_read(int abi)
{
	(void)abi;
	return CR_LL_EXECUTE | CR_LL_READ_FILE | CR_LL_READ_DIR;
}

static const char *scopes(int abi)
{
	return abi >= 6 ? "abstract-unix,signal" : NULL;
}

/* Where no scope ends the process group that the command shares with its launcher. */
static const char *full_filter(int abi)
{
	return abi >= 6 ? "full" : "full-unscoped";
}

/*
 * In the full tier the mount view confines reads already, and a ruleset that handles a right
 * which plain opens ask for costs a walk up the path at every open (13 % on `tar`). So
 * only writing rights are handled there; TRUNCATE and IOCTL_DEV count as asked for on every open.
 */
static void landlock_full(struct cr_builder *builder, size_t view_steps)
{
	int abi = builder->facts->landlock_abi;
	uint64_t device = CR_LL_MAKE_CHAR | CR_LL_MAKE_BLOCK;
	uint64_t all = cr_linux_rights_write(abi);

	if (abi < 1) {
		cr_build_note(builder, &cr_origin_system,
			      "no Landlock in this kernel: the mount view stands alone");
		return;
	}
	cr_linux_bare_step(builder, CR_STEP_LANDLOCK, scopes(abi), all);
	for (size_t i = 0; i < view_steps; i++) {
		struct cr_step step = builder->steps[i];
		bool writable = step.kind == CR_STEP_WRITABLE || step.kind == CR_STEP_TMPFS;

		/* A message queue is opened beneath no directory but the root of its own. */
		if (!writable && step.kind != CR_STEP_PROC && step.kind != CR_STEP_DEVPTS &&
		    step.kind != CR_STEP_MQUEUE)
			continue;
		if (step.kind == CR_STEP_DEVPTS) /* and the devices beside it */
			step.path = cr_path_parent(builder->arena, CR_OS_LINUX, step.path);
		step.value = writable ? all & ~device : CR_LL_WRITE_FILE;
		if (writable && step.kind == CR_STEP_WRITABLE && step.type != CR_FT_DIR)
			step.value = CR_LL_WRITE_FILE;
		step.kind = CR_STEP_LANDLOCK_ALLOW;
		cr_build_step(builder, &step);
	}
	cr_linux_bare_step(builder, CR_STEP_LANDLOCK_STDIO, NULL, CR_LL_WRITE_FILE);
}

/* The home, unless it can be written or lies in something that can (a gap of the landlock tier). */
static const char *outside_of(const struct cr_builder *builder)
{
	const char *home = builder->rules->ctx.home;

	for (const char *at = home; at && cr_path_depth(CR_OS_LINUX, at) > 0;
	     at = cr_path_parent(builder->arena, CR_OS_LINUX, at))
		if (cr_decide_view(builder->rules, at, NULL) == CR_VIEW_WRITABLE)
			return "/";
	return home ? home : "/";
}

/*
 * A hidden name of the user's own, if there is one: what an ordinary account may not read anyway
 * (/etc/gshadow) cannot show that it is hidden. NULL: nothing is hidden.
 */
static const char *hidden_name(const struct cr_builder *builder)
{
	const char *home = builder->rules->ctx.home;
	const char *first = NULL;

	for (size_t i = 0; i < builder->n_steps; i++) {
		const struct cr_step *step = &builder->steps[i];

		if (step->kind != CR_STEP_HIDE)
			continue;
		if (home && cr_path_within(CR_OS_LINUX, step->path, home))
			return step->path;
		first = first ? first : step->path;
	}
	return first;
}

/* Each canary on an object of the policy: refused writes where the user could write outside. */
static void canaries(struct cr_builder *builder)
{
	const struct cr_context *ctx = &builder->rules->ctx;
	struct cr_step step = {.origin = cr_origin_system};

	step.kind = CR_STEP_CANARY_WRITE;
	step.path = outside_of(builder);
	cr_build_step(builder, &step);
	if (ctx->workspace &&
	    cr_decide_view(builder->rules, ctx->workspace, NULL) == CR_VIEW_WRITABLE) {
		step.kind = CR_STEP_CANARY_WORK;
		step.path = ctx->workspace;
		cr_build_step(builder, &step);
	}
	step.kind = CR_STEP_CANARY_READ;
	step.path = hidden_name(builder);
	if (step.path)
		cr_build_step(builder, &step);
}

static const struct cr_rule *connect_rule(const struct cr_builder *builder)
{
	return cr_build_find_rule(builder->rules, CR_BIT(CR_CAP_CONNECT),
				  CR_BIT(CR_ALLOW) | CR_BIT(CR_ASK));
}

static void gaps(struct cr_builder *builder)
{
	const struct cr_rule *ask = cr_build_find_rule(
		builder->rules, CR_BIT(CR_CAP_READ) | CR_BIT(CR_CAP_WRITE), CR_BIT(CR_ASK));
	const struct cr_rule *connect = connect_rule(builder);
	const struct cr_rule *socket =
		cr_build_find_rule(builder->rules, CR_BIT(CR_CAP_UNIX), CR_BIT(CR_ASK));
	const struct cr_rule *git = cr_build_find_rule(builder->rules, CR_BIT(CR_CAP_GIT),
						       CR_BIT(CR_ALLOW) | CR_BIT(CR_ASK));

	if (socket)
		cr_build_note(builder, &socket->origin,
			      "nobody is asked about sockets of the host; '%s' is refused",
			      socket->text);
	if (ask)
		cr_build_gap(builder, "ask-files", &ask->origin,
			     "nobody can be asked while a file is being opened; '%s' is refused",
			     ask->text);
	if (connect && builder->rules->ctx.tier != CR_TIER_FULL && !cr_linux_proxied(builder))
		cr_build_gap(builder, "connect-names", &connect->origin,
			     "a box without a network of its own reaches its broker only where "
			     "seccomp notifications can be had, which a box around this one may "
			     "have taken; '%s' stays unreachable, like every host",
			     connect->text);
	if (git && git->git != CR_GIT_READ_ONLY)
		cr_build_note(
			builder, &git->origin,
			"the git directory is read-only: its private overlay is not built yet");
}

const struct cr_rule *cr_linux_proxied(const struct cr_builder *builder)
{
	const struct cr_facts *facts = builder->facts;

	if (builder->rules->ctx.tier == CR_TIER_FULL || !facts->seccomp_notify || !facts->pidfd)
		return NULL;
	return connect_rule(builder);
}

/* Before the filter: it reports every connect, and nobody listens yet. */
static void plan_network(struct cr_builder *builder, bool captured)
{
	enum cr_step_kind canary = captured ? CR_STEP_CANARY_ROUTE : CR_STEP_CANARY_CONNECT;

	cr_linux_bare_step(builder, canary, CANARY_ADDRESS, 0);
}

static int plan_full(struct cr_builder *builder)
{
	const struct cr_rule *connect = connect_rule(builder);
	struct cr_point *points;
	size_t count;

	if (cr_build_points(builder, &points, &count) < 0)
		return -1;
	cr_linux_bare_step(builder, CR_STEP_NAMESPACES, "user,mount,pid,ipc,uts,cgroup,net", 0);
	cr_linux_bare_step(builder, CR_STEP_LOOPBACK, NULL, 0);
	if (connect)
		cr_linux_capture(builder, connect);
	cr_linux_publish(builder);
	cr_linux_view_full(builder, points, count);

	size_t view_steps = builder->n_steps;

	cr_linux_limits(builder);
	cr_build_env(builder);
	landlock_full(builder, view_steps);
	cr_linux_bare_step(builder, CR_STEP_CAPABILITIES, NULL, 0);
	canaries(builder);
	plan_network(builder, connect != NULL);
	cr_linux_bare_step(builder, CR_STEP_SECCOMP, full_filter(builder->facts->landlock_abi), 0);
	return 0;
}

/* Set before the policy's own lines, which may say otherwise. Programs know either spelling. */
static void plan_proxy_env(struct cr_builder *builder)
{
	static const char *const filled[] = {
		"HTTP_PROXY=http://" CR_PROXY_AT,  "http_proxy=http://" CR_PROXY_AT,
		"HTTPS_PROXY=http://" CR_PROXY_AT, "https_proxy=http://" CR_PROXY_AT,
		"ALL_PROXY=http://" CR_PROXY_AT,   "all_proxy=http://" CR_PROXY_AT,
	};

	for (size_t i = 0; i < sizeof(filled) / sizeof(filled[0]); i++)
		cr_linux_bare_step(builder, CR_STEP_ENV_PROXY, filled[i], 0);
	/* What it would keep from the proxy cannot be reached at all. */
	cr_linux_bare_step(builder, CR_STEP_ENV_SET, "NO_PROXY=", 0);
	cr_linux_bare_step(builder, CR_STEP_ENV_SET, "no_proxy=", 0);
}

static void plan_proxy(struct cr_builder *builder, const struct cr_rule *rule)
{
	cr_build_step(builder, &(struct cr_step){.kind = CR_STEP_PROXY,
						 .detail = "127.0.0.1; HTTP and SOCKS5; secret and "
							   "port are chosen at start",
						 .origin = rule->origin});
	plan_proxy_env(builder);
	cr_build_note(builder, &rule->origin,
		      "hosts are reached by way of a proxy only: programs that do not know its "
		      "variables (HTTP_PROXY and the like), ssh among them, stay offline");
}

/* No TCP port is needed: offline there are no sockets but inherited ones, and with a proxy the
 * broker connects them. */
static const char *landlock_detail(int abi)
{
	if (abi < 4)
		return NULL;
	return abi >= 6 ? "abstract-unix,signal,tcp" : "tcp";
}

/* After the filter: here it is what refuses sockets, or calls of connect(2). */
static void landlock_sockets(struct cr_builder *builder)
{
	bool proxied = cr_linux_proxied(builder) != NULL;

	cr_linux_bare_step(builder, CR_STEP_SECCOMP, proxied ? "landlock-proxy" : "landlock", 0);
	cr_linux_bare_step(builder, CR_STEP_CANARY_CONNECT, CANARY_ADDRESS, 0);
	if (proxied)
		cr_linux_bare_step(builder, CR_STEP_CANARY_TCP, CANARY_ADDRESS, 0);
}

static int plan_landlock(struct cr_builder *builder)
{
	const struct cr_rule *proxied = cr_linux_proxied(builder);
	struct cr_point *points;
	size_t count;
	int abi = builder->facts->landlock_abi;

	if (abi < 1) {
		cr_fail(builder->err, CR_E_TIER,
			"this kernel has no Landlock and user namespaces are not allowed");
		return cr_hint(builder->err, "carrel doctor tells what would enable one of them");
	}
	if (cr_build_points(builder, &points, &count) < 0)
		return -1;
	if (builder->rules->ctx.temp_dir)
		cr_build_step(builder, &(struct cr_step){
					       .kind = CR_STEP_TEMP_DIR,
					       .path = builder->rules->ctx.temp_dir,
					       .origin = cr_origin_system,
				       });
	cr_linux_limits(builder);
	if (proxied)
		plan_proxy(builder, proxied);
	cr_build_env(builder);
	cr_linux_bare_step(builder, CR_STEP_LANDLOCK, landlock_detail(abi),
			   cr_linux_rights_write(abi) | cr_linux_rights_read(abi) |
				   (abi >= 3 ? CR_LL_TRUNCATE : 0) |
				   (abi >= 5 ? CR_LL_IOCTL_DEV : 0));
	cr_linux_view_landlock(builder, points, count);
	cr_linux_bare_step(builder, CR_STEP_LANDLOCK_STDIO, NULL,
			   CR_LL_READ_FILE | CR_LL_WRITE_FILE | (abi >= 3 ? CR_LL_TRUNCATE : 0) |
				   (abi >= 5 ? CR_LL_IOCTL_DEV : 0));
	cr_linux_bare_step(builder, CR_STEP_CAPABILITIES, NULL, 0);
	canaries(builder);
	landlock_sockets(builder);
	return 0;
}

int cr_plan_linux(struct cr_arena *arena, const struct cr_ruleset *rules,
		  const struct cr_facts *facts, struct cr_plan **out, struct cr_err *err)
{
	struct cr_err local;
	struct cr_builder builder = {
		.arena = arena,
		.rules = rules,
		.facts = facts,
		.err = err ? err : &local,
	};
	int planned =
		rules->ctx.tier == CR_TIER_FULL ? plan_full(&builder) : plan_landlock(&builder);

	if (planned < 0)
		return -1;
	gaps(&builder);
	return cr_build_finish(&builder, out);
}
