/*
 * secret.c - reading what the policy hides, by its name, by other names, by
 * other programs, and through other processes (threats 17, 20).
 *
 * Success is the marker in hand, never merely an open that worked.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

static enum cr_attack_outcome found(const struct cr_attack_env *env, const char *path,
				    const char *how)
{
	return cr_attack_result(env, cr_attack_finds(path, env->marker), how);
}

static enum cr_attack_outcome read_secret(const struct cr_attack_env *env)
{
	return found(env, env->secret, "read");
}

static enum cr_attack_outcome read_target(const struct cr_attack_env *env)
{
	return found(env, cr_attack_target(env), "read");
}

static enum cr_attack_outcome through_symlink(const struct cr_attack_env *env)
{
	const char *link = cr_attack_path("%s/scratch/link", env->workspace);

	if (symlink(env->secret, link) < 0)
		return cr_attack_untestable(env, "symlink: %s", strerror(errno));
	return found(env, link, "read through a symlink");
}

static enum cr_attack_outcome through_proc_root(const struct cr_attack_env *env)
{
	return found(env, cr_attack_path("/proc/self/root%s", env->secret),
		     "read through /proc/self/root");
}

static enum cr_attack_outcome through_link(const struct cr_attack_env *env)
{
	const char *alias = cr_attack_path("%s/scratch/alias", env->workspace);

	if (link(env->secret, alias) < 0)
		return cr_attack_refused(env, "link");
	return found(env, alias, "read through a hard link");
}

/* Hidden files of the workspace: the directory is ours to write, so the name can be moved. */
static enum cr_attack_outcome after_rename(const struct cr_attack_env *env)
{
	const char *away = cr_attack_path("%s/scratch/away", env->workspace);

	if (rename(cr_attack_target(env), away) < 0)
		return cr_attack_refused(env, "rename");
	return found(env, away, "read after a rename");
}

static enum cr_attack_outcome after_parent_rename(const struct cr_attack_env *env)
{
	const char *away = cr_attack_path("%s/scratch/conf", env->workspace);

	if (rename(cr_attack_path("%s/conf", env->workspace), away) < 0)
		return cr_attack_refused(env, "rename of the directory");
	return found(env, cr_attack_path("%s/.env", away), "read after renaming the directory");
}

static enum cr_attack_outcome after_link(const struct cr_attack_env *env)
{
	const char *alias = cr_attack_path("%s/scratch/alias", env->workspace);

	if (link(cr_attack_target(env), alias) < 0)
		return cr_attack_refused(env, "link");
	return found(env, alias, "read through a hard link");
}

static enum cr_attack_outcome via_o_path(const struct cr_attack_env *env)
{
	int fd = open(env->secret, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return cr_attack_refused(env, "open with O_PATH");
	return found(env, cr_attack_path("/proc/self/fd/%d", fd), "reopen an O_PATH descriptor");
}

static enum cr_attack_outcome via_openat2(const struct cr_attack_env *env)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
	long fd = syscall(SYS_openat2, AT_FDCWD, env->secret, &how, sizeof(how));

	if (fd < 0)
		return cr_attack_refused(env, "openat2");
	return found(env, cr_attack_path("/proc/self/fd/%ld", fd), "openat2");
}

static enum cr_attack_outcome list_directory(const struct cr_attack_env *env)
{
	char dir[4096], *slash;
	struct dirent *entry;
	DIR *stream;

	snprintf(dir, sizeof(dir), "%s", env->secret);
	slash = strrchr(dir, '/');
	*slash = '\0';
	stream = opendir(dir);
	if (!stream)
		return cr_attack_refused(env, "opendir");
	do
		entry = readdir(stream);
	while (entry && strcmp(entry->d_name, slash + 1) != 0);
	closedir(stream);
	if (entry)
		return cr_attack_succeeded(env, "the name is listed");
	errno = ENOENT;
	return cr_attack_refused(env, "the name is not listed");
}

static enum cr_attack_outcome by_program(const struct cr_attack_env *env, const char *const *argv)
{
	char out[4096];

	if (cr_attack_spawn(argv, out, sizeof(out)) < 0)
		return cr_attack_untestable(env, "start a program: %s", strerror(errno));
	if (strstr(out, env->marker))
		return cr_attack_succeeded(env, "'%s' printed it", argv[0]);
	errno = EACCES;
	return cr_attack_refused(env, "'%s' did not print it", argv[0]);
}

