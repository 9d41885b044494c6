/*
 * decide.c - the model: the winner of each group, and the narrowest of them.
 *
 * Must never allow by default: what no rule covers is denied, and so is a path
 * that is no path. Looking up costs one binary search and a walk up the chain
 * of rules above, for literals; patterns are tried one by one.
 */
#include "decide.h"

#include <string.h>

#include "limits.h"
#include "path.h"
#include "pattern.h"
#include "rules_impl.h"
#include "special.h"

/* A rule and how far it reaches: components covered, or how exact the host is. */
struct winner {
	const struct cr_rule *rule;
	int reach;
};

static void contend(struct winner *best, const struct cr_rule *rule, int reach)
{
	bool wins = !best->rule || reach > best->reach;

	if (best->rule && reach == best->reach) {
		if (rule->literal != best->rule->literal)
			wins = rule->literal;
		else
			wins = cr_rule_rank(rule, best->rule) < 0;
	}
	if (wins)
		*best = (struct winner){.rule = rule, .reach = reach};
}

/* Index of the last literal that is not after `path` in the order; -1 when all are. */
static int32_t last_not_after(const struct cr_rule_list *list, enum cr_os os, const char *path)
{
	size_t low = 0, high = list->n_literal;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cr_path_cmp(os, list->literal[middle]->path, path) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return (int32_t)low - 1;
}

/* The first of the rules on the longest literal path that covers `path`; NULL when none does. */
static const struct cr_rule *find_literal(const struct cr_rule_list *list, enum cr_os os,
					  const char *path)
{
	int32_t at = last_not_after(list, os, path);

	while (at >= 0 && !cr_path_within(os, path, list->literal[at]->path))
		at = list->up[at];
	if (at < 0)
		return NULL;

	int32_t up = list->up[at];

	if (up >= 0 && cr_path_cmp(os, list->literal[up]->path, list->literal[at]->path) == 0)
		at = up;
	return list->literal[at];
}

/* A denied name that is a link: the link itself must not be replaced. */
static const struct cr_rule *find_entry(const struct cr_rule_list *list, enum cr_os os,
					const char *path)
{
	size_t low = 0, high = list->n_by_entry;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cr_path_cmp(os, list->by_entry[middle]->entry, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < list->n_by_entry && cr_path_cmp(os, list->by_entry[low]->entry, path) == 0)
		return list->by_entry[low];
	return NULL;
}

static struct winner find_path(const struct cr_rule_list *list, enum cr_os os, const char *path)
{
	struct winner best = {0};
	const struct cr_rule *literal = find_literal(list, os, path);
	const struct cr_rule *entry = list->n_by_entry ? find_entry(list, os, path) : NULL;

	if (literal)
		contend(&best, literal, (int)cr_path_depth(os, literal->path));
	if (entry)
		contend(&best, entry, (int)cr_path_depth(os, path));
	for (size_t i = 0; i < list->n_other; i++) {
		int reach = cr_pattern_covers(os, list->other[i]->path, path);

		if (reach >= 0)
			contend(&best, list->other[i], reach);
	}
	return best;
}

static struct winner find_host(const struct cr_rule_list *list, const struct cr_host *host)
{
	struct winner best = {0};

	for (size_t i = 0; i < list->n_other; i++) {
		int reach = cr_host_covers(&list->other[i]->host, host);

		if (reach >= 0)
			contend(&best, list->other[i], reach);
	}
	return best;
}

/* Allowing a mode allows the gentler ones, denying (or asking for) it the harsher ones. */
static int git_reach(const struct cr_rule *rule, enum cr_git_mode wanted)
{
	int beyond = (int)wanted - (int)rule->git;

	if (rule->decision == CR_ALLOW)
		beyond = -beyond;
	return beyond < 0 ? -1 : CR_GIT_DESTRUCTIVE - beyond;
}

static struct winner find_git(const struct cr_rule_list *list, enum cr_git_mode wanted)
{
	struct winner best = {0};

	for (size_t i = 0; i < list->n_other; i++) {
		int reach = git_reach(list->other[i], wanted);

		if (reach >= 0)
			contend(&best, list->other[i], reach);
	}
	return best;
}

static struct winner find(const struct cr_rule_list *list, enum cr_os os,
			  const struct cr_access *access)
{
	switch (access->cap) {
	case CR_CAP_CONNECT:
		return find_host(list, &access->host);
	case CR_CAP_GIT:
		return find_git(list, access->git);
	case CR_CAP_READ:
	case CR_CAP_WRITE:
	case CR_CAP_UNIX:
		break;
	}
	return find_path(list, os, access->path);
}

