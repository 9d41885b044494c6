/*
 * winaccess_tree.h - files with Windows security descriptors, in memory: inheritance, the rules of
 * files that are more than one access check, and a plan carried out on them.
 *
 * With it a plan is proven: put the starting descriptors into a tree, apply the plan, and ask for
 * each path what the box may do. Nothing here looks at a real file. Pure; memory is the arena's.
 */
#ifndef CR_WINACCESS_TREE_H
#define CR_WINACCESS_TREE_H

#include "plan.h"
#include "winaccess.h"

struct cr_win_node {
	const char *path; /* canonical */
	int parent;       /* index, -1 for the root of a drive */
	bool is_dir;
	bool pinned;          /* held open by the launcher, without sharing deletion */
	struct cr_win_sd own; /* what was said of this object itself */
	struct cr_win_sd sd;  /* that and what it inherits: what the check sees */
};

struct cr_win_tree {
	struct cr_arena *arena;
	struct cr_win_node *nodes; /* a directory comes before what is in it */
	size_t count, cap;
};

void cr_win_tree_init(struct cr_win_tree *tree, struct cr_arena *arena);

/*
 * Adds an object whose directory is in the tree already (or a drive's root). `sddl` is its owner
 * and its own entries ("" or NULL: none); an object without an owner gets its directory's.
 * 0, or -1: CR_E_SYNTAX, CR_E_NOMEM, CR_E_PATH (no directory).
 */
int cr_win_tree_add(struct cr_win_tree *tree, const char *path, bool is_dir, const char *sddl,
		    struct cr_err *err);

/* The object at a canonical path; NULL when there is none. */
struct cr_win_node *cr_win_tree_find(const struct cr_win_tree *tree, const char *path);

/* What each object inherits is computed anew, from the roots down. 0, or -1: CR_E_NOMEM. */
int cr_win_tree_settle(struct cr_win_tree *tree, struct cr_err *err);

/*
 * The entries, labels and pins of a plan put on the objects that are in the tree, and what it makes
 * (private directory, reserved names) added; then settles. `token` is the launcher's: its logon SID
 * is put where the plan leaves one open. 0, or -1: CR_E_NOMEM, CR_E_SYNTAX (a step's text).
 */
int cr_win_tree_apply(struct cr_win_tree *tree, const struct cr_plan *plan,
		      const struct cr_win_token *token, struct cr_err *err);

/*
 * What a new object takes from the entries of its directory ([MS-DTYP] 2.5.3.4.4 and 2.5.3.4.7),
 * appended to *acl. `heir` has the owner and group that CREATOR OWNER and CREATOR GROUP become.
 */
int cr_win_inherit(struct cr_arena *arena, const struct cr_win_acl *from,
		   const struct cr_win_node *heir, struct cr_win_acl *acl);

/*
 * The token that a plan makes of `base` (CreateRestrictedToken with its flags and SIDs, then the
 * level). 0, or -1: CR_E_NOMEM, CR_E_SYNTAX.
 */
int cr_win_token_plan(struct cr_arena *arena, const struct cr_plan *plan,
		      const struct cr_win_token *base, struct cr_win_token *out,
		      struct cr_err *err);

/*
 * The token of an ordinary interactive user: Everyone, Users, Authenticated Users, INTERACTIVE,
 * LOCAL and `logon`; when `is_admin`, Administrators as a full token has it. 0 or -1.
 */
struct cr_win_person {
	const char *user, *logon; /* SIDs */
	bool is_admin;
};
int cr_win_token_person(struct cr_arena *arena, const struct cr_win_person *person,
			struct cr_win_token *out, struct cr_err *err);

/* Whose files a typical tree has. Borrowed. */
struct cr_win_setting {
	const char *home;                    /* canonical; NULL: none */
	const char *user_sid;                /* who owns it */
	const struct cr_win_token *launcher; /* for cr_win_tree_apply */
};

/*
 * Fills an empty tree with the objects a plan names and with `path`, as Windows sets them up, and
 * carries out the plan. Everything is taken for a directory. 0, or -1 as cr_win_tree_apply.
 */
int cr_win_tree_typical(struct cr_win_tree *tree, const struct cr_win_setting *setting,
			const struct cr_plan *plan, const char *path, struct cr_err *err);

/* What somebody may try on an object. */
enum cr_win_op {
	CR_WIN_OP_READ,
	CR_WIN_OP_WRITE,
	CR_WIN_OP_CREATE,           /* path: the directory in which */
	CR_WIN_OP_DELETE,           /* by any way */
	CR_WIN_OP_DELETE_BY_PARENT, /* by FILE_DELETE_CHILD alone */
	CR_WIN_OP_RENAME,           /* within its directory */
	CR_WIN_OP_SET_DACL,
	CR_WIN_OP_SET_OWNER,
	CR_WIN_OP_SET_LABEL, /* to the token's own level */
};
#define CR_WIN_OP_COUNT 9

const char *cr_win_op_name(enum cr_win_op op);

struct cr_win_attempt {
	const struct cr_win_token *token;
	const struct cr_win_node *node;
	enum cr_win_op op;
	enum cr_win_reading reading;
	uint32_t mask; /* READ, WRITE, CREATE: ask for these bits instead of the usual; 0: usual */
};

/* As cr_win_access, with the rules of files. `pin` as lock: held open by the launcher. */
struct cr_win_answer cr_win_tree_access(const struct cr_win_tree *tree,
					const struct cr_win_attempt *attempt);

#endif
