/*
 * plan.h - what one host will do for one policy: a flat array of steps, and
 * the gaps.
 *
 * A planner turns rules and facts into a plan; the enforcer walks the steps in
 * order and does nothing else; `carrel plan` prints it. Every step says where
 * it comes from and, when it names a file, which file was meant (its identity).
 * All memory is the arena's; a plan is never changed once made.
 */
#ifndef CR_PLAN_H
#define CR_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "decide.h"
#include "err.h"
#include "facts.h"
#include "fsview.h"
#include "policy.h"
#include "rules.h"

/*
 * Step kinds: code, name in print and JSON, what `path`, `detail` and `value` hold.
 * Linux steps are carried out in the order of the plan.
 */
#define CR_STEP_KINDS(X)                                                                          \
	/* Linux, full tier */                                                                    \
	X(CR_STEP_NAMESPACES, "namespaces") /* detail: list of names */                           \
	X(CR_STEP_LOOPBACK, "loopback")     /* brings lo up */                                    \
	X(CR_STEP_CAPTURE, "capture")       /* every address and DNS lead to the broker */        \
	X(CR_STEP_LISTEN, "listen") /* value: port on which the broker listens from the start; */ \
				    /* detail: the one address for it; none: on all */            \
	X(CR_STEP_PROXY, "proxy")   /* detail: where the broker listens as a proxy instead */     \
	X(CR_STEP_PUBLISH, "publish") /* detail: host's address and port; value: the box's */     \
	X(CR_STEP_READ_ONLY_TREE, "read-only") /* path: whole tree read-only, nosuid, nodev */    \
	X(CR_STEP_WRITABLE, "writable")        /* path: writable root */                          \
	X(CR_STEP_READABLE, "readable")        /* path: shown inside a hidden or fresh place */   \
	X(CR_STEP_PIN, "pin")                  /* path: cannot be renamed, stays writable */      \
	X(CR_STEP_PROTECT, "protect")          /* path: read-only inside a writable root */       \
	X(CR_STEP_RESERVE, "reserve")          /* path: absent protected name; id: its parent */  \
	X(CR_STEP_HIDE, "hide")                /* path: covered by an unreadable mask */          \
	X(CR_STEP_EMPTY, "empty")              /* path: fresh directory; value: mode */           \
	X(CR_STEP_TMPFS, "private")            /* path: fresh; value: bytes of all, 0: default */ \
	X(CR_STEP_MAKE_DIR, "mkdir")   /* path: inside a fresh place; value: mode, 0 = 0755 */    \
	X(CR_STEP_MAKE_FILE, "mkfile") /* path: inside a fresh place */                           \
	X(CR_STEP_MAKE_LINK, "mklink") /* path: inside a fresh place; detail: target */           \
	X(CR_STEP_DEVICE,                                                                         \
	  "device") /* path: the host's device in /dev; detail: its name outside */               \
	X(CR_STEP_DEVPTS, "devpts") /* path */                                                    \
	X(CR_STEP_MQUEUE, "mqueue") /* path: the box's POSIX message queues, if any */            \
	X(CR_STEP_PROC, "proc")     /* path */                                                    \
	X(CR_STEP_PROC_READ_ONLY, "proc-read-only") /* path: global part of /proc, when there */  \
	X(CR_STEP_PROC_HIDE, "proc-hide")           /* path: likewise, masked */                  \
	X(CR_STEP_SEAL, "seal")                     /* path: a fresh place becomes read-only */   \
	/* Linux, both tiers */                                                                   \
	X(CR_STEP_LANDLOCK,                                                                       \
	  "landlock") /* value: handled file rights; detail: scopes, and "tcp": no TCP port */    \
	X(CR_STEP_LANDLOCK_ALLOW, "landlock-allow") /* path; value: rights */                     \
	X(CR_STEP_LANDLOCK_STDIO,                                                                 \
	  "landlock-stdio") /* value: rights on what 0-2 are, where open so */                    \
	X(CR_STEP_CAPABILITIES, "drop-capabilities") /* and no_new_privs */                       \
	X(CR_STEP_SECCOMP, "seccomp")                /* detail: name of the filter */             \
	X(CR_STEP_RLIMIT, "rlimit")                  /* detail: resource; value */                \
	X(CR_STEP_CGROUP, "cgroup")                  /* path; detail: file; value */              \
	X(CR_STEP_TIMEOUT, "timeout")                /* value: milliseconds */                    \
	X(CR_STEP_TEMP_DIR, "temp-dir")   /* path: made for this box, removed after it */         \
	X(CR_STEP_ENV_DROP, "env-drop")   /* detail: glob */                                      \
	X(CR_STEP_ENV_KEEP, "env-keep")   /* detail: glob */                                      \
	X(CR_STEP_ENV_SET, "env-set")     /* detail: NAME=VALUE */                                \
	X(CR_STEP_ENV_PROXY, "env-proxy") /* likewise; CR_PROXY_AT in it is filled at start */    \
	X(CR_STEP_CANARY_WRITE, "canary-write")     /* path: writing must fail */                 \
	X(CR_STEP_CANARY_READ, "canary-read")       /* path: reading must fail */                 \
	X(CR_STEP_CANARY_WORK, "canary-work")       /* path: writing must work */                 \
	X(CR_STEP_CANARY_CONNECT, "canary-connect") /* detail: address; connecting must fail */   \
	X(CR_STEP_CANARY_ROUTE, "canary-route")     /* detail: address; it must be local */       \
	X(CR_STEP_CANARY_TCP, "canary-tcp") /* detail: likewise; the launcher must refuse it */   \
	X(CR_STEP_CANARY_DELETE, "canary-delete")   /* path: deleting in it must fail */          \
	X(CR_STEP_CANARY_RENAME, "canary-rename")   /* path: renaming it must fail */             \
	X(CR_STEP_CANARY_PROCESS, "canary-process") /* opening carrel to write must fail */       \
	/* Windows, in the order of the plan too; plan_windows.h says what each step means. */    \
	X(CR_STEP_WIN_OFFLINE, "account-offline")     /* detail: SID of the account */            \
	X(CR_STEP_WIN_ONLINE, "account-online")       /* detail: SID of the account */            \
	X(CR_STEP_WIN_FIREWALL, "firewall-rule")      /* detail: NAME=VALUE|... */                \
	X(CR_STEP_WIN_WFP, "wfp-filter")              /* detail: NAME=VALUE|... */                \
	X(CR_STEP_WIN_TOKEN, "token")                 /* detail: flags; value: as number */       \
	X(CR_STEP_WIN_SID, "restricting-sid")         /* detail: SID; path: its root */           \
	X(CR_STEP_WIN_DEFAULT_DACL, "default-dacl")   /* detail: SDDL */                          \
	X(CR_STEP_WIN_LEVEL, "integrity-level")       /* detail: S-1-16-n */                      \
	X(CR_STEP_WIN_JOB, "job")                     /* detail: limit flags; value: as number */ \
	X(CR_STEP_WIN_JOB_UI, "job-ui")               /* detail: flags; value: as number */       \
	X(CR_STEP_WIN_JOB_MEMORY, "job-memory")       /* value: bytes, all together */            \
	X(CR_STEP_WIN_JOB_PROCESSES, "job-processes") /* value: at one time */                    \
	X(CR_STEP_WIN_DESKTOP, "desktop")             /* detail: SDDL */                          \
	X(CR_STEP_WIN_NUL, "null-device")             /* detail: SDDL in force on NUL */          \
	X(CR_STEP_WIN_ALLOW, "allow-ace")             /* path; detail: SDDL ACE; value: mask */   \
	X(CR_STEP_WIN_DENY, "deny-ace")               /* path; detail: SDDL ACE; value: mask */   \
	X(CR_STEP_WIN_LABEL, "label")                 /* path; detail: SDDL ACE */                \
	X(CR_STEP_WIN_HIDE, "hide-ace")               /* path; detail: SDDL ACE; value: mask */   \
	X(CR_STEP_WIN_READ, "read-grant")             /* path; detail: SDDL ACE; value: mask */   \
	X(CR_STEP_WIN_STUB, "stub")            /* path: file in temp-dir; detail: its text */     \
	X(CR_STEP_ENV_PREPEND, "env-prepend")  /* detail: NAME=DIRECTORY */                       \
	X(CR_STEP_WIN_AUDIT, "audit-writable") /* path: what others may write there */            \
	/* macOS */                                                                               \
	X(CR_STEP_MAC_PROFILE, "seatbelt") /* detail: the whole profile text */

