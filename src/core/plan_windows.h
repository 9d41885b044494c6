/*
 * plan_windows.h - what each step of a Windows plan means to whoever carries it out.
 *
 * The steps come in this order, and each holds before the next is begun:
 *
 *   account-offline, account-online   elevated: the account the command runs as
 *   firewall-rule, wfp-filter   elevated: put there by the set-up program; looked up, never made,
 *       by a run. One that is missing or another refuses to run
 *   token   the flags of CreateRestrictedToken. The token that is restricted is the caller's own
 *   restricting-sid   one each; CR_WIN_ANY_LOGON stands for the logon SID of that token, here and
 *       in every SDDL text and entry of the plan
 *   default-dacl   TokenDefaultDacl: the DACL of the SDDL text
 *   integrity-level   TokenIntegrityLevel
 *   job, job-ui, job-memory, job-processes, timeout   the job object the command is started in
 *   desktop   a new desktop in our window station, with this descriptor
 *   null-device   "\\.\NUL" must grant what this descriptor grants; the child finds out by writing
 *   temp-dir   `path` is made anew (it must not exist) with the descriptor in `detail`, and
 *       is removed with all that is in it when the box has ended
 *   mkdir, stub   in temp-dir, with what they inherit there
 *   the entries, in the order of paths, the directory before what lies in it:
 *     allow-ace, deny-ace, hide-ace, read-grant   `detail` is one explicit entry of the DACL of
 *       `path`, a denial before all that is allowed. One that is inheritable holds for all that
 *       lies beneath: it reaches what exists by inheritance, and what does not inherit (a
 *       protected DACL), or allows something by an entry of its own, gets a denial as its own,
 *       unless the plan allows it again (cr_win_allows_again).
 *       One whose effect holds already (hidden from an account that has no access anyway, say)
 *       needs not be written
 *     label   `detail` is the label of `path`, its only one, not open to an inherited one
 *     pin   `path` is held open without FILE_SHARE_DELETE while the box lives, so that nobody
 *       renames or deletes it; nothing is written
 *     reserve   `path` does not exist. A directory of that name is made with the descriptor in
 *       `detail` and held open with FILE_FLAG_DELETE_ON_CLOSE and without FILE_SHARE_DELETE while
 *       the box lives: the kernel removes it also when carrel is killed. `id` is that of its
 *       parent. Where another box made it since, it is held open too, sharing everything
 *   env-*   the environment
 *   audit-writable   what others than its owner may write in the directory `path`, as a report
 *   canary-*   tried by the child before the command: write, delete, rename, process, read and
 *       connect must fail, work must succeed
 *
 * A file with more than one name (hard links) beneath a writable root is left as it is: its other
 * names may lie outside. A link (type CR_FT_SYMLINK) is itself meant, never what it leads to.
 * Entries, labels and what set-up did outlive the process, so each has a record in the journal
 * first; temp-dir, reserve and pin end with the box.
 */
#ifndef CR_PLAN_WINDOWS_H
#define CR_PLAN_WINDOWS_H

#include <stdbool.h>

#include "plan.h"

/* Between Low (4096) and Medium (8192): the height of the box, and of what it may write. */
#define CR_WIN_LEVEL_BOX    "S-1-16-6144"
#define CR_WIN_LEVEL_MEDIUM "S-1-16-8192"

#define CR_WIN_EVERYONE  "S-1-1-0"
#define CR_WIN_SYSTEM    "S-1-5-18"
#define CR_WIN_ANY_LOGON "S-1-5-5-X-Y" /* in no valid SID: to be replaced */

/*
 * True when an allow-ace or a read-grant beneath `top` holds for `path`: a denial of `top` has
 * nothing to say there, and as an entry of the object's own it would come before what is allowed.
 */
bool cr_win_allows_again(const struct cr_plan *plan, const char *top, const char *path);

#endif
