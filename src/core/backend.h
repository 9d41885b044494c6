/*
 * backend.h - the narrow waist: all that the rest of carrel knows of the
 * operating system. Exactly one backend is linked (src/linux, src/windows,
 * src/macos, or the recording one of the tests).
 */
#ifndef CR_BACKEND_H
#define CR_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"
#include "event.h"
#include "facts.h"
#include "fsview.h"
#include "netmsg.h"
#include "plan.h"

/* Fills *facts for this host. Cheap: asks the kernel a few questions, starts nothing. What only an
 * attempt can tell stays CR_UNKNOWN. */
int cr_probe(struct cr_facts *facts, struct cr_err *err);

/* As cr_probe, but finds out by trying (starts and ends a process); for `carrel doctor`. */
int cr_probe_thoroughly(struct cr_facts *facts, struct cr_err *err);

/*
 * Adds the paths of the host's live AF_UNIX sockets (in `arena`) to *facts, as far as the system
 * tells them: a read-only mount does not stop connect(2), so the plan hides those it would show.
 * 0, or -1: CR_E_NOMEM, CR_E_LIMIT (CR_MAX_SOCKETS).
 */
int cr_probe_sockets(struct cr_arena *arena, struct cr_facts *facts, struct cr_err *err);

/* Finds out whether limits of a whole box can be had (cgroups); only plans with such limits need
 * it. */
void cr_probe_limits(struct cr_facts *facts);

/* Finds out, by trying, whether a program around us has taken the one place there is for seccomp
 * notifications: then facts->seccomp_notify becomes false. Only plans with a proxy need it. */
void cr_probe_notify(struct cr_facts *facts);

/* The real file system, read as the calling user. Static; nothing to free. */
const struct cr_fsview *cr_host_fsview(void);

/* Called once per refused operation seen; the denial is borrowed for the call. */
typedef void (*cr_denial_fn)(void *arg, const struct cr_denial *denial);

/* Called once for every connection that has ended or was refused, and every look-up of a name that
 * was; borrowed for the call. */
typedef void (*cr_connection_fn)(void *arg, const struct cr_net_msg *event);

#define CR_PROXY_SECRET 32 /* hexadecimal digits */

/* Called once for every connection that the rules say is to be asked for, which waits for
 * cr_child_answer (`id` of the question), and with kind CR_NET_WITHDRAWN and that id when whoever
 * waited has left; borrowed for the call. */
typedef void (*cr_ask_fn)(void *arg, const struct cr_net_msg *question);

/*
 * The broker of one box (src/broker), which has rules about connections: its process, our side of
 * the conversation with it, and init's. Owned by whoever holds it.
 */
struct cr_broker {
	int64_t pid; /* our child; 0: none */
	int talk;
	int capture;                      /* -1 without capture */
	uint16_t proxy;                   /* its port on 127.0.0.1; 0: there is none */
	char secret[CR_PROXY_SECRET + 1]; /* whoever asks the proxy must know it */
};

/* Closes what it has and ends the process. A zeroed pid is a no-op. */
void cr_broker_end(struct cr_broker *broker);

/*
 * Confines the calling process, which is a broker, for good: no file, no program, no new memory
 * with code, no system call but those about the sockets it needs.
 */
int cr_broker_confine(struct cr_err *err);

struct sockaddr;
struct sockaddr_storage;

/* The address as the system has it, and its length; and back, where `len` bytes are there: false
 * for one that is not of the internet. */
size_t cr_net_to_sockaddr(const struct cr_net_addr *addr, struct sockaddr_storage *out);
bool cr_net_from_sockaddr(const struct sockaddr *from, size_t len, struct cr_net_addr *out);

/* One message of netmsg.h with a descriptor or -1. 0; -1 with errno (EAGAIN: not now). */
int cr_net_send(int sock, const struct cr_net_msg *msg, int fd);

/* Receives one; *fd (owned by the caller) or -1. 1, 0 at the end, or -1 with errno. */
int cr_net_receive(int sock, struct cr_net_msg *msg, int *fd);

#define CR_LAUNCH_EXPLAIN 1u /* watch the rare calls and report denials; costs nothing on reads */
#define CR_LAUNCH_TERMINAL                                                           \
	2u /* the caller's process is a launcher and nothing else: cr_wait passes on \
	    * the signals it gets, stops when the command stops, and gives the       \
	    * terminal back at the end */

