/*
 * layers.h - the policies that lie on disk: managed, user, project, and the
 * user's profiles. Options and library calls are added by the caller.
 *
 * Reading is where trust is checked: who owns a file, who may write it, and
 * that it is a plain file. Nothing here reads the environment; the caller says
 * where things lie.
 */
#ifndef CR_SESSION_LAYERS_H
#define CR_SESSION_LAYERS_H

#include "core/arena.h"
#include "core/err.h"
#include "core/policy.h"
#include "core/rules.h"
#include "files.h"

/* Where to look. Paths absolute, borrowed; NULL where there is none. */
struct cr_layers_input {
	const char *system_dir; /* NULL: cr_layers_system_dir(); another one in tests */
	uint32_t system_owner;  /* uid that must own it: 0 is root; the tester's in tests */
	const char *config_dir; /* holds `policy` and `profiles/` */
	const char *state_dir;  /* holds `trust/`; NULL: no project file is trusted */
	const char *workspace;  /* canonical, resolved; holds `.carrel/policy` */
};

/* What was found. All memory is the arena's. */
struct cr_layers {
	struct cr_arena *arena;
	const char *config_dir;
	const struct cr_policy **policies; /* managed in order of names, user, project */
	size_t n_policies;
	struct cr_file project;    /* text NULL: there is none */
	bool project_trusted;      /* this very text has been accepted for this workspace */
	struct cr_err profile_err; /* why cr_layers_profile failed last; code NONE: no such file */
};

/* "/etc/carrel/policy.d"; a static string, NULL when it cannot be told. */
const char *cr_layers_system_dir(void);

/*
 * Reads and parses the layers; a file that is not there is no error. 0, or -1: CR_E_TRUST (a
 * file or directory others can write, of the wrong owner, no plain file, or a managed one that
 * cannot be read), CR_E_SYNTAX with `diags` of all files, CR_E_LIMIT, CR_E_IO, CR_E_STATE,
 * CR_E_NOMEM.
 */
int cr_layers_load(struct cr_arena *arena, const struct cr_layers_input *input,
		   struct cr_layers *out, struct cr_diags *diags, struct cr_err *err);

/*
 * Reads only the project file, unparsed, for `carrel trust`. 1 and *out, 0 when there is none, or
 * -1 as above.
 */
int cr_layers_project(struct cr_arena *arena, const char *workspace, struct cr_file *out,
		      struct cr_err *err);

/* A cr_profile_fn over config_dir/profiles/NAME.policy; `arg` is a struct cr_layers. */
int cr_layers_profile(void *arg, const char *name, const char **text, size_t *len,
		      const char **file);

#endif
