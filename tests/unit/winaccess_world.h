/*
 * winaccess_world.h - a small Windows machine in memory: files with descriptors, a user, a policy;
 * the plan made and carried out on it; and the question whether the model then says what decide()
 * says.
 *
 * For each path and each thing one may try on it:
 *   - what decide() does not allow must be refused, unless a gap of the plan names it; writing is
 *     asked bit by bit, since one bit is enough;
 *   - what decide() allows, and the user could do before there was a box, must be granted.
 * Between the two lies what decide() has no opinion on or what is refused on the safe side (below a
 * protected list or an own label). Then a second step: the box sets the DACL of all that it may
 * set it of to "everybody everything", and everything forbidden is asked again.
 * Header only, so that a test is one file.
 */
#ifndef WINACCESS_WORLD_H
#define WINACCESS_WORLD_H

#include "core/sddl.h"
#include "core/winaccess_tree.h"
#include "../golden/fake_fs.h"
#include "unit.h"

#define WORLD_USER "S-1-5-21-1000000001-1000000002-1000000003-1001" /* cr_facts_typical's */
#define WORLD_TEMP "C:\\Users\\me\\AppData\\Local\\Temp\\carrel-1"

/* Gaps of the plan that speak of files. */
enum world_gap {
	WORLD_HIDDEN,
	WORLD_LOW,
	WORLD_OUTSIDE,
	WORLD_RENAME,
	WORLD_OPEN,
	WORLD_ENTRIES,
	WORLD_NO_GAP,
	WORLD_GAPS
};

static const char *const world_gaps[WORLD_GAPS] = {
	[WORLD_HIDDEN] = "hidden-files",
	[WORLD_LOW] = "delete-low",
	[WORLD_OUTSIDE] = "delete-outside",
	[WORLD_RENAME] = "rename-protected",
	[WORLD_OPEN] = "world-writable",
	[WORLD_ENTRIES] = "change-entries",
	[WORLD_NO_GAP] = "none",
};

struct world_file {
	const char *path; /* "/Users/me" */
	bool is_dir;
	const char *sddl; /* NULL: what it inherits */
};

struct world_spec {
	enum cr_tier tier;
	bool no_labels; /* lock 3 off */
	bool is_admin;
	bool again; /* entries of an earlier run are there already */
	const struct world_file *files;
	size_t n_files;
	const char *policy;
};

/* What decide() and the policy say of one object. */
struct world_view {
	bool reads, writable;
	bool by_pattern;      /* a wildcard decides: it goes where its directory goes */
	bool is_root;         /* the name of a writable root belongs to what is around it */
	bool holds_protected; /* something in it is not writable: it is not to be moved */
	bool is_inside;       /* at or in a writable root */
	bool is_above_temp;   /* of moving it decide() has no opinion */
};

struct world {
	const struct world_spec *spec;
	struct cr_arena *arena;
	struct fake_fs *fs;
	struct cr_facts facts;
	struct cr_diags diags;
	struct cr_ruleset *rules;
	struct cr_plan *plan;
	struct cr_win_tree before, after; /* `after` begins with the objects of `before` */
	struct world_view *views;         /* of the objects of `after` */
	bool *kept;                       /* which rules name a path that must not be written */
	struct cr_win_token launcher, person, box; /* person: without an administrator's power */
	size_t n_checks, n_granted, n_differences;
	size_t n_excused[WORLD_GAPS]; /* by the gaps below */
	struct cr_err err;
};

static inline struct cr_rules_input world_input(const struct world *w)
{
	return (struct cr_rules_input){
		.ctx =
			{
				.os = CR_OS_WINDOWS,
				.tier = w->spec->tier,
				.home = "C:\\Users\\me",
				.workspace = "C:\\Users\\me\\w",
				.state_dir = "C:\\Users\\me\\AppData\\Local\\carrel",
				.config_dir = "C:\\Users\\me\\AppData\\Roaming\\carrel",
				.temp_dir = WORLD_TEMP,
			},
		.view = &w->fs->view,
	};
}

/* The same files for the policy and for the model, twice: before and after. -1: w->err. */
static inline int world_files(struct world *w)
{
	cr_win_tree_init(&w->before, w->arena);
	cr_win_tree_init(&w->after, w->arena);
	for (size_t i = 0; i < w->spec->n_files; i++) {
		const struct world_file *file = &w->spec->files[i];
		const struct fake_node *node =
			fake_add(w->fs, file->is_dir ? CR_FT_DIR : CR_FT_FILE, file->path, NULL);

		if (cr_win_tree_add(&w->before, node->path, file->is_dir, file->sddl, &w->err) <
			    0 ||
		    cr_win_tree_add(&w->after, node->path, file->is_dir, file->sddl, &w->err) < 0)
			return -1;
	}
	return cr_win_tree_settle(&w->before, &w->err);
}

