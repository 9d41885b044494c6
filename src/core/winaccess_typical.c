/*
 * winaccess_typical.c - files as Windows sets them up, for asking the model without the real ones.
 *
 * The descriptors are those of an installed Windows 10 or 11 as published; a real machine may have
 * others. Must never be taken for what is on this machine: who shows an answer says so.
 */
#include <string.h>

#include "path.h"
#include "winaccess_tree.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TRUSTED_INSTALLER \
	"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464" /* NT SERVICE */
#define SYSTEM_FILES                                                    \
	"O:" TRUSTED_INSTALLER "G:SYD:P(A;OICI;FA;;;" TRUSTED_INSTALLER \
	")(A;OICI;0x1301bf;;;SY)(A;OICI;0x1301bf;;;BA)(A;OICI;0x1200a9;;;BU)"

/* Beneath the root of a drive; the first row is that root. */
static const struct {
	const char *path, *sddl;
} on_drive[] = {
	{"", "O:SYG:SYD:P(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)"
	     "(A;OICIIO;SDGXGWGR;;;AU)(A;;LC;;;AU)"},
	{"Users",
	 "O:SYG:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)(A;OICI;0x1200a9;;;WD)"},
	{"Users\\Public",
	 "O:SYG:SYD:P(A;OICIIO;FA;;;CO)(A;OICI;0x1301bf;;;IU)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"},
	{"Users\\Default",
	 "O:SYG:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)(A;OICI;0x1200a9;;;WD)"},
	{"ProgramData",
	 "O:SYG:SYD:P(A;OICIIO;GA;;;CO)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)"
	 "(A;CI;DCLCRPCR;;;BU)"},
	{"Windows", SYSTEM_FILES},
	{"Windows\\Temp",
	 "O:SYG:SYD:P(A;CI;0x100026;;;BU)(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICIIO;FA;;;CO)"},
	{"Program Files", SYSTEM_FILES},
	{"Program Files (x86)", SYSTEM_FILES},
};

static bool is_same(const char *a, const char *b)
{
	return cr_path_component_cmp(CR_OS_WINDOWS, a, strlen(a), b, strlen(b)) == 0;
}

/* The home itself, one beside it, or what in it has a label; NULL: none of these. */
static const char *sddl_of_home(struct cr_win_tree *tree, const struct cr_win_setting *setting,
				const char *path)
{
	const char *home = setting->home;
	const char *parent = cr_path_parent(tree->arena, CR_OS_WINDOWS, home);

	if (!parent)
		return NULL;
	if (is_same(path, home))
		return cr_arena_printf(
			tree->arena, "O:%sG:BUD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;%s)",
			setting->user_sid, setting->user_sid);
	if (cr_path_within(CR_OS_WINDOWS, path, home))
		return is_same(path + strlen(home), "\\AppData\\LocalLow") ? "S:(ML;OICI;NW;;;LW)"
									   : NULL;
	if (cr_path_depth(CR_OS_WINDOWS, home) == 2 && cr_path_depth(CR_OS_WINDOWS, path) == 2 &&
	    cr_path_within(CR_OS_WINDOWS, path, parent))
		return "O:SYG:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";
	return NULL;
}

/* The descriptor that an object of this path is set up with; "" where it inherits all. */
static const char *typical_sddl(struct cr_win_tree *tree, const struct cr_win_setting *setting,
				const char *path)
{
	const char *sddl;

	for (size_t i = 0; i < COUNT(on_drive); i++) {
		if (is_same(path + 3, on_drive[i].path))
			return on_drive[i].sddl;
	}
	sddl = setting->home ? sddl_of_home(tree, setting, path) : NULL;
	return sddl ? sddl : "";
}

/* The object and the directories above it, as far as they are not there. */
static int add_chain(struct cr_win_tree *tree, const struct cr_win_setting *setting,
		     const char *path, struct cr_err *err)
{
	const unsigned depth = cr_path_depth(CR_OS_WINDOWS, path);

	for (unsigned d = 0; d <= depth; d++) {
		const char *at = cr_path_prefix(tree->arena, CR_OS_WINDOWS, path, d);
		const char *sddl = at ? typical_sddl(tree, setting, at) : NULL;

		if (!sddl)
			return cr_fail(err, CR_E_NOMEM, "tree");
		if (!cr_win_tree_find(tree, at) && cr_win_tree_add(tree, at, true, sddl, err) < 0)
			return -1;
	}
	return 0;
}

static bool is_made_by_plan(const struct cr_step *step)
{
	return step->kind == CR_STEP_TEMP_DIR || step->kind == CR_STEP_RESERVE;
}

static bool is_entry(const struct cr_step *step)
{
	return is_made_by_plan(step) || step->kind == CR_STEP_PIN ||
	       step->kind == CR_STEP_WIN_ALLOW || step->kind == CR_STEP_WIN_DENY ||
	       step->kind == CR_STEP_WIN_LABEL || step->kind == CR_STEP_WIN_HIDE ||
	       step->kind == CR_STEP_WIN_READ;
}

int cr_win_tree_typical(struct cr_win_tree *tree, const struct cr_win_setting *setting,
			const struct cr_plan *plan, const char *path, struct cr_err *err)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *step = &plan->steps[i];
		const char *at = step->path;

		if (!at || !is_entry(step))
			continue;
		if (is_made_by_plan(step))
			at = cr_path_parent(tree->arena, CR_OS_WINDOWS, at);
		if (!at)
			return cr_fail(err, CR_E_NOMEM, "tree");
		if (add_chain(tree, setting, at, err) < 0)
			return -1;
	}
	if (cr_win_tree_apply(tree, plan, setting->launcher, err) < 0 ||
	    add_chain(tree, setting, path, err) < 0)
		return -1;
	return cr_win_tree_settle(tree, err);
}
