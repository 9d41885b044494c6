/*
 * draw.c - a random small tree, random policies about it, random things to try.
 *
 * Everything comes from one seed, so that a difference can be seen again. Draws what people
 * write and what they would not: nested rules, links, names that are not there. Judges nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path.h"
#include "diff.h"

static const char *const names[] = {"a", "b", "c", "d.x", "e f", ".git", ".vscode", "key.x"};

#define PICK(rng, array) ((array)[rng_below(rng, sizeof(array) / sizeof((array)[0]))])

/* splitmix64: every seed is a good one. */
uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

unsigned rng_below(struct rng *rng, unsigned bound)
{
	return (unsigned)(rng_next(rng) % bound);
}

bool rng_percent(struct rng *rng, unsigned percent)
{
	return rng_below(rng, 100) < percent;
}

bool beneath(const char *path, const char *root)
{
	return path && cr_path_within(CR_OS_LINUX, path, root) && strcmp(path, root) != 0;
}

/* the tree */

static const char *join(struct cr_arena *arena, const char *dir, const char *name)
{
	return cr_arena_printf(arena, "%s/%s", dir, name);
}

static int make(const struct entry *entry)
{
	int fd;

	if (entry->type == CR_FT_DIR)
		return mkdir(entry->path, 0755);
	if (entry->type == CR_FT_SYMLINK)
		return symlink(entry->target, entry->path);
	fd = open(entry->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;

	ssize_t wrote = write(fd, entry->path, strlen(entry->path));

	return close(fd) < 0 || wrote < 0 ? -1 : 0;
}

/* Adds an entry to the tree, on disk too; one that is there already is left as it is. */
static int add(struct tree *tree, const struct entry *entry)
{
	if (tree->count == TREE_MAX || !entry->path)
		return -1;
	if (make(entry) < 0)
		return errno == EEXIST ? 0 : -1;
	tree->entries[tree->count++] = *entry;
	return 0;
}

/* `dir` and what is missing above it, from `top` on. */
static int add_dirs(struct cr_arena *arena, struct tree *tree, const char *dir)
{
	unsigned depth = cr_path_depth(CR_OS_LINUX, dir);

	for (unsigned i = cr_path_depth(CR_OS_LINUX, tree->top) + 1; i <= depth; i++) {
		const struct entry entry = {
			.path = cr_path_prefix(arena, CR_OS_LINUX, dir, i),
			.type = CR_FT_DIR,
		};

		if (add(tree, &entry) < 0)
			return -1;
	}
	return 0;
}

static const struct entry *any_entry(struct rng *rng, const struct tree *tree)
{
	return &tree->entries[rng_below(rng, (unsigned)tree->count)];
}

static const struct entry *any_of_type(struct rng *rng, const struct tree *tree, enum cr_ftype type)
{
	for (int tries = 0; tries < 100; tries++) {
		const struct entry *entry = any_entry(rng, tree);

		if (entry->type == type)
			return entry;
	}
	return &tree->entries[0]; /* a directory */
}

static const char *draw_target(struct cr_arena *arena, struct rng *rng, const struct tree *tree)
{
	switch (rng_below(rng, 5)) {
	case 0:
		return PICK(rng, names);
	case 1:
		return join(arena, "..", PICK(rng, names));
	case 2:
		return join(arena, any_of_type(rng, tree, CR_FT_DIR)->path, PICK(rng, names));
	}
	return any_entry(rng, tree)->path;
}

static int add_random(struct cr_arena *arena, struct rng *rng, struct tree *tree)
{
	const struct entry *last = &tree->entries[tree->count - 1];
	const char *dir = last->type == CR_FT_DIR && rng_percent(rng, 40)
				  ? last->path /* so that some paths are deep */
				  : any_of_type(rng, tree, CR_FT_DIR)->path;
	unsigned what = rng_below(rng, 100);
	struct entry entry = {
		.path = join(arena, dir, PICK(rng, names)),
		.type = what < 45   ? CR_FT_DIR
			: what < 85 ? CR_FT_FILE
				    : CR_FT_SYMLINK,
	};

	if (entry.type == CR_FT_SYMLINK)
		entry.target = draw_target(arena, rng, tree);
	return add(tree, &entry);
}

const char *tree_top_of(const struct tree *tree, const char *path)
{
	if (beneath(path, tree->top))
		return tree->top;
	return tree->fresh && beneath(path, tree->fresh) ? tree->fresh : NULL;
}

/* Something to begin with in the second directory. */
static int add_fresh(struct cr_arena *arena, struct rng *rng, struct tree *tree)
{
	const char *one = join(arena, tree->fresh, PICK(rng, names));
	const struct entry entries[] = {
		{.path = one, .type = CR_FT_DIR},
		{.path = join(arena, one, PICK(rng, names)), .type = CR_FT_DIR},
		{.path = join(arena, one, PICK(rng, names)), .type = CR_FT_FILE},
		{.path = join(arena, tree->fresh, PICK(rng, names)), .type = CR_FT_FILE},
	};

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (add(tree, &entries[i]) < 0)
			return -1;
	return 0;
}

int tree_make(struct cr_arena *arena, struct rng *rng, struct tree *tree)
{
	const char *top = tree->top;
	unsigned wanted = 14 + rng_below(rng, 22);

	tree->home = join(arena, top, "home");
	tree->workspace = join(arena, rng_percent(rng, 50) ? tree->home : top, "ws");
	if (tree->fresh && add_fresh(arena, rng, tree) < 0)
		return -1;
	if (add_dirs(arena, tree, join(arena, tree->home, ".config/carrel")) < 0 ||
	    add_dirs(arena, tree, join(arena, tree->home, ".local/state/carrel")) < 0 ||
	    add_dirs(arena, tree, join(arena, tree->home, ".ssh")) < 0 ||
	    add_dirs(arena, tree, tree->workspace) < 0)
		return -1;
	for (unsigned tries = 0; tree->count < wanted && tries < 200; tries++)
		if (add_random(arena, rng, tree) < 0)
			return -1;
	return 0;
}

/* nftw has no argument for its callback. */
static const struct tree *walked;
static size_t n_seen;

static int check_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	if (!strcmp(path, walked->top) || (walked->fresh && !strcmp(path, walked->fresh)))
		return 0;
	for (size_t i = 0; i < walked->count; i++) {
		const struct entry *entry = &walked->entries[i];
		mode_t mode = entry->type == CR_FT_DIR    ? S_IFDIR | 0755
			      : entry->type == CR_FT_FILE ? S_IFREG | 0644
							  : S_IFLNK | 0777;

		if (strcmp(entry->path, path) != 0)
			continue;
		n_seen++;
		if (st->st_mode == mode)
			return 0;
		printf("# '%s' has mode %o now\n", path, st->st_mode);
		return 1;
	}
	printf("# '%s' was not there before\n", path);
	return 1;
}