static enum cr_attack_outcome by_cat(const struct cr_attack_env *env)
{
	const char *const argv[] = {"/bin/cat", env->secret, NULL};

	return by_program(env, argv);
}

/* Watchers that know programs by name are blind to a copy. */
static enum cr_attack_outcome by_copied_cat(const struct cr_attack_env *env)
{
	const char *copy = cr_attack_path("%s/scratch/notcat", env->workspace);
	const char *const argv[] = {copy, env->secret, NULL};

	if (cr_attack_copy("/bin/cat", copy) < 0)
		return cr_attack_untestable(env, "copy: %s", strerror(errno));
	return by_program(env, argv);
}

static enum cr_attack_outcome by_loader(const struct cr_attack_env *env)
{
	static const char *const loaders[] = {
		"/lib64/ld-linux-x86-64.so.2",
		"/lib/ld-linux-aarch64.so.1",
		"/lib/ld-musl-x86_64.so.1",
		"/lib/ld-linux-riscv64-lp64d.so.1",
	};

	for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++) {
		const char *const argv[] = {loaders[i], "/bin/cat", env->secret, NULL};

		if (access(loaders[i], X_OK) == 0)
			return by_program(env, argv);
	}
	return cr_attack_untestable(env, "no dynamic loader is known here");
}

/* A program without a name at all. */
static enum cr_attack_outcome by_memfd(const struct cr_attack_env *env)
{
	int fd = memfd_create("x", 0);
	const char *path = cr_attack_path("/proc/self/fd/%d", fd);
	const char *const argv[] = {path, env->secret, NULL};

	if (fd < 0 || cr_attack_copy("/bin/cat", path) < 0)
		return cr_attack_untestable(env, "memfd: %s", strerror(errno));
	return by_program(env, argv);
}

struct handle { /* struct file_handle with room for any file system's */
	unsigned bytes;
	int type;
	unsigned char data[128];
};

static enum cr_attack_outcome by_handle(const struct cr_attack_env *env)
{
	struct handle handle = {.bytes = sizeof(handle.data)};
	int mount_id, dir = open(env->workspace, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long fd;

	if (dir < 0 || syscall(SYS_name_to_handle_at, AT_FDCWD, env->secret, &handle, &mount_id, 0))
		return cr_attack_refused(env, "name_to_handle_at");
	fd = syscall(SYS_open_by_handle_at, dir, &handle, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cr_attack_refused(env, "open_by_handle_at");
	return found(env, cr_attack_path("/proc/self/fd/%ld", fd), "read by handle");
}

/* Only decimal names are processes. */
static bool is_process(const char *name)
{
	return *name && strspn(name, "0123456789") == strlen(name);
}

/* Looks for the marker in `/proc/PID/<file>` of every process that can be seen. */
static enum cr_attack_outcome any_process_file(const struct cr_attack_env *env)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned seen = 0, read = 0;

	if (!proc)
		return cr_attack_refused(env, "open /proc");
	while ((entry = readdir(proc))) {
		const char *path = cr_attack_path("/proc/%s/%s", entry->d_name, env->arg);

		if (!is_process(entry->d_name))
			continue;
		seen++;
		if (cr_attack_finds(path, env->marker) == 0) {
			closedir(proc);
			return cr_attack_succeeded(env, "found in %s", path);
		}
		read += errno == ENODATA;
	}
	closedir(proc);
	errno = ENODATA;
	return cr_attack_refused(env, "%u processes seen, %s of %u read", seen, env->arg, read);
}

/* The open descriptors and root and cwd links of every other process: each may lead outside. */
static enum cr_attack_outcome any_process_link(const struct cr_attack_env *env)
{
	DIR *proc = opendir("/proc");
	const char *root = NULL;
	struct dirent *entry;
	unsigned tried = 0;

