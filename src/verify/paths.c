/*
 * paths.c - the ways to put something at a path, or to take it away, one
 * function each; the tables of protected.c and outside.c aim them.
 *
 * Preparation happens in the scratch directory. When that fails the attack is
 * "not testable", never "refused".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "paths.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

static enum cr_attack_outcome unprepared(const struct cr_attack_env *env)
{
	return cr_attack_untestable(env, "cannot prepare in the workspace: %s", strerror(errno));
}

enum cr_attack_outcome cr_path_create(const struct cr_attack_env *env)
{
	const char *path = cr_attack_target(env);

	/* Parents too: an absent directory must not be a way to create the file in it. */
	if (cr_attack_make_parents(path) < 0)
		return cr_attack_refused(env, "mkdir for '%s'", env->arg);
	return cr_attack_result(env, cr_attack_put(path, O_CREAT | O_EXCL), "create");
}

enum cr_attack_outcome cr_path_overwrite(const struct cr_attack_env *env)
{
	return cr_attack_result(env, cr_attack_put(cr_attack_target(env), O_TRUNC), "overwrite");
}

enum cr_attack_outcome cr_path_append(const struct cr_attack_env *env)
{
	return cr_attack_result(env, cr_attack_put(cr_attack_target(env), O_APPEND), "append");
}

enum cr_attack_outcome cr_path_truncate(const struct cr_attack_env *env)
{
	return cr_attack_result(env, truncate(cr_attack_target(env), 0), "truncate");
}

enum cr_attack_outcome cr_path_unlink(const struct cr_attack_env *env)
{
	return cr_attack_result(env, unlink(cr_attack_target(env)), "unlink");
}

enum cr_attack_outcome cr_path_rmdir(const struct cr_attack_env *env)
{
	return cr_attack_result(env, rmdir(cr_attack_target(env)), "rmdir");
}

enum cr_attack_outcome cr_path_mkdir(const struct cr_attack_env *env)
{
	return cr_attack_result(env, mkdir(cr_attack_target(env), 0755), "mkdir");
}

enum cr_attack_outcome cr_path_symlink(const struct cr_attack_env *env)
{
	return cr_attack_result(env, symlink("scratch", cr_attack_target(env)), "symlink");
}

enum cr_attack_outcome cr_path_link_from_scratch(const struct cr_attack_env *env)
{
	const char *evil = cr_attack_scratch(env, "evil");

	if (!evil)
		return unprepared(env);
	return cr_attack_result(env, link(evil, cr_attack_target(env)), "link");
}

enum cr_attack_outcome cr_path_fifo(const struct cr_attack_env *env)
{
	return cr_attack_result(env, mknod(cr_attack_target(env), S_IFIFO | 0644, 0), "mknod fifo");
}

enum cr_attack_outcome cr_path_bind(const struct cr_attack_env *env)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", cr_attack_target(env));
	return cr_attack_result(env, bind(fd, (struct sockaddr *)&addr, sizeof(addr)), "bind");
}

enum cr_attack_outcome cr_path_rename_over(const struct cr_attack_env *env)
{
	const char *evil = cr_attack_scratch(env, "evil");

	if (!evil)
		return unprepared(env);
	return cr_attack_result(env, rename(evil, cr_attack_target(env)), "rename over");
}

enum cr_attack_outcome cr_path_rename_away(const struct cr_attack_env *env)
{
	const char *away = cr_attack_path("%s/scratch/away", env->workspace);
	const char *path = cr_attack_target(env);

	if (rename(path, away) == 0)
		return cr_attack_succeeded(env, "rename into scratch");
	/* A directory under another mount may still be renamed beside itself. */
	return cr_attack_result(env, rename(path, cr_attack_path("%s.away", path)), "rename away");
}

enum cr_attack_outcome cr_path_exchange(const struct cr_attack_env *env)
{
	const char *path = cr_attack_target(env), *other;
	struct stat st;

	if (lstat(path, &st) < 0)
		return cr_attack_untestable(env, "'%s' is not there", env->arg);
	if (S_ISDIR(st.st_mode)) {
		other = cr_attack_path("%s/scratch/dir", env->workspace);
		if (mkdir(other, 0755) < 0)
			return unprepared(env);
	} else if (!(other = cr_attack_scratch(env, "evil"))) {
		return unprepared(env);
	}
	return cr_attack_result(
		env, syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE),
		"renameat2 exchange");
}

/* A file without a name, given one later: nothing but the link is seen by a watcher of open. */
enum cr_attack_outcome cr_path_tmpfile(const struct cr_attack_env *env)
{
	const char *path = cr_attack_target(env);
	char dir[4096], *slash;
	int fd;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0) {
		snprintf(dir, sizeof(dir), "%s/scratch", env->workspace);
		fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	}
	if (fd < 0)
		return unprepared(env);
	if (write(fd, "pwned\n", 6) != 6)
		return unprepared(env);
	return cr_attack_result(env,
				linkat(AT_FDCWD, cr_attack_path("/proc/self/fd/%d", fd), AT_FDCWD,
				       path, AT_SYMLINK_FOLLOW),
				"linkat of an unnamed file");
}

enum cr_attack_outcome cr_path_parent_away(const struct cr_attack_env *env)
{
	const char *arrow = strchr(env->arg, '>');
	const char *parent, *path;
	char first[256];

	if (!arrow)
		return cr_attack_untestable(env, "bad row");
	snprintf(first, sizeof(first), "%.*s", (int)(arrow - env->arg), env->arg);
	parent = cr_attack_resolve(env, first);
	path = cr_attack_resolve(env, arrow + 1);
	if (rename(parent, cr_attack_path("%s-away", parent)) < 0)
		return cr_attack_refused(env, "rename '%s' away", first);
	if (cr_attack_make_parents(path) < 0)
		return cr_attack_refused(env, "mkdir for '%s'", arrow + 1);
	return cr_attack_result(env, cr_attack_put(path, O_CREAT | O_EXCL), "create in its place");
}

enum cr_attack_outcome cr_path_link_and_write(const struct cr_attack_env *env)
{
	const char *alias = cr_attack_path("%s/scratch/alias", env->workspace);

	if (link(cr_attack_target(env), alias) < 0) {
		int fd = open(cr_attack_target(env), O_PATH | O_CLOEXEC);

		if (fd < 0 || linkat(AT_FDCWD, cr_attack_path("/proc/self/fd/%d", fd), AT_FDCWD,
				     alias, AT_SYMLINK_FOLLOW) < 0)
			return cr_attack_refused(env, "link");
	}
	return cr_attack_result(env, cr_attack_put(alias, O_TRUNC), "write through the link");
}

enum cr_attack_outcome cr_path_rename_dir_in(const struct cr_attack_env *env)
{
	const char *dir = cr_attack_path("%s/scratch/made", env->workspace);

	if (mkdir(dir, 0755) < 0 || cr_attack_put(cr_attack_path("%s/settings.json", dir), O_CREAT))
		return unprepared(env);
	return cr_attack_result(env, rename(dir, cr_attack_target(env)), "rename a directory in");
}
