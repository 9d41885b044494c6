/*
 * canary.c - the last look before the command runs: does the boundary hold?
 *
 * Runs in the command, fully confined. It tries what must fail and what must
 * work, with the kernel's own answer as the only judge. Must leave nothing
 * behind even when an attempt succeeds (O_TMPFILE, no packet sent).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/fd.h"

static int broken(const struct cr_step *step, const char *what, struct cr_err *err)
{
	return cr_fail(err, CR_E_CANARY, "the boundary does not hold: %s '%s' worked", what,
		       step->path ? step->path : step->detail);
}

/* An unnamed file: nothing appears in the directory whatever the outcome. */
static int try_write(const char *path)
{
	CR_AUTO_FD int fd = open(path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (fd >= 0)
		return 0;
	if (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == ENOTDIR)
		return access(path, W_OK); /* no O_TMPFILE on this file system */
	return -1;
}

static int write_refused(const struct cr_step *step, struct cr_err *err)
{
	return try_write(step->path) == 0 ? broken(step, "writing in", err) : 0;
}

/* This one guards no boundary, only the user's patience: no file is made for it. */
static int write_works(const struct cr_step *step, struct cr_err *err)
{
	if (access(step->path, W_OK) == 0)
		return 0;
	return cr_fail_os(err, CR_E_CANARY, errno, "the workspace '%s' is not writable in the box",
			  step->path);
}

static int read_refused(const struct cr_step *step, struct cr_err *err)
{
	CR_AUTO_FD int fd = open(step->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd >= 0 ? broken(step, "opening", err) : 0;
}

/* A UDP connect sends nothing: it only asks for a route. 192.0.2.0/24 is documentation space. */
static int connect_refused(const struct cr_step *step, struct cr_err *err)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	CR_AUTO_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	if (inet_pton(AF_INET, step->detail, &to.sin_addr) != 1)
		return cr_fail(err, CR_E_INTERNAL, "bad address '%s'", step->detail);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return broken(step, "connecting to", err);
	return 0;
}

/* The same question, where every address is local: one talks to it from that address itself. */
static int route_is_local(const struct cr_step *step, struct cr_err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct in_addr there;
	socklen_t len = sizeof(at);
	CR_AUTO_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	if (inet_pton(AF_INET, step->detail, &at.sin_addr) != 1)
		return cr_fail(err, CR_E_INTERNAL, "bad address '%s'", step->detail);
	there = at.sin_addr;
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return cr_fail_os(err, CR_E_CANARY, errno, "'%s' does not lead to the broker",
				  step->detail);
	if (at.sin_addr.s_addr != there.s_addr)
		return broken(step, "a way out to", err);
	return 0;
}

/* Every call of connect comes to the launcher, which is there already and refuses this one. Were it
 * not so, a packet would go where nobody is; the socket does not wait for an answer. */
static int tcp_refused(const struct cr_step *step, struct cr_err *err)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	CR_AUTO_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return cr_fail_os(err, CR_E_CANARY, errno, "the box cannot make a TCP socket");
	if (inet_pton(AF_INET, step->detail, &to.sin_addr) != 1)
		return cr_fail(err, CR_E_INTERNAL, "bad address '%s'", step->detail);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 || errno != ECONNREFUSED)
		return broken(step, "connecting to", err);
	return 0;
}

int cr_canary_step(const struct cr_step *step, struct cr_err *err)
{
	static const struct {
		enum cr_step_kind kind;
		int (*fn)(const struct cr_step *step, struct cr_err *err);
	} canaries[] = {
		{CR_STEP_CANARY_WRITE, write_refused},  {CR_STEP_CANARY_WORK, write_works},
		{CR_STEP_CANARY_READ, read_refused},    {CR_STEP_CANARY_CONNECT, connect_refused},
		{CR_STEP_CANARY_ROUTE, route_is_local}, {CR_STEP_CANARY_TCP, tcp_refused},
	};

	for (size_t i = 0; i < sizeof(canaries) / sizeof(canaries[0]); i++)
		if (canaries[i].kind == step->kind)
			return canaries[i].fn(step, err);
	return cr_fail(err, CR_E_INTERNAL, "not a canary");
}
