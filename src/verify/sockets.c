/*
 * sockets.c - sockets of the host that have a name in the file system or none
 * at all, and socket families a box has no use for (threats 22, 23, 25).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attack.h"

static struct sockaddr_un unix_address(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = strnlen(path, sizeof(addr.sun_path) - 1);

	memcpy(addr.sun_path, path, len);
	return addr;
}

static int connect_unix(const char *path, int type)
{
	struct sockaddr_un addr = unix_address(path);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), saved;

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static enum cr_attack_outcome to_path(const struct cr_attack_env *env, const char *path)
{
	if (!*path)
		return cr_attack_untestable(env, "the fixture could not make that socket");
	return cr_attack_result(env, connect_unix(path, SOCK_STREAM), "connect");
}

static enum cr_attack_outcome to_home(const struct cr_attack_env *env)
{
	return to_path(env, env->home_socket);
}

static enum cr_attack_outcome to_run(const struct cr_attack_env *env)
{
	return to_path(env, env->run_socket);
}

static enum cr_attack_outcome to_sys(const struct cr_attack_env *env)
{
	return to_path(env, env->sys_socket);
}

static enum cr_attack_outcome to_tmp(const struct cr_attack_env *env)
{
	return to_path(env, env->tmp_socket);
}

static enum cr_attack_outcome to_workspace(const struct cr_attack_env *env)
{
	return to_path(env, env->ws_socket);
}

/* The kernel looks at the socket, not at the name: links and descriptors lead there too. */
static enum cr_attack_outcome to_link(const struct cr_attack_env *env)
{
	const char *alias = cr_attack_path("%s/scratch/s", env->workspace);

	if (symlink(env->home_socket, alias) < 0)
		return cr_attack_untestable(env, "symlink: %s", strerror(errno));
	return to_path(env, alias);
}

static enum cr_attack_outcome to_o_path(const struct cr_attack_env *env)
{
	int fd = open(env->home_socket, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return cr_attack_refused(env, "open with O_PATH");
	return to_path(env, cr_attack_path("/proc/self/fd/%d", fd));
}

static enum cr_attack_outcome to_dgram(const struct cr_attack_env *env)
{
	struct sockaddr_un addr = unix_address(env->dgram_socket);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	return cr_attack_result(env, sendto(fd, "x", 1, 0, (struct sockaddr *)&addr, sizeof(addr)),
				"sendto");
}

/* A pair is allowed everywhere; sending from it to a name must not be. */
static enum cr_attack_outcome to_dgram_from_pair(const struct cr_attack_env *env)
{
	struct sockaddr_un addr = unix_address(env->dgram_socket);
	struct iovec iov = {.iov_base = &addr, .iov_len = 1};
	struct msghdr message = {
		.msg_name = &addr, .msg_namelen = sizeof(addr), .msg_iov = &iov, .msg_iovlen = 1};
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) < 0)
		return cr_attack_refused(env, "socketpair");
	return cr_attack_result(env, sendmsg(ends[0], &message, 0), "sendmsg from a pair");
}

static enum cr_attack_outcome to_abstract(const struct cr_attack_env *env)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(env->abstract_name);

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	memcpy(addr.sun_path + 1, env->abstract_name, len);
	return cr_attack_result(
		env,
		connect(fd, (struct sockaddr *)&addr,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)),
		"connect");
}

/* What a helpful daemon hands over: a directory of the host. */
static enum cr_attack_outcome take_descriptor(const struct cr_attack_env *env)
{
	char byte, space[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = space,
				 .msg_controllen = sizeof(space)};
	int fd = connect_unix(env->home_socket, SOCK_STREAM), dir;
	struct cmsghdr *head;

	if (fd < 0)
		return cr_attack_refused(env, "connect");
	if (recvmsg(fd, &message, 0) <= 0 || !(head = CMSG_FIRSTHDR(&message)))
		return cr_attack_refused(env, "recvmsg");
	memcpy(&dir, CMSG_DATA(head), sizeof(dir));
	return cr_attack_result(env, cr_attack_put_at(dir, "new", O_CREAT),
				"create through a received descriptor");
}

