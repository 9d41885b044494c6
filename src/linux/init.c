/*
 * init.c - the first process of a box.
 *
 * Builds the view step by step, starts the command, reaps, and ends everything
 * when the command or the launcher ends. It stays outside the command's Landlock
 * domain, undumpable and unsignalable, so the box can neither trace nor stop it. Must never
 * outlive its launcher, and must never exit while a process of the box lives.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/fd.h"

/* Beside those init is born into and the network's, which takes longest and so is begun first. */
#define OTHER_NAMESPACES (CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

#define STACK_BYTES ((size_t)256 * 1024)

#define SPARE_FILES (64 + CR_MAX_FOLLOWED) /* descriptors beside those of the steps */

static int write_file(const char *path, const char *text)
{
	CR_AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -1;
	return 0;
}

/* For messages: this comes before the plan, whose step of this kind it is. */
static const struct cr_step namespaces_step = {.kind = CR_STEP_NAMESPACES};

/* Identity: a user is in the box who they are outside, with no power they did not have. */
static int make_namespaces(struct cr_box *box)
{
	char map[64];

	box->step = &namespaces_step;
	if (cr_netns_start(box) < 0)
		return -1;
	if (unshare(OTHER_NAMESPACES) < 0)
		return cr_fail_os(box->err, cr_namespace_failure(errno), errno,
				  "cannot create namespaces");
	snprintf(map, sizeof(map), "%u %u 1", box->birth.uid, box->birth.uid);
	if (write_file("/proc/self/setgroups", "deny") < 0 && errno != ENOENT)
		return cr_fail_os(box->err, CR_E_TIER, errno, "cannot give up setgroups");
	if (write_file("/proc/self/uid_map", map) < 0)
		return cr_fail_os(box->err, CR_E_TIER, errno, "cannot map the user");
	snprintf(map, sizeof(map), "%u %u 1", box->birth.gid, box->birth.gid);
	if (write_file("/proc/self/gid_map", map) < 0)
		return cr_fail_os(box->err, CR_E_TIER, errno, "cannot map the group");
	box->step = NULL;
	return 0;
}

/*
 * The phases of set-up, each over the whole plan in order: `grab` while the host's tree is still
 * bare, `mask` (see cr_mount_prepare_mask), `apply`, `confine` (what can be done ahead for the
 * command), and `cover` for what others make meanwhile: reserved names (the launcher) and the
 * network namespace (a helper).
 */
static const struct {
	cr_step_fn grab, mask, apply, confine, cover;
} table[CR_STEP_KIND_COUNT] = {
	[CR_STEP_LOOPBACK] = {.cover = cr_netns_join},
	[CR_STEP_CAPTURE] = {.grab = cr_capture_grab, .cover = cr_capture_open},
	[CR_STEP_LISTEN] = {.cover = cr_capture_listen},
	[CR_STEP_PUBLISH] = {.cover = cr_capture_publish},
	[CR_STEP_READ_ONLY_TREE] = {.apply = cr_mount_read_only_tree},
	[CR_STEP_WRITABLE] = {.grab = cr_mount_grab, .apply = cr_mount_writable},
	[CR_STEP_READABLE] = {.grab = cr_follow_grab, .apply = cr_mount_readable},
	[CR_STEP_PIN] = {.apply = cr_mount_pin},
	[CR_STEP_PROTECT] = {.apply = cr_mount_protect},
	[CR_STEP_RESERVE] = {.mask = cr_mount_grab_mask, .cover = cr_reserve_cover},
	[CR_STEP_HIDE] = {.mask = cr_mount_grab_mask, .apply = cr_mount_hide},
	[CR_STEP_EMPTY] = {.apply = cr_fresh_empty},
	[CR_STEP_TMPFS] = {.apply = cr_fresh_private},
	[CR_STEP_MAKE_DIR] = {.apply = cr_fresh_dir},
	[CR_STEP_MAKE_FILE] = {.apply = cr_fresh_file},
	[CR_STEP_MAKE_LINK] = {.apply = cr_fresh_link},
	[CR_STEP_DEVICE] = {.grab = cr_mount_grab_device, .apply = cr_mount_device},
	[CR_STEP_DEVPTS] = {.apply = cr_fresh_devpts},
	[CR_STEP_MQUEUE] = {.apply = cr_fresh_mqueue},
	[CR_STEP_PROC] = {.apply = cr_fresh_proc},
	[CR_STEP_PROC_READ_ONLY] = {.apply = cr_mount_proc_read_only},
	[CR_STEP_PROC_HIDE] = {.mask = cr_mount_grab_mask, .apply = cr_mount_proc_hide},
	[CR_STEP_SEAL] = {.apply = cr_mount_seal},
	[CR_STEP_TEMP_DIR] = {.grab = cr_temp_make},
	[CR_STEP_LANDLOCK] = {.confine = cr_landlock_create},
	[CR_STEP_LANDLOCK_ALLOW] = {.confine = cr_landlock_allow},
	[CR_STEP_CAPABILITIES] = {.confine = cr_drop_for_good},
};

