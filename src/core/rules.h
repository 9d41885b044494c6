/*
 * rules.h - policies of all layers, resolved into one ordered set of rules.
 *
 * Resolving makes every object absolute and canonical (`~`, the workspace,
 * symlinks through a cr_fsview), checks that no layer reaches where it may not,
 * and adds the rules every box has (the system layer). It decides nothing:
 * that is decide.h. Pure.
 *
 * Four groups are kept apart and combined by minimum (deny < ask < allow):
 *   main     system, built-in, user, command line, grants, and trusted project files
 *   project  .carrel/policy of the workspace: can only narrow
 *   managed  the administrator's: for a capability in which it allows anything
 *            (`allow` or `ask`), only that is allowed; otherwise only its denies count
 *   self     carrel's own state and configuration: only denies, which nobody lifts
 */
#ifndef CR_RULES_H
#define CR_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"
#include "fsview.h"
#include "host.h"
#include "os.h"
#include "policy.h"
#include "publish.h"

/* How strong the boundary of this host is. Chosen by cr_probe, or by --tier. */
enum cr_tier {
	CR_TIER_FULL,       /* Linux: namespaces, mount view, Landlock, seccomp. macOS: Seatbelt */
	CR_TIER_LANDLOCK,   /* Linux without user namespaces: Landlock and seccomp */
	CR_TIER_UNELEVATED, /* Windows */
	CR_TIER_ELEVATED,   /* Windows */
};
#define CR_TIER_COUNT 4

const char *cr_tier_name(enum cr_tier tier);
int cr_tier_parse(const char *name, enum cr_tier *out);

/* What the rules are resolved against. Paths are canonical, borrowed; NULL where there is none. */
struct cr_context {
	enum cr_os os;
	enum cr_tier tier;
	const char *home;
	const char *workspace;     /* resolved: no symlink in it */
	const char *runtime_dir;   /* $XDG_RUNTIME_DIR */
	const char *state_dir;     /* carrel's own state: hidden in every box */
	const char *config_dir;    /* carrel's own configuration: readable, never written */
	const char *approvals_dir; /* sockets by which boxes are answered: hidden in every box */
	const char *temp_dir;      /* private directory of this box, where /tmp cannot be private */
	struct cr_published published; /* borrowed; no policy can ask for these */
};

/* What lies at a system rule's path inside the box. */
enum cr_place {
	CR_PLACE_HOST,    /* the host's own file */
	CR_PLACE_PRIVATE, /* a fresh, writable, empty directory */
	CR_PLACE_EMPTY,   /* a fresh, read-only, empty directory */
	CR_PLACE_DEV,     /* a minimal /dev */
	CR_PLACE_PROC,    /* /proc of the box's own processes */
};

enum cr_git_mode {
	CR_GIT_READ_ONLY,
	CR_GIT_OVERLAY,
	CR_GIT_DESTRUCTIVE,
};

struct cr_rule {
	enum cr_decision decision;
	enum cr_capability cap;
	struct cr_origin origin;
	const char *text; /* the object as written */

	/* read, write, unix */
	const char *path;  /* canonical; literal: symlinks followed; pattern: its base followed */
	bool literal;      /* no wildcard */
	const char *entry; /* literal whose last component is a symlink: the link itself */
	struct cr_fileid entry_id;
	enum cr_ftype type;  /* literal: what is there now */
	struct cr_fileid id; /* literal */
	enum cr_place place;

	struct cr_host host;  /* connect */
	bool notls;           /* connect: what is said there is not looked at */
	enum cr_git_mode git; /* git */
};

struct cr_limit {
	bool set;
	uint64_t value;
	struct cr_origin origin;
};

enum cr_group {
	CR_GROUP_MAIN,
	CR_GROUP_PROJECT,
	CR_GROUP_MANAGED,
	CR_GROUP_SELF,
};
#define CR_GROUP_COUNT 4

/*
 * Rules of one group that bear on one capability; index built by cr_rules_resolve (see
 * decide.c). `allow write` is in the list of read too, `deny read` in that of write.
 */
struct cr_rule_list {
	const struct cr_rule **literal; /* sorted by cr_path_cmp(path); winners first */
	/* Where to look when literal[i] does not cover a path: the winner on the same path, or on
	 * the nearest path above; -1: nowhere. */
	const int32_t *up;
	size_t n_literal;
	const struct cr_rule **by_entry; /* write: denied rules with an entry, sorted by it */
	size_t n_by_entry;
	const struct cr_rule **other; /* wildcards, hosts, git: in order of text */
	size_t n_other;
	bool allows; /* has an allow or ask rule */
};

struct cr_ruleset {
	struct cr_context ctx;
	const struct cr_rule *rules; /* all, in order of layers and lines */
	size_t n_rules;
	struct cr_rule_list lists[CR_GROUP_COUNT][CR_CAP_COUNT];
	const struct cr_item **env; /* keep/drop/set lines, in order of layers and lines */
	size_t n_env;
	/* The smallest of all layers; a built-in one only where no layer of the user sets it. */
	struct cr_limit limits[CR_LIMIT_COUNT];
	struct cr_limit expire; /* likewise; milliseconds, 0 = when the session ends: the largest */
	const struct cr_rule *proposals; /* what the project file would widen; not in effect */
	size_t n_proposals;
	struct cr_resolver *resolver;
};

/* Reads the profile called `name`; the text is borrowed until the next call. -1: no such. */
typedef int (*cr_profile_fn)(void *arg, const char *name, const char **text, size_t *len,
			     const char **file);

struct cr_rules_input {
	struct cr_context ctx;
	const struct cr_fsview *view;
	const struct cr_policy *const *policies; /* any order of layers */
	size_t n_policies;
	bool project_trusted;  /* its exact content has been accepted: counts as user's */
	cr_profile_fn profile; /* for `use`; NULL: none but the built-in ones */
	void *profile_arg;
};

/*
 * Resolves. 0 and a ruleset in `arena`; or -1: CR_E_SYNTAX with `diags` filled
 * (every bad object of all layers), CR_E_LIMIT, CR_E_NOMEM, CR_E_PATH.
 *
 * Errors among others: a relative object, or an absolute one inside a writable
 * root of the workspace, whose resolved path leaves it; `~` without a home; a
 * `limit` or `expire` twice in one file; an unknown profile.
 */
int cr_rules_resolve(struct cr_arena *arena, const struct cr_rules_input *input,
		     struct cr_ruleset **out, struct cr_diags *diags, struct cr_err *err);

/* What stands behind the object where the rule is printed: "" or " notls". */
const char *cr_rule_ending(const struct cr_rule *rule);

/* True when `rule` yields to an explicit rule of the same path (system, built-in, profiles). */
bool cr_rule_is_weak(const struct cr_rule *rule);

#endif
