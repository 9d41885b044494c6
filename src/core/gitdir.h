/*
 * gitdir.h - where a protected `.git` really lives.
 *
 * A `.git` may be a file that points to the git directory (work trees,
 * submodules), and a git directory may point to a common one. Protecting the
 * pointer alone would leave hooks and configuration writable.
 */
#ifndef CR_GITDIR_H
#define CR_GITDIR_H

#include "rules.h"

#define CR_MAX_GITDIRS 4

/* True when a rule on `path` protects a git directory: its last component is ".git". */
bool cr_gitdir_applies(enum cr_os os, const char *path);

/*
 * The directories that `rule`, a resolved literal, must protect besides its own path: canonical,
 * not resolved, in `arena`. Reads at most two small files for each, through the resolver's view.
 * What is no well-formed pointer leads nowhere. Returns how many, or -1 with CR_E_NOMEM.
 */
int cr_gitdir_find(struct cr_arena *arena, const struct cr_ruleset *set, const struct cr_rule *rule,
		   const char *out[CR_MAX_GITDIRS], struct cr_err *err);

/*
 * The `.git` files of the submodules and work trees that the git directory `dir`, canonical and
 * resolved, knows of, those of their submodules with them: canonical, not resolved, in `arena`.
 * Only where the work tree exists. One look at `dir`/modules and `dir`/worktrees when there are
 * none. Returns how many, or -1: CR_E_LIMIT, CR_E_NOMEM.
 */
int cr_gitdir_pointers(struct cr_arena *arena, const struct cr_ruleset *set, const char *dir,
		       const char ***out, struct cr_err *err);

/* Copies what `config`, the text of a git configuration, has for core.worktree. */
bool cr_gitdir_worktree(const char *config, char *out, size_t size);

#endif
