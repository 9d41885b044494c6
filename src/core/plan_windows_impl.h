/*
 * plan_windows_impl.h - what the parts of the Windows planner share. Not for others.
 *
 *   plan_windows.c        the order of things, the gaps, the canaries
 *   plan_windows_token.c  SIDs, token, job, desktop: who the command is
 *   plan_windows_acl.c    entries and labels: what it may do to which file
 *   plan_windows_env.c    temporary directory, caches, environment
 *   plan_windows_net.c    firewall rules
 */
#ifndef CR_PLAN_WINDOWS_IMPL_H
#define CR_PLAN_WINDOWS_IMPL_H

#include "plan_build.h"
#include "plan_windows.h"

/* Access rights of files (winnt.h; [MS-DTYP] 2.4.3). */
#define CR_WIN_READ_MASK    0x1200a9u /* FILE_GENERIC_READ | FILE_GENERIC_EXECUTE */
#define CR_WIN_ALL_MASK     0x1f01ffu /* FILE_ALL_ACCESS */
#define CR_WIN_ROOT_MASK    0x1301bfu /* read, write, execute, DELETE; never DELETE_CHILD */
#define CR_WIN_PROTECT_MASK 0xd0156u  /* every right that changes a file, and none to read it */

struct cr_win_planner {
	struct cr_builder builder;
	struct cr_point *points;
	size_t n_points;
	const char **sids;     /* of the points that are writable roots; NULL for others */
	bool *named_below;     /* a name that a rule spells out lies beneath the point */
	const char *box_sid;   /* of the root no other box has: the temporary directory's, if any */
	const char *who;       /* the SID the command runs as */
	const char *account;   /* the sandbox account's SID; NULL: runs as the user */
	bool online;           /* the policy lets something out */
	bool blind;            /* planned without a file system to look at: all is taken to exist */
	bool told_absent;      /* the note on hidden names that do not exist has been made */
	const char *protected; /* path of a protected name, for the canary; NULL: none */
};

void cr_win_add(struct cr_win_planner *planner, const struct cr_step *step);

/* A step of the system's own without a path. */
void cr_win_bare(struct cr_win_planner *planner, enum cr_step_kind kind, const char *detail,
		 uint64_t value);

/* `text`, which is arena memory just asked for; the builder fails when it is NULL. */
const char *cr_win_keep(struct cr_win_planner *planner, const char *text);

/* True when `path` is the directory made for this box. */
bool cr_win_is_temp(const struct cr_win_planner *planner, const char *path);

/* On a volume without access control nothing can be granted or denied; that is a gap. */
bool cr_win_is_open(const struct cr_win_planner *planner, const char *path);

/* Chooses and checks the roots, and gives each its SID. 0 or -1. */
int cr_win_name_roots(struct cr_win_planner *planner);

/* The account of the elevated tier, and what keeps it from the network. */
void cr_win_add_account(struct cr_win_planner *planner);
void cr_win_add_network(struct cr_win_planner *planner);

void cr_win_add_token(struct cr_win_planner *planner);
void cr_win_add_job(struct cr_win_planner *planner);
void cr_win_add_desktop(struct cr_win_planner *planner);

/* temp-dir and what lies in it; then, after the policy's own, the variables. */
void cr_win_add_temp(struct cr_win_planner *planner);
void cr_win_add_env(struct cr_win_planner *planner);

void cr_win_add_entries(struct cr_win_planner *planner);

#endif
