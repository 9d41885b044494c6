/*
 * approvals.h - where the sockets of the approvals interface lie; docs/approvals.md has the
 * protocol. Both sides check the other: a directory of ours alone, and our own account there.
 */
#ifndef CR_CLI_APPROVALS_H
#define CR_CLI_APPROVALS_H

#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"

#define CR_APPROVALS_VERSION 1
#define CR_APPROVAL_NAME     40   /* of a socket: 32 such digits, ".sock", NUL */
#define CR_APPROVAL_LINE     4096 /* bytes of a request, newline included */
#define CR_APPROVALS_PLACES  2

/* The directories, which may not be there: the preferred one first. The count, or -1. */
int cr_approvals_places(struct cr_arena *arena, const char *paths[CR_APPROVALS_PLACES],
			struct cr_err *err);

/*
 * Opens one, O_PATH: ours, and closed to everybody else. `make`: creates it when missing (not what
 * it lies in, but for the state directory). A descriptor, or -1: CR_E_IO (os_code ENOENT: there is
 * none), CR_E_TRUST.
 */
int cr_approvals_open(const char *path, int make, struct cr_err *err);

/* True for the name of a socket that is in use. */
int cr_approvals_is_name(const char *name);

/* Makes one called `name` listen in `dir`, never seen before it does; -1 with errno. */
int cr_approvals_listen(int dir, const char *name);

/* Connects to one. A descriptor, or -1 with errno. */
int cr_approvals_connect(int dir, const char *name);

/* Removes the sockets of boxes that are dead. */
void cr_approvals_sweep(int dir);

/* The peer is of our account, and in the namespaces we are in: it is in no box. *pid is its own. */
int cr_approvals_peer_is_ours(int fd, long long *pid);

#endif