static inline int world_plan(struct world *w)
{
	const struct cr_policy_source source = {"test.policy", CR_LAYER_USER, w->spec->policy,
						strlen(w->spec->policy)};
	struct cr_rules_input input = world_input(w);
	struct cr_policy *policy;
	const struct cr_policy *policies[1];

	if (cr_policy_parse(w->arena, &source, &policy, &w->diags, &w->err) < 0)
		return -1;
	policies[0] = policy;
	input.policies = policies;
	input.n_policies = 1;
	cr_facts_typical(CR_OS_WINDOWS, &w->facts);
	w->facts.integrity_labels = !w->spec->no_labels;
	if (cr_rules_resolve(w->arena, &input, &w->rules, &w->diags, &w->err) < 0)
		return -1;
	return cr_plan_make(w->arena, w->rules, &w->facts, &w->plan, &w->err);
}

static inline bool world_is_elevated(const struct world *w)
{
	return w->spec->tier == CR_TIER_ELEVATED;
}

static inline int world_tokens(struct world *w)
{
	struct cr_win_person who = {WORLD_USER, w->facts.logon_sid, false};

	if (world_is_elevated(w))
		who.user = w->facts.offline_sid;
	if (cr_win_token_person(w->arena, &who, &w->person, &w->err) < 0)
		return -1;
	who.is_admin = w->spec->is_admin;
	if (cr_win_token_person(w->arena, &who, &w->launcher, &w->err) < 0)
		return -1;
	return cr_win_token_plan(w->arena, w->plan, &w->launcher, &w->box, &w->err);
}

static inline void world_free(struct world *w)
{
	cr_arena_free(w->arena);
	fake_fs_free(w->fs);
}

static inline bool world_has_gap(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->plan->n_gaps; i++) {
		if (strcmp(w->plan->gaps[i].name, name) == 0)
			return true;
	}
	return false;
}

static inline bool world_writable(const struct world *w, const char *path)
{
	return cr_decide_view(w->rules, path, NULL) == CR_VIEW_WRITABLE;
}

/* Something in it is not writable, be it there or only in a rule. */
static inline bool world_holds_protected(const struct world *w, const char *path)
{
	for (size_t i = 0; i < w->after.count; i++) {
		if (!w->views[i].writable && !w->views[i].by_pattern &&
		    cr_path_within(CR_OS_WINDOWS, w->after.nodes[i].path, path))
			return true;
	}
	for (size_t i = 0; i < w->rules->n_rules; i++) {
		if (w->kept[i] && cr_path_within(CR_OS_WINDOWS, w->rules->rules[i].path, path))
			return true;
	}
	return false;
}

static inline bool world_is_inside(const struct world *w, const char *path)
{
	for (size_t i = 0; i < w->plan->n_steps; i++) {
		const struct cr_step *step = &w->plan->steps[i];

		if (step->kind == CR_STEP_WIN_SID && step->path &&
		    cr_path_within(CR_OS_WINDOWS, path, step->path))
			return true;
	}
	return false;
}

static inline void world_view(struct world *w, size_t at)
{
	const char *path = w->after.nodes[at].path;
	const struct cr_rule *rule = NULL;
	const enum cr_view view = cr_decide_view(w->rules, path, &rule);

	w->views[at] = (struct world_view){
		.reads = view != CR_VIEW_HIDDEN,
		.writable = view == CR_VIEW_WRITABLE,
		.by_pattern = rule && !rule->literal,
		.is_inside = world_is_inside(w, path),
		.is_above_temp = strcmp(path, WORLD_TEMP) != 0 &&
				 cr_path_within(CR_OS_WINDOWS, WORLD_TEMP, path),
	};
}

static inline void world_look(struct world *w)
{
	w->views = cr_arena_alloc(w->arena, w->after.count, sizeof(*w->views));
	w->kept = cr_arena_alloc(w->arena, w->rules->n_rules + 1, sizeof(*w->kept));
	assert_true(w->views && w->kept);
	for (size_t i = 0; i < w->rules->n_rules; i++) {
		const struct cr_rule *rule = &w->rules->rules[i];

		w->kept[i] = rule->path && rule->literal && !world_writable(w, rule->path);
	}
	for (size_t i = 0; i < w->after.count; i++)
		world_view(w, i);
	for (size_t i = 0; i < w->after.count; i++) {
		const struct cr_win_node *node = &w->after.nodes[i];

		w->views[i].is_root = node->parent < 0 || !w->views[node->parent].writable;
		w->views[i].holds_protected =
			w->views[i].writable && world_holds_protected(w, node->path);
	}
}

