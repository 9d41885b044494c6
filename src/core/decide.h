/*
 * decide.h - the model: may this be done, and which rule says so.
 *
 * decide() is what `carrel explain` prints and what every planner asks; the
 * differential test compares it with the real box. Pure, no allocation.
 *
 * In one group the winner for a path is, in this order: the rule that covers
 * the longest prefix of it; a literal over a pattern; an explicit rule over a
 * system, built-in or profile rule; deny over ask over allow. The decision is
 * the narrowest of the groups' winners (rules.h).
 *
 * One exception: a system rule makes a fresh place (private /tmp, ...) writable because it is
 * fresh. What an explicit `allow read` shows there is the host's, and is not writable by it.
 */
#ifndef CR_DECIDE_H
#define CR_DECIDE_H

#include "rules.h"

struct cr_access {
	enum cr_capability cap;
	const char *path;    /* read, write, unix: canonical, symlinks followed */
	struct cr_host host; /* connect: one name or address, one port */
	enum cr_git_mode git;
};

struct cr_verdict {
	enum cr_decision decision;
	const struct cr_rule *rule; /* NULL: no rule covers it, and so it is denied */
};

struct cr_verdict cr_decide(const struct cr_ruleset *rules, const struct cr_access *access);

/* Short for the two path capabilities. */
struct cr_verdict cr_decide_path(const struct cr_ruleset *rules, enum cr_capability cap,
				 const char *path);

/* What a process in the box finds at a path. Ordered: more is wider. */
enum cr_view {
	CR_VIEW_HIDDEN, /* cannot be opened */
	CR_VIEW_READ_ONLY,
	CR_VIEW_WRITABLE,
};

/* The view of `path`, and in *rule (may be NULL) the rule that decides it. Ask counts as deny. */
enum cr_view cr_decide_view(const struct cr_ruleset *rules, const char *path,
			    const struct cr_rule **rule);

/*
 * Whether variable `name` reaches the command, and which line decides (NULL: no line, it is
 * kept). An explicit `keep` wins over `drop`; `set` variables are added by cr_env_apply.
 */
bool cr_decide_env(const struct cr_ruleset *rules, const char *name, const struct cr_item **line);

/*
 * The environment for the command: `env` (NAME=VALUE, NULL-terminated) filtered, `set` lines
 * applied; a variable that only a built-in line drops is kept when its value is the path (perhaps
 * after "unix://") of a socket the rules allow. NULL-terminated array in `arena`, strings borrowed
 * from `env` and the rules; NULL when memory is out or there are more than CR_MAX_ENV.
 */
char **cr_env_apply(struct cr_arena *arena, const struct cr_ruleset *rules, char *const *env);

#endif