enum phase { GRAB, MASK, APPLY, CONFINE, COVER };

static cr_step_fn phase_fn(enum phase phase, enum cr_step_kind kind)
{
	switch (phase) {
	case GRAB:
		return table[kind].grab;
	case MASK:
		return table[kind].mask;
	case APPLY:
		return table[kind].apply;
	case CONFINE:
		return table[kind].confine;
	case COVER:
		return table[kind].cover;
	}
	return NULL;
}

static int run_phase(struct cr_box *box, enum phase phase)
{
	for (size_t i = 0; i < box->plan->n_steps; i++) {
		const struct cr_step *step = &box->plan->steps[i];
		cr_step_fn fn = phase_fn(phase, step->kind);

		if (!fn)
			continue;
		box->step = step;
		if (fn(box, step, &box->grabs[i]) < 0)
			return -1;
		if (phase >= APPLY)
			cr_close_fd(&box->grabs[i].tree);
	}
	box->step = NULL;
	return 0;
}

static bool has_namespaces(const struct cr_box *box)
{
	return box->birth.tier == CR_TIER_FULL;
}

/* The launcher says when the names are there, or goes away. */
static int await_reserved(struct cr_box *box)
{
	struct cr_msg msg;
	int fd;

	if (cr_reservations_count(box->reservations) == 0)
		return 0;
	if (cr_msg_receive(box->birth.ctl, &msg, &fd) <= 0 || msg.kind != CR_MSG_RESERVED)
		return cr_fail(box->err, CR_E_STEP, "the launcher is gone");
	return 0;
}

static int make_masks(struct cr_box *box)
{
	if (cr_scratch_make(box) < 0 || cr_mount_prepare_mask(box) < 0)
		return -1;
	return run_phase(box, MASK);
}

/* Every mount that is prepared is a descriptor. The limit is about programs, which have it again.
 */
static int make_room(struct cr_box *box)
{
	struct rlimit limit;
	rlim_t needed = box->plan->n_steps + SPARE_FILES;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return cr_step_fail(box, "read a resource limit");
	if (limit.rlim_cur >= needed)
		return 0;
	box->old_files = limit;
	limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? cr_step_fail(box, "open more files") : 0;
}

static int set_up(struct cr_box *box)
{
	if (make_room(box) < 0)
		return -1;
	if (run_phase(box, GRAB) < 0)
		return -1;
	if (has_namespaces(box) && make_masks(box) < 0)
		return -1;
	box->in_view = cr_reservations_count(box->reservations) > 0;
	if (run_phase(box, APPLY) < 0 || run_phase(box, CONFINE) < 0)
		return -1;
	if (await_reserved(box) < 0 || run_phase(box, COVER) < 0)
		return -1;
	if (chdir(box->launch->cwd) < 0)
		return cr_fail_os(box->err, CR_E_PATH, errno, "cannot enter '%s' in the box",
				  box->launch->cwd);
	cr_reap(&box->netns.helper);
	return 0;
}

/* "step 'writable' of '/x' (policy:3): what went wrong" */
static void name_step(struct cr_box *box)
{
	const struct cr_step *step = box->step;

	if (!step)
		return;

	const char *object = step->path ? step->path : step->detail ? step->detail : "";
	const char *kind = cr_step_kind_name(step->kind);

	if (step->origin.line)
		cr_wrap(box->err, "step '%s' '%s' (%s:%u)", kind, object, step->origin.file,
			step->origin.line);
	else
		cr_wrap(box->err, "step '%s' '%s'", kind, object);
}

/* Children of a box without a pid namespace: init is their reaper (PR_SET_CHILD_SUBREAPER). They
 * are unreaped, so a number in the list is still theirs. */