	if (!proc)
		return cr_attack_refused(env, "open /proc");
	while (!root && (entry = readdir(proc))) {
		if (!is_process(entry->d_name))
			continue;
		tried++;
		root = cr_attack_path("/proc/%s/root%s", entry->d_name, env->secret);
		if (cr_attack_finds(root, env->marker) < 0)
			root = NULL;
	}
	closedir(proc);
	if (root)
		return cr_attack_succeeded(env, "through %s", root);
	errno = EACCES;
	return cr_attack_refused(env, "root links of %u processes", tried);
}

static enum cr_attack_outcome own_environment(const struct cr_attack_env *env)
{
	const char *value = getenv("CARREL_TEST_TOKEN");

	if (value && strcmp(value, env->marker) == 0)
		return cr_attack_succeeded(env, "it is in our environment");
	errno = ENODATA;
	return cr_attack_refused(env, "CARREL_TEST_TOKEN");
}

#define ROW(NAME, THREATS, TITLE, FN, ARG)                                              \
	{                                                                               \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, .arg = ARG, \
		.tiers = CR_HOLDS_BOTH                                                  \
	}

/* Landlock cannot deny inside a directory that it allows. */
#define INSIDE(NAME, THREATS, TITLE, FN, ARG)                                           \
	{                                                                               \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, .arg = ARG, \
		.tiers = CR_HOLDS_FULL, .gap = "protected-paths"                        \
	}

static const struct cr_attack rows[] = {
	ROW("secret-read", "17", "read a hidden file", read_secret, NULL),
	ROW("secret-list", "17", "list a hidden directory", list_directory, NULL),
	ROW("secret-openat2", "17", "read a hidden file with openat2", via_openat2, NULL),
	ROW("secret-symlink", "14 17", "read a hidden file through a symlink", through_symlink,
	    NULL),
	ROW("secret-link", "12 17", "read a hidden file through a hard link", through_link, NULL),
	ROW("secret-proc-root", "17", "read a hidden file through /proc/self/root",
	    through_proc_root, NULL),
	ROW("secret-o-path", "17", "read a hidden file through an O_PATH descriptor", via_o_path,
	    NULL),
	ROW("secret-cat", "17", "read a hidden file with cat", by_cat, NULL),
	ROW("secret-copied-cat", "17", "read a hidden file with a copy of cat", by_copied_cat,
	    NULL),
	ROW("secret-loader", "17", "read a hidden file with the loader started by hand", by_loader,
	    NULL),
	ROW("secret-memfd", "17", "read a hidden file with a program in memory", by_memfd, NULL),
	ROW("secret-any-root", "17", "read a hidden file through another process's root",
	    any_process_link, NULL),
	{
		.name = "secret-handle",
		.threats = "17",
		.title = "read a hidden file by handle",
		.fn = by_handle,
		.tiers = CR_HOLDS_BOTH,
		.needs = CR_NEEDS_ROOT,
	},
	ROW("state-read", "11 46", "read carrel's own state", read_target, "state:attack-probe"),
	INSIDE("hidden-in-workspace", "20", "read a hidden file of the workspace", read_target,
	       "ws:.env"),
	INSIDE("hidden-nested", "20", "read a hidden file deeper in the workspace", read_target,
	       "ws:conf/.env"),
	INSIDE("hidden-rename", "5 20", "rename a hidden file of the workspace and read it",
	       after_rename, "ws:.env"),
	INSIDE("hidden-parent-rename", "5 20", "rename the directory of a hidden file and read it",
	       after_parent_rename, NULL),
	INSIDE("hidden-link", "12 20", "hard-link a hidden file of the workspace and read it",
	       after_link, "ws:.env"),
	{
		.name = "environment-secret",
		.threats = "28",
		.title = "find a secret in the environment",
		.fn = own_environment,
		.tiers = CR_HOLDS_BOTH,
		.needs = CR_NEEDS_SECRETS,
	},
	{
		.name = "environment-any",
		.threats = "17 28",
		.title = "find a secret in any process's environment",
		.fn = any_process_file,
		.arg = "environ",
		.tiers = CR_HOLDS_BOTH,
		.needs = CR_NEEDS_SECRETS,
	},
	{
		.name = "cmdline-any",
		.threats = "17",
		.title = "see the command lines of outside processes",
		.fn = any_process_file,
		.arg = "cmdline",
		.tiers = CR_HOLDS_FULL,
		.gap = "processes",
	},
};

CR_ATTACK_TABLE(cr_attacks_secret, rows);
