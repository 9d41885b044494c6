/*
 * trial.c - trial.h: fixtures, processes and their answers.
 *
 * Judges nothing. Everything it starts it waits for, and everything it makes
 * lies beneath one directory that goes away at the end.
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

#include "core/limits.h"
#include "core/plan_read.h"
#include "lib/sys.h"
#include "platform.h"
#include "trial.h"

#define PATIENCE_MS    60000 /* of one attack */
#define MAX_WORDS      64
#define MAX_OPEN       4
#define MAX_COPY_BYTES (256L * 1024 * 1024)

/* Limits set for the rows that need them; small, so that reaching them is quick. */
#define LIMIT_PROCESSES 40
#define LIMIT_MEMORY    (64L << 20)
#define LIMIT_DISK      (16L << 20)
#define LIMIT_FILES     256

/* The command line of one process, and what it is to have. */
struct command {
	const char *words[MAX_WORDS];
	size_t count;
	const char *cwd, *stdin_path, *out_path, *err_path;
	const char *home, *runtime_dir; /* its environment */
	const char *token;              /* NULL: no secret in it */
	int new_session;
};

static int no_memory(struct cr_err *err)
{
	return cr_fail(err, CR_E_NOMEM, "out of memory");
}

static void add_word(struct command *command, const char *word)
{
	if (command->count + 1 < MAX_WORDS)
		command->words[command->count++] = word;
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

static char **environment(struct cr_arena *arena, const struct command *command)
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

static int spawn(const struct command *command, char **env, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *const *argv = (char *const *)(const void *)command->words;
	int code;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	if (command->new_session)
		posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	/* in a new session the terminal opened here becomes its own */
	posix_spawn_file_actions_addopen(&actions, 0, command->stdin_path, O_RDWR, 0);
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

/* The exit code, or 128 + the signal; one that does not end is killed. */
static int wait_for(pid_t pid)
{
	struct pollfd polled = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	int status = 0;

	if (polled.fd >= 0) {
		if (poll(&polled, 1, PATIENCE_MS) == 0)
			kill(pid, SIGKILL);
		close(polled.fd);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_command(struct cr_arena *arena, const struct command *command, int *exit_code,
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

/* The first line of a small file, without the newline; "" when there is none. */
static void first_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, line, size - 1) : 0;

	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

struct targets {
	const char *dir;
	struct cr_attack_fixture *fixture;
	const char *env_file, *policy_file, *out_file, *err_file, *runtime_dir;
	const char **gaps; /* of the plan of a box for them */
	size_t n_gaps;
};

/* The row's own limit only, so that another cannot help. */
static void set_limit(struct cr_attack_env *env, const struct cr_attack *attack)
{
	if (!(attack->needs & CR_NEEDS_LIMITS))
		return;
	if (strstr(attack->name, "processes"))
		env->limit_processes = LIMIT_PROCESSES;
	else if (strstr(attack->name, "memory"))
		env->limit_memory = LIMIT_MEMORY;
	else if (strstr(attack->name, "disk"))
		env->limit_disk = LIMIT_DISK;
	else if (strstr(attack->name, "files"))
		env->limit_files = LIMIT_FILES;
}

static int write_files(const struct targets *targets, struct cr_err *err)
{
	char *policy = cr_attack_fixture_policy(targets->fixture);
	int failed;

	if (!policy)
		return no_memory(err);
	failed = cr_platform_create(targets->policy_file, policy, err);
	free(policy);
	if (failed)
		return -1;
	return cr_attack_env_write(cr_attack_fixture_env(targets->fixture), targets->env_file, err);
}

static int make_targets(struct cr_trials *trials, const struct cr_attack *attack,
			struct targets *targets, struct cr_err *err)
{
	struct cr_arena *arena = trials->arena;
	struct cr_attack_env *env;

	*targets = (struct targets){
		.dir = cr_arena_printf(arena, "%s/%u", trials->base, trials->count++)};
	targets->env_file = cr_arena_printf(arena, "%s/env", targets->dir);
	targets->policy_file = cr_arena_printf(arena, "%s/policy", targets->dir);
	targets->out_file = cr_arena_printf(arena, "%s/out", targets->dir);
	targets->err_file = cr_arena_printf(arena, "%s/err", targets->dir);
	targets->runtime_dir = cr_arena_printf(arena, "%s/run", targets->dir);
	if (!targets->dir || !targets->env_file || !targets->policy_file || !targets->out_file ||
	    !targets->err_file || !targets->runtime_dir)
		return no_memory(err);
	if (mkdir(targets->dir, 0755) < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot make '%.300s'", targets->dir);
	if (cr_attack_fixture_make(targets->dir, &targets->fixture, err) < 0)
		return -1;
	env = cr_attack_fixture_env(targets->fixture);
	snprintf(env->self, sizeof(env->self), "%s", trials->self);
	snprintf(env->carrel, sizeof(env->carrel), "%s", trials->self);
	if (attack)
		set_limit(env, attack);
	return write_files(targets, err);
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	remove(path);
	return 0;
}

static void remove_tree(const char *dir)
{
	/* depth first, never through a symlink, never into another file system */
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void clean_targets(struct targets *targets)
{
	cr_attack_fixture_clean(targets->fixture);
	if (targets->dir)
		remove_tree(targets->dir);
}

/* What the plan of the box does not promise, asked of the program that will be boxed with. */
static int ask_gaps(struct cr_trials *trials, struct targets *targets, struct cr_err *err)
{
	const struct cr_attack_env *env = cr_attack_fixture_env(targets->fixture);
	struct command command = {
		.cwd = env->workspace,
		.stdin_path = "/dev/null",
		.out_path = targets->out_file,
		.err_path = targets->err_file,
		.home = env->home,
		.runtime_dir = targets->runtime_dir,
		.words = {trials->self, "plan", "--json", "--workspace", env->workspace, "--policy",
			  targets->policy_file, "--tier", trials->tier},
		.count = 9,
	};
	struct cr_plan *plan;
	char *text;
	size_t len;
	int exit_code;

	if (run_command(trials->arena, &command, &exit_code, err) < 0)
		return -1;
	if (exit_code != 0) {
		char said[512];

		first_line(targets->err_file, said, sizeof(said));
		return cr_fail(err, CR_E_TIER, "no plan for tier '%.50s': %s", trials->tier, said);
	}
	text = cr_sys_read_file(trials->arena, targets->out_file, CR_MAX_PLAN_JSON, &len, err);
	if (!text || cr_plan_read(trials->arena, text, len, &plan, err) < 0)
		return cr_wrap(err, "the plan of the box");
	targets->gaps = cr_arena_alloc(trials->arena, plan->n_gaps + 1, sizeof(*targets->gaps));
	if (!targets->gaps)
		return no_memory(err);
	for (size_t i = 0; i < plan->n_gaps; i++)
		targets->gaps[targets->n_gaps++] = plan->gaps[i].name;
	return 0;
}

/* Descriptors the attacker is to inherit. */
struct inherited {
	int fds[MAX_OPEN];
	size_t count;
};

static int inherit_socket(const struct cr_attack_env *env)
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

static void inherit(struct cr_trials *trials, const struct cr_attack_env *env,
		    struct command *command, struct inherited *inherited)
{
	static const char *const names[] = {"dir_fd", "file_fd", "socket_fd"};
	char precious[CR_ATTACK_TEXT + 16];

	snprintf(precious, sizeof(precious), "%s/precious", env->outside);
	inherited->fds[0] = open(env->outside, O_RDONLY | O_DIRECTORY);
	inherited->fds[1] = open(precious, O_RDWR);
	inherited->fds[2] = inherit_socket(env);
	inherited->count = 3;
	for (size_t i = 0; i < inherited->count; i++) {
		const char *set =
			cr_arena_printf(trials->arena, "%s=%d", names[i], inherited->fds[i]);

		add_word(command, "--set");
		add_word(command, set ? set : "");
	}
}

/* A terminal for the attacker; its other end stays with us, last in *inherited. */
static const char *open_terminal(struct cr_trials *trials, struct inherited *inherited)
{
	const int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[64];

	if (fd < 0)
		return "/dev/null";
	inherited->fds[inherited->count++] = fd;
	if (grantpt(fd) < 0 || unlockpt(fd) < 0 || ptsname_r(fd, name, sizeof(name)) != 0)
		return "/dev/null";
	return cr_arena_strdup(trials->arena, name);
}

static void add_box_words(struct cr_trials *trials, const struct cr_attack_env *env,
			  const struct targets *targets, struct command *command)
{
	add_word(command, trials->self);
	add_word(command, "run");
	add_word(command, "--quiet");
	add_word(command, "--workspace");
	add_word(command, env->workspace);
	add_word(command, "--policy");
	add_word(command, targets->policy_file);
	add_word(command, "--tier");
	add_word(command, trials->tier);
	for (size_t i = 0; i < targets->n_gaps; i++) {
		add_word(command, "--accept-gap");
		add_word(command, targets->gaps[i]);
	}
	add_word(command, "--");
}

static void add_attack_words(struct cr_trials *trials, const struct cr_attack *attack,
			     const struct targets *targets, enum cr_trial_where where,
			     struct command *command)
{
	add_word(command, trials->self);
	add_word(command, "verify");
	add_word(command, "attack");
	add_word(command, attack->name);
	add_word(command, "--env-file");
	add_word(command, targets->env_file);
	if (where == CR_TRIAL_OUTSIDE) {
		add_word(command, "--control");
		return;
	}
	add_word(command, "--set");
	add_word(command, strcmp(trials->tier, "full") == 0 ? "init_pid=1" : "init_pid=-1");
}

/* What the attacker's end says. One killed in the middle of it was refused, in the plainest way. */
static int outcome_of(const struct targets *targets, int exit_code, enum cr_attack_outcome *outcome,
		      struct cr_err *err)
{
	char said[512];

	*outcome = CR_ATTACK_REFUSED;
	if (exit_code >= 128)
		return 0;
	*outcome = (enum cr_attack_outcome)exit_code;
	if (exit_code == CR_ATTACK_SUCCEEDED || exit_code == CR_ATTACK_REFUSED ||
	    exit_code == CR_ATTACK_NOT_TESTABLE)
		return 0;
	first_line(targets->err_file, said, sizeof(said));
	return cr_fail(err, CR_E_INTERNAL, "exit code %d: %s", exit_code, said);
}

static int try_on(struct cr_trials *trials, const struct cr_attack *attack,
		  const struct targets *targets, enum cr_trial_where where, struct cr_err *err)
{
	const struct cr_attack_env *env = cr_attack_fixture_env(targets->fixture);
	struct inherited inherited = {.count = 0};
	struct command command = {
		.cwd = env->workspace,
		.stdin_path = "/dev/null",
		.out_path = targets->out_file,
		.err_path = targets->err_file,
		.home = env->home,
		.runtime_dir = targets->runtime_dir,
		.token = attack->needs & CR_NEEDS_SECRETS ? env->marker : NULL,
		.new_session = (attack->needs & CR_NEEDS_TTY) != 0,
	};
	int exit_code = 0;
	int failed;

	if (where == CR_TRIAL_IN_BOX)
		add_box_words(trials, env, targets, &command);
	add_attack_words(trials, attack, targets, where, &command);
	if (attack->needs & CR_NEEDS_FDS)
		inherit(trials, env, &command, &inherited);
	if (attack->needs & CR_NEEDS_TTY)
		command.stdin_path = open_terminal(trials, &inherited);
	if (attack->needs & CR_NEEDS_CONSOLE)
		command.stdin_path = "/dev/tty1";
	failed = run_command(trials->arena, &command, &exit_code, err);
	for (size_t i = 0; i < inherited.count; i++)
		close(inherited.fds[i]);
	return failed ? -1 : exit_code;
}

int cr_trial_run(struct cr_trials *trials, const struct cr_attack *attack,
		 enum cr_trial_where where, struct cr_trial *out, struct cr_err *err)
{
	struct targets targets = {0};
	char changes[sizeof(out->text)];
	int failed = make_targets(trials, attack, &targets, err);
	int exit_code;

	*out = (struct cr_trial){.outcome = CR_ATTACK_NOT_TESTABLE};
	if (!failed && where == CR_TRIAL_IN_BOX)
		failed = ask_gaps(trials, &targets, err);
	if (!failed) {
		exit_code = try_on(trials, attack, &targets, where, err);
		failed = exit_code < 0 ? -1 : outcome_of(&targets, exit_code, &out->outcome, err);
	}
	if (!failed) {
		first_line(targets.out_file, out->text, sizeof(out->text));
		out->n_changes =
			cr_attack_fixture_changes(targets.fixture, changes, sizeof(changes));
		if (out->n_changes > 0) {
			changes[strcspn(changes, "\n")] = '\0';
			memcpy(out->text, changes, strlen(changes) + 1);
		}
	}
	out->gaps = targets.gaps;
	out->n_gaps = targets.n_gaps;
	clean_targets(&targets);
	return failed;
}

static int check_tier(struct cr_trials *trials, struct cr_err *err)
{
	struct targets targets = {0};
	int failed = make_targets(trials, NULL, &targets, err);

	if (!failed)
		failed = ask_gaps(trials, &targets, err);
	clean_targets(&targets);
	return failed;
}

/* A copy of the running program: where it lies a box may not see it, and it may be replaced. */
static int copy_self(struct cr_trials *trials, struct cr_err *err)
{
	size_t len = 0;
	char *bytes = cr_sys_read_file(trials->arena, "/proc/self/exe", MAX_COPY_BYTES, &len, err);
	int fd, failed;

	if (!bytes)
		return -1;
	trials->self = cr_arena_printf(trials->arena, "%s/carrel", trials->base);
	if (!trials->self)
		return no_memory(err);
	fd = open(trials->self, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (fd < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot create '%.300s'", trials->self);
	failed = cr_platform_write(fd, bytes, len) < 0 || fchmod(fd, 0755) < 0;
	close(fd);
	return failed ? cr_fail(err, CR_E_IO, "cannot write '%.300s'", trials->self) : 0;
}

static int make_base(struct cr_trials *trials, const char *dir, struct cr_err *err)
{
	const char *real;
	char *base;

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
	return chmod(base, 0755) < 0 ? cr_fail_os(err, CR_E_IO, errno, "cannot open '%.300s'", base)
				     : 0;
}

int cr_trials_begin(struct cr_trials *trials, const char *dir, struct cr_err *err)
{
	if (make_base(trials, dir, err) == 0 && copy_self(trials, err) == 0 &&
	    check_tier(trials, err) == 0)
		return 0;
	cr_trials_end(trials);
	return -1;
}

void cr_trials_end(struct cr_trials *trials)
{
	if (trials->base)
		remove_tree(trials->base);
	trials->base = NULL;
}
