/*
 * fsview.c - the resolver: where a path leads once its symlinks are followed.
 *
 * Walks component by component, as the kernel does, and asks the view once for each path ever
 * seen. Must never take an answer it did not get for "nothing there", and never follow a link
 * whose target is no path of this system.
 */
#include <string.h>

#include "fsview.h"
#include "limits.h"
#include "path.h"

#define FIRST_BUCKETS 256
#define DRIVES        26
#define LINK_BYTES    CR_MAX_PATH

/*
 * A policy asks a home directory for a hundred names of which few exist. After some vain
 * questions one listing answers the rest, unless the directory is large.
 */
#define LIST_AFTER 12
#define LIST_SLOTS 2048 /* a power of two */
#define LIST_LIMIT 1024 /* entries */

/* One place in the tree. Its path is canonical; no component above it is a symlink. */
struct node {
	struct node *parent; /* a root is its own */
	struct node *next;   /* in its bucket */
	const char *path;
	size_t path_len;
	const char *name; /* inside path */
	size_t name_len;
	size_t hash;
	unsigned depth;
	bool looked;
	enum cr_fs_answer answer;
	struct cr_fstat stat;
	const char *target; /* of a symlink, once read */
	unsigned vain;      /* questions for names in it that are not there */
	uint32_t *entries;  /* hashes of all names in it, 0 for an empty slot; NULL: not listed */
};

struct cr_resolver {
	struct cr_arena *arena;
	enum cr_os os;
	const struct cr_fsview *view;
	struct node *roots[DRIVES]; /* "/" is the first */
	struct node **buckets;
	size_t n_buckets; /* a power of two */
	size_t n_nodes;
};

/* One look-up under way. */
struct walk {
	struct cr_resolver *resolver;
	const char *asked; /* for messages */
	struct node *at;
	const char *rest; /* still to be walked */
	unsigned links;
	struct cr_err *err;
};

struct cr_resolver *cr_resolver_new(struct cr_arena *arena, enum cr_os os,
				    const struct cr_fsview *view)
{
	struct cr_resolver *resolver = cr_arena_alloc(arena, 1, sizeof(*resolver));

	if (!resolver)
		return NULL;
	resolver->arena = arena;
	resolver->os = os;
	resolver->view = view;
	resolver->n_buckets = FIRST_BUCKETS;
	resolver->buckets = cr_arena_alloc(arena, FIRST_BUCKETS, sizeof(*resolver->buckets));
	return resolver->buckets ? resolver : NULL;
}

const struct cr_fsview *cr_resolver_view(const struct cr_resolver *resolver)
{
	return resolver->view;
}

static int no_memory(struct cr_err *err)
{
	return cr_fail(err, CR_E_NOMEM, "no memory to resolve a path");
}

static bool is_separator(enum cr_os os, char c)
{
	return c == '/' || (os == CR_OS_WINDOWS && c == '\\');
}

static struct node **bucket_of(const struct cr_resolver *resolver, size_t hash)
{
	/* The high bits are the better ones of a multiplied hash. */
	return &resolver->buckets[(hash ^ hash >> 15) & (resolver->n_buckets - 1)];
}

static size_t hash_name(const struct node *parent, const char *name, size_t len)
{
	size_t hash = parent->hash + 0x9e3779b1u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash;
}

static void grow_buckets(struct cr_resolver *resolver)
{
	const size_t n_old = resolver->n_buckets;
	struct node **old = resolver->buckets;
	struct node **grown = cr_arena_alloc(resolver->arena, n_old * 4, sizeof(struct node *));
	struct node *next;

	/* Without memory it stays small and slow, which harms nobody. */
	if (!grown)
		return;
	resolver->buckets = grown;
	resolver->n_buckets = n_old * 4;
	for (size_t i = 0; i < n_old; i++) {
		for (struct node *node = old[i]; node; node = next) {
			struct node **bucket = bucket_of(resolver, node->hash);

			next = node->next;
			node->next = *bucket;
			*bucket = node;
		}
	}
}

