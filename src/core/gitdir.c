/*
 * gitdir.c - following "gitdir: PATH" and `commondir` pointers.
 *
 * The pointers are the agent's to write before the box protects them, so they
 * are hostile text: bounded, and only ever used to forbid more.
 */
#include <string.h>

#include "gitdir.h"
#include "limits.h"
#include "path.h"

struct finder {
	struct cr_arena *arena;
	const struct cr_ruleset *set;
	const char **out;
	int count;
	struct cr_err *err;
};

bool cr_gitdir_applies(enum cr_os os, const char *path)
{
	const char *base = cr_path_base(os, path);

	return cr_path_component_cmp(os, base, strlen(base), ".git", 4) == 0;
}

/* The text of a pointer file without `prefix` and line ends; NULL when it is none. */
static const char *read_pointer(struct finder *finder, const char *path, const char *prefix,
				char buf[CR_MAX_POINTER_FILE])
{
	const struct cr_fsview *view = cr_resolver_view(finder->set->resolver);
	size_t skip = strlen(prefix);

	if (view->read(view->ctx, path, buf, CR_MAX_POINTER_FILE) != CR_FS_OK ||
	    strncmp(buf, prefix, skip) != 0)
		return NULL;

	size_t len = strlen(buf);

	while (len > skip && (buf[len - 1] == '\n' || buf[len - 1] == '\r'))
		buf[--len] = '\0';
	return len > skip ? buf + skip : NULL;
}

/* Adds the directory `text` names, seen from `base`; NULL when it names none or there is no room.
 */
static const char *add_dir(struct finder *finder, const char *base, const char *text)
{
	enum cr_os os = finder->set->ctx.os;
	const char *dir = cr_path_resolve(finder->arena, os, base, text, 0, NULL);

	if (!dir || finder->count == CR_MAX_GITDIRS)
		return NULL;
	for (int i = 0; i < finder->count; i++)
		if (cr_path_cmp(os, finder->out[i], dir) == 0)
			return NULL;
	finder->out[finder->count++] = dir;
	return dir;
}

/* Adds what `commondir` in git directory `dir` points to. */
static int add_common(struct finder *finder, const char *dir)
{
	char buf[CR_MAX_POINTER_FILE];
	const char *file = cr_path_join(finder->arena, finder->set->ctx.os, dir, "commondir");

	if (!file)
		return cr_fail(finder->err, CR_E_NOMEM, "looking for the git directory");

	const char *text = read_pointer(finder, file, "", buf);

	if (text)
		add_dir(finder, dir, text);
	return 0;
}

/* Git reads a relative pointer from the directory of the name it was given. */
static int follow_file(struct finder *finder, const char *file, const char *seen_as)
{
	char buf[CR_MAX_POINTER_FILE];
	const char *text = read_pointer(finder, file, "gitdir: ", buf);
	const char *base = cr_path_parent(finder->arena, finder->set->ctx.os, seen_as);

	if (!base)
		return cr_fail(finder->err, CR_E_NOMEM, "looking for the git directory");
	if (!text)
		return 0;

	const char *dir = add_dir(finder, base, text);
	struct cr_resolved real;

	if (!dir || cr_resolve(finder->set->resolver, dir, &real, NULL) < 0)
		return 0;
	return add_common(finder, real.path);
}

int cr_gitdir_find(struct cr_arena *arena, const struct cr_ruleset *set, const struct cr_rule *rule,
		   const char *out[CR_MAX_GITDIRS], struct cr_err *err)
{
	struct finder finder = {.arena = arena, .set = set, .out = out, .err = err};
	int status = 0;

	if (rule->type == CR_FT_DIR)
		status = add_common(&finder, rule->path);
	if (rule->type == CR_FT_FILE)
		status = follow_file(&finder, rule->path, rule->path);
	if (!status && rule->type == CR_FT_FILE && rule->entry)
		status = follow_file(&finder, rule->path, rule->entry);
	return status < 0 ? -1 : finder.count;
}