int tree_check(const struct tree *tree)
{
	walked = tree;
	n_seen = 0;
	if (nftw(tree->top, check_entry, 16, FTW_PHYS) != 0 ||
	    (tree->fresh && nftw(tree->fresh, check_entry, 16, FTW_PHYS) != 0))
		return -1;
	if (n_seen == tree->count)
		return 0;
	printf("# %zu of %zu files of the tree are gone\n", tree->count - n_seen, tree->count);
	return -1;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level == 0 ? 0 : remove(path);
}

void tree_remove(const struct tree *tree)
{
	nftw(tree->top, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
	if (tree->fresh)
		nftw(tree->fresh, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
}

/* the policy */

struct drawing {
	struct cr_arena *arena;
	struct rng *rng;
	const struct tree *tree;
	const char *probe;
	const char *text; /* lines so far */
};

static const char *draw_pattern(struct drawing *d)
{
	static const char *const tails[] = {"*", "**", "?", "*.x", "**/*.x"};
	const char *dir = any_of_type(d->rng, d->tree, CR_FT_DIR)->path;
	const char *name = PICK(d->rng, names);

	switch (rng_below(d->rng, 4)) {
	case 0:
		return cr_arena_printf(d->arena, "%s/**/%s", dir, name);
	case 1:
		return cr_arena_printf(d->arena, "%s/*/%s", dir, name);
	}
	return join(d->arena, dir, PICK(d->rng, tails));
}

static const char *draw_path(struct drawing *d)
{
	const char *name = PICK(d->rng, names);
	unsigned what = rng_below(d->rng, 100);

	if (what < 12)
		return join(d->arena, any_of_type(d->rng, d->tree, CR_FT_DIR)->path, name);
	if (what < 18)
		return cr_arena_printf(d->arena, "%s/%s/%s",
				       any_of_type(d->rng, d->tree, CR_FT_DIR)->path, name,
				       PICK(d->rng, names));
	if (what < 22)
		return join(d->arena, any_of_type(d->rng, d->tree, CR_FT_SYMLINK)->path, name);
	if (what < 24)
		return join(d->arena, any_of_type(d->rng, d->tree, CR_FT_FILE)->path, name);
	if (what < 40)
		return draw_pattern(d);
	return any_entry(d->rng, d->tree)->path;
}

/* As people write it: relative to the workspace or the home where it can be. */
static const char *spell(struct drawing *d, const char *path)
{
	const char *ws = d->tree->workspace, *home = d->tree->home;

	if (rng_percent(d->rng, 50))
		return path;
	if (cr_path_within(CR_OS_LINUX, path, ws))
		return path[strlen(ws)] ? path + strlen(ws) + 1 : ".";
	if (cr_path_within(CR_OS_LINUX, path, home))
		return cr_arena_printf(d->arena, "~%s", path + strlen(home));
	return path;
}

static void add_line(struct drawing *d, const char *rule, const char *path)
{
	d->text = cr_arena_printf(d->arena, "%s%s \"%s\"\n", d->text, rule, path);
}

static const char *draw_rule(struct drawing *d)
{
	static const char *const rules[] = {
		"allow read", "allow read", "allow write", "allow write", "allow write",
		"deny read",  "deny read",  "deny read",   "deny write",  "deny write",
		"deny write", "ask read",   "ask write",
	};

	return PICK(d->rng, rules);
}

/* One deep path, and rules on the way to it: what lies in what is the hard part of a view. */
static void add_chain(struct drawing *d)
{
	unsigned depth = 0;
	const char *path = d->tree->top;

	for (int tries = 0; tries < 4; tries++) {
		const char *other = any_entry(d->rng, d->tree)->path;

		if (cr_path_depth(CR_OS_LINUX, other) > depth) {
			path = other;
			depth = cr_path_depth(CR_OS_LINUX, other);
		}
	}
	for (unsigned i = cr_path_depth(CR_OS_LINUX, tree_top_of(d->tree, path)); i <= depth; i++)
		if (rng_percent(d->rng, 70))
			add_line(d, draw_rule(d), cr_path_prefix(d->arena, CR_OS_LINUX, path, i));
}

/* A literal rule inside of what a pattern has caught, inside of what may be written. */
static void add_inside_pattern(struct drawing *d)
{
	const char *path = any_entry(d->rng, d->tree)->path;
	unsigned top = cr_path_depth(CR_OS_LINUX, tree_top_of(d->tree, path));
	unsigned depth = cr_path_depth(CR_OS_LINUX, path);
	const char *dir;

	if (depth < top + 3)
		return;
	depth = top + 1 + rng_below(d->rng, depth - top - 2);
	dir = cr_path_prefix(d->arena, CR_OS_LINUX, path, depth);
	if (rng_percent(d->rng, 70))
		add_line(d, "allow write", cr_path_parent(d->arena, CR_OS_LINUX, dir));
	add_line(d, draw_rule(d), join(d->arena, dir, "*"));
	add_line(d, draw_rule(d), path);
}

static void add_rules(struct drawing *d, unsigned count)
{
	if (rng_percent(d->rng, 40))
		add_chain(d);
	if (rng_percent(d->rng, 20))
		add_inside_pattern(d);
	for (unsigned i = 0; i < count; i++)
		add_line(d, draw_rule(d), spell(d, draw_path(d)));
}

static void keep(struct drawing *d, struct policy_texts *out, enum cr_layer layer)
{
	out->items[out->count++] = (struct policy_text){.layer = layer, .text = d->text};
	d->text = "";
}

static void draw_managed(struct drawing *d, struct policy_texts *out)
{
	bool allows = rng_percent(d->rng, 50);

	add_rules(d, 1 + rng_below(d->rng, 3));
	if (allows || strstr(d->text, "allow") || strstr(d->text, "ask")) {
		add_line(d, "allow read", rng_percent(d->rng, 70) ? "/" : d->tree->top);
		add_line(d, "allow read", d->probe);
	}
	if (rng_percent(d->rng, 50))
		add_line(d, "allow write", d->tree->top);
	keep(d, out, CR_LAYER_MANAGED);
}

int policy_draw(struct cr_arena *arena, struct rng *rng, const struct tree *tree, const char *probe,
		struct policy_texts *out)
{
	struct drawing d = {.arena = arena, .rng = rng, .tree = tree, .probe = probe, .text = ""};

	*out = (struct policy_texts){0};
	if (rng_percent(rng, 90)) { /* else the built-in default */
		if (rng_percent(rng, 85))
			add_line(&d, "allow read", "/");
		if (rng_percent(rng, 70))
			add_line(&d, "allow write", tree->workspace);
		add_rules(&d, rng_below(rng, 6));
		keep(&d, out, CR_LAYER_USER);
	}
	add_rules(&d, 1 + rng_below(rng, 4));
	add_line(&d, "allow read", probe);
	keep(&d, out, CR_LAYER_COMMAND);
	if (rng_percent(rng, 25)) {
		add_rules(&d, 1 + rng_below(rng, 3));
		keep(&d, out, CR_LAYER_PROJECT);
	}
	if (rng_percent(rng, 25))
		draw_managed(&d, out);
	return d.text ? 0 : -1;
}

/* what is tried */

/* A name that is not there: where a rule speaks of one, or anywhere. NULL when there is none. */
static const char *absent_name(struct cr_arena *arena, struct rng *rng, const struct tree *tree,
			       const struct cr_ruleset *rules)
{
	const char *path = join(arena, any_of_type(rng, tree, CR_FT_DIR)->path, PICK(rng, names));
	struct stat st;

	for (int tries = 0; tries < 20 && rng_percent(rng, 80); tries++) {
		const struct cr_rule *rule =
			&rules->rules[rng_below(rng, (unsigned)rules->n_rules)];

		if (rule->cap <= CR_CAP_WRITE && rule->literal && rule->type == CR_FT_NONE &&
		    tree_top_of(tree, rule->path)) {
			path = rule->path;
			break;
		}
	}
	return lstat(path, &st) == 0 ? NULL : path;
}

/* A path some rule names, or a directory on the way to one: where boxes are made of mounts. */
static const char *ruled_path(struct cr_arena *arena, struct rng *rng, const struct tree *tree,
			      const struct cr_ruleset *rules)
{
	const struct cr_rule *rule = &rules->rules[rng_below(rng, (unsigned)rules->n_rules)];
	const char *path = rule->cap <= CR_CAP_WRITE ? tree_top_of(tree, rule->path) : NULL;
	unsigned top, depth;
	struct stat st;

	if (!path)
		return NULL;
	top = cr_path_depth(CR_OS_LINUX, path);
	depth = cr_path_depth(CR_OS_LINUX, rule->path);
	path = cr_path_prefix(arena, CR_OS_LINUX, rule->path,
			      top + 1 + rng_below(rng, depth - top));
	return lstat(path, &st) < 0 ? NULL : path;
}

static const char *present_path(struct cr_arena *arena, struct rng *rng, const struct tree *tree,
				const struct cr_ruleset *rules)
{
	const struct entry *entry = any_entry(rng, tree);
	const char *path = NULL;
	struct stat st;

	if (rng_percent(rng, 40))
		path = ruled_path(arena, rng, tree, rules);
	if (path || entry->type != CR_FT_SYMLINK || rng_percent(rng, 50))
		return path ? path : entry->path;

	/* Through a link, to something beneath. */
	path = join(arena, entry->path, PICK(rng, names));
	return lstat(path, &st) < 0 ? entry->path : path;
}

struct access access_draw(struct cr_arena *arena, struct rng *rng, const struct tree *tree,
			  const struct cr_ruleset *rules)
{
	static const enum op new_ops[] = {OP_CREATE, OP_MKDIR, OP_SYMLINK};
	static const enum op dir_ops[] = {OP_LIST, OP_LIST, OP_STAT, OP_CHMOD, OP_RENAME, OP_SWAP};
	static const enum op file_ops[] = {OP_READ,  OP_READ,   OP_STAT, OP_WRITE, OP_WRITE,
					   OP_CHMOD, OP_RENAME, OP_SWAP, OP_LINK,  OP_TRUNCATE};
	const char *absent = rng_percent(rng, 30) ? absent_name(arena, rng, tree, rules) : NULL;
	struct access access = {.path = absent};
	struct stat st;

	if (absent) {
		access.op = PICK(rng, new_ops);
		return access;
	}
	access.path = present_path(arena, rng, tree, rules);
	if (stat(access.path, &st) == 0 && S_ISDIR(st.st_mode))
		access.op = PICK(rng, dir_ops);
	else
		access.op = PICK(rng, file_ops);
	return access;
}