/* The same object before there was a plan; NULL: the plan made it. */
static inline const struct cr_win_node *world_was(const struct world *w,
						  const struct cr_win_node *node)
{
	const size_t at = (size_t)(node - w->after.nodes);

	return at < w->before.count ? &w->before.nodes[at] : NULL;
}

static inline const struct world_view *world_view_of(const struct world *w,
						     const struct cr_win_node *node)
{
	return &w->views[node - w->after.nodes];
}

/* 0, or -1 with w->err: the policy cannot be planned. Free it in either case. */
static inline int world_make(struct world *w, const struct world_spec *spec)
{
	*w = (struct world){
		.spec = spec, .arena = cr_arena_new(), .fs = fake_fs_new(CR_OS_WINDOWS)};
	assert_non_null(w->arena);
	if (world_files(w) < 0 || world_plan(w) < 0 || world_tokens(w) < 0)
		return -1;
	for (int run = 0; run < (spec->again ? 2 : 1); run++) {
		if (cr_win_tree_apply(&w->after, w->plan, &w->launcher, &w->err) < 0)
			return -1;
	}
	world_look(w);
	return 0;
}

static inline bool world_moves(enum cr_win_op op)
{
	return op == CR_WIN_OP_DELETE || op == CR_WIN_OP_DELETE_BY_PARENT || op == CR_WIN_OP_RENAME;
}

static inline bool world_sets(enum cr_win_op op)
{
	return op == CR_WIN_OP_SET_DACL || op == CR_WIN_OP_SET_OWNER || op == CR_WIN_OP_SET_LABEL;
}

/* decide(), for everything one may try. */
static inline bool world_allows(const struct world *w, const struct cr_win_node *node,
				enum cr_win_op op)
{
	const struct world_view *view = world_view_of(w, node);

	if (op == CR_WIN_OP_READ)
		return view->reads;
	return view->writable && (!world_moves(op) || (!view->is_root && !view->holds_protected));
}

/* What was labelled at or below the box before it came: nothing there stands above it. */
static inline bool world_is_low(const struct world *w, const struct cr_win_node *node)
{
	const struct cr_win_node *was = world_was(w, node);

	return was && !w->spec->no_labels && cr_win_label_level(&was->sd) <= w->box.level;
}

struct world_try {
	const struct cr_win_tree *tree;
	const struct cr_win_node *node;
	enum cr_win_op op;
	enum cr_win_reading reading;
	uint32_t mask;
};

/* Everyone, or whoever is logged on, may write here as it was: the place lock lets it pass. */
static inline bool world_is_open(const struct world *w, const struct cr_win_node *node,
				 uint32_t mask)
{
	const struct cr_win_node *was = world_was(w, node);
	struct cr_win_token token = w->box;
	struct cr_win_sid sids[2];

	assert_int_equal(cr_sddl_parse_sid("WD", &sids[0], NULL), 0);
	assert_int_equal(cr_sddl_parse_sid(w->facts.logon_sid, &sids[1], NULL), 0);
	token.restricting = sids;
	token.n_restricting = 2;
	const struct cr_win_request request = {.token = &token, .sd = &was->sd, .mask = mask};

	return was && cr_win_access(&request).granted;
}

/* The gap that would have to be named for `op` to be granted though it is not allowed. */
static inline enum world_gap world_gap_for(const struct world *w, const struct world_try *t)
{
	const struct cr_win_node *node = t->node;
	const enum cr_win_op op = t->op;
	const bool low = world_is_low(w, node) || (world_moves(op) && node->parent >= 0 &&
						   world_is_low(w, &w->after.nodes[node->parent]));

	if (op == CR_WIN_OP_READ)
		return WORLD_HIDDEN;
	if (!w->spec->no_labels)
		return low ? WORLD_LOW : WORLD_NO_GAP;
	if (world_sets(op))
		return WORLD_ENTRIES;
	if (!world_moves(op))
		return world_is_open(w, node, t->mask) ? WORLD_OPEN : WORLD_NO_GAP;
	return world_view_of(w, node)->is_inside ? WORLD_RENAME : WORLD_OUTSIDE;
}