struct decided {
	enum cr_decision decision;
	struct winner by;
};

static struct decided decide_group(const struct cr_ruleset *rules, enum cr_group group,
				   const struct cr_access *access)
{
	const struct cr_rule_list *list = &rules->lists[group][access->cap];
	struct decided decided = {.by = find(list, rules->ctx.os, access)};

	if (decided.by.rule)
		decided.decision = decided.by.rule->decision;
	else if (group == CR_GROUP_MAIN || (group == CR_GROUP_MANAGED && list->allows))
		decided.decision = CR_DENY;
	else
		decided.decision = CR_ALLOW;
	return decided;
}

/*
 * A fresh place is writable because it is fresh. A file of the host that an explicit rule shows
 * at it or inside it is the user's, and writable only when a rule of its own says so.
 */
static void take_back_fresh(const struct cr_ruleset *rules, const struct cr_access *access,
			    struct decided *write)
{
	const struct cr_rule *by = write->by.rule;
	struct winner shown;

	if (access->cap != CR_CAP_WRITE || !by || by->origin.layer != CR_LAYER_SYSTEM ||
	    by->place == CR_PLACE_HOST)
		return;
	shown = find(&rules->lists[CR_GROUP_MAIN][CR_CAP_READ], rules->ctx.os, access);
	if (shown.rule && shown.rule->origin.layer != CR_LAYER_SYSTEM)
		*write = (struct decided){.decision = CR_DENY, .by = shown};
}

/*
 * A rule about any host is one about the internet: a private address, loopback or the metadata
 * service of a cloud is reached only by a rule that names it. Only what is given is taken back: the
 * administrator's `*` may stand for all that a user names, and a denial covers everything.
 */
static void take_back_special(const struct cr_access *access, struct decided *connect)
{
	const struct cr_host *host = &access->host;
	const struct cr_rule *by = connect->by.rule;
	const int family = host->kind == CR_HOST_ADDR4 ? 4 : 6;

	if (access->cap != CR_CAP_CONNECT || host->kind == CR_HOST_NAME || !by ||
	    connect->decision == CR_DENY || cr_host_names_address(&by->host) ||
	    !cr_special_address(family, host->addr))
		return;
	*connect = (struct decided){.decision = CR_DENY};
}

static bool is_path(const struct cr_ruleset *rules, const char *path)
{
	return path && cr_path_is_absolute(rules->ctx.os, path) && strlen(path) < CR_MAX_PATH;
}

static struct decided decide(const struct cr_ruleset *rules, const struct cr_access *access)
{
	struct decided best = {.decision = CR_DENY};

	if (access->cap != CR_CAP_CONNECT && access->cap != CR_CAP_GIT &&
	    !is_path(rules, access->path))
		return best;
	best = decide_group(rules, CR_GROUP_MAIN, access);
	take_back_fresh(rules, access, &best);
	take_back_special(access, &best);
	for (int group = CR_GROUP_MAIN + 1; group < CR_GROUP_COUNT; group++) {
		struct decided other = decide_group(rules, (enum cr_group)group, access);

		if (other.decision < best.decision)
			best = other;
	}
	return best;
}

struct cr_verdict cr_decide(const struct cr_ruleset *rules, const struct cr_access *access)
{
	struct decided decided = decide(rules, access);

	return (struct cr_verdict){.decision = decided.decision, .rule = decided.by.rule};
}

struct cr_verdict cr_decide_path(const struct cr_ruleset *rules, enum cr_capability cap,
				 const char *path)
{
	const struct cr_access access = {.cap = cap, .path = path};

	return cr_decide(rules, &access);
}

/* A `deny read` that a deeper rule has lifted forbids writing still, but nobody asked it to. */
static bool says_more(const struct winner *write, const struct winner *read)
{
	return write->rule && (write->rule->cap == CR_CAP_WRITE || write->reach >= read->reach);
}

enum cr_view cr_decide_view(const struct cr_ruleset *rules, const char *path,
			    const struct cr_rule **rule)
{
	const struct cr_access reading = {.cap = CR_CAP_READ, .path = path};
	const struct cr_access writing = {.cap = CR_CAP_WRITE, .path = path};
	struct decided read = decide(rules, &reading);
	struct decided write = {.decision = CR_DENY};
	enum cr_view view = CR_VIEW_HIDDEN;

	if (read.decision == CR_ALLOW) {
		write = decide(rules, &writing);
		view = write.decision == CR_ALLOW ? CR_VIEW_WRITABLE : CR_VIEW_READ_ONLY;
	}
	if (rule)
		*rule = says_more(&write.by, &read.by) ? write.by.rule : read.by.rule;
	return view;
}
