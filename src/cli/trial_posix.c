/*
 * trial_posix.c - trial_host.h for Linux.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "lib/sys.h"
#include "platform.h"
#include "trial_host.h"

#define PATIENCE_MS    60000 /* of one attack */
#define MAX_COPY_BYTES (256L * 1024 * 1024)

static int no_memory(struct cr_err *err)
{
	return cr_fail(err, CR_E_NOMEM, "out of memory");
}

const char *cr_trial_obstacle(const struct cr_attack *attack)
{
	const unsigned needs = attack->needs;

	if (attack->traits & CR_TRAIT_SLOW)
		return "it would leave something running; only the tests try it";
	if (needs & CR_NEEDS_SUID)
		return "it needs a setuid program; only the tests make one";
	if ((needs & CR_NEEDS_ROOT) && geteuid() != 0)
		return "only root can try it";
	if ((needs & CR_NEEDS_ORDINARY) && geteuid() == 0)
		return "as root it would reach the whole machine";
	if ((needs & CR_NEEDS_CONSOLE) && access("/dev/tty1", R_OK | W_OK) < 0)
		return "no virtual console here";
	return NULL;
}

static char **environment(struct cr_arena *arena, const struct cr_trial_command *command)
{
	char **env = cr_arena_alloc(arena, 8, sizeof(*env));
	size_t n = 0;

	if (!env)
		return NULL;
	env[n++] = cr_arena_strdup(arena, "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
	env[n++] = cr_arena_strdup(arena, "LANG=C.UTF-8");
	env[n++] = cr_arena_printf(arena, "HOME=%s", command->home);
	env[n++] = cr_arena_printf(arena, "XDG_RUNTIME_DIR=%s", command->runtime_dir);
	if (command->token)
		env[n++] = cr_arena_printf(arena, "CARREL_TEST_TOKEN=%s", command->token);
	for (size_t i = 0; i < n; i++) {
		if (!env[i])
			return NULL;
	}
	return env;
}

static int spawn(const struct cr_trial_command *command, char **env, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *const *argv = (char *const *)(const void *)command->words;
	int code;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	if (command->new_session)
		posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	if (command->group) {
		posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
		posix_spawnattr_setpgroup(&attributes, (pid_t)command->group);
	}
	/* in a new session the terminal opened here becomes its own */
	posix_spawn_file_actions_addopen(
		&actions, 0, command->stdin_path ? command->stdin_path : "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_addopen(&actions, 1, command->out_path,
					 O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(&actions, 2, command->err_path,
					 O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addchdir_np(&actions, command->cwd);
	code = posix_spawn(pid, command->words[0], &actions, &attributes, argv, env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

static volatile sig_atomic_t told_to_end; /* a signal's number */

static void note_signal(int sig)
{
	told_to_end = sig;
}

/* Ctrl-C and the like shall leave nothing behind: the signal waits until the targets are gone. */
static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	const struct sigaction action = {.sa_handler = note_signal}; /* poll(2) is interrupted */
	struct sigaction old;

	for (size_t i = 0; i < CR_COUNT_OF(signals); i++) {
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

bool cr_trial_is_told_to_end(void)
{
	return told_to_end != 0;
}

void cr_trial_end_as_told(void)
{
	if (!told_to_end)
		return;
	signal(told_to_end, SIG_DFL);
	raise(told_to_end);
}

/* The exit code, or 128 + the signal; one that does not end, or that we shall not wait for, is
 * killed. */
static int wait_for(pid_t pid)
{
	struct pollfd polled = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	int status = 0;

	if (polled.fd >= 0) {
		if (poll(&polled, 1, PATIENCE_MS) <= 0)
			kill(pid, SIGKILL);
		close(polled.fd);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int cr_trial_start(struct cr_arena *arena, const struct cr_trial_command *command, int *exit_code,
		   struct cr_err *err)
{
	char **env = environment(arena, command);
	pid_t pid;
	int code;

	if (!env)
		return no_memory(err);
	code = spawn(command, env, &pid);
	if (code != 0)
		return cr_fail_os(err, CR_E_IO, code, "cannot start '%.300s'", command->words[0]);
	*exit_code = wait_for(pid);
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	remove(path);
	return 0;
}

void cr_trial_remove_tree(const char *dir)
{
	/* depth first, never through a symlink, never into another file system */
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static intptr_t inherit_socket(const struct cr_attack_env *env)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)env->udp_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd >= 0)
		(void)!connect(fd, (const struct sockaddr *)&address, sizeof(address));
	return fd;
}

static void inherit(struct cr_arena *arena, const struct cr_attack_env *env,
		    struct cr_trial_command *command)
{
	static const char *const names[] = {"dir_fd", "file_fd", "socket_fd"};
	char precious[CR_ATTACK_TEXT + 16];

	snprintf(precious, sizeof(precious), "%s/precious", env->outside);
	command->open[0] = open(env->outside, O_RDONLY | O_DIRECTORY);
	command->open[1] = open(precious, O_RDWR);
	command->open[2] = inherit_socket(env);
	command->n_open = 3;
	for (size_t i = 0; i < command->n_open; i++) {
		const char *set = cr_arena_printf(arena, "%s=%d", names[i], (int)command->open[i]);

		cr_trial_add_word(command, "--set");
		cr_trial_add_word(command, set ? set : "");
	}
}

/* A terminal for the attacker; its other end stays with us. NULL: there is none to be had. */
static const char *open_terminal(struct cr_arena *arena, struct cr_trial_command *command)
{
	const int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[64];

	if (fd < 0)
		return NULL;
	command->open[command->n_open++] = fd;
	if (grantpt(fd) < 0 || unlockpt(fd) < 0 || ptsname_r(fd, name, sizeof(name)) != 0)
		return NULL;
	return cr_arena_strdup(arena, name);
}

void cr_trial_equip(struct cr_arena *arena, const struct cr_attack *attack,
		    const struct cr_attack_env *env, struct cr_trial_command *command)
{
	command->new_session = (attack->needs & CR_NEEDS_TTY) != 0;
	if (attack->needs & CR_NEEDS_GROUP)
		command->group = (intptr_t)env->victim_pid;
	if (attack->needs & CR_NEEDS_FDS)
		inherit(arena, env, command);
	if (attack->needs & CR_NEEDS_TTY)
		command->stdin_path = open_terminal(arena, command);
	if (attack->needs & CR_NEEDS_CONSOLE)
		command->stdin_path = "/dev/tty1";
}

void cr_trial_unequip(struct cr_trial_command *command)
{
	for (size_t i = 0; i < command->n_open; i++)
		close((int)command->open[i]);
	command->n_open = 0;
}

int cr_trial_play_box(const struct cr_attack_env *env, struct cr_err *err)
{
	(void)env;
	(void)err;
	return 0;
}

bool cr_trial_was_killed(int exit_code)
{
	return exit_code >= 128;
}

int cr_trial_make_dir(const char *path, struct cr_err *err)
{
	if (mkdir(path, 0755) < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot make '%.300s'", path);
	return 0;
}

int cr_trial_copy_self(struct cr_trials *trials, struct cr_err *err)
{
	size_t len = 0;
	char *bytes = cr_sys_read_file(trials->arena, "/proc/self/exe", MAX_COPY_BYTES, &len, err);
	int fd, code;

	if (!bytes)
		return -1;
	trials->self = cr_arena_printf(trials->arena, "%s/carrel", trials->base);
	trials->copy = trials->self;
	if (!trials->self)
		return no_memory(err);
	fd = open(trials->self, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (fd < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot create '%.300s'", trials->self);
	code = cr_platform_write(fd, bytes, len) < 0 || fchmod(fd, 0755) < 0 ? errno : 0;
	close(fd);
	return code ? cr_fail_os(err, CR_E_IO, code, "cannot write '%.300s'", trials->self) : 0;
}

int cr_trial_make_base(struct cr_trials *trials, const char *dir, struct cr_err *err)
{
	const char *real;
	char *base;

	/* some attacks signal whomever they can reach */
	signal(SIGURG, SIG_IGN);
	if (!dir) {
		const char *home = cr_sys_home(trials->arena, err);

		dir = home ? cr_arena_printf(trials->arena, "%s/.cache", home) : NULL;
		if (!dir || cr_platform_make_dirs(dir, err) < 0)
			return -1;
	}
	real = cr_sys_real_dir(trials->arena, dir, err);
	if (!real)
		return -1;
	if (strncmp(real, "/tmp/", 5) == 0 || strncmp(real, "/var/tmp/", 9) == 0 ||
	    strcmp(real, "/tmp") == 0 || strcmp(real, "/var/tmp") == 0)
		return cr_fail(err, CR_E_USAGE, "'%.300s' is replaced in a box", real);
	base = cr_arena_printf(trials->arena, "%s/carrel-XXXXXX", real);
	if (!base)
		return no_memory(err);
	if (!mkdtemp(base))
		return cr_fail_os(err, CR_E_IO, errno, "cannot make a directory in '%.300s'", real);
	trials->base = base;
	catch_signals();
	return chmod(base, 0755) < 0 ? cr_fail_os(err, CR_E_IO, errno, "cannot open '%.300s'", base)
				     : 0;
}
