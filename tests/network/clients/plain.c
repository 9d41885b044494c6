/*
 * plain.c - getaddrinfo and connect, nothing else: linked statically with musl.
 *
 * usage: plain HOST PORT      one HTTP request, the answer on standard output
 */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A connected socket of the first address that answers, or -1 with the reason said. */
static int reach(const char *host, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	int code = getaddrinfo(host, port, &hints, &found);
	int fd = -1;

	if (code) {
		fprintf(stderr, "plain: %s: %s\n", host, gai_strerror(code));
		return -1;
	}
	for (struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen)) {
			perror("plain: connect");
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

int main(int argc, char **argv)
{
	char buffer[4096];
	ssize_t got = 0;
	int fd;

	if (argc != 3 || (fd = reach(argv[1], argv[2])) < 0)
		return 1;
	dprintf(fd, "GET /hello HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", argv[1]);
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		fwrite(buffer, 1, (size_t)got, stdout);
	close(fd);
	return got < 0;
}