int cr_kill_children(void)
{
	char path[64], list[4096];
	int pid = 0, count = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());

	CR_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, list, sizeof(list));

	/* A list that does not fit is cut; the caller comes back until there are no children. */
	for (ssize_t i = 0; i < len; i++) {
		if (list[i] >= '0' && list[i] <= '9') {
			pid = pid * 10 + (list[i] - '0');
			continue;
		}
		if (pid > 1 && kill(pid, SIGKILL) == 0)
			count++;
		pid = 0;
	}
	return len < 0 ? -1 : count;
}

static void kill_everything(const struct cr_box *box)
{
	while (waitpid(-1, NULL, __WALL | WNOHANG) >= 0 || errno != ECHILD) {
		if (has_namespaces(box))
			kill(-1, SIGKILL);
		else
			cr_kill_children();
		if (waitpid(-1, NULL, __WALL) < 0 && errno == ECHILD)
			return;
	}
}

/* Removing a directory that is a mount point somewhere costs the kernel far more than removing
 * one that is not; the covers go at once with the roots they are in. */
static void uncover(const struct cr_box *box)
{
	for (size_t i = 0; i < box->plan->n_steps && box->in_view; i++)
		if (box->plan->steps[i].kind == CR_STEP_WRITABLE)
			umount2(box->plan->steps[i].path, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* Nobody will ask for anything. Before the order came nobody knows. */
static bool is_done_with(const struct cr_box *box)
{
	return box->looking && !atomic_load(box->looking) &&
	       cr_reservations_count(box->reservations) == 0;
}

/*
 * Nothing of the box lives any more, so nothing can take a name that is being given up. The
 * launcher may still be reading names in the view to say what was refused; it says when it is done,
 * and removes the reserved names. If it is killed before, we do. When it needs neither, there is
 * nothing to wait for.
 */
static void __attribute__((noreturn)) end(struct cr_box *box, const struct cr_msg *msg)
{
	struct cr_msg released = {.kind = CR_MSG_RELEASED};
	struct cr_msg answer;
	int fd;

	kill_everything(box);
	cr_clean_up(box);
	/* Without a message the launcher is told by the end of the conversation. */
	if (!msg || cr_msg_send(box->birth.ctl, msg, -1) < 0)
		shutdown(box->birth.ctl, SHUT_WR);
	else if (is_done_with(box))
		_exit(0);
	while (cr_msg_receive(box->birth.ctl, &answer, &fd) > 0) {
		if (answer.kind == CR_MSG_DONE)
			_exit(0);
		if (answer.kind != CR_MSG_RELEASE)
			continue;
		uncover(box);
		if (cr_msg_send(box->birth.ctl, &released, -1) < 0)
			break;
	}
	if (cr_reservations_count(box->reservations) > 0) {
		uncover(box);
		cr_reservations_rescue(box->reservations);
	}
	_exit(0);
}

/* Reaps what has ended. When the command itself has, ends the box. */
static void reap(struct cr_box *box, pid_t command)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL)) > 0) {
		if (pid != command)
			continue;

		struct cr_msg msg = {.kind = CR_MSG_STOPPED, .status = status};

		if (!WIFSTOPPED(status)) {
			msg.kind = CR_MSG_ENDED;
			end(box, &msg);
		}
		cr_msg_send(box->birth.ctl, &msg, -1);
	}
}

static void __attribute__((noreturn)) serve(struct cr_box *box, pid_t command, int signals)
{
	struct signalfd_siginfo info;
	struct pollfd polled[] = {
		{.fd = signals, .events = POLLIN},
		{.fd = box->birth.ctl, .events = POLLIN},
		{.fd = box->birth.launcher, .events = POLLIN},
		{.fd = box->mounts, .events = POLLPRI},
		{.fd = box->capture, .events = POLLIN},
		{.fd = box->followed_events, .events = POLLIN},
	};

	cr_follow_check(box); /* what was made anew before it was watched */

	for (;;) {
		if (poll(polled, 6, -1) < 0)
			continue;

		/* The launcher wants the end, or it is gone. */
		if (polled[1].revents || polled[2].revents) {
			struct cr_msg killed = {.kind = CR_MSG_ENDED, .status = SIGKILL};

			end(box, &killed);
		}
		if (polled[3].revents && cr_guard_check(box) < 0) {
			struct cr_msg killed = {.kind = CR_MSG_ENDED, .status = SIGKILL};
			struct cr_msg why = {.kind = CR_MSG_UNCOVERED, .err = *box->err};

			cr_msg_send(box->birth.ctl, &why, -1);
			end(box, &killed);
		}
		/* Without its broker the box is offline. */
		if (polled[4].revents && !cr_capture_serve(box))
			cr_close_fd(&polled[4].fd);
		if (polled[5].revents)
			cr_follow_check(box);
		if (read(signals, &info, sizeof(info)) > 0)
			reap(box, command);
	}
}

