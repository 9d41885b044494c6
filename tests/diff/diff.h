/*
 * diff.h - what the parts of the differential test share.
 *
 *   draw.c   a random tree and a random policy about it
 *   model.c  what decide() says of one operation: the mapping, stated once
 *   place.c  the probe, run outside and in a box
 *   diff.c   rounds, comparison, report
 *   probe.c  a program of its own: does what it is told and says what the kernel answered
 */
#ifndef CR_TEST_DIFF_H
#define CR_TEST_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/backend.h"
#include "core/decide.h"
#include "core/plan.h"
#include "core/rules.h"

/* What is tried: code, name in the probe's protocol. */
#define DIFF_OPS(X)                                                                   \
	X(OP_READ, "read") /* open a file for reading, and read what it says */       \
	X(OP_LIST, "list") /* open a directory and read it */                         \
	X(OP_STAT, "stat")                                                            \
	X(OP_WRITE, "write")       /* open for writing, change nothing */             \
	X(OP_TRUNCATE, "truncate") /* to the size it has */                           \
	X(OP_CHMOD, "chmod")       /* to the mode it has */                           \
	X(OP_CREATE, "create")     /* a new file; undone */                           \
	X(OP_MKDIR, "mkdir")       /* a new directory; undone */                      \
	X(OP_SYMLINK, "symlink")   /* a new link; undone */                           \
	X(OP_RENAME, "rename")     /* to another name in its directory, and back */   \
	X(OP_SWAP, "swap")         /* exchange with a new file beside it, and back */ \
	X(OP_LINK, "link")         /* a second name beside it; undone */

enum op {
#define X(code, name) code,
	DIFF_OPS(X)
#undef X
		OP_COUNT
};

extern const char *const op_names[OP_COUNT];

struct rng {
	uint64_t state;
};

uint64_t rng_next(struct rng *rng);
unsigned rng_below(struct rng *rng, unsigned bound);
bool rng_percent(struct rng *rng, unsigned percent);

/* Strictly; NULL is beneath nothing. */
bool beneath(const char *path, const char *root);

struct entry {
	const char *path;
	enum cr_ftype type;
	const char *target; /* of a link */
};

#define TREE_MAX 64

struct tree {
	const char *top, *home, *workspace;
	const char *fresh; /* a second directory, where a box of the full tier has a place of its
			    * own; NULL: none */
	struct entry entries[TREE_MAX];
	size_t count;
};

/* Makes a tree in the empty directories tree->top and tree->fresh. 0 or -1. */
int tree_make(struct cr_arena *arena, struct rng *rng, struct tree *tree);

/* The directory of the two that `path` lies in, or NULL. */
const char *tree_top_of(const struct tree *tree, const char *path);

/* 0 when the tree is as it was made, nothing more and nothing less; else -1 and it says so. */
int tree_check(const struct tree *tree);
void tree_remove(const struct tree *tree);

#define TEXTS_MAX 4

struct policy_text {
	enum cr_layer layer;
	const char *text;
};

struct policy_texts {
	struct policy_text items[TEXTS_MAX];
	size_t count;
};

/* `probe` is what every policy shows, whatever else it says. 0 or -1. */
int policy_draw(struct cr_arena *arena, struct rng *rng, const struct tree *tree, const char *probe,
		struct policy_texts *out);

struct access {
	enum op op;
	const char *path; /* as the probe spells it */
};

/* One thing to try on the tree. */
struct access access_draw(struct cr_arena *arena, struct rng *rng, const struct tree *tree,
			  const struct cr_ruleset *rules);

struct answer {
	int error;        /* errno; 0: it worked */
	const char *text; /* what was read */
};

enum expected {
	MUST_WORK,
	MUST_FAIL,
	MAY_WORK_GAP, /* must fail, but for a gap that the plan names */
	NOT_PROMISED, /* the model says nothing of it */
};
#define EXPECTED_COUNT 4

struct model {
	struct cr_arena *arena;
	const struct cr_ruleset *rules;
	const struct cr_plan *plan;
	const struct tree *tree;
	struct cr_resolver *resolver;
};

/* What must happen in the box to an access that works outside. */
enum expected model_expects(const struct model *model, const struct access *access);

/* What is judged: where the path leads, or the name itself. In the model's arena. */
const char *model_object(const struct model *model, const struct access *access);

/* For people: the views that led there. In the model's arena. */
const char *model_explains(const struct model *model, const struct access *access);

struct accesses {
	struct access *items;
	size_t count;
	unsigned flags; /* CR_LAUNCH_*, in a box */
};

/* Does all accesses outside of any box; fills answers[count]. 0 or -1. */
int place_outside(struct cr_arena *arena, const char *probe, const struct accesses *accesses,
		  struct answer *answers);

/* What the box was said to have refused. In the model's arena. */
struct report {
	enum cr_op op;
	const char *object;
};

struct reports {
	const struct model *model;
	struct report *items;
	size_t count, cap;
};

/*
 * Likewise in a box of reports->model->plan; refusals are kept in *reports, when accesses->flags
 * say that they are watched. -1 with *err when there was no box, or it did not do its work.
 */
int place_box(const char *probe, const struct accesses *accesses, struct answer *answers,
	      struct reports *reports, struct cr_err *err);

#endif
