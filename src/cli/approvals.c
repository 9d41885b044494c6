/* approvals.c - see approvals.h. */
#include "approvals.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/sys.h"
#include "platform.h"

#define BACKLOG      16
#define ID_DIGITS    32
#define SUFFIX       ".sock"
#define UNBORN_SECS  60 /* how long a socket may take to listen */
#define MAX_SWEEPED  4096
#define HEXADECIMALS "0123456789abcdef"

int cr_approvals_places(struct cr_arena *arena, const char *paths[CR_APPROVALS_PLACES],
			struct cr_err *err)
{
	const char *runtime = cr_sys_env(arena, "XDG_RUNTIME_DIR");
	const char *home = cr_sys_home(arena, err);
	const char *state = home ? cr_sys_state_dir(arena, home) : NULL;
	int count = 0;

	if (!home)
		return -1;
	if (runtime && runtime[0] == '/')
		paths[count++] = cr_arena_printf(arena, "%s/carrel", runtime);
	paths[count++] = state ? cr_arena_printf(arena, "%s/approvals", state) : NULL;
	for (int i = 0; i < count; i++)
		if (!paths[i])
			return cr_fail(err, CR_E_NOMEM, "out of memory");
	return count;
}

static bool ends_with(const char *text, const char *end)
{
	const size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static int make(const char *path, struct cr_err *err)
{
	if (ends_with(path, "/approvals"))
		return cr_platform_make_dirs(path, err);
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	return cr_fail_os(err, CR_E_IO, errno, "cannot make '%.500s'", path);
}

int cr_approvals_open(const char *path, int make_it, struct cr_err *err)
{
	struct stat st;
	int dir;

	if (make_it && make(path, err) < 0)
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return cr_fail_os(err, CR_E_IO, errno, "cannot open '%.500s'", path);
	if (fstat(dir, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & 077))
		return dir;
	close(dir);
	cr_fail(err, CR_E_TRUST, "'%.500s' is not yours alone", path);
	return cr_hint(err, "it must belong to you, with mode 0700");
}

int cr_approvals_is_name(const char *name)
{
	return strspn(name, HEXADECIMALS) == ID_DIGITS && strcmp(name + ID_DIGITS, SUFFIX) == 0;
}

/* By way of the directory's descriptor: an address has no room for long paths, and nobody can put
 * another directory in its place. */
static int address_of(int dir, const char *name, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	return snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/%s", dir, name) <
			       (int)sizeof(out->sun_path)
		       ? 0
		       : -1;
}

static int open_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* A socket that is bound and does not listen yet looks dead, so it has another name till then. */
static int listen_as(int dir, int fd, const char *unborn, const char *name)
{
	struct sockaddr_un address;
	mode_t mask;
	int bound;

	if (address_of(dir, unborn, &address) < 0)
		return -1;
	mask = umask(0177);
	bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (bound < 0)
		return -1;
	if (listen(fd, BACKLOG) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
	    renameat(dir, unborn, dir, name) == 0)
		return 0;
	unlinkat(dir, unborn, 0);
	return -1;
}

int cr_approvals_listen(int dir, const char *name)
{
	char unborn[CR_APPROVAL_NAME + 1];
	int fd = open_socket();

	snprintf(unborn, sizeof(unborn), ".%s", name);
	if (fd >= 0 && listen_as(dir, fd, unborn, name) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int cr_approvals_connect(int dir, const char *name)
{
	struct sockaddr_un address;
	int fd = open_socket();
	int os_code;

	if (fd < 0 || address_of(dir, name, &address) < 0)
		os_code = ENAMETOOLONG;
	else if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	else
		os_code = errno;
	if (fd >= 0)
		close(fd);
	errno = os_code;
	return -1;
}

static bool is_dead(int dir, const char *name)
{
	int fd = cr_approvals_connect(dir, name);

	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == ECONNREFUSED;
}

/* Left by a box that was killed between two calls. */
static bool is_stillborn(int dir, const char *name)
{
	struct stat st;

	return name[0] == '.' && cr_approvals_is_name(name + 1) &&
	       fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_mtime + UNBORN_SECS < time(NULL);
}

void cr_approvals_sweep(int dir)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = again < 0 ? NULL : fdopendir(again);
	const struct dirent *entry;

	for (int i = 0; list && i < MAX_SWEEPED && (entry = readdir(list)); i++)
		if ((cr_approvals_is_name(entry->d_name) || is_stillborn(dir, entry->d_name)) &&
		    is_dead(dir, entry->d_name))
			unlinkat(dir, entry->d_name, 0);
	if (list)
		closedir(list);
	else if (again >= 0)
		close(again);
}

/* "user:[4026531837]"; empty when it cannot be told. */
static void namespace_of(long long pid, const char *kind, char *out, size_t size)
{
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%lld/ns/%s", pid, kind);
	len = readlink(path, out, size - 1);
	out[len > 0 ? len : 0] = '\0';
}

static bool shares(long long pid, const char *kind)
{
	char ours[64], theirs[64];

	namespace_of(getpid(), kind, ours, sizeof(ours));
	namespace_of(pid, kind, theirs, sizeof(theirs));
	return ours[0] && strcmp(ours, theirs) == 0;
}

int cr_approvals_peer_is_ours(int fd, long long *pid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || len != sizeof(peer))
		return 0;
	*pid = peer.pid;
	return peer.uid == geteuid() && peer.pid > 0 && shares(peer.pid, "user") &&
	       shares(peer.pid, "pid");
}