static const char *const known[] = {
	"/run/docker.sock",
	"/var/run/docker.sock",
	"/run/podman/podman.sock",
	"/run/containerd/containerd.sock",
	"/run/crio/crio.sock",
	"/run/dbus/system_bus_socket",
	"/run/systemd/private",
	"/run/systemd/notify",
	"/run/systemd/journal/socket",
	"/run/user/%u/bus",
	"/run/user/%u/systemd/private",
	"/run/user/%u/podman/podman.sock",
	"/run/user/%u/docker.sock",
	"/run/user/%u/gnupg/S.gpg-agent",
	"/run/user/%u/keyring/ssh",
	"/run/user/%u/wayland-0",
	"/run/user/%u/pipewire-0",
	"/tmp/.X11-unix/X0",
	"/tmp/tmux-%u/default",
	"/run/snapd.socket",
	"/run/pcscd/pcscd.comm",
	"/run/libvirt/libvirt-sock",
	"/run/nscd/socket",
	"/run/cups/cups.sock",
	"/var/lib/lxd/unix.socket",
	"/run/vmware/vmware.sock",
};

static enum cr_attack_outcome to_known(const struct cr_attack_env *env)
{
	const char *agent = getenv("SSH_AUTH_SOCK");

	if (agent && connect_unix(agent, SOCK_STREAM) >= 0)
		return cr_attack_succeeded(env, "connected to %s", agent);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const char *mark = strstr(known[i], "%u");
		const char *path = mark ? cr_attack_path("%.*s%u%s", (int)(mark - known[i]),
							 known[i], getuid(), mark + 2)
					: known[i];

		if (connect_unix(path, SOCK_STREAM) >= 0 || connect_unix(path, SOCK_DGRAM) >= 0)
			return cr_attack_succeeded(env, "connected to %s", path);
	}
	errno = ENOENT;
	return cr_attack_refused(env, "none of %zu well-known sockets",
				 sizeof(known) / sizeof(known[0]));
}

static const struct family {
	const char *name;
	int family, type, protocol;
} families[] = {
	{"vsock", AF_VSOCK, SOCK_STREAM, 0},
	{"vsock-dgram", AF_VSOCK, SOCK_DGRAM, 0},
	{"alg", AF_ALG, SOCK_SEQPACKET, 0},
	{"packet", AF_PACKET, SOCK_RAW, 0},
	{"packet-dgram", AF_PACKET, SOCK_DGRAM, 0},
	{"bluetooth", AF_BLUETOOTH, SOCK_RAW, 1 /* BTPROTO_HCI */},
	{"bluetooth-l2cap", AF_BLUETOOTH, SOCK_SEQPACKET, 0},
	{"raw", AF_INET, SOCK_RAW, IPPROTO_RAW},
	{"raw6", AF_INET6, SOCK_RAW, IPPROTO_RAW},
	{"tipc", AF_TIPC, SOCK_STREAM, 0},
	{"rds", 21 /* AF_RDS */, SOCK_SEQPACKET, 0},
	{"can", 29 /* AF_CAN */, SOCK_RAW, 1},
	{"xdp", 44 /* AF_XDP */, SOCK_RAW, 0},
	{"key", 15 /* AF_KEY */, SOCK_RAW, 2},
	{"sctp", AF_INET, SOCK_STREAM, IPPROTO_SCTP},
	{"netfilter", AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER},
	{"audit", AF_NETLINK, SOCK_RAW, NETLINK_AUDIT},
	{"xfrm", AF_NETLINK, SOCK_RAW, NETLINK_XFRM},
	{"uevent", AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT},
	{"generic", AF_NETLINK, SOCK_RAW, NETLINK_GENERIC},
	{"connector", AF_NETLINK, SOCK_DGRAM, NETLINK_CONNECTOR},
	{"sock-diag", AF_NETLINK, SOCK_DGRAM, NETLINK_SOCK_DIAG},
	{"rdma", AF_NETLINK, SOCK_RAW, NETLINK_RDMA},
};

static enum cr_attack_outcome open_family(const struct cr_attack_env *env)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strcmp(families[i].name, env->arg) == 0)
			return cr_attack_result(env,
						socket(families[i].family,
						       families[i].type | SOCK_CLOEXEC,
						       families[i].protocol),
						"socket");
	return cr_attack_untestable(env, "bad row");
}