enum cr_step_kind {
#define X(code, name) code,
	CR_STEP_KINDS(X)
#undef X
		CR_STEP_KIND_COUNT
};

const char *cr_step_kind_name(enum cr_step_kind kind);
int cr_step_kind_parse(const char *name, enum cr_step_kind *out);

/* Of an "env-proxy": who asks the proxy, and where it is. Secret and port are known at start. */
#define CR_PROXY_USER "carrel"
#define CR_PROXY_AT   CR_PROXY_USER ":SECRET@127.0.0.1:PORT"

/* Does the step also hold for files that appear later? */
enum cr_life {
	CR_LIFE_NONE, /* the question does not arise */
	CR_LIFE_LIVE,
	CR_LIFE_SNAPSHOT, /* expanded at start */
};

struct cr_step {
	enum cr_step_kind kind;
	enum cr_life life;
	const char *path;
	const char *detail;
	uint64_t value;
	enum cr_ftype type;  /* what `path` was when planned */
	struct cr_fileid id; /* and which; zero: not checked */
	struct cr_origin origin;
};

/* What the policy asks for and this host cannot enforce: refuses to run unless accepted by name. */
struct cr_gap {
	const char *name; /* "protected-paths": what --accept-gap takes */
	const char *text; /* what is not enforced, and why */
	struct cr_origin origin;
};

