/*
 * box.h - what the files of this backend share while one box is built.
 *
 * Three processes: the *launcher* (the caller of cr_enforce), *init* (pid 1 of the
 * box; builds the view, reaps, cleans up) and the *command* (init's child; confines itself,
 * then executes). Launcher and init talk over one SOCK_SEQPACKET pair.
 */
#ifndef CR_BOX_H
#define CR_BOX_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/backend.h"
#include "core/limits.h"
#include "linux/order.h"

/* A mount prepared for one step and not yet put in place. */
struct cr_grab {
	int tree; /* detached mount, or -1 */
	int dir;  /* TEMP_DIR, CGROUP: the directory made for the box, or -1 */
};

/* What init is born with; see blank.c. */
struct cr_birth {
	enum cr_tier tier;
	int ctl;      /* to the launcher */
	int launcher; /* pidfd: readable when it is gone */
	uid_t uid;
	gid_t gid;
	pid_t outer_pid; /* the launcher's: names what must be unique on the host */
};

/* Written by the helper of netns.c while init does something else. */
struct cr_netns {
	pid_t helper; /* 0 once reaped */
	int fd;       /* the namespace, -1 until it is there */
	int error;    /* why it could not be made */
	atomic_bool done;
};

#define CR_MAX_FRESH    64 /* file systems made for one box */
#define CR_MAX_FOLLOWED 64 /* sockets of the host that are mounted anew when they are made anew */

/* See follow.c. */
struct cr_followed {
	const struct cr_step *step;
	int parent;       /* its directory on the host */
	const char *name; /* in that; of the step's path */
	struct stat now;  /* of the file that is mounted */
};

struct cr_box {
	struct cr_birth birth;
	const struct cr_plan
		*plan; /* this and what follows: of the order; before it is there, no steps */
	const struct cr_launch *launch;
	struct cr_grab *grabs;
	struct cr_reservations *reservations;
	const char **script_argv;
	sigset_t old_mask;
	bool explain;
	int capture; /* to the broker, or -1 */
	bool broker_is_ready;
	atomic_bool *looking;
	struct cr_err *err;
	int scratch; /* the file system of fresh places; masks: directories "d", "e", file "f" */
	uint64_t scratch_bytes;   /* its size; 0: the kernel's default */
	mode_t old_umask;         /* of the command */
	void (*old_sigchld)(int); /* likewise */
	struct rlimit old_files;  /* likewise; rlim_max 0: never changed */
	int mounts;   /* the mount table of the box, watched by init; -1: none of its own */
	bool in_view; /* mounts may cover reserved names */
	dev_t fresh[CR_MAX_FRESH]; /* devices of file systems made for this box */
	size_t n_fresh;
	struct cr_followed followed[CR_MAX_FOLLOWED];
	size_t n_followed;
	int followed_events; /* of their directories; -1: nobody is followed */
	struct cr_netns netns;
	int parent; /* directory of a fresh place last used, or -1; see fresh.c */
	char parent_path[CR_MAX_PATH];
	const struct cr_step *step; /* being carried out; for messages */
	char *stack_top;            /* of the command until it executes */
	int landlock;               /* ruleset descriptor while it is filled, or -1 */
};

/* Messages on the control socket, from init and command to launcher but for those that say so. */
enum cr_msg_kind {
	CR_MSG_ORDER,    /* launcher to init: order filled */
	CR_MSG_RESERVED, /* launcher to init: the reserved names are there */
	CR_MSG_END,      /* launcher to init: end the box */
	CR_MSG_RELEASE,  /* launcher to init: uncover the reserved names; RELEASED follows */
	CR_MSG_DONE,     /* launcher to init: nothing of the box is needed any more */
	CR_MSG_RELEASED,
	CR_MSG_STARTED,   /* carries the command's pidfd */
	CR_MSG_LISTENER,  /* carries the seccomp listener */
	CR_MSG_FAILED,    /* err filled; nothing ran */
	CR_MSG_ENDED,     /* status: of wait(2) */
	CR_MSG_UNCOVERED, /* the host replaced a protected name that cannot be covered again; ENDED
			     follows */
	CR_MSG_STOPPED,   /* the command stopped, status likewise */
};

struct cr_msg {
	enum cr_msg_kind kind;
	int status;
	const struct cr_order *order;
	struct cr_err err;
};

/* Sends *msg with descriptor `fd` (or -1). 0 or -1 with errno. Async-signal-safe. */
int cr_msg_send(int sock, const struct cr_msg *msg, int fd);

/* Receives one; *fd is set to a received descriptor or -1. 1, 0 at the end, or -1 with errno. */
int cr_msg_receive(int sock, struct cr_msg *msg, int *fd);

/* How a step is carried out, all in init: prepare before the view changes, apply in order. */
typedef int (*cr_step_fn)(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);