/*
 * A box that was begun before its plan is known, to save time: nothing of a policy is in it yet, no
 * command either. Filled by cr_enforce, which takes it; or discarded.
 */
struct cr_blank;

/* Begins one in this system's strongest tier. Owned; NULL: there is nothing to gain, or it failed,
 * and then cr_enforce will say why. The caller must be single-threaded. */
struct cr_blank *cr_blank_begin(void);

/* Ends it unused. NULL is a no-op. */
void cr_blank_discard(struct cr_blank *blank);

/* What to start. All pointers borrowed for the call of cr_enforce. */
struct cr_launch {
	char *const *argv;   /* argv[0] is searched in the PATH of envp, inside the box */
	char *const *envp;   /* already filtered: cr_env_apply */
	const char *cwd;     /* canonical; inside the box */
	int stdio[3];        /* descriptors for 0, 1, 2; -1: ours */
	const int *keep_fds; /* further descriptors the command may have, under the same number */
	size_t n_keep_fds;
	unsigned flags;
	cr_denial_fn on_denial;         /* called from cr_wait; may be NULL */
	cr_connection_fn on_connection; /* likewise */
	cr_ask_fn on_ask;               /* likewise; NULL: nobody can be asked, the answer is no */
	void (*on_watch)(void *arg);    /* likewise, whenever `watch` can be read */
	int watch; /* with on_watch: the caller's, open until cr_wait is over */
	void *arg;
	struct cr_broker broker; /* owned by cr_enforce from its call on; pid 0: none */
	struct cr_blank *blank;  /* owned by cr_enforce from its call on; NULL: none was begun */
};

struct cr_child {
	int64_t pid; /* of the box's first process, in our numbering */
	void *impl;  /* the backend's; freed by cr_child_free */
};

/*
 * Builds the box of `plan` and starts the command in it. 0 once the command runs (its program
 * has been executed). -1: nothing ran. Codes: CR_E_TIER (this tier cannot be had here; make
 * another plan), CR_E_STEP, CR_E_RACE, CR_E_CANARY (err names the step and its policy line),
 * CR_E_NOTFOUND (exit 127), CR_E_EXEC (exit 126).
 * The calling thread must live as long as the box: the kernel ends the box when it ends.
 */
int cr_enforce(const struct cr_plan *plan, const struct cr_launch *launch, struct cr_child *child,
	       struct cr_err *err);

enum cr_end {
	CR_END_EXITED,    /* value: exit code */
	CR_END_SIGNALED,  /* value: signal number */
	CR_END_TIMEOUT,   /* the box was ended by its time limit */
	CR_END_UNCOVERED, /* ended because the host replaced a protected name beyond repair */
};

struct cr_result {
	enum cr_end end;
	int value;
	struct cr_err why; /* UNCOVERED: which name, and what failed */
};

/*
 * Waits for the command, serving denials, time limit and terminal stops meanwhile. When it
 * returns every process of the box is gone, and so is all that the box left behind.
 */
int cr_wait(struct cr_child *child, struct cr_result *result, struct cr_err *err);

/*
 * The answer to a question of on_ask, from within a callback of cr_wait. Allowed: what waits for it
 * goes on, and so does every connection to the same name (or address) and port for `seconds` from
 * now. 0, or -1 with CR_E_IO: nobody waits any more, or this system never asks.
 */
int cr_child_answer(struct cr_child *child, uint64_t id, bool allowed, uint32_t seconds,
		    struct cr_err *err);

/*
 * The caller takes the terminal from the command to ask something there, and gives it back, from
 * within callbacks of cr_wait. A command that meanwhile stops, or is stopped, does not stop the
 * launcher; it is continued afterwards.
 */
void cr_child_lose_terminal(struct cr_child *child);
void cr_child_regain_terminal(struct cr_child *child);

/* Sends `sig` to the command. */
int cr_child_signal(struct cr_child *child, int sig, struct cr_err *err);

/* Ends the box if it still runs and frees what belongs to it. A zeroed child is a no-op. */
void cr_child_free(struct cr_child *child);

#endif