static inline bool world_granted(struct world *w, const struct cr_win_token *token,
				 const struct world_try *t)
{
	const struct cr_win_attempt attempt = {
		.token = token,
		.node = t->node,
		.op = t->op,
		.reading = t->reading,
		.mask = t->mask,
	};

	w->n_checks++;
	return cr_win_tree_access(t->tree, &attempt).granted;
}

static inline void world_differs(struct world *w, const struct world_try *t, const char *what)
{
	if (w->n_differences++ >= 5)
		return;
	print_error("%s: %s '%s' (mask %x, reading %d)\n  %s\n  policy:\n%s", what,
		    cr_win_op_name(t->op), t->node->path, (unsigned)t->mask, (int)t->reading,
		    cr_sddl_print(w->arena, &t->node->sd), w->spec->policy);
	if (t->node->parent >= 0)
		print_error("  parent: %s\n",
			    cr_sddl_print(w->arena, &t->tree->nodes[t->node->parent].sd));
}

/*
 * Must be refused, by any single right that would do. Asked in the reading that refuses least: what
 * that one refuses, the others do (test_winaccess.c and fuzz_sddl.c hold it to that).
 */
static inline void world_must_refuse(struct world *w, struct world_try t, const char *when)
{
	static const uint32_t bits[CR_WIN_OP_COUNT][5] = {
		[CR_WIN_OP_READ] = {CR_WIN_FILE_READ_DATA},
		[CR_WIN_OP_WRITE] = {CR_WIN_FILE_WRITE_DATA, CR_WIN_FILE_APPEND_DATA,
				     CR_WIN_FILE_WRITE_EA, CR_WIN_FILE_WRITE_ATTRIBUTES},
		[CR_WIN_OP_CREATE] = {CR_WIN_FILE_ADD_FILE, CR_WIN_FILE_ADD_SUBDIRECTORY},
	};
	size_t i = 0;

	do {
		t.mask = bits[t.op][i];
		if (!world_granted(w, &w->box, &t))
			continue;

		const enum world_gap gap = world_gap_for(w, &t);

		if (world_has_gap(w, world_gaps[gap]))
			w->n_excused[gap]++;
		else
			world_differs(w, &t, when);
	} while (bits[t.op][++i]);
}

/*
 * Entries and labels of a root come down to it unhindered. A list or label of its own on the way
 * keeps them off: the box may do less there than decide() allows.
 */
static inline bool world_reaches(const struct world *w, const struct cr_win_node *node)
{
	while (!w->views[node - w->before.nodes].is_root) {
		if (!node->own.has_dacl || node->own.control & CR_WIN_SD_DACL_PROTECTED ||
		    node->own.has_sacl)
			return false;
		node = &w->before.nodes[node->parent];
	}
	return true;
}

/* The user may delete this very object, not only what is in its directory. */
static inline bool world_deletes(struct world *w, const struct cr_win_node *node)
{
	const struct cr_win_request request = {
		.token = &w->person, .sd = &node->sd, .mask = CR_WIN_DELETE};

	return cr_win_access(&request).granted;
}

/* A label of its own keeps even reading from what stands below it (NO_READ_UP). */
static inline bool world_is_unread(const struct world *w, const struct cr_win_node *was)
{
	const struct cr_win_ace *label;

	return CR_WIN_FILE_GENERIC_READ &
	       ~cr_win_label_allows(&w->box, &was->sd, &cr_win_file_mapping, &label);
}

/* A denial to Everyone or to administrators holds for the box's SIDs and deny-only groups too. */
static inline bool world_denies(const struct cr_win_node *was)
{
	for (size_t i = 0; i < was->sd.dacl.count; i++) {
		if (was->sd.dacl.aces[i].type == CR_WIN_ACE_DENY)
			return true;
	}
	return false;
}

/* An account gets what it needs in a root from the plan; a user has it or not. */
static inline bool world_is_given(const struct world *w, const struct world_try *was)
{
	if (w->spec->no_labels && cr_win_label_level(&was->node->sd) > w->box.level)
		return false; /* the plan takes no label away */
	return world_is_elevated(w) && w->views[was->node - w->before.nodes].writable &&
	       world_reaches(w, was->node) && !world_sets(was->op) &&
	       was->op != CR_WIN_OP_DELETE_BY_PARENT;
}

