/*
 * rules_object.c - one object of a rule line: absolute, canonical, resolved.
 *
 * Must never let an allowed name in the workspace lead outside it: the agent
 * owns the workspace, and a link it left there yesterday would widen today's
 * box. A denied name may lead anywhere, and both ends are denied.
 */
#include <string.h>

#include "gitdir.h"
#include "limits.h"
#include "path.h"
#include "pattern.h"
#include "rules_impl.h"

/* An object on its way. */
struct object {
	const struct cr_item *item;
	const struct cr_word *word;
	enum cr_group group;
};

static void report(struct cr_resolving *r, const struct object *object, const struct cr_err *why)
{
	struct cr_origin at = object->item->origin;

	at.column = object->word->column;
	cr_diag_add(r->diags, &at, why->hint, "%s", why->text);
}

static int out_of_memory(struct cr_resolving *r)
{
	return cr_fail(r->err, CR_E_NOMEM, "rules");
}

static int push(struct cr_resolving *r, const struct cr_rule *rule, enum cr_group group)
{
	struct cr_rule *rules =
		cr_arena_grow(r->arena, r->rules, r->n_rules, &r->cap_rules, sizeof(*rules));
	enum cr_group *groups =
		cr_arena_grow(r->arena, r->groups, r->n_rules, &r->cap_groups, sizeof(*groups));

	if (!rules || !groups)
		return out_of_memory(r);
	r->rules = rules;
	r->groups = groups;
	if (r->n_rules >= CR_MAX_RULES)
		return cr_fail(r->err, CR_E_LIMIT, "more than %d rules", CR_MAX_RULES);
	r->rules[r->n_rules] = *rule;
	r->groups[r->n_rules++] = group;
	return 0;
}

static int propose(struct cr_resolving *r, const struct cr_rule *rule)
{
	struct cr_rule *grown = cr_arena_grow(r->arena, r->proposals, r->n_proposals,
					      &r->cap_proposals, sizeof(*grown));

	if (!grown)
		return out_of_memory(r);
	r->proposals = grown;
	if (r->n_proposals >= CR_MAX_RULES)
		return cr_fail(r->err, CR_E_LIMIT, "more than %d rules in the project file",
			       CR_MAX_RULES);
	r->proposals[r->n_proposals++] = *rule;
	return 0;
}

static int add_rule(struct cr_resolving *r, const struct cr_rule *rule, enum cr_group group)
{
	if (group == CR_GROUP_PROJECT && rule->decision == CR_ALLOW)
		return propose(r, rule);
	return push(r, rule, group);
}

/* What follows "~/" in `text`; NULL when it does not start so. */
static const char *after_home(enum cr_os os, const char *text)
{
	if (text[0] != '~')
		return NULL;
	if (!text[1])
		return text + 1;
	return text[1] == '/' || (os == CR_OS_WINDOWS && text[1] == '\\') ? text + 2 : NULL;
}

static const char *from_home(struct cr_resolving *r, const char *rest, struct cr_err *why)
{
	const struct cr_context *ctx = &r->input->ctx;

	if (!ctx->home) {
		cr_fail(why, CR_E_PATH, "'~' has no meaning here: there is no home directory");
		cr_hint(why, "set HOME, or write the whole path");
		return NULL;
	}
	return *rest ? cr_path_resolve(r->arena, ctx->os, ctx->home, rest, CR_PATH_WILDCARDS, why)
		     : ctx->home;
}

static const char *from_workspace(struct cr_resolving *r, const char *text, struct cr_err *why)
{
	const struct cr_context *ctx = &r->input->ctx;

	if (!ctx->workspace) {
		cr_fail(why, CR_E_PATH, "'%s' is relative, and there is no workspace", text);
		cr_hint(why, "write the whole path");
		return NULL;
	}

	const char *path =
		cr_path_resolve(r->arena, ctx->os, ctx->workspace, text, CR_PATH_WILDCARDS, why);

	if (path && !cr_path_within(ctx->os, path, ctx->workspace)) {
		cr_fail(why, CR_E_PATH, "'%s' leaves the workspace", text);
		cr_hint(why, "write the whole path, when that is meant");
		return NULL;
	}
	return path;
}

