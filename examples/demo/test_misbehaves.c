/*
 * test_misbehaves.c - what a careless or hostile test might do: write to the user's home, and
 * call out. Passes when both are refused, as they are in a box; with `--insist` it is a program
 * that cannot do without them, and fails then.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILE_NAME "carrel-demo-was-here"

/* 1 when a file appears in the home directory. */
static int writes_home(void)
{
	const char *home = getenv("HOME");
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/" FILE_NAME, home ? home : "");
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	printf("%s write '%s': %s\n", fd < 0 ? "ok    " : "NOT OK", path,
	       fd < 0 ? strerror(errno) : "it worked");
	if (fd < 0)
		return 0;
	close(fd);
	unlink(path);
	return 1;
}

/* 1 when a packet would leave this machine. 192.0.2.0/24 belongs to nobody (RFC 5737). */
static int calls_out(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int refused;

	inet_pton(AF_INET, "192.0.2.1", &to.sin_addr);
	refused = fd < 0 ||
		  (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS);
	printf("%s connect to 192.0.2.1:443: %s\n", refused ? "ok    " : "NOT OK",
	       refused ? strerror(errno) : "it is under way");
	if (fd >= 0)
		close(fd);
	return !refused;
}

int main(int argc, char **argv)
{
	int insists = argc > 1 && strcmp(argv[1], "--insist") == 0;
	int escapes = writes_home();

	escapes += calls_out();
	return escapes > 0 || insists ? 1 : 0;
}