/* Must be granted: decide() allows it, and the user could do it without a box. */
static inline void world_must_grant(struct world *w, struct world_try t)
{
	struct world_try was = t;

	was.tree = &w->before;
	was.node = world_was(w, t.node);
	if (!was.node ||
	    (t.op == CR_WIN_OP_READ ? world_is_unread(w, was.node) : !world_reaches(w, was.node)))
		return;
	if ((world_moves(t.op) && world_view_of(w, t.node)->is_above_temp) ||
	    (world_sets(t.op) && world_is_elevated(w))) /* no account needs to */
		return;
	if (world_denies(was.node) ||
	    (world_moves(t.op) && world_denies(&w->before.nodes[was.node->parent])))
		return;
	if (!world_is_given(w, &was)) {
		if (t.op == CR_WIN_OP_DELETE_BY_PARENT || !world_granted(w, &w->person, &was))
			return;
		if (world_moves(t.op) && !world_deletes(w, was.node))
			return;
	}
	for (int reading = 0; reading < CR_WIN_READING_COUNT; reading++) {
		t.reading = (enum cr_win_reading)reading;
		if (world_sets(t.op) && t.reading == CR_WIN_STANDARD_WRITE)
			continue; /* no root grants the restricting SIDs these */
		if (world_granted(w, &w->box, &t))
			w->n_granted++;
		else
			world_differs(w, &t, "refused, though allowed");
	}
}

static inline void world_check_first(struct world *w)
{
	for (size_t i = 0; i < w->after.count; i++) {
		for (int op = 0; op < CR_WIN_OP_COUNT; op++) {
			const struct world_try t = {.tree = &w->after,
						    .node = &w->after.nodes[i],
						    .op = (enum cr_win_op)op};

			if (op == CR_WIN_OP_CREATE && !t.node->is_dir)
				continue;
			/* a name the box took itself is empty: nothing in it to read */
			if (op == CR_WIN_OP_READ && !world_was(w, t.node))
				continue;
			if (!world_allows(w, t.node, t.op))
				world_must_refuse(w, t, "granted, though not allowed");
			else
				world_must_grant(w, t);
		}
	}
}

/* The object at a path, or at the nearest path above. */
static inline const struct cr_win_node *world_nearest(const struct world *w, const char *path)
{
	const struct cr_win_node *node = cr_win_tree_find(&w->after, path);

	while (!node && cr_path_depth(CR_OS_WINDOWS, path) > 0) {
		path = cr_path_parent(w->arena, CR_OS_WINDOWS, path);
		node = cr_win_tree_find(&w->after, path);
	}
	return node;
}

/* A name that must not be written and is not there must not be made, nor what leads to it. */
static inline void world_check_absent(struct world *w)
{
	for (size_t i = 0; i < w->rules->n_rules; i++) {
		const struct cr_rule *rule = &w->rules->rules[i];
		struct world_try t = {.tree = &w->after, .op = CR_WIN_OP_CREATE};

		if (!w->kept[i])
			continue;
		t.node = world_nearest(w, rule->path);
		if (t.node && t.node->is_dir && !cr_win_tree_find(&w->after, rule->path))
			world_must_refuse(w, t, rule->path);
	}
}

/* The box gives itself all that it may give itself. */
static inline void world_take_all(struct world *w)
{
	struct cr_win_sd all;

	assert_int_equal(cr_sddl_parse(w->arena, "D:P(A;OICI;FA;;;WD)", &all, NULL), 0);
	for (size_t i = 0; i < w->after.count; i++) {
		struct cr_win_node *node = &w->after.nodes[i];
		const struct world_try t = {
			.tree = &w->after, .node = node, .op = CR_WIN_OP_SET_DACL};

		if (!world_granted(w, &w->box, &t))
			continue;
		node->own.has_dacl = true;
		node->own.control |= CR_WIN_SD_DACL_PROTECTED;
		node->own.dacl = all.dacl;
	}
	assert_int_equal(cr_win_tree_settle(&w->after, NULL), 0);
}

/* After that. With lock 3 off there is nothing left to find: gap change-entries says so. */
static inline void world_check_second(struct world *w)
{
	if (w->spec->no_labels)
		return;
	world_take_all(w);
	for (size_t i = 0; i < w->after.count; i++) {
		for (int op = CR_WIN_OP_WRITE; op < CR_WIN_OP_COUNT; op++) {
			const struct world_try t = {.tree = &w->after,
						    .node = &w->after.nodes[i],
						    .op = (enum cr_win_op)op};

			if (!world_allows(w, t.node, t.op))
				world_must_refuse(w, t, "granted after the box set DACLs");
		}
	}
}

/* How many differences there are. */
static inline size_t world_check(struct world *w)
{
	world_check_first(w);
	world_check_absent(w);
	world_check_second(w);
	return w->n_differences;
}

#endif
