/*
 * gitmodules.c - the `.git` files of submodules and work trees, found from the git directory.
 *
 * Whoever rewrites such a file decides which hooks and configuration git obeys there. The git
 * directory knows them all, so the tree is not searched. What is read is hostile text: bounded,
 * and only ever used to forbid more. Must never leave one out for a limit: then there is no box.
 */
#include <stdlib.h>
#include <string.h>

#include "gitdir.h"
#include "limits.h"
#include "path.h"

struct search {
	struct cr_arena *arena;
	const struct cr_ruleset *set;
	const char **out;
	size_t count, cap;
	char *text; /* of a file; CR_MAX_GIT_CONFIG bytes, once there is something to read */
	size_t n_looked;
	struct cr_err *err;
};

/* What is done with one directory of those in `modules` or `worktrees`. */
typedef int (*look_fn)(struct search *search, const char *dir, unsigned depth);

static int no_memory(struct search *search)
{
	return cr_fail(search->err, CR_E_NOMEM, "looking for submodules");
}

/* Skips blanks; line ends are none. */
static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t\r");
}

/* True when `text` begins with `word` in any case, and the name ends there. */
static bool is_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != word[i])
			return false;
	}
	return text[len] == ']' || text[len] == '=' || strchr(" \t\r\n", text[len]);
}

/* A value's text without quotes, escapes and comment, as git-config(1) says. 0, or -1: too long. */
static int read_value(const char *text, char *out, size_t size)
{
	size_t len = 0,
	       end = 0; /* `end`: behind the last character that is no blank outside quotes */
	bool quoted = false;

	for (; *text && *text != '\n'; text++) {
		char c = *text;

		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if (!quoted && (c == ';' || c == '#'))
			break;
		if (c == '\\' && text[1]) {
			c = *++text;
			if (c == '\n')
				continue;
		}
		if (len + 1 >= size)
			return -1;
		out[len++] = c;
		if (quoted || !strchr(" \t\r", c))
			end = len;
	}
	out[end] = '\0';
	return 0;
}

/* Goes past the header at `text`; *in_core tells whether it opens the section [core]. */
static const char *past_header(const char *text, bool *in_core)
{
	const char *name = skip_blanks(text + 1);

	*in_core = is_word(name, "core") && *skip_blanks(name + 4) == ']';
	text += strcspn(text, "]\n");
	return *text == ']' ? text + 1 : text;
}

bool cr_gitdir_worktree(const char *config, char *out, size_t size)
{
	bool in_core = false, found = false;

	while (*config) {
		const char *text = skip_blanks(config);

		if (*text == '[')
			text = skip_blanks(past_header(text, &in_core));
		if (in_core && is_word(text, "worktree")) {
			const char *value = skip_blanks(text + strlen("worktree"));

			/* the last one counts */
			if (*value == '=')
				found = read_value(skip_blanks(value + 1), out, size) == 0 && *out;
		}
		config = text + strcspn(text, "\n");
		config += *config == '\n';
	}
	return found;
}

/* Adds the `.git` of the work tree `dir`; a tree that does not exist has none. */
static int add_pointer(struct search *search, const char *dir)
{
	struct cr_resolved real;

	if (!dir || cr_resolve(search->set->resolver, dir, &real, NULL) < 0 ||
	    real.stat.type != CR_FT_DIR)
		return 0;

	const char **out = cr_arena_grow(search->arena, search->out, search->count, &search->cap,
					 sizeof(*out));

	if (!out)
		return no_memory(search);
	search->out = out;
	out[search->count] = cr_path_join(search->arena, search->set->ctx.os, dir, ".git");
	return out[search->count++] ? 0 : no_memory(search);
}

/* Reads the file `name` of `dir`. 1 and search->text, 0 there is none, -1 the end. */
static int read_text(struct search *search, const char *dir, const char *name)
{
	const struct cr_fsview *view = cr_resolver_view(search->set->resolver);
	const char *path = cr_path_join(search->arena, search->set->ctx.os, dir, name);
	struct cr_resolved real;

	if (!search->text)
		search->text = cr_arena_alloc(search->arena, CR_MAX_GIT_CONFIG, 1);
	if (!path || !search->text)
		return no_memory(search);
	/* a submodule may be called "x/config": that is a directory */
	if (cr_resolve(search->set->resolver, path, &real, NULL) < 0 ||
	    real.stat.type != CR_FT_FILE)
		return 0;
	switch (view->read(view->ctx, real.path, search->text, CR_MAX_GIT_CONFIG)) {
	case CR_FS_OK:
		return 1;
	case CR_FS_ABSENT:
	case CR_FS_DENIED:
		return 0; /* the user's git sees no more than we do */
	case CR_FS_FAILED:
		break;
	}
	return cr_fail(search->err, CR_E_LIMIT, "'%s' cannot be read, or has more than %d bytes",
		       path, CR_MAX_GIT_CONFIG - 1);
}