static struct node *new_node(struct cr_resolver *resolver, struct node *parent, const char *name,
			     size_t len)
{
	const size_t slash = parent->depth > 0;
	struct node *node = cr_arena_alloc(resolver->arena, 1, sizeof(*node));
	char *path = cr_arena_alloc(resolver->arena, parent->path_len + slash + len + 1, 1);

	if (!node || !path)
		return NULL;
	memcpy(path, parent->path, parent->path_len);
	if (slash)
		path[parent->path_len] = resolver->os == CR_OS_WINDOWS ? '\\' : '/';
	memcpy(path + parent->path_len + slash, name, len);
	*node = (struct node){
		.parent = parent,
		.path = path,
		.path_len = parent->path_len + slash + len,
		.name = path + parent->path_len + slash,
		.name_len = len,
		.hash = hash_name(parent, name, len),
		.depth = parent->depth + 1,
	};
	return node;
}

static struct node *find_child(const struct cr_resolver *resolver, const struct node *parent,
			       const char *name, size_t len)
{
	const size_t hash = hash_name(parent, name, len);

	for (struct node *node = *bucket_of(resolver, hash); node; node = node->next)
		if (node->hash == hash && node->parent == parent && node->name_len == len &&
		    memcmp(node->name, name, len) == 0)
			return node;
	return NULL;
}

static struct node *child(struct walk *walk, const char *name, size_t len)
{
	struct cr_resolver *resolver = walk->resolver;
	struct node *node = find_child(resolver, walk->at, name, len);

	if (node)
		return node;
	if (walk->at->depth >= CR_MAX_DEPTH || walk->at->path_len + 1 + len >= CR_MAX_PATH) {
		cr_fail(walk->err, CR_E_PATH, "'%s' leads to a path that is too long", walk->asked);
		return NULL;
	}
	node = new_node(resolver, walk->at, name, len);
	if (!node) {
		no_memory(walk->err);
		return NULL;
	}
	if (resolver->n_nodes++ > resolver->n_buckets)
		grow_buckets(resolver);

	struct node **bucket = bucket_of(resolver, node->hash);

	node->next = *bucket;
	*bucket = node;
	return node;
}

/* The root at the start of an absolute path. It is taken for a directory until it is asked for. */
static struct node *root_of(struct walk *walk, const char *path)
{
	struct cr_resolver *resolver = walk->resolver;
	const bool windows = resolver->os == CR_OS_WINDOWS;
	const char drive = (char)(path[0] & ~0x20);
	struct node **slot = &resolver->roots[windows ? drive - 'A' : 0];
	struct node *root = *slot;

	if (root)
		return root;
	root = cr_arena_alloc(resolver->arena, 1, sizeof(*root));
	if (root)
		root->path = windows ? cr_arena_printf(resolver->arena, "%c:\\", drive) : "/";
	if (!root || !root->path) {
		no_memory(walk->err);
		return NULL;
	}
	root->path_len = windows ? 3 : 1;
	root->parent = root;
	root->name = root->path + root->path_len;
	root->hash = (size_t)(slot - resolver->roots);
	root->stat.type = CR_FT_DIR;
	*slot = root;
	return root;
}

/*
 * Letters without case: a directory may fold it, and then a name that is listed otherwise is
 * there all the same. Never 0.
 */
static uint32_t entry_hash(const char *name, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		hash = (hash ^ (c >= 'A' && c <= 'Z' ? c | 0x20u : c)) * 16777619u;
	}
	return hash ? hash : 1;
}

struct listing {
	uint32_t *entries;
	size_t count;
};

static int list_entry(void *arg, const char *name, enum cr_ftype type)
{
	struct listing *listing = arg;
	const uint32_t hash = entry_hash(name, strlen(name));
	size_t slot = hash & (LIST_SLOTS - 1);

	(void)type;
	if (listing->count++ == LIST_LIMIT)
		return -1;
	while (listing->entries[slot] && listing->entries[slot] != hash)
		slot = (slot + 1) & (LIST_SLOTS - 1);
	listing->entries[slot] = hash;
	return 0;
}

