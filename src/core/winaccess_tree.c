/*
 * winaccess_tree.c - objects and their directories: adding them, settling what they inherit, and
 * what may be done with them.
 *
 * Must never answer for an object from less than Windows would look at: a file can be deleted
 * through its directory, and a name that is held open cannot be deleted at all.
 */
#include "winaccess_tree.h"

#include <string.h>

#include "path.h"
#include "sddl.h"

static const char *const op_names[CR_WIN_OP_COUNT] = {
	[CR_WIN_OP_READ] = "read",
	[CR_WIN_OP_WRITE] = "write",
	[CR_WIN_OP_CREATE] = "create",
	[CR_WIN_OP_DELETE] = "delete",
	[CR_WIN_OP_DELETE_BY_PARENT] = "delete through the parent",
	[CR_WIN_OP_RENAME] = "rename",
	[CR_WIN_OP_SET_DACL] = "change DACL",
	[CR_WIN_OP_SET_OWNER] = "take ownership",
	[CR_WIN_OP_SET_LABEL] = "set label",
};

const char *cr_win_op_name(enum cr_win_op op)
{
	return op_names[op];
}

void cr_win_tree_init(struct cr_win_tree *tree, struct cr_arena *arena)
{
	*tree = (struct cr_win_tree){.arena = arena};
}

/* Index of the object at `path`, looked for from the newest; -1. */
static int find(const struct cr_win_tree *tree, const char *path)
{
	for (size_t i = tree->count; i-- > 0;) {
		if (cr_path_cmp(CR_OS_WINDOWS, tree->nodes[i].path, path) == 0)
			return (int)i;
	}
	return -1;
}

struct cr_win_node *cr_win_tree_find(const struct cr_win_tree *tree, const char *path)
{
	const int at = find(tree, path);

	return at < 0 ? NULL : &tree->nodes[at];
}

/* The list of an object itself: generic rights mean what they mean for files. */
static int map_list(struct cr_arena *arena, struct cr_win_acl *acl)
{
	struct cr_win_ace *aces = cr_arena_alloc(arena, acl->count + 1, sizeof(*aces));

	if (!aces)
		return -1;
	for (size_t i = 0; i < acl->count; i++) {
		aces[i] = acl->aces[i];
		if (!(aces[i].flags & CR_WIN_ACE_INHERIT_ONLY))
			aces[i].mask = cr_win_map_generic(&cr_win_file_mapping, aces[i].mask);
	}
	acl->aces = aces;
	return 0;
}

int cr_win_tree_add(struct cr_win_tree *tree, const char *path, bool is_dir, const char *sddl,
		    struct cr_err *err)
{
	struct cr_win_node node = {.path = path, .is_dir = is_dir, .parent = -1};
	const bool is_drive = cr_path_depth(CR_OS_WINDOWS, path) == 0;
	struct cr_win_node *grown;

	if (!is_drive)
		node.parent = find(tree, cr_path_parent(tree->arena, CR_OS_WINDOWS, path));
	if (!is_drive && node.parent < 0)
		return cr_fail(err, CR_E_PATH, "'%s': its directory is not there", path);
	if (cr_sddl_parse(tree->arena, sddl ? sddl : "", &node.own, err) < 0)
		return cr_wrap(err, "'%s'", path);
	if (!sddl || !strstr(sddl, "D:"))
		node.own.has_dacl = true; /* nothing said: the entries of the directory, if any */
	if (!node.own.owner.n_subs && !is_drive)
		node.own.owner = tree->nodes[node.parent].own.owner;
	if (!node.own.group.n_subs && !is_drive)
		node.own.group = tree->nodes[node.parent].own.group;
	grown = cr_arena_grow(tree->arena, tree->nodes, tree->count, &tree->cap, sizeof(*grown));
	if (!grown || map_list(tree->arena, &node.own.dacl) < 0)
		return cr_fail(err, CR_E_NOMEM, "tree");
	tree->nodes = grown;
	tree->nodes[tree->count++] = node;
	return 0;
}