/* The work tree a configuration of `dir` names: git moves that to config.worktree at times. */
static int add_configured(struct search *search, const char *dir, const char *name)
{
	char text[CR_MAX_PATH];
	int read = read_text(search, dir, name);

	if (read <= 0 || !cr_gitdir_worktree(search->text, text, sizeof(text)))
		return read;
	if (add_pointer(search, cr_path_resolve(search->arena, search->set->ctx.os, dir, text, 0,
						NULL)) < 0)
		return -1;
	return 1;
}

static int search_gitdir(struct search *search, const char *dir, unsigned depth);
static int search_all(struct search *search, const char *dir, unsigned depth, look_fn look);

/* A submodule; or, as its name may have slashes, a directory on the way to some. */
static int look_module(struct search *search, const char *dir, unsigned depth)
{
	int found = add_configured(search, dir, "config");

	if (found < 0 || add_configured(search, dir, "config.worktree") < 0)
		return -1;
	return found ? search_gitdir(search, dir, depth)
		     : search_all(search, dir, depth, look_module);
}

/* What git keeps of a work tree: the path of its `.git` file, and its submodules. */
static int look_worktree(struct search *search, const char *dir, unsigned depth)
{
	enum cr_os os = search->set->ctx.os;
	int read = read_text(search, dir, "gitdir");

	if (read < 0)
		return -1;
	if (read) {
		search->text[strcspn(search->text, "\r\n")] = '\0';

		const char *file = cr_path_resolve(search->arena, os, dir, search->text, 0, NULL);

		if (file && cr_gitdir_applies(os, file) &&
		    add_pointer(search, cr_path_parent(search->arena, os, file)) < 0)
			return -1;
	}
	return search_gitdir(search, dir, depth);
}

/* Names of a directory, while it is listed. */
struct listing {
	struct search *search;
	const char **names;
	size_t count, cap;
	int status;
};

static int keep_name(void *arg, const char *name, enum cr_ftype type)
{
	struct listing *listing = arg;
	struct search *search = listing->search;

	if (type == CR_FT_FILE)
		return 0;
	if (++search->n_looked > CR_MAX_GIT_MODULES)
		return listing->status = cr_fail(search->err, CR_E_LIMIT,
						 "more than %d directories of submodules",
						 CR_MAX_GIT_MODULES);

	const char **names = cr_arena_grow(search->arena, listing->names, listing->count,
					   &listing->cap, sizeof(*names));

	if (!names)
		return listing->status = no_memory(search);
	listing->names = names;
	names[listing->count] = cr_arena_strdup(search->arena, name);
	if (!names[listing->count++])
		listing->status = no_memory(search);
	return listing->status;
}

static int by_name(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/* The names in `dir`, resolved, in order: the same tree gives the same plan. */
static int list_names(struct listing *listing, const char *dir)
{
	const struct cr_fsview *view = cr_resolver_view(listing->search->set->resolver);
	enum cr_fs_answer answer = view->list(view->ctx, dir, keep_name, listing);

	if (listing->status < 0)
		return -1;
	if (answer == CR_FS_FAILED)
		return cr_fail(listing->search->err, CR_E_IO, "cannot list '%s'", dir);
	if (listing->count)
		qsort(listing->names, listing->count, sizeof(*listing->names), by_name);
	return 0;
}

/* Looks at every directory in `dir`; there need not be such a directory. */
static int search_all(struct search *search, const char *dir, unsigned depth, look_fn look)
{
	struct listing listing = {.search = search};
	struct cr_resolved real, child;

	if (cr_resolve(search->set->resolver, dir, &real, NULL) < 0 || real.stat.type != CR_FT_DIR)
		return 0;
	if (depth == CR_MAX_GIT_NESTING)
		return cr_fail(search->err, CR_E_LIMIT,
			       "submodules are more than %d deep in one another: '%s'",
			       CR_MAX_GIT_NESTING, dir);
	if (list_names(&listing, real.path) < 0)
		return -1;
	for (size_t i = 0; i < listing.count; i++) {
		const char *path = cr_path_join(search->arena, search->set->ctx.os, real.path,
						listing.names[i]);

		if (!path)
			return no_memory(search);
		if (cr_resolve(search->set->resolver, path, &child, NULL) < 0 ||
		    child.stat.type != CR_FT_DIR)
			continue;
		if (look(search, child.path, depth + 1) < 0)
			return -1;
	}
	return 0;
}

static int search_gitdir(struct search *search, const char *dir, unsigned depth)
{
	enum cr_os os = search->set->ctx.os;
	const char *modules = cr_path_join(search->arena, os, dir, "modules");
	const char *worktrees = cr_path_join(search->arena, os, dir, "worktrees");

	if (!modules || !worktrees)
		return no_memory(search);
	if (search_all(search, modules, depth, look_module) < 0)
		return -1;
	return search_all(search, worktrees, depth, look_worktree);
}

int cr_gitdir_pointers(struct cr_arena *arena, const struct cr_ruleset *set, const char *dir,
		       const char ***out, struct cr_err *err)
{
	struct search search = {.arena = arena, .set = set, .err = err};

	if (search_gitdir(&search, dir, 0) < 0)
		return -1;
	*out = search.out;
	return (int)search.count;
}