static const char *absolute(struct cr_resolving *r, const char *text, struct cr_err *why)
{
	enum cr_os os = r->input->ctx.os;
	const char *rest = after_home(os, text);

	if (rest)
		return from_home(r, rest, why);
	if (text[0] == '~') {
		cr_fail(why, CR_E_PATH, "'%s': only your own home can be written with '~'", text);
		cr_hint(why, "write the whole path");
		return NULL;
	}
	if (cr_path_is_absolute(os, text))
		return cr_path_canonical(r->arena, os, text, CR_PATH_WILDCARDS, why);
	return from_workspace(r, text, why);
}

/* A `*` in the name of the home or the workspace must not become part of a pattern. */
static int check_base(const struct cr_resolving *r, const char *text, struct cr_err *why)
{
	const struct cr_context *ctx = &r->input->ctx;
	const char *base = NULL;

	if (after_home(ctx->os, text))
		base = ctx->home;
	else if (!cr_path_is_absolute(ctx->os, text))
		base = ctx->workspace;
	if (!base || !cr_pattern_has_wildcard(base))
		return 0;
	cr_fail(why, CR_E_PATH, "pattern '%s' would begin with '%s', a name with a wildcard", text,
		base);
	return cr_hint(why, "name files and directories without wildcards");
}

/* Fails when an allowed object of the workspace leads out of it. */
static int check_inside(const struct cr_resolving *r, const struct object *object,
			const char *written, const char *real, struct cr_err *why)
{
	const struct cr_context *ctx = &r->input->ctx;

	if (object->item->decision == CR_DENY || !ctx->workspace ||
	    !cr_path_within(ctx->os, written, ctx->workspace) ||
	    cr_path_within(ctx->os, real, ctx->workspace))
		return 0;
	cr_fail(why, CR_E_PATH, "'%s' leads outside the workspace, to '%s'", object->word->text,
		real);
	return cr_hint(why, "remove the link, or name '%s' itself", real);
}

/* Links that lead to a denied path, found so far. */
struct links {
	const char *todo[CR_MAX_SYMLINKS];
	size_t n_todo, next;
};

/* The target of the link `entry`, as a canonical path; NULL when it cannot be had. */
static const char *link_target(struct cr_resolving *r, const char *entry)
{
	const struct cr_fsview *view = r->input->view;
	enum cr_os os = r->input->ctx.os;
	const char *parent = cr_path_parent(r->arena, os, entry);
	char buf[CR_MAX_PATH];

	if (!parent || view->readlink(view->ctx, entry, buf, sizeof(buf)) != CR_FS_OK)
		return NULL;
	return cr_path_resolve(r->arena, os, parent, buf, 0, NULL);
}

/* Keeps the link at `prefix`, when there is one, and goes on where it points to. */
static int keep_link(struct cr_resolving *r, struct links *links, struct cr_rule *rule,
		     const char *prefix, enum cr_group group)
{
	struct cr_resolved at;

	if (cr_resolve(r->set->resolver, prefix, &at, NULL) < 0 || !at.entry)
		return 0;

	const char *target = link_target(r, at.entry);

	if (target && links->n_todo < CR_MAX_SYMLINKS)
		links->todo[links->n_todo++] = target;
	rule->entry = at.entry;
	rule->entry_id = at.entry_stat.id;
	return add_rule(r, rule, group);
}

/*
 * The rule again for every further link on the way to its path: whoever replaces one of them
 * puts something else where the protected name was.
 */
static int keep_links(struct cr_resolving *r, const struct cr_rule *rule, const char *written,
		      enum cr_group group)
{
	enum cr_os os = r->input->ctx.os;
	struct links links = {.todo = {written}, .n_todo = 1};
	struct cr_rule copy = *rule;

	while (links.next < links.n_todo) {
		const char *path = links.todo[links.next++];
		unsigned depth = cr_path_depth(os, path);

		/* The last component of `written` itself is the rule's own entry. */
		for (unsigned i = 1; i <= depth - (path == written && depth); i++) {
			const char *prefix = cr_path_prefix(r->arena, os, path, i);

			if (!prefix)
				return out_of_memory(r);
			if (keep_link(r, &links, &copy, prefix, group) < 0)
				return -1;
		}
		if (path == written && rule->entry) {
			const char *target = link_target(r, rule->entry);

			if (target && links.n_todo < CR_MAX_SYMLINKS)
				links.todo[links.n_todo++] = target;
		}
	}
	return 0;
}