static void list_names(struct walk *walk, struct node *dir)
{
	struct cr_resolver *resolver = walk->resolver;
	struct listing listing = {.count = 0};

	listing.entries = cr_arena_alloc(resolver->arena, LIST_SLOTS, sizeof(uint32_t));
	if (listing.entries && resolver->view->list &&
	    resolver->view->list(resolver->view->ctx, dir->path, list_entry, &listing) == CR_FS_OK)
		dir->entries = listing.entries;
}

static bool is_ascii(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] >= 0x80)
			return false;
	return true;
}

/* True when a listing says that `node` is not in its directory. */
static bool known_absent(struct walk *walk, const struct node *node)
{
	struct node *dir = node->parent;
	size_t slot;
	uint32_t hash;

	if (walk->resolver->os != CR_OS_LINUX || !is_ascii(node->name, node->name_len))
		return false;
	if (dir->vain == LIST_AFTER) {
		dir->vain++; /* once, whatever comes of it */
		list_names(walk, dir);
	}
	if (!dir->entries)
		return false;
	hash = entry_hash(node->name, node->name_len);
	for (slot = hash & (LIST_SLOTS - 1); dir->entries[slot];
	     slot = (slot + 1) & (LIST_SLOTS - 1))
		if (dir->entries[slot] == hash)
			return false;
	return true;
}

static enum cr_fs_answer ask(struct walk *walk, struct node *node)
{
	const struct cr_fsview *view = walk->resolver->view;

	if (known_absent(walk, node))
		return CR_FS_ABSENT;

	enum cr_fs_answer answer = view->stat(view->ctx, node->path, &node->stat);

	if (answer == CR_FS_ABSENT && node->parent->vain < LIST_AFTER)
		node->parent->vain++;
	return answer;
}

/* What is there, without asking when the directory above has said it already (a root never has). */
static int look(struct walk *walk, struct node *node)
{
	const struct node *parent = node->parent;

	if (node->looked)
		return 0;
	if (parent->answer != CR_FS_OK && parent != parent->parent)
		node->answer = parent->answer;
	else if (parent != parent->parent && parent->stat.type != CR_FT_DIR)
		node->answer = CR_FS_ABSENT;
	else
		node->answer = ask(walk, node);
	if (node->answer == CR_FS_FAILED)
		return cr_fail(walk->err, CR_E_PATH, "cannot look at '%s'", node->path);
	if (node->answer != CR_FS_OK)
		node->stat = (struct cr_fstat){.type = CR_FT_NONE};
	else if (node->stat.type == CR_FT_NONE)
		node->answer = CR_FS_ABSENT;
	node->looked = true;
	return 0;
}

/* Every component of a target must be a name this system has; ".." may climb as it likes. */
static int check_target(struct walk *walk, const struct node *link, const char *target)
{
	const enum cr_os os = walk->resolver->os;
	const char *at = target;
	struct cr_err why;

	if (os == CR_OS_WINDOWS && !cr_path_is_absolute(os, at)) {
		const bool rooted = is_separator(os, at[0]);

		if (rooted || (at[0] && at[1] == ':')) {
			cr_fail(walk->err, CR_E_PATH, "'%s' is a link to a place without drive",
				link->path);
			return cr_hint(walk->err, "let it lead to C:\\... or remove it");
		}
	}
	if (cr_path_is_absolute(os, at))
		at += os == CR_OS_WINDOWS ? 3 : 1;
	while (*at) {
		size_t len = 0;

		while (at[len] && !is_separator(os, at[len]))
			len++;
		if (!(len <= 2 && memcmp(at, "..", len) == 0) &&
		    cr_path_check_component(os, at, len, 0, &why) < 0)
			return cr_fail(walk->err, CR_E_PATH, "target of the link '%s': %s",
				       link->path, why.text);
		at += len + (at[len] != '\0');
	}
	return 0;
}