/* What differs from the policy on the safe side, or is worth knowing. Never refuses. */
struct cr_note {
	const char *text;
	struct cr_origin origin;
};

struct cr_plan {
	enum cr_os os;
	enum cr_tier tier;
	const char *workspace;
	const struct cr_step *steps;
	size_t n_steps;
	const struct cr_gap *gaps;
	size_t n_gaps;
	const struct cr_note *notes;
	size_t n_notes;
};

/* Makes the plan of `rules->ctx.os`. 0, or -1: CR_E_LIMIT, CR_E_NOMEM, CR_E_PATH, CR_E_USAGE. */
int cr_plan_make(struct cr_arena *arena, const struct cr_ruleset *rules,
		 const struct cr_facts *facts, struct cr_plan **out, struct cr_err *err);

/* The three planners, each complete on every host. Called by cr_plan_make. */
int cr_plan_linux(struct cr_arena *arena, const struct cr_ruleset *rules,
		  const struct cr_facts *facts, struct cr_plan **out, struct cr_err *err);
int cr_plan_windows(struct cr_arena *arena, const struct cr_ruleset *rules,
		    const struct cr_facts *facts, struct cr_plan **out, struct cr_err *err);
int cr_plan_macos(struct cr_arena *arena, const struct cr_ruleset *rules,
		  const struct cr_facts *facts, struct cr_plan **out, struct cr_err *err);

/*
 * `env`, to which the policy's lines have been applied already (cr_env_apply), with the variables
 * the plan sets by itself (steps of the system's). `proxy` stands in for CR_PROXY_AT; NULL when the
 * plan has none. NULL-terminated, in `arena`, strings borrowed; NULL when memory is out or there
 * are more than CR_MAX_ENV.
 */
char **cr_plan_env(struct cr_arena *arena, const struct cr_plan *plan, const char *proxy,
		   char *const *env);

/* The value of the first step of this kind; 0 when there is none. */
uint64_t cr_plan_value(const struct cr_plan *plan, enum cr_step_kind kind);

bool cr_plan_has(const struct cr_plan *plan, enum cr_step_kind kind);

/* Fails with CR_E_GAP, naming every gap that is not in `accepted`. */
int cr_plan_check_gaps(const struct cr_plan *plan, const char *const *accepted, size_t n_accepted,
		       struct cr_err *err);

#endif
