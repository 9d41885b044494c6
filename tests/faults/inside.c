/*
 * inside.c - runs as the command of a box and prints what it finds itself in.
 *
 * Two boxes of one plan must print the same, whatever went wrong while one of them was made. So
 * everything that confines is looked at or tried, and nothing is printed that differs from run to
 * run (numbers of processes, of mounts, of devices). It judges nothing.
 *
 * usage: inside WORKSPACE HOME OUTSIDE PORT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static char path[4096];

static const char *in(const char *dir, const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void tell(const char *what, const char *object, long result)
{
	printf("%s %s: %s\n", what, object, result >= 0 ? "done" : strerrorname_np(errno));
}

static void try_create(const char *dir, const char *name)
{
	int fd = open(in(dir, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	tell("create", path, fd);
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
}

static void try_open(const char *dir, const char *name)
{
	int fd = open(in(dir, name), O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	tell("open", path, fd);
	if (fd >= 0)
		close(fd);
}

static void try_rename(const char *dir, const char *name)
{
	char to[4096];
	int result;

	snprintf(to, sizeof(to), "%s/moved", dir);
	result = rename(in(dir, name), to);
	tell("rename", path, result);
	if (result == 0)
		rename(to, path);
}

static void try_connect(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	tell("socket", "inet", fd);
	if (fd >= 0)
		tell("connect", "host", connect(fd, (const struct sockaddr *)&to, sizeof(to)));
	tell("socket", "packet", socket(AF_PACKET, SOCK_RAW, 0));
}

static void try_calls(void)
{
	tell("unshare", "user", unshare(CLONE_NEWUSER));
	tell("mount", "tmpfs", mount("none", "/tmp", "tmpfs", 0, ""));
	tell("keyctl", "get", syscall(SYS_keyctl, 0, -3, 0, 0, 0));
	tell("signal", "init", kill(getppid(), 0));
	tell("chroot", "/", chroot("/"));
	tell("setuid", "root", setresuid(0, 0, 0));
	tell("sethostname", "x", sethostname("x", 1));
	tell("nonewprivs", "", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -1);
	printf("securebits %d\n", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
}

static void print_status(void)
{
	static const char *const wanted[] = {"Uid", "Gid",   "Groups",  "SigBlk", "SigIgn",
					     "Cap", "NoNew", "Seccomp", "NSpid",  "Umask"};
	char line[4096];
	FILE *status = fopen("/proc/self/status", "re");

	while (status && fgets(line, sizeof(line), status))
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (!strncmp(line, wanted[i], strlen(wanted[i])) &&
			    strncmp(line, "NSpid", 5))
				fputs(line, stdout);
	if (status)
		fclose(status);
}

/* "36 35 98:0 /root /point options - type source super": without the numbers. */
static void print_mounts(void)
{
	char line[8192];
	FILE *mounts = fopen("/proc/self/mountinfo", "re");

	while (mounts && fgets(line, sizeof(line), mounts)) {
		char *rest = line;

		for (int field = 0; field < 3 && rest; field++)
			rest = strchr(rest + 1, ' ');
		printf("mount%s", rest ? rest : line);
	}
	if (mounts)
		fclose(mounts);
}

static void print_limits(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit;

		if (getrlimit((__rlimit_resource_t)i, &limit) == 0)
			printf("limit %d %llu %llu\n", i, (unsigned long long)limit.rlim_cur,
			       (unsigned long long)limit.rlim_max);
	}
}

static void print_descriptors(void)
{
	for (int fd = 3; fd < 8192; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("descriptor %d\n", fd);
}

static void print_place(void)
{
	struct utsname uts;
	char cwd[4096] = "?";

	if (uname(&uts) == 0)
		printf("host %s\n", uts.nodename);
	printf("cwd %s\n", getcwd(cwd, sizeof(cwd)) ? cwd : "?");
	for (char **variable = environ; *variable; variable++)
		printf("env %s\n", *variable);
}

int main(int argc, char **argv)
{
	static const char *const protected[] = {".git/x",   ".git/hooks/x",   ".vscode/x",
						".envrc/x", ".carrel/policy", "sub/deep/keep/x"};
	static const char *const renamed[] = {".git", ".vscode", ".envrc", "sub"};

	if (argc != 5)
		return 2;
	print_descriptors();
	close(open(in(argv[1], "RAN"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	try_create(argv[1], "x");
	try_create("/tmp", "x");
	try_create("/dev/shm", "x");
	try_create(argv[2], "x");
	try_create(argv[3], "x");
	try_create("/etc", "x");
	for (size_t i = 0; i < sizeof(protected) / sizeof(protected[0]); i++)
		try_create(argv[1], protected[i]);
	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
		try_rename(argv[1], renamed[i]);
	try_open(argv[2], ".ssh/key");
	try_open(argv[2], ".netrc");
	try_open(argv[1], "sub/secret/file");
	try_open(argv[3], "file");
	try_open("/proc", "1/environ");
	try_open("/proc/sys/kernel", "core_pattern");
	try_open("/", "etc/gshadow");
	try_connect((int)strtol(argv[4], NULL, 10));
	try_calls();
	print_status();
	print_limits();
	print_mounts();
	print_place();
	printf("end\n");
	return 7;
}
