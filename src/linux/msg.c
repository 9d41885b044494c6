/*
 * msg.c - the control socket between launcher, init and command, and the broker's sockets.
 *
 * Both ends are carrel's own code of one build, so the message is the struct
 * itself; its size is checked all the same. Must stay async-signal-safe.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/fd.h"

union fd_control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static void attach(struct msghdr *header, union fd_control *control, int fd)
{
	memset(control, 0, sizeof(*control));
	header->msg_control = control->space;
	header->msg_controllen = sizeof(control->space);

	struct cmsghdr *part = CMSG_FIRSTHDR(header);

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(part), &fd, sizeof(fd));
}

static int send_with_fd(int sock, const void *data, size_t size, int fd)
{
	/* The kernel only reads through this pointer; its type predates const. */
	struct iovec io = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
	struct msghdr header = {.msg_iov = &io, .msg_iovlen = 1};
	union fd_control control;
	ssize_t sent;

	if (fd >= 0)
		attach(&header, &control, fd);
	do {
		sent = sendmsg(sock, &header, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)size ? 0 : -1;
}

static int receive_with_fd(int sock, void *data, size_t size, int *fd)
{
	struct iovec io = {.iov_base = data, .iov_len = size};
	union fd_control control;
	struct msghdr header = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control.space,
		/* Room for one and no more: the rest of the space would hold another. */
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	ssize_t got;

	*fd = -1;
	/* ECONNRESET, told once: the peer is gone and has not read all of ours. What it had sent
	 * before comes next. */
	do {
		got = recvmsg(sock, &header, MSG_CMSG_CLOEXEC);
	} while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	if (got <= 0)
		return (int)got;

	struct cmsghdr *part = CMSG_FIRSTHDR(&header);

	if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(part), sizeof(*fd));
	if (got != (ssize_t)size) {
		cr_close_fd(fd);
		errno = EPROTO;
		return -1;
	}
	return 1;
}

int cr_msg_send(int sock, const struct cr_msg *msg, int fd)
{
	return send_with_fd(sock, msg, sizeof(*msg), fd);
}

int cr_msg_receive(int sock, struct cr_msg *msg, int *fd)
{
	return receive_with_fd(sock, msg, sizeof(*msg), fd);
}

int cr_net_send(int sock, const struct cr_net_msg *msg, int fd)
{
	return send_with_fd(sock, msg, sizeof(*msg), fd);
}

int cr_net_receive(int sock, struct cr_net_msg *msg, int *fd)
{
	return receive_with_fd(sock, msg, sizeof(*msg), fd);
}