/* mounts.c, fresh.c, ... */
int cr_scratch_make(struct cr_box *box);
int cr_mount_prepare_mask(struct cr_box *box);
int cr_mount_grab(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_mount_grab_device(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_mount_put(struct cr_box *box, int tree, int target);
int cr_mount_grab_mask(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_mount_read_only_tree(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_mount_writable(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_mount_readable(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_mount_pin(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_mount_protect(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_mount_hide(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_mount_device(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_mount_seal(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_mount_proc_read_only(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_mount_proc_hide(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);

int cr_fresh_empty(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_fresh_private(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_fresh_devpts(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_fresh_mqueue(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_fresh_proc(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_fresh_dir(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_fresh_file(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_fresh_link(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);

/* netns.c: starts the helper; enters the namespace it has made. The helper must be reaped before
 * anything hostile runs. */
int cr_netns_start(struct cr_box *box);
int cr_netns_join(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);

/* capture.c: the network of a box with a broker; see there. */
int cr_capture_grab(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_capture_open(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_capture_listen(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_capture_publish(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
/* Makes one socket the broker asks for. False: the broker is gone. */
bool cr_capture_serve(struct cr_box *box);
/* Do connections of the box lead to a broker? It may also have one for published ports only. */
bool cr_captures(const struct cr_box *box);

/* reserve.c. The launcher makes and removes; init covers, and rescues when the launcher was killed.
 * Each has its own, in the region. NULL: that is full. */
struct cr_reservations *cr_reservations_plan(struct cr_region *region, const struct cr_plan *plan);
size_t cr_reservations_size(const struct cr_plan *plan);
size_t cr_reservations_count(const struct cr_reservations *reservations);
int cr_reservations_make(struct cr_reservations *reservations, struct cr_err *err);
void cr_reservations_remove(struct cr_reservations *reservations);
void cr_reservations_rescue(struct cr_reservations *reservations);
void cr_reservations_close(struct cr_reservations *reservations);
/* guard.c: watches the mount table of the box, once its view is complete; covers again what the
 * host has uncovered. -1: cannot, the box must end. */
int cr_guard_open(struct cr_box *box);
int cr_guard_check(struct cr_box *box);

/* follow.c: grabs a mount, and follows a socket that is live; mounts anew what was made anew. */
int cr_follow_grab(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
void cr_follow_check(struct cr_box *box);

int cr_reserve_cover(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);

/* landlock.c: fills the ruleset; the command adds its own 0, 1 and 2 and enters it. */
int cr_landlock_create(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
int cr_landlock_allow(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);

int cr_temp_make(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);

/* Takes away the temporary directory. In init, once every other process of the box is gone. */
void cr_clean_up(struct cr_box *box);

/* init.c: sends SIGKILL to every child of this process. Returns how many there were, or -1 when the
 * kernel does not tell (no /proc, or built without CONFIG_PROC_CHILDREN). */
int cr_kill_children(void);

/* What it means that the kernel made no namespaces: CR_E_TIER, they cannot be had here; but
 * CR_E_STEP for an errno that will pass, which is no reason to do without what was asked for. */
enum cr_errc cr_namespace_failure(int cause);

/* Waits for a child of ours and sets *pid to 0; nothing when it is 0. */
void cr_reap(pid_t *pid);

/* A stack for a process that shares init's memory: its top, or NULL with errno. */
char *cr_stack_new(void);

/* init.c: what init does once forked; never returns. */
void cr_init_main(const struct cr_birth *birth) __attribute__((noreturn));

/* command.c: starts the command as init's child. 0 with its pid and pidfd, or -1 and box->err. */
int cr_command_start(struct cr_box *box, pid_t *pid, int *pidfd);

/* Steps the command carries out on itself (command.c calls them in plan order). */
int cr_landlock_stdio(struct cr_box *box, const struct cr_step *step);
int cr_landlock_seal(struct cr_box *box);
/* Installs the filter `name`; the second way somebody answers for its reported calls, through
 * *listener. That fails under another listener (EBUSY): a box around us that explains. */
int cr_seccomp_install(const char *name, struct cr_err *err);
int cr_seccomp_install_watched(const char *name, int *listener, struct cr_err *err);
int cr_canary_step(const struct cr_step *step, struct cr_err *err);
int cr_rlimit_step(const struct cr_step *step, struct cr_err *err);
int cr_drop_capabilities(struct cr_err *err);

/* init.c's part of the same: what init may give up as well, and the command inherits. */
int cr_drop_for_good(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab);
/* Leaves init with what it still needs in the box's own user namespace, when there is one:
 * CAP_SYS_ADMIN to clean up, and with a broker CAP_NET_BIND_SERVICE. */
int cr_drop_to_clean_up(const struct cr_box *box, struct cr_err *err);

/* Fills err for a failed step: "cannot <what>: <errno>", code CR_E_STEP; -1. */
int cr_step_fail(struct cr_box *box, const char *what);

/* open(2) that follows no symlink anywhere in `path`; close-on-exec. -1 and errno. */
int cr_open_plain(const char *path, int flags);

/* Opens `step->path` as O_PATH and checks that it is the file of the plan. -1 and box->err:
 * CR_E_RACE when it is not, CR_E_STEP. */
int cr_open_step(struct cr_box *box, const struct cr_step *step, struct stat *st);

/* The same for the place a mount goes to, which may also lie in a file system made for the box. */
int cr_open_target(struct cr_box *box, const struct cr_step *step, struct stat *st);

/* True when `dev` is a file system made for this box. */
bool cr_is_fresh(const struct cr_box *box, dev_t dev);

/* Remembers that what `fd` lies on was made for this box. 0, or -1 and box->err. */
int cr_fresh_remember(struct cr_box *box, int fd);

#endif