static int read_target(struct walk *walk, struct node *link)
{
	const struct cr_fsview *view = walk->resolver->view;
	char target[LINK_BYTES];

	if (link->target)
		return 0;
	if (view->readlink(view->ctx, link->path, target, sizeof(target)) != CR_FS_OK || !target[0])
		return cr_fail(walk->err, CR_E_PATH, "cannot read the link '%s'", link->path);
	if (check_target(walk, link, target) < 0)
		return -1;
	link->target = cr_arena_strdup(walk->resolver->arena, target);
	return link->target ? 0 : no_memory(walk->err);
}

static int enter_root(struct walk *walk, const char *path);

/* Puts the target of a link before what is still to be walked. */
static int follow(struct walk *walk, struct node *link)
{
	struct cr_resolver *resolver = walk->resolver;

	if (walk->links++ == CR_MAX_SYMLINKS)
		return cr_fail(walk->err, CR_E_PATH,
			       "'%s' leads through more than %d symbolic links", walk->asked,
			       CR_MAX_SYMLINKS);
	if (read_target(walk, link) < 0)
		return -1;

	const char *target = link->target;

	walk->at = link->parent;
	if (strlen(target) + strlen(walk->rest) > 4 * CR_MAX_PATH)
		return cr_fail(walk->err, CR_E_PATH, "'%s' leads to a path that is too long",
			       walk->asked);
	if (*walk->rest)
		target = cr_arena_printf(resolver->arena, "%s/%s", target, walk->rest);
	if (!target)
		return no_memory(walk->err);
	if (cr_path_is_absolute(resolver->os, target))
		return enter_root(walk, target);
	walk->rest = target;
	return 0;
}

/*
 * Goes to the root of an absolute path, the rest of which is to be walked. A drive may stand for a
 * directory of another (`subst`); then it is a link like any other.
 */
static int enter_root(struct walk *walk, const char *path)
{
	struct node *root = root_of(walk, path);

	if (!root)
		return -1;
	walk->at = root;
	walk->rest = path + root->path_len;
	if (walk->resolver->os != CR_OS_WINDOWS)
		return 0;
	if (look(walk, root) < 0)
		return -1;
	return root->stat.type == CR_FT_SYMLINK ? follow(walk, root) : 0;
}

/* The next component of the rest, NULL at the end; skips separators. */
static const char *take(struct walk *walk, size_t *len)
{
	const enum cr_os os = walk->resolver->os;
	const char *at = walk->rest;

	while (is_separator(os, *at))
		at++;
	*len = 0;
	while (at[*len] && !is_separator(os, at[*len]))
		(*len)++;
	walk->rest = at + *len;
	while (is_separator(os, *walk->rest))
		walk->rest++;
	return *len ? at : NULL;
}

/*
 * One component. Beneath what does not exist ".." still leads back up: if the missing directory
 * appears later, that is where the link will lead.
 */
static int step(struct walk *walk, const char *name, size_t len, struct cr_resolved *out)
{
	if (len <= 2 && memcmp(name, "..", len) == 0) {
		if (len == 2)
			walk->at = walk->at->parent;
		return 0;
	}

	struct node *node = child(walk, name, len);

	if (!node || look(walk, node) < 0)
		return -1;
	if (node->stat.type != CR_FT_SYMLINK) {
		walk->at = node;
		return 0;
	}
	/* Nothing left to walk, for the first time: the last component as it was asked for. */
	if (!*walk->rest && !out->entry) {
		out->entry = node->path;
		out->entry_stat = node->stat;
	}
	return follow(walk, node);
}

int cr_resolve(struct cr_resolver *resolver, const char *path, struct cr_resolved *out,
	       struct cr_err *err)
{
	struct walk walk = {.resolver = resolver, .asked = path, .err = err};
	struct cr_resolved found = {.path = NULL};
	const char *name;
	size_t len;

	if (enter_root(&walk, path) < 0)
		return -1;
	while ((name = take(&walk, &len)) != NULL)
		if (step(&walk, name, len, &found) < 0)
			return -1;
	if (look(&walk, walk.at) < 0)
		return -1;
	found.path = walk.at->path;
	found.stat = walk.at->stat;
	*out = found;
	return 0;
}