static int open_signals(struct cr_box *box)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);

	int fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);

	return fd < 0 ? cr_fail_os(box->err, CR_E_STEP, errno, "cannot watch children") : fd;
}

static int launcher_is_gone(const struct cr_box *box)
{
	struct pollfd polled = {.fd = box->birth.ctl, .events = POLLIN};

	return poll(&polled, 1, 0) != 0;
}

static void __attribute__((noreturn)) give_up(struct cr_box *box)
{
	struct cr_msg msg = {.kind = CR_MSG_FAILED};

	name_step(box);
	msg.err = *box->err;
	end(box, &msg);
}

/* Without a pid namespace what the command leaves behind comes to init, which must see it. */
static int become_reaper(struct cr_box *box)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 || cr_kill_children() < 0)
		return cr_step_fail(box, "watch over the processes of the box (is /proc mounted?)");
	return 0;
}

/* Stacks of processes that share our memory; the kernel's own guard is a page below. */
char *cr_stack_new(void)
{
	char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);

	return stack == MAP_FAILED ? NULL : stack + STACK_BYTES;
}

/* Before there is a command that could look at us. */
static int become_undumpable(struct cr_box *box)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? cr_step_fail(box, "become undumpable") : 0;
}

/* What does not depend on the plan. */
static int prepare(struct cr_box *box)
{
	prctl(PR_SET_NAME, "carrel-init", 0, 0, 0);
	box->old_umask = umask(0);                   /* modes are what the plan says */
	box->old_sigchld = signal(SIGCHLD, SIG_DFL); /* ignored, children would vanish unseen */
	if (has_namespaces(box) ? make_namespaces(box) < 0 : become_reaper(box) < 0)
		return -1;
	box->stack_top = cr_stack_new();
	return box->stack_top ? 0 : cr_step_fail(box, "make a stack");
}

/* The launcher goes away without a word when there is nothing to run. */
static void take_order(struct cr_box *box)
{
	struct cr_msg msg;

	if (cr_msg_receive(box->birth.ctl, &msg, &box->capture) <= 0 || msg.kind != CR_MSG_ORDER)
		_exit(0);
	box->plan = msg.order->plan;
	box->launch = msg.order->launch;
	box->grabs = msg.order->grabs;
	box->reservations = msg.order->reservations;
	box->script_argv = msg.order->script_argv;
	box->old_mask = msg.order->old_mask;
	box->explain = msg.order->explain;
	box->looking = msg.order->looking;
	box->scratch_bytes = cr_plan_value(box->plan, CR_STEP_TMPFS);
}

void cr_init_main(const struct cr_birth *birth)
{
	static const struct cr_plan no_plan = {.os = CR_OS_LINUX};
	struct cr_msg started = {.kind = CR_MSG_STARTED};
	struct cr_err err;
	struct cr_box box_memory = {
		.birth = *birth,
		.plan = &no_plan,
		.err = &err,
		.scratch = -1,
		.mounts = -1,
		.capture = -1,
		.followed_events = -1,
		.parent = -1,
		.landlock = -1,
	};
	struct cr_box *box = &box_memory;
	pid_t command;
	int pidfd = -1;

	if (prepare(box) < 0)
		give_up(box);
	take_order(box);

	int signals = open_signals(box);

	if (signals < 0 || set_up(box) < 0 || launcher_is_gone(box) ||
	    (has_namespaces(box) && cr_guard_open(box) < 0) || become_undumpable(box) < 0 ||
	    cr_command_start(box, &command, &pidfd) < 0)
		give_up(box);
	cr_close_fd(&box->landlock); /* the command has entered it, by a copy */
	if (cr_drop_to_clean_up(box, box->err) < 0)
		give_up(box);
	if (cr_msg_send(box->birth.ctl, &started, pidfd) < 0)
		end(box, NULL);
	close(pidfd);
	serve(box, command, signals);
}
