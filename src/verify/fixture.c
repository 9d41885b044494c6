/*
 * fixture.c - makes and removes the targets of the attacks: a home with a
 * workspace, secrets and settings, and (by its sister files) sockets, a victim
 * process, IPC objects.
 *
 * Creates nothing outside `dir`, the host's /tmp and /run and the IPC tables, and
 * removes all of it. Runs as the user whose box is tested, never as another one.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attack.h"
#include "fixture_parts.h"

struct seed {
	const char *path; /* in the fixture's directory; ends in / for a directory */
	const char *text; /* %s is the marker, if there is one */
	unsigned mode;    /* 0: 0644 */
};

#define GIT_CONFIG "[core]\n\trepositoryformatversion = 0\n"
#define SUB_CONFIG GIT_CONFIG "\tworktree = ../../../sub\n"

static const struct seed seeds[] = {
	{.path = "home/outside/precious", .text = "precious\n"},
	{.path = "home/outside/script", .text = "#!/bin/sh\nexit 0\n", .mode = 0755},
	{.path = "home/outside/dir/inner", .text = "inner\n"},
	{.path = "home/outside/empty/"},
	{.path = "home/.ssh/id_ed25519", .text = "%s\n", .mode = 0600},
	{.path = "home/.bashrc", .text = "# rc\n"},
	{.path = "home/.config/carrel/policy", .text = "use default\n"},
	{.path = "home/.local/state/carrel/", .mode = 0700},
	{.path = "home/.local/state/carrel/attack-probe", .text = "%s\n", .mode = 0600},
	{.path = "home/ws/scratch/"},
	{.path = "home/ws/README", .text = "a workspace\n"},
	{.path = "home/ws/.env", .text = "TOKEN=%s\n"},
	{.path = "home/ws/conf/.env", .text = "TOKEN=%s\n"},
	{.path = "home/ws/.git/HEAD", .text = "ref: refs/heads/main\n"},
	{.path = "home/ws/.git/config", .text = GIT_CONFIG},
	{.path = "home/ws/.git/hooks/post-checkout", .text = "#!/bin/sh\n", .mode = 0755},
	{.path = "home/ws/.git/info/exclude", .text = "\n"},
	{.path = "home/ws/.git/objects/info/"},
	{.path = "home/ws/.git/refs/heads/"},
	{.path = "home/ws/.git/modules/sub/HEAD", .text = "ref: refs/heads/main\n"},
	{.path = "home/ws/.git/modules/sub/config", .text = SUB_CONFIG},
	{.path = "home/ws/.git/modules/sub/objects/"},
	{.path = "home/ws/.git/modules/sub/refs/"},
	{.path = "home/ws/sub/.git", .text = "gitdir: ../.git/modules/sub\n"},
	{.path = "home/ws/nested/.git/HEAD", .text = "ref: refs/heads/main\n"},
	{.path = "home/ws/nested/.git/config", .text = GIT_CONFIG},
	{.path = "home/ws/nested/.git/objects/"},
	{.path = "home/ws/nested/.git/refs/"},
	{.path = "home/ws/.claude/settings.json", .text = "{}\n"},
	{.path = "home/ws/a/b/.vscode/tasks.json", .text = "{}\n"},
	{.path = "home/ws/a/b/other", .text = "other\n"},
	{.path = "run/", .mode = 0700},
};

/* Settings that must not be there afterwards, or must be as they were: see fixture_check.c. */

static int make_seed(const struct cr_attack_fixture *fixture, const struct seed *seed,
		     struct cr_err *err)
{
	const char *path = cr_attack_path("%s/%s", fixture->dir, seed->path);
	size_t len = strlen(path);
	char text[256];
	int fd, bad;

	if (cr_attack_make_parents(path) < 0)
		return cr_fail_os(err, CR_E_IO, errno, "make '%s'", path);
	if (path[len - 1] == '/')
		return seed->mode && chmod(path, seed->mode) < 0
			       ? cr_fail_os(err, CR_E_IO, errno, "chmod '%s'", path)
			       : 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, seed->mode ? seed->mode : 0644);
	if (fd < 0)
		return cr_fail_os(err, CR_E_IO, errno, "create '%s'", path);
	if (strstr(seed->text, "%s"))
		snprintf(text, sizeof(text), "%.*s%.64s\n", (int)strcspn(seed->text, "%"),
			 seed->text, fixture->env.marker);
	else
		snprintf(text, sizeof(text), "%s", seed->text);
	bad = write(fd, text, strlen(text)) != (ssize_t)strlen(text);
	if (close(fd) < 0 || bad)
		return cr_fail_os(err, CR_E_IO, errno, "write '%s'", path);
	return 0;
}

