/*
 * verbs.h - what is done to the paths of a row's argument: "out:f", or two of
 * them, "ws:g>out:f". One verb, one attack function cr_win_try_<verb>.
 */
#ifndef CR_VERIFY_WINDOWS_VERBS_H
#define CR_VERIFY_WINDOWS_VERBS_H

#include "tools.h"

/* X(verb): with one path. */
#define CR_WIN_VERBS(X)     \
	X(write)            \
	X(append)           \
	X(truncate)         \
	X(overwrite)        \
	X(open_always)      \
	X(create)           \
	X(mkdir)            \
	X(mkdir_and_create) \
	X(delete)           \
	X(delete_by_handle) \
	X(delete_on_close)  \
	X(rmdir)            \
	X(attributes)       \
	X(times)            \
	X(write_ea)         \
	X(map)              \
	X(open_dacl)        \
	X(open_data)        \
	X(open_owner)       \
	X(open_delete)      \
	X(open_child)       \
	X(open_add)         \
	X(label_low)        \
	X(label_box)        \
	X(write_short)

/* With two: what, and where to. */
#define CR_WIN_VERBS_OF_TWO(X) \
	X(move)                \
	X(replace)             \
	X(copy)                \
	X(copy_over)           \
	X(link)                \
	X(link_and_write)

#define X(verb) enum cr_attack_outcome cr_win_try_##verb(const struct cr_attack_env *env);
CR_WIN_VERBS(X)
CR_WIN_VERBS_OF_TWO(X)
#undef X

#endif