/* [MS-DTYP] 2.5.3.4.2 ComputeACL: own entries, then those of the directory, unless protected. */
static int settle_node(struct cr_win_tree *tree, struct cr_win_node *node)
{
	const struct cr_win_node *parent = node->parent < 0 ? NULL : &tree->nodes[node->parent];

	node->sd = node->own;
	if (!parent)
		return 0;
	if (node->own.has_dacl && parent->sd.has_dacl &&
	    !(node->own.control & CR_WIN_SD_DACL_PROTECTED) &&
	    cr_win_inherit(tree->arena, &parent->sd.dacl, node, &node->sd.dacl) < 0)
		return -1;
	if (!(node->own.control & CR_WIN_SD_SACL_PROTECTED) &&
	    cr_win_inherit(tree->arena, &parent->sd.sacl, node, &node->sd.sacl) < 0)
		return -1;
	return 0;
}

int cr_win_tree_settle(struct cr_win_tree *tree, struct cr_err *err)
{
	for (size_t i = 0; i < tree->count; i++) {
		if (settle_node(tree, &tree->nodes[i]) < 0)
			return cr_fail(err, CR_E_NOMEM, "tree");
	}
	return 0;
}

static struct cr_win_answer ask(const struct cr_win_attempt *attempt,
				const struct cr_win_node *node, uint32_t mask)
{
	const struct cr_win_request request = {
		.token = attempt->token,
		.sd = &node->sd,
		.mask = mask,
		.reading = attempt->reading,
	};

	return cr_win_access(&request);
}

/*
 * FILE_DELETE_CHILD on the directory serves instead of DELETE on the file ("File Security and
 * Access Rights", Win32 documentation), whatever the file's own list or label says: the file is
 * not asked. A name held open without FILE_SHARE_DELETE is neither deleted nor renamed ([MS-FSA]
 * 2.1.5.1.2); that directories above it are not renamed either is not relied on here. The root of a
 * drive has no directory.
 */
static struct cr_win_answer ask_delete(const struct cr_win_tree *tree,
				       const struct cr_win_attempt *attempt)
{
	const struct cr_win_node *node = attempt->node;
	const struct cr_win_answer held = {
		.lock = CR_WIN_LOCK_PIN,
		.locks = 1u << CR_WIN_LOCK_PIN,
		.refused = CR_WIN_DELETE,
	};
	struct cr_win_answer through;

	if (node->pinned || node->parent < 0)
		return held;
	through = ask(attempt, &tree->nodes[node->parent], CR_WIN_FILE_DELETE_CHILD);
	if (through.granted || attempt->op == CR_WIN_OP_DELETE_BY_PARENT)
		return through;
	return ask(attempt, node, CR_WIN_DELETE);
}

/* [MS-FSA] 2.1.5.14.11: the name goes from one place, and is added in another. */
static struct cr_win_answer ask_rename(const struct cr_win_tree *tree,
				       const struct cr_win_attempt *attempt)
{
	const struct cr_win_answer gone = ask_delete(tree, attempt);

	if (!gone.granted)
		return gone;
	return ask(attempt, &tree->nodes[attempt->node->parent],
		   attempt->node->is_dir ? CR_WIN_FILE_ADD_SUBDIRECTORY : CR_WIN_FILE_ADD_FILE);
}

static uint32_t usual(const struct cr_win_attempt *attempt, uint32_t mask)
{
	return attempt->mask ? attempt->mask : mask;
}

struct cr_win_answer cr_win_tree_access(const struct cr_win_tree *tree,
					const struct cr_win_attempt *attempt)
{
	const struct cr_win_node *node = attempt->node;

	switch (attempt->op) {
	case CR_WIN_OP_READ:
		return ask(attempt, node, usual(attempt, CR_WIN_FILE_GENERIC_READ));
	case CR_WIN_OP_WRITE:
		return ask(attempt, node, usual(attempt, CR_WIN_FILE_GENERIC_WRITE));
	case CR_WIN_OP_CREATE:
		return ask(attempt, node,
			   usual(attempt, CR_WIN_FILE_ADD_FILE | CR_WIN_FILE_ADD_SUBDIRECTORY));
	case CR_WIN_OP_DELETE:
	case CR_WIN_OP_DELETE_BY_PARENT:
		return ask_delete(tree, attempt);
	case CR_WIN_OP_RENAME:
		return ask_rename(tree, attempt);
	case CR_WIN_OP_SET_DACL:
		return ask(attempt, node, CR_WIN_WRITE_DAC);
	case CR_WIN_OP_SET_OWNER:
	case CR_WIN_OP_SET_LABEL: /* "Mandatory Integrity Control": a label needs WRITE_OWNER */
		return ask(attempt, node, CR_WIN_WRITE_OWNER);
	}
	return (struct cr_win_answer){.lock = CR_WIN_LOCK_IDENTITY};
}