/* Sets a loopback flag that is set already: the check comes before the comparison. */
static enum cr_attack_outcome netlink_write(const struct cr_attack_env *env)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
		char room[256];
	} message = {
		.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			 .nlmsg_type = RTM_NEWLINK,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.info = {.ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP},
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const struct nlmsgerr *answer;

	if (fd < 0)
		return cr_attack_refused(env, "socket");
	if (send(fd, &message, message.head.nlmsg_len, 0) < 0)
		return cr_attack_refused(env, "send");
	if (recv(fd, &message, sizeof(message), 0) < 0)
		return cr_attack_refused(env, "recv");
	answer = NLMSG_DATA(&message.head);
	if (message.head.nlmsg_type == NLMSG_ERROR && answer->error < 0) {
		errno = -answer->error;
		return cr_attack_refused(env, "RTM_NEWLINK");
	}
	return cr_attack_succeeded(env, "RTM_NEWLINK was carried out");
}

#define TRACE CR_TRAIT_TRACE
#define LACK  CR_TRAIT_MAY_LACK
#define ROW(NAME, THREATS, TITLE, FN, NEEDS, TRAITS)                        \
	{                                                                   \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, \
		.tiers = CR_HOLDS_BOTH, .needs = NEEDS, .traits = TRAITS    \
	}
#define FAMILY(ARG, TITLE)                                                                 \
	{                                                                                  \
		.name = "family-" ARG, .threats = "25", .title = TITLE, .fn = open_family, \
		.arg = ARG, .tiers = CR_HOLDS_BOTH, .traits = LACK                         \
	}

static const struct cr_attack rows[] = {
	ROW("unix-home", "22", "connect to a socket in the home directory", to_home, 0, TRACE),
	ROW("unix-runtime", "22", "connect to a socket in XDG_RUNTIME_DIR (D-Bus, Wayland)", to_run,
	    0, TRACE),
	ROW("unix-run", "22", "connect to a socket under /run (docker, systemd)", to_sys, 0,
	    TRACE | LACK),
	ROW("unix-tmp", "22", "connect to a socket in the host's /tmp (tmux, X11)", to_tmp, 0,
	    TRACE),
	ROW("unix-workspace", "22", "connect to the host's socket in the workspace", to_workspace,
	    0, TRACE),
	ROW("unix-symlink", "22", "connect through a symlink to a socket", to_link, 0, TRACE),
	ROW("unix-o-path", "22", "connect through a descriptor of a socket's file", to_o_path, 0,
	    TRACE),
	ROW("unix-dgram", "22", "send a datagram to a socket of the host", to_dgram, 0, TRACE),
	ROW("unix-dgram-pair", "22", "send a datagram from a socket pair to the host",
	    to_dgram_from_pair, 0, TRACE),
	ROW("unix-abstract", "23", "connect to an abstract socket of the host", to_abstract, 0,
	    TRACE),
	ROW("unix-descriptor", "22 28", "take a descriptor from a daemon of the host",
	    take_descriptor, 0, TRACE),
	ROW("unix-known", "22", "connect to any well-known socket of the host", to_known, 0, LACK),
	FAMILY("vsock", "open an AF_VSOCK socket (the hypervisor)"),
	FAMILY("vsock-dgram", "open an AF_VSOCK datagram socket"),
	FAMILY("alg", "open an AF_ALG socket (kernel crypto)"),
	FAMILY("packet", "open an AF_PACKET socket"),
	FAMILY("packet-dgram", "open an AF_PACKET datagram socket"),
	FAMILY("bluetooth", "open a Bluetooth HCI socket"),
	FAMILY("bluetooth-l2cap", "open a Bluetooth L2CAP socket"),
	FAMILY("raw", "open a raw IPv4 socket"),
	FAMILY("raw6", "open a raw IPv6 socket"),
	FAMILY("tipc", "open an AF_TIPC socket"),
	FAMILY("rds", "open an AF_RDS socket"),
	FAMILY("can", "open an AF_CAN socket"),
	FAMILY("xdp", "open an AF_XDP socket"),
	FAMILY("key", "open an AF_KEY socket"),
	FAMILY("sctp", "open an SCTP socket"),
	FAMILY("netfilter", "open a netfilter netlink socket"),
	FAMILY("audit", "open an audit netlink socket"),
	FAMILY("xfrm", "open an xfrm netlink socket"),
	FAMILY("uevent", "open a uevent netlink socket"),
	FAMILY("generic", "open a generic netlink socket"),
	FAMILY("connector", "open a connector netlink socket"),
	FAMILY("sock-diag", "list the host's sockets by netlink"),
	FAMILY("rdma", "open an RDMA netlink socket"),
	ROW("netlink-write", "25", "change an interface by netlink", netlink_write, CR_NEEDS_ROOT,
	    0),
};

CR_ATTACK_TABLE(cr_attacks_sockets, rows);