static int make_marker(struct cr_attack_env *env, struct cr_err *err)
{
	unsigned char bytes[8];
	const char *given = getenv("CARREL_TEST_TOKEN");

	if (given && *given && strlen(given) < 64) {
		snprintf(env->marker, sizeof(env->marker), "%s", given);
		return 0;
	}
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return cr_fail_os(err, CR_E_IO, errno, "getrandom");
	snprintf(env->marker, sizeof(env->marker), "carrel-secret-%02x%02x%02x%02x%02x%02x%02x%02x",
		 bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
	return 0;
}

/* A directory under /run: a caller that is root makes it, or hands one over in the environment. */
static void make_sys_dir(struct cr_attack_fixture *fixture)
{
	const char *given = getenv("CARREL_ATTACK_RUN_DIR");

	if (given && strlen(given) < sizeof(fixture->sys_dir) && access(given, W_OK) == 0) {
		snprintf(fixture->sys_dir, sizeof(fixture->sys_dir), "%s", given);
		return;
	}
	snprintf(fixture->sys_dir, sizeof(fixture->sys_dir), "/run/carrel-attack-XXXXXX");
	if (!mkdtemp(fixture->sys_dir))
		fixture->sys_dir[0] = '\0';
}

static void set_text(char field[CR_ATTACK_TEXT], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void set_text(char field[CR_ATTACK_TEXT], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(field, CR_ATTACK_TEXT, fmt, ap);
	va_end(ap);
}

static int make_env(struct cr_attack_fixture *fixture, struct cr_err *err)
{
	struct cr_attack_env *env = &fixture->env;
	const char *dir = fixture->dir;

	set_text(env->home, "%s/home", dir);
	set_text(env->workspace, "%s/home/ws", dir);
	set_text(env->outside, "%s/home/outside", dir);
	set_text(env->secret, "%s/home/.ssh/id_ed25519", dir);
	set_text(env->config_dir, "%s/home/.config/carrel", dir);
	set_text(env->state_dir, "%s/home/.local/state/carrel", dir);
	set_text(env->tmp_dir, "/tmp/carrel-attack-XXXXXX");
	if (!mkdtemp(env->tmp_dir))
		return cr_fail_os(err, CR_E_IO, errno, "mkdtemp '%s'", env->tmp_dir);
	snprintf(fixture->run_dir, sizeof(fixture->run_dir), "%.100s/run", dir);
	make_sys_dir(fixture);
	set_text(env->home_socket, "%s/home/agent.sock", dir);
	set_text(env->run_socket, "%s/run/bus", dir);
	if (fixture->sys_dir[0])
		set_text(env->sys_socket, "%s/docker.sock", fixture->sys_dir);
	set_text(env->tmp_socket, "%s/tmux", env->tmp_dir);
	set_text(env->ws_socket, "%s/dev.sock", env->workspace);
	set_text(env->dgram_socket, "%s/home/dgram.sock", dir);
	set_text(env->abstract_name, "carrel-attack-%s", env->marker + strlen(env->marker) - 12);
	env->init_pid = -1;
	env->dir_fd = env->file_fd = env->socket_fd = -1;
	return 0;
}

/* Descriptors that a careless launcher would leave open for the command. */
static int make_descriptors(struct cr_attack_fixture *fixture, struct cr_err *err)
{
	struct cr_attack_env *env = &fixture->env;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)env->tcp_port)};

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	env->dir_fd = open(env->outside, O_RDONLY | O_DIRECTORY);
	env->file_fd = open(cr_attack_path("%s/precious", env->outside), O_RDWR);
	env->socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
	to.sin_port = htons((uint16_t)env->udp_port);
	if (env->dir_fd < 0 || env->file_fd < 0 || env->socket_fd < 0 ||
	    connect((int)env->socket_fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return cr_fail_os(err, CR_E_IO, errno, "open the descriptors to inherit");
	return 0;
}

static int make_all(struct cr_attack_fixture *fixture, struct cr_err *err)
{
	if (make_marker(&fixture->env, err) < 0 || make_env(fixture, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
		if (make_seed(fixture, &seeds[i], err) < 0)
			return -1;
	if (cr_attack_put(cr_attack_path("%s/file", fixture->env.tmp_dir), O_CREAT) < 0)
		return cr_fail_os(err, CR_E_IO, errno, "write in '%s'", fixture->env.tmp_dir);
	if (cr_fixture_sockets(fixture, err) < 0 || cr_fixture_ipc(fixture, err) < 0 ||
	    cr_fixture_children(fixture, err) < 0 || make_descriptors(fixture, err) < 0)
		return -1;
	fixture->victim_sum = cr_fixture_victim_sum(fixture);
	return cr_fixture_remember(fixture, err);
}

static struct cr_attack_fixture *new_fixture(const char *dir)
{
	struct cr_attack_fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return NULL;
	snprintf(fixture->dir, sizeof(fixture->dir), "%s", dir);
	fixture->pty_master = fixture->pty_slave = -1;
	fixture->env.dir_fd = fixture->env.file_fd = fixture->env.socket_fd = -1;
	fixture->env.shm_id = fixture->env.msg_id = fixture->env.sem_id = -1;
	for (size_t i = 0; i < CR_SERVED_COUNT; i++)
		fixture->sockets[i] = -1;
	fixture->shared = mmap(NULL, sizeof(*fixture->shared), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fixture->shared == MAP_FAILED) {
		free(fixture);
		return NULL;
	}
	return fixture;
}

int cr_attack_fixture_make(const char *dir, struct cr_attack_fixture **out, struct cr_err *err)
{
	struct cr_attack_fixture *fixture;
	mode_t mask;
	int rc;

	if (strlen(dir) > 80)
		return cr_fail(err, CR_E_LIMIT, "'%s' is too long for sockets in it", dir);
	fixture = new_fixture(dir);
	if (!fixture)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	mask = umask(022);
	rc = make_all(fixture, err);
	umask(mask);
	if (rc < 0) {
		cr_attack_fixture_clean(fixture);
		return -1;
	}
	*out = fixture;
	return 0;
}

struct cr_attack_env *cr_attack_fixture_env(struct cr_attack_fixture *fixture)
{
	return &fixture->env;
}

static void add_limit(char *text, size_t size, const char *name, long value)
{
	size_t used = strlen(text);

	if (value > 0)
		snprintf(text + used, size - used, "limit %s %ld\n", name, value);
}

char *cr_attack_fixture_policy(const struct cr_attack_fixture *fixture)
{
	const struct cr_attack_env *env = &fixture->env;
	const size_t size = 2048;
	char *text = malloc(size);

	if (!text)
		return NULL;
	snprintf(text, size,
		 "use default\ndeny read \"%s/.ssh\"\ndeny read .env conf/.env\n"
		 "deny write a/b/.vscode nested/.git\n",
		 env->home);
	if (env->rule)
		snprintf(text + strlen(text), size - strlen(text), "allow connect 127.0.0.1:%ld\n",
			 env->open_port);
	add_limit(text, size, "processes", env->limit_processes);
	add_limit(text, size, "memory", env->limit_memory);
	add_limit(text, size, "disk", env->limit_disk);
	add_limit(text, size, "files", env->limit_files);
	return text;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	if (ftw->level > 0 && remove(path) < 0)
		fprintf(stderr, "left behind: %s: %s\n", path, strerror(errno));
	return 0;
}

/* Directories first get their rights back: an attack may have taken them. */
static int give_rights(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if ((type == FTW_D || type == FTW_DNR) && (st->st_mode & 0700) != 0700)
		chmod(path, 0700);
	return 0;
}

static void remove_tree(const char *dir)
{
	if (!*dir)
		return;
	nftw(dir, give_rights, 16, FTW_PHYS);
	nftw(dir, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

void cr_attack_fixture_clean(struct cr_attack_fixture *fixture)
{
	const long fds[] = {fixture ? fixture->env.dir_fd : -1, fixture ? fixture->env.file_fd : -1,
			    fixture ? fixture->env.socket_fd : -1};

	if (!fixture)
		return;
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close((int)fds[i]);
	cr_fixture_children_end(fixture);
	cr_fixture_ipc_end(fixture);
	cr_fixture_forget(fixture);
	remove_tree(fixture->dir);
	if (strstr(fixture->env.tmp_dir, "/tmp/carrel-attack-") == fixture->env.tmp_dir) {
		remove_tree(fixture->env.tmp_dir);
		rmdir(fixture->env.tmp_dir);
	}
	remove_tree(fixture->sys_dir);
	if (!getenv("CARREL_ATTACK_RUN_DIR") && fixture->sys_dir[0])
		rmdir(fixture->sys_dir);
	munmap(fixture->shared, sizeof(*fixture->shared));
	free(fixture);
}