/* 1 added, 0 `path` cannot be resolved (*why says so), -1 the end. */
static int add_resolved(struct cr_resolving *r, struct cr_rule *rule, const char *path,
			enum cr_group group, struct cr_err *why)
{
	struct cr_resolved real;

	if (cr_resolve(r->set->resolver, path, &real, why) < 0)
		return 0;
	rule->path = real.path;
	rule->entry = real.entry;
	rule->entry_id = real.entry_stat.id;
	rule->type = real.stat.type;
	rule->id = real.stat.id;
	rule->literal = true;
	if (add_rule(r, rule, group) < 0)
		return -1;
	if (rule->decision == CR_ALLOW || cr_path_cmp(r->input->ctx.os, path, real.path) == 0)
		return 1;
	return keep_links(r, rule, path, group) < 0 ? -1 : 1;
}

/* Where a `.git` file is looked after: the workspace, and the tree a rule's own `.git` is in. */
static bool is_looked_after(struct cr_resolving *r, const struct cr_rule *rule, const char *path)
{
	const struct cr_context *ctx = &r->input->ctx;
	const char *tree = cr_path_parent(r->arena, ctx->os, rule->path);

	return (ctx->workspace && cr_path_within(ctx->os, path, ctx->workspace)) ||
	       (tree && cr_path_within(ctx->os, path, tree));
}

/* Protects the `.git` files of the submodules and work trees of git directory `dir`. */
static int add_pointers(struct cr_resolving *r, const struct cr_rule *rule, const char *dir,
			enum cr_group group)
{
	const char **files;
	int count = cr_gitdir_pointers(r->arena, r->set, dir, &files, r->err);

	for (int i = 0; i < count; i++) {
		struct cr_rule copy = *rule;

		if (is_looked_after(r, rule, files[i]) &&
		    add_resolved(r, &copy, files[i], group, NULL) < 0)
			return -1;
	}
	return count < 0 ? -1 : 0;
}

static int add_gitdirs(struct cr_resolving *r, const struct cr_rule *rule, enum cr_group group)
{
	const char *dirs[CR_MAX_GITDIRS];
	int count = cr_gitdir_find(r->arena, r->set, rule, dirs, r->err);

	if (rule->type == CR_FT_DIR && add_pointers(r, rule, rule->path, group) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		struct cr_rule copy = *rule;
		int added = add_resolved(r, &copy, dirs[i], group, NULL);

		/* A pointer into a loop of links leads nowhere for git, too. */
		if (added < 0 || (added && add_pointers(r, rule, copy.path, group) < 0))
			return -1;
	}
	return count < 0 ? -1 : 0;
}

/* As add_resolved; also protects what a denied `.git` points to. */
static int add_path(struct cr_resolving *r, struct cr_rule *rule, const char *path,
		    enum cr_group group, struct cr_err *why)
{
	int added = add_resolved(r, rule, path, group, why);
	bool denies = rule->decision != CR_ALLOW && rule->cap <= CR_CAP_WRITE;

	if (added == 1 && denies && cr_gitdir_applies(r->input->ctx.os, path))
		return add_gitdirs(r, rule, group) < 0 ? -1 : 1;
	return added;
}

int cr_rules_add_literal(struct cr_resolving *r, struct cr_rule *rule, const char *path,
			 enum cr_group group)
{
	struct cr_err why = {0};
	int added = add_path(r, rule, path, group, &why);

	if (added == 0)
		return cr_fail(r->err, why.code, "%s", why.text);
	return added < 0 ? -1 : 0;
}

/* The pattern with its literal directory resolved; NULL with *why. */
static const char *resolve_pattern(struct cr_resolving *r, const char *pattern,
				   struct cr_resolved *base, struct cr_err *why)
{
	enum cr_os os = r->input->ctx.os;
	const char *written = cr_pattern_base(r->arena, os, pattern);

	if (!written) {
		cr_fail(why, CR_E_NOMEM, "rules");
		return NULL;
	}
	if (cr_resolve(r->set->resolver, written, base, why) < 0)
		return NULL;
	if (cr_pattern_has_wildcard(base->path)) {
		cr_fail(why, CR_E_PATH, "'%s' leads to '%s', a name with a wildcard", pattern,
			base->path);
		return NULL;
	}

