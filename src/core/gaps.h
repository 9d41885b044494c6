/*
 * gaps.h - the names of all gaps, of every system.
 *
 * Who accepts a gap types its name. A name that no planner uses would be taken
 * for consent to something and be consent to nothing, so it is refused. A lint
 * test compares this list with the planners, in both directions.
 */
#ifndef CR_GAPS_H
#define CR_GAPS_H

#include "err.h"

#define CR_GAPS(X)               \
	X("absent-protected")    \
	X("ask-files")           \
	X("change-entries")      \
	X("connect-names")       \
	X("delete-low")          \
	X("delete-outside")      \
	X("hidden-files")        \
	X("integrity")           \
	X("job-ui")              \
	X("limit-disk")          \
	X("limit-files")         \
	X("limit-memory")        \
	X("limit-processes")     \
	X("metadata")            \
	X("network")             \
	X("open-volumes")        \
	X("processes")           \
	X("protected-paths")     \
	X("rename-protected")    \
	X("same-user-processes") \
	X("signals")             \
	X("truncate")            \
	X("unix-sockets")        \
	X("world-writable")

/*
 * 0 when some system has a gap of that name: a script that runs on several may accept the gaps of
 * all. -1 with CR_E_USAGE, and a hint that lists the names.
 */
int cr_gap_check(const char *name, struct cr_err *err);

#endif