	size_t skip = strlen(written);
	const char *joined = cr_path_join(r->arena, os, base->path,
					  pattern + skip + (cr_path_depth(os, written) ? 1 : 0));

	if (!joined)
		cr_fail(why, CR_E_NOMEM, "rules");
	return joined;
}

/* As add_path, for a pattern. */
static int add_pattern(struct cr_resolving *r, struct cr_rule *rule, const char *pattern,
		       const struct object *object, struct cr_err *why)
{
	struct cr_resolved base;
	const char *path = resolve_pattern(r, pattern, &base, why);

	if (!path || check_inside(r, object, pattern, base.path, why) < 0)
		return 0;
	rule->path = path;
	return add_rule(r, rule, object->group) < 0 ? -1 : 1;
}

static int add_file(struct cr_resolving *r, struct object *object, struct cr_rule *rule,
		    struct cr_err *why)
{
	const char *text = object->word->text;
	const char *path = absolute(r, text, why);
	struct cr_resolved real;

	if (!path)
		return 0;
	if (cr_pattern_has_wildcard(text))
		return check_base(r, text, why) < 0 ? 0 : add_pattern(r, rule, path, object, why);
	if (rule->decision != CR_DENY && (cr_resolve(r->set->resolver, path, &real, why) < 0 ||
					  check_inside(r, object, path, real.path, why) < 0))
		return 0;
	return add_path(r, rule, path, object->group, why);
}

static int add_host(struct cr_resolving *r, struct object *object, struct cr_rule *rule,
		    struct cr_err *why)
{
	if (cr_host_parse(r->arena, object->word->text, &rule->host, why) < 0)
		return 0;
	rule->notls = object->item->notls;
	return add_rule(r, rule, object->group) < 0 ? -1 : 1;
}

static int add_git(struct cr_resolving *r, struct object *object, struct cr_rule *rule,
		   struct cr_err *why)
{
	static const char *const modes[] = {
		[CR_GIT_READ_ONLY] = "read-only",
		[CR_GIT_OVERLAY] = "overlay",
		[CR_GIT_DESTRUCTIVE] = "destructive",
	};

	for (int i = CR_GIT_READ_ONLY; i <= CR_GIT_DESTRUCTIVE; i++) {
		if (strcmp(modes[i], object->word->text) == 0) {
			rule->git = (enum cr_git_mode)i;
			return add_rule(r, rule, object->group) < 0 ? -1 : 1;
		}
	}
	cr_fail(why, CR_E_SYNTAX, "unknown git mode '%s'", object->word->text);
	cr_hint(why, "'read-only', 'overlay' or 'destructive'");
	return 0;
}

typedef int (*add_fn)(struct cr_resolving *r, struct object *object, struct cr_rule *rule,
		      struct cr_err *why);

static const add_fn adders[CR_CAP_COUNT] = {
	[CR_CAP_READ] = add_file,    [CR_CAP_WRITE] = add_file, [CR_CAP_UNIX] = add_file,
	[CR_CAP_CONNECT] = add_host, [CR_CAP_GIT] = add_git,
};

/* A built-in list names places in a home; without one there is nothing to hide. */
static bool is_moot(const struct cr_resolving *r, const struct object *object)
{
	return object->item->origin.layer == CR_LAYER_DEFAULT && !r->input->ctx.home &&
	       object->item->cap != CR_CAP_CONNECT && object->word->text[0] == '~';
}

int cr_rules_add_line(struct cr_resolving *r, const struct cr_item *item, enum cr_group group)
{
	for (size_t i = 0; i < item->n_words; i++) {
		struct object object = {.item = item, .word = &item->words[i], .group = group};
		struct cr_rule rule = {
			.decision = item->decision,
			.cap = item->cap,
			.origin = item->origin,
			.text = item->words[i].text,
		};
		struct cr_err why = {0};

		rule.origin.column = item->words[i].column;
		if (is_moot(r, &object))
			continue;

		int added = adders[item->cap](r, &object, &rule, &why);

		if (added < 0)
			return -1;
		if (!added && why.code == CR_E_NOMEM)
			return out_of_memory(r);
		if (!added)
			report(r, &object, &why);
	}
	return 0;
}
