/*
 * test_seccomp.c - what the finished system call filters answer, call by call.
 *
 * Runs the very programs the enforcer installs in a small interpreter of classic BPF, so that
 * foreign architectures, the x32 numbers and arguments with bits in their upper half are tested
 * without a kernel. It never installs a filter; tests/escape does that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "linux/seccomp_filters.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define X32          0x40000000
#define UPPER        (UINT64_C(1) << 32)

enum {
	FULL = 1,
	FULL_NOTIFY = 2,
	LANDLOCK = 4,
	LANDLOCK_NOTIFY = 8,
	FULL_CONNECT = 16,
	BROKER = 32,
	PROXY_NOTIFY = 64,
	PROXY_CONNECT = 128,
	UNSCOPED = 256,
	UNSCOPED_NOTIFY = 512,
	UNSCOPED_CONNECT = 1024,
	PROXIES = PROXY_NOTIFY | PROXY_CONNECT,
	UNSCOPEDS = UNSCOPED | UNSCOPED_NOTIFY | UNSCOPED_CONNECT,
	SCOPEDS = FULL | FULL_NOTIFY | FULL_CONNECT,
	FULLS = SCOPEDS | UNSCOPEDS,
	LANDLOCKS = LANDLOCK | LANDLOCK_NOTIFY | PROXIES,
	PLAIN = FULL | FULL_CONNECT | UNSCOPED | UNSCOPED_CONNECT | LANDLOCK | PROXY_CONNECT,
	NOTIFIES = FULL_NOTIFY | UNSCOPED_NOTIFY | LANDLOCK_NOTIFY | PROXY_NOTIFY,
	ALL = FULLS | LANDLOCKS,
};

static const char *const names[] = {"full",
				    "full-notify",
				    "landlock",
				    "landlock-notify",
				    "full-connect",
				    "broker",
				    "landlock-proxy-notify",
				    "landlock-proxy-connect",
				    "full-unscoped",
				    "full-unscoped-notify",
				    "full-unscoped-connect"};

#define ALLOW    SECCOMP_RET_ALLOW
#define NOTIFY   SECCOMP_RET_USER_NOTIF
#define KILL     SECCOMP_RET_KILL_PROCESS
#define NO(code) (SECCOMP_RET_ERRNO | (code))

/* Loads, masks, jumps and returns: all that libseccomp emits. Anything else fails the test. */
static uint32_t run(const struct cr_seccomp_filter *filter, const struct seccomp_data *data,
		    unsigned *steps)
{
	const struct sock_filter *code = filter->code;
	uint32_t acc = 0;

	*steps = 0;
	for (unsigned pc = 0; pc < filter->len; pc++) {
		const struct sock_filter *insn = &code[pc];
		int taken;

		(*steps)++;
		switch (insn->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(insn->k % 4 == 0 && insn->k + 4 <= sizeof(*data));
			memcpy(&acc, (const char *)data + insn->k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			acc &= insn->k;
			continue;
		case BPF_RET | BPF_K:
			return insn->k;
		case BPF_JMP | BPF_JA:
			pc += insn->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			taken = acc == insn->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			taken = acc > insn->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			taken = acc >= insn->k;
			break;
		default:
			fail_msg("instruction %u of '%s' is unknown: 0x%x", pc, filter->name,
				 insn->code);
			return KILL;
		}
		pc += taken ? insn->jt : insn->jf;
	}
	fail_msg("'%s' runs past its end", filter->name);
	return KILL;
}

struct row {
	const char *what;
	unsigned in;
	uint32_t arch;
	int nr;
	uint64_t args[6];
	uint32_t want;
};

static void check_row(const struct row *row)
{
	for (unsigned i = 0; i < COUNT(names); i++) {
		const struct cr_seccomp_filter *filter = cr_seccomp_find(names[i]);
		struct seccomp_data data = {.nr = row->nr, .arch = row->arch};
		unsigned steps;
		uint32_t got;

		if (!(row->in & 1u << i))
			continue;
		memcpy(data.args, row->args, sizeof(data.args));
		got = run(filter, &data, &steps);
		if (got != row->want)
			fail_msg("%s under '%s': 0x%x instead of 0x%x", row->what, names[i], got,
				 row->want);
	}
}

#define N(call) NATIVE, SYS_##call

static const struct row whole_calls[] = {
	{"read", ALL, N(read), {0}, ALLOW},
	{"execve", ALL, N(execve), {0}, ALLOW},
	{"mmap", ALL, N(mmap), {0}, ALLOW},
	{"ptrace", ALL, N(ptrace), {0}, ALLOW},
	{"process_vm_readv", ALL, N(process_vm_readv), {0}, ALLOW},
	{"pidfd_getfd", ALL, N(pidfd_getfd), {0}, ALLOW},
	{"seccomp", ALL, N(seccomp), {1, SECCOMP_FILTER_FLAG_NEW_LISTENER}, ALLOW},
	{"landlock_create_ruleset", ALL, NATIVE, 444, {0}, ALLOW},
	{"memfd_secret", ALL, NATIVE, 447, {0}, ALLOW},
	{"a call of the future", ALL, NATIVE, 600, {0}, ALLOW},
	{"mount", ALL, N(mount), {0}, NO(EPERM)},
	{"umount2", ALL, N(umount2), {0}, NO(EPERM)},
	{"pivot_root", ALL, N(pivot_root), {0}, NO(EPERM)},
	{"chroot", ALL, N(chroot), {0}, NO(EPERM)},
	{"open_tree", ALL, NATIVE, 428, {0}, NO(EPERM)},
	{"move_mount", ALL, NATIVE, 429, {0}, NO(EPERM)},
	{"fsopen", ALL, NATIVE, 430, {0}, NO(EPERM)},
	{"fsconfig", ALL, NATIVE, 431, {0}, NO(EPERM)},
	{"fsmount", ALL, NATIVE, 432, {0}, NO(EPERM)},
	{"fspick", ALL, NATIVE, 433, {0}, NO(EPERM)},
	{"mount_setattr", ALL, NATIVE, 442, {0}, NO(EPERM)},
	{"quotactl_fd", ALL, NATIVE, 443, {0}, NO(EPERM)},
	{"open_tree_attr", ALL, NATIVE, 467, {0}, NO(EPERM)},
	{"unshare", ALL, N(unshare), {0}, NO(EPERM)},
	{"setns", ALL, N(setns), {0}, NO(EPERM)},
	{"clone3", ALL, NATIVE, 435, {0}, NO(ENOSYS)},
	{"keyctl", ALL, N(keyctl), {0}, NO(EPERM)},
	{"add_key", ALL, N(add_key), {0}, NO(EPERM)},
	{"request_key", ALL, N(request_key), {0}, NO(EPERM)},
	{"bpf", ALL, N(bpf), {0}, NO(EPERM)},
	{"io_uring_setup", ALL, NATIVE, 425, {0}, NO(ENOSYS)},
	{"io_uring_enter", ALL, NATIVE, 426, {0}, NO(ENOSYS)},
	{"io_uring_register", ALL, NATIVE, 427, {0}, NO(ENOSYS)},
	{"openat2", ALL, NATIVE, 437, {0}, NO(ENOSYS)},
	{"userfaultfd", ALL, N(userfaultfd), {0}, NO(EPERM)},
	{"perf_event_open", ALL, N(perf_event_open), {0}, NO(EPERM)},
	{"fanotify_init", ALL, N(fanotify_init), {0}, NO(EPERM)},
	{"name_to_handle_at", ALL, N(name_to_handle_at), {0}, NO(EPERM)},
	{"open_by_handle_at", ALL, N(open_by_handle_at), {0}, NO(EPERM)},
	{"init_module", ALL, N(init_module), {0}, NO(EPERM)},
	{"finit_module", ALL, N(finit_module), {0}, NO(EPERM)},
	{"delete_module", ALL, N(delete_module), {0}, NO(EPERM)},
	{"kexec_load", ALL, N(kexec_load), {0}, NO(EPERM)},
	{"kexec_file_load", ALL, N(kexec_file_load), {0}, NO(EPERM)},
	{"reboot", ALL, N(reboot), {0}, NO(EPERM)},
	{"swapon", ALL, N(swapon), {0}, NO(EPERM)},
	{"swapoff", ALL, N(swapoff), {0}, NO(EPERM)},
	{"acct", ALL, N(acct), {0}, NO(EPERM)},
	{"quotactl", ALL, N(quotactl), {0}, NO(EPERM)},
	{"syslog", ALL, N(syslog), {0}, NO(EPERM)},
	{"settimeofday", ALL, N(settimeofday), {0}, NO(EPERM)},
	{"adjtimex", ALL, N(adjtimex), {0}, NO(EPERM)},
	{"clock_adjtime", ALL, N(clock_adjtime), {0}, NO(EPERM)},
	{"clock_settime", ALL, N(clock_settime), {0}, NO(EPERM)},
	{"vhangup", ALL, N(vhangup), {0}, NO(EPERM)},
	{"shmget", FULLS, N(shmget), {0}, ALLOW},
	{"shmget", LANDLOCKS, N(shmget), {0}, NO(EPERM)},
	{"msgsnd", FULLS, N(msgsnd), {0}, ALLOW},
	{"msgsnd", LANDLOCKS, N(msgsnd), {0}, NO(EPERM)},
	{"semtimedop", LANDLOCKS, N(semtimedop), {0}, NO(EPERM)},
	{"mq_open", FULLS, N(mq_open), {0}, ALLOW},
	{"mq_open", LANDLOCKS, N(mq_open), {0}, NO(EPERM)},
#if defined(__x86_64__)
	{"iopl", ALL, N(iopl), {0}, NO(EPERM)},
	{"ioperm", ALL, N(ioperm), {0}, NO(EPERM)},
	{"modify_ldt (wine)", ALL, N(modify_ldt), {0}, ALLOW},
	{"uselib", ALL, N(uselib), {0}, NO(EPERM)},
	{"ustat", ALL, N(ustat), {0}, NO(EPERM)},
	{"sysfs", ALL, N(sysfs), {0}, NO(EPERM)},
#endif
};

static const struct row arguments[] = {
	{"clone of a thread", ALL, N(clone), {CLONE_VM | CLONE_THREAD | CLONE_SIGHAND}, ALLOW},
	{"fork", ALL, N(clone), {SIGCHLD | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID}, ALLOW},
	{"vfork", ALL, N(clone), {SIGCHLD | CLONE_VM | CLONE_VFORK}, ALLOW},
	{"clone NEWUSER", ALL, N(clone), {CLONE_NEWUSER | SIGCHLD}, NO(EPERM)},
	{"clone NEWNS", ALL, N(clone), {CLONE_NEWNS}, NO(EPERM)},
	{"clone NEWCGROUP", ALL, N(clone), {CLONE_NEWCGROUP}, NO(EPERM)},
	{"clone NEWUTS", ALL, N(clone), {CLONE_NEWUTS}, NO(EPERM)},
	{"clone NEWIPC", ALL, N(clone), {CLONE_NEWIPC}, NO(EPERM)},
	{"clone NEWPID", ALL, N(clone), {CLONE_NEWPID}, NO(EPERM)},
	{"clone NEWNET", ALL, N(clone), {CLONE_NEWNET}, NO(EPERM)},
	{"clone NEWNET, upper bit", ALL, N(clone), {UPPER | CLONE_NEWNET}, NO(EPERM)},
	{"priority of the group", ALL, N(setpriority), {PRIO_PGRP, 0, 19}, NO(EPERM)},
	{"priority of the group, upper bit", ALL, N(setpriority), {PRIO_PGRP, UPPER}, NO(EPERM)},
	{"priority of a group", ALL, N(setpriority), {PRIO_PGRP, 7, 19}, ALLOW},
	{"own priority", ALL, N(setpriority), {PRIO_PROCESS, 0, 19}, ALLOW},
	{"I/O priority of the group", ALL, N(ioprio_set), {2, 0, 3 << 13}, NO(EPERM)},
	{"I/O priority of a group", ALL, N(ioprio_set), {2, 7, 3 << 13}, ALLOW},
	{"own I/O priority", ALL, N(ioprio_set), {1, 0, 3 << 13}, ALLOW},
	{"signal to a pidfd", ALL, N(pidfd_send_signal), {3, SIGTERM, 0, 0}, ALLOW},
	{"kill the own group", SCOPEDS | LANDLOCKS, N(kill), {0, SIGTERM}, ALLOW},
	{"kill the own group, unscoped", UNSCOPEDS, N(kill), {0, SIGTERM}, NO(EPERM)},
	{"the same, upper bit", UNSCOPEDS, N(kill), {UPPER, SIGTERM}, NO(EPERM)},
	{"kill a process", ALL, N(kill), {7, SIGTERM}, ALLOW},
	{"kill a group", ALL, N(kill), {(uint64_t)-7, SIGTERM}, ALLOW},
	{"kill all", ALL, N(kill), {(uint64_t)-1, SIGTERM}, ALLOW},
	{"O_ASYNC", SCOPEDS | LANDLOCKS, N(fcntl), {0, F_SETFL, O_ASYNC}, ALLOW},
	{"O_ASYNC, unscoped", UNSCOPEDS, N(fcntl), {0, F_SETFL, O_RDWR | O_ASYNC}, NO(EPERM)},
	{"O_NONBLOCK", ALL, N(fcntl), {0, F_SETFL, O_RDWR | O_NONBLOCK}, ALLOW},
	{"F_SETOWN", ALL, N(fcntl), {0, F_SETOWN, O_ASYNC}, ALLOW},
	{"FIOASYNC", SCOPEDS | LANDLOCKS, N(ioctl), {0, FIOASYNC}, ALLOW},
	{"FIOASYNC, unscoped", UNSCOPEDS, N(ioctl), {0, FIOASYNC}, NO(EPERM)},
	{"ioctl TCGETS", ALL, N(ioctl), {0, TCGETS}, ALLOW},
	{"ioctl TIOCSTI", ALL, N(ioctl), {0, TIOCSTI}, NO(EPERM)},
	{"ioctl TIOCSTI, upper bit", ALL, N(ioctl), {0, UPPER | TIOCSTI}, NO(EPERM)},
	{"ioctl TIOCLINUX", ALL, N(ioctl), {0, TIOCLINUX}, NO(EPERM)},
	{"ioctl TIOCLINUX, all upper bits",
	 ALL,
	 N(ioctl),
	 {0, ~UINT64_C(0) << 32 | TIOCLINUX},
	 NO(EPERM)},
	{"personality 0", ALL, N(personality), {0}, ALLOW},
	{"personality 32 bit", ALL, N(personality), {PER_LINUX32}, ALLOW},
	{"personality of gdb", ALL, N(personality), {ADDR_NO_RANDOMIZE}, ALLOW},
	{"personality asked", ALL, N(personality), {0xffffffff}, ALLOW},
	{"personality asked, sign extended", ALL, N(personality), {~UINT64_C(0)}, ALLOW},
	{"personality READ_IMPLIES_EXEC", ALL, N(personality), {READ_IMPLIES_EXEC}, NO(EPERM)},
	{"personality SVR4", ALL, N(personality), {PER_SVR4}, NO(EPERM)},
	{"personality, upper bit", ALL, N(personality), {UPPER | READ_IMPLIES_EXEC}, NO(EPERM)},
	{"personality, nearly all bits", ALL, N(personality), {0xfffffffe}, NO(EPERM)},
	{"socket UNIX", FULLS, N(socket), {AF_UNIX, SOCK_STREAM}, ALLOW},
	{"socket INET", FULLS, N(socket), {AF_INET, SOCK_STREAM | SOCK_CLOEXEC}, ALLOW},
	{"socket INET datagram", FULLS, N(socket), {AF_INET, SOCK_DGRAM | SOCK_NONBLOCK}, ALLOW},
	{"socket INET6", FULLS, N(socket), {AF_INET6, SOCK_STREAM, 6}, ALLOW},
	{"socket INET6, upper bit", FULLS, N(socket), {UPPER | AF_INET6, SOCK_STREAM}, ALLOW},
	{"socket NETLINK ROUTE", FULLS, N(socket), {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}, ALLOW},
	{"socket NETLINK AUDIT",
	 FULLS,
	 N(socket),
	 {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT},
	 NO(EAFNOSUPPORT)},
	{"socket NETLINK AUDIT, upper bit",
	 FULLS,
	 N(socket),
	 {AF_NETLINK, SOCK_RAW, UPPER | NETLINK_AUDIT},
	 NO(EAFNOSUPPORT)},
	{"socket INET raw", FULLS, N(socket), {AF_INET, SOCK_RAW, 1}, NO(EPERM)},
	{"socket INET raw, flags", FULLS, N(socket), {AF_INET, SOCK_RAW | SOCK_CLOEXEC}, NO(EPERM)},
	{"socket INET raw, upper bits",
	 FULLS,
	 N(socket),
	 {UPPER | AF_INET, UPPER | SOCK_RAW},
	 NO(EPERM)},
	{"socket INET packet", FULLS, N(socket), {AF_INET, SOCK_PACKET}, NO(EPERM)},
	{"socket INET6 raw", FULLS, N(socket), {AF_INET6, SOCK_RAW, 58}, NO(EPERM)},
	{"socket INET6 packet", FULLS, N(socket), {AF_INET6, SOCK_PACKET}, NO(EPERM)},
	{"socket, family -1", FULLS, N(socket), {~UINT64_C(0)}, NO(EAFNOSUPPORT)},
	{"socketpair UNIX", ALL, N(socketpair), {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC}, ALLOW},
	{"socketpair UNIX seqpacket", ALL, N(socketpair), {AF_UNIX, SOCK_SEQPACKET}, ALLOW},
	{"socketpair UNIX datagram", FULLS, N(socketpair), {AF_UNIX, SOCK_DGRAM}, ALLOW},
	{"socketpair UNIX datagram",
	 LANDLOCKS,
	 N(socketpair),
	 {AF_UNIX, SOCK_DGRAM},
	 NO(EAFNOSUPPORT)},
	{"socketpair UNIX raw", LANDLOCKS, N(socketpair), {AF_UNIX, SOCK_RAW}, NO(EAFNOSUPPORT)},
	{"socketpair TIPC", ALL, N(socketpair), {30, SOCK_STREAM}, NO(EAFNOSUPPORT)},
	{"accept4", ALL, N(accept4), {0}, ALLOW},
};

/* TCP sockets, which nobody but the launcher connects, and only to where it wants. */
static const struct row of_proxy[] = {
	{"socket INET", PROXIES, N(socket), {AF_INET, SOCK_STREAM | SOCK_NONBLOCK}, ALLOW},
	{"socket INET TCP", PROXIES, N(socket), {AF_INET, SOCK_STREAM, IPPROTO_TCP}, ALLOW},
	{"socket INET6", PROXIES, N(socket), {AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0}, ALLOW},
	{"socket INET, upper bit", PROXIES, N(socket), {UPPER | AF_INET, SOCK_STREAM}, ALLOW},
	{"socket INET datagram", PROXIES, N(socket), {AF_INET, SOCK_DGRAM}, NO(EPERM)},
	{"socket INET6 datagram", PROXIES, N(socket), {AF_INET6, SOCK_DGRAM}, NO(EPERM)},
	{"socket INET raw", PROXIES, N(socket), {AF_INET, SOCK_RAW, IPPROTO_TCP}, NO(EPERM)},
	{"socket INET packet", PROXIES, N(socket), {AF_INET, SOCK_PACKET}, NO(EPERM)},
	{"socket MPTCP", PROXIES, N(socket), {AF_INET, SOCK_STREAM, 262}, NO(EPERM)},
	{"socket MPTCP, upper bit",
	 PROXIES,
	 N(socket),
	 {AF_INET, SOCK_STREAM, UPPER | 262},
	 NO(EPERM)},
	{"socket SCTP", PROXIES, N(socket), {AF_INET6, SOCK_STREAM, 132}, NO(EPERM)},
	{"socket SMC", PROXIES, N(socket), {43, SOCK_STREAM}, NO(EPERM)},
	{"socket UNIX", PROXIES, N(socket), {AF_UNIX, SOCK_STREAM}, NO(EPERM)},
	{"socket NETLINK", PROXIES, N(socket), {AF_NETLINK, SOCK_RAW}, NO(EPERM)},
	{"socket VSOCK", PROXIES, N(socket), {40, SOCK_STREAM}, NO(EPERM)},
	{"socket, family -1", PROXIES, N(socket), {~UINT64_C(0), SOCK_STREAM}, NO(EPERM)},
	{"bind", PROXIES, N(bind), {0}, NO(EPERM)},
	{"listen", PROXIES, N(listen), {0}, NO(EPERM)},
	{"sendto", PROXIES, N(sendto), {0, 0, 0, MSG_NOSIGNAL}, ALLOW},
	{"sendto, fast open", PROXIES, N(sendto), {0, 0, 0, MSG_FASTOPEN}, NO(EOPNOTSUPP)},
	{"sendto, fast open and more",
	 PROXIES,
	 N(sendto),
	 {0, 0, 0, UPPER | MSG_FASTOPEN | MSG_DONTWAIT},
	 NO(EOPNOTSUPP)},
	{"sendmsg", PROXIES, N(sendmsg), {0, 0, MSG_NOSIGNAL}, ALLOW},
	{"sendmsg, fast open", PROXIES, N(sendmsg), {0, 0, MSG_FASTOPEN}, NO(EOPNOTSUPP)},
	{"sendmmsg, fast open", PROXIES, N(sendmmsg), {0, 0, 0, MSG_FASTOPEN}, NO(EOPNOTSUPP)},
	{"sendmmsg", PROXIES, N(sendmmsg), {0, 0, 0, 0}, ALLOW},
	{"keep-alive", PROXIES, N(setsockopt), {0, SOL_SOCKET, SO_KEEPALIVE}, ALLOW},
	{"device", PROXIES, N(setsockopt), {0, SOL_SOCKET, SO_BINDTODEVICE}, NO(EPERM)},
	{"device, upper bits",
	 PROXIES,
	 N(setsockopt),
	 {0, UPPER | SOL_SOCKET, UPPER | SO_BINDTODEVICE},
	 NO(EPERM)},
	{"interface", PROXIES, N(setsockopt), {0, SOL_SOCKET, 62}, NO(EPERM)},
	{"no delay", PROXIES, N(setsockopt), {0, IPPROTO_TCP, TCP_NODELAY}, ALLOW},
	{"fast open at connect",
	 PROXIES,
	 N(setsockopt),
	 {0, IPPROTO_TCP, TCP_FASTOPEN_CONNECT},
	 NO(EOPNOTSUPP)},
	{"another protocol on top", PROXIES, N(setsockopt), {0, IPPROTO_TCP, 31}, NO(EPERM)},
	{"type of service", PROXIES, N(setsockopt), {0, IPPROTO_IP, IP_TOS}, ALLOW},
	{"IP options", PROXIES, N(setsockopt), {0, IPPROTO_IP, IP_OPTIONS}, NO(EPERM)},
	{"IPv6 only", PROXIES, N(setsockopt), {0, IPPROTO_IPV6, IPV6_V6ONLY}, ALLOW},
	{"routing header", PROXIES, N(setsockopt), {0, IPPROTO_IPV6, 57}, NO(EPERM)},
	{"packet options", PROXIES, N(setsockopt), {0, IPPROTO_IPV6, 6}, NO(EPERM)},
	{"another level", PROXIES, N(setsockopt), {0, 282, 1}, NO(EPERM)},
	{"socket INET, without a proxy", LANDLOCK, N(socket), {AF_INET, SOCK_STREAM}, NO(EPERM)},
};

/* What a reader of hostile bytes could be made to do. */
static const struct row of_broker[] = {
	{"recvmsg", BROKER, N(recvmsg), {0}, ALLOW},
	{"splice", BROKER, N(splice), {0}, ALLOW},
	{"connect", BROKER, N(connect), {0}, ALLOW},
	{"socket INET", BROKER, N(socket), {AF_INET, SOCK_STREAM | SOCK_NONBLOCK}, ALLOW},
	{"socket INET6 datagram", BROKER, N(socket), {AF_INET6, SOCK_DGRAM}, ALLOW},
	{"socket INET raw", BROKER, N(socket), {AF_INET, SOCK_RAW}, NO(EPERM)},
	{"socket UNIX", BROKER, N(socket), {AF_UNIX, SOCK_STREAM}, NO(EPERM)},
	{"socket NETLINK", BROKER, N(socket), {AF_NETLINK, SOCK_DGRAM}, NO(EPERM)},
	{"socket PACKET", BROKER, N(socket), {AF_PACKET, SOCK_DGRAM}, NO(EPERM)},
	{"socket INET ICMP", BROKER, N(socket), {AF_INET, SOCK_DGRAM, 1}, NO(EPERM)},
	{"socket MPTCP", BROKER, N(socket), {AF_INET, SOCK_STREAM, 262}, NO(EPERM)},
	{"fcntl F_SETFL", BROKER, N(fcntl), {5, F_SETFL, O_NONBLOCK}, ALLOW},
	{"fcntl O_ASYNC", BROKER, N(fcntl), {5, F_SETFL, O_NONBLOCK | O_ASYNC}, NO(EPERM)},
	{"fcntl F_SETOWN", BROKER, N(fcntl), {5, F_SETOWN, 1}, NO(EPERM)},
	{"fcntl F_SETSIG", BROKER, N(fcntl), {5, F_SETSIG, 9}, NO(EPERM)},
	{"fcntl F_DUPFD", BROKER, N(fcntl), {5, F_DUPFD, 9}, NO(EPERM)},
	{"bind", BROKER, N(bind), {0}, NO(EPERM)},
	{"listen", BROKER, N(listen), {0}, NO(EPERM)},
	{"openat", BROKER, N(openat), {0}, NO(EPERM)},
	{"openat2", BROKER, NATIVE, 437, {0}, NO(EPERM)},
	{"execve", BROKER, N(execve), {0}, NO(EPERM)},
	{"execveat", BROKER, N(execveat), {0}, NO(EPERM)},
	{"clone", BROKER, N(clone), {SIGCHLD}, NO(EPERM)},
	{"clone3", BROKER, NATIVE, 435, {0}, NO(EPERM)},
	{"kill", BROKER, N(kill), {0}, NO(EPERM)},
	{"ptrace", BROKER, N(ptrace), {0}, NO(EPERM)},
	{"process_vm_writev", BROKER, N(process_vm_writev), {0}, NO(EPERM)},
	{"pidfd_getfd", BROKER, N(pidfd_getfd), {0}, NO(EPERM)},
	{"prctl", BROKER, N(prctl), {0}, NO(EPERM)},
	{"ioctl", BROKER, N(ioctl), {0}, NO(EPERM)},
	{"io_uring_setup", BROKER, NATIVE, 425, {0}, NO(EPERM)},
	{"memory", BROKER, N(mmap), {0, 0, PROT_READ | PROT_WRITE}, ALLOW},
	{"memory with code", BROKER, N(mmap), {0, 0, PROT_READ | PROT_EXEC}, NO(EPERM)},
	{"memory becomes code", BROKER, N(mprotect), {0, 0, PROT_EXEC}, NO(EPERM)},
	{"a call of the future", BROKER, NATIVE, 600, {0}, NO(EPERM)},
	{"i386 read", BROKER, AUDIT_ARCH_I386, 3, {0}, KILL},
#if defined(__x86_64__)
	{"fork", BROKER, N(fork), {0}, NO(EPERM)},
	{"open", BROKER, N(open), {0}, NO(EPERM)},
	{"x32 read", BROKER, NATIVE, X32 | 0, {0}, KILL},
#endif
};

static const struct row foreign[] = {
	{"i386 read", ALL, AUDIT_ARCH_I386, 3, {0}, KILL},
	{"i386 mount", ALL, AUDIT_ARCH_I386, 21, {0}, KILL},
	{"arm read", ALL, AUDIT_ARCH_ARM, 3, {0}, KILL},
	{"no architecture", ALL, 0, 0, {0}, KILL},
#if defined(__x86_64__)
	{"x32 read", ALL, NATIVE, X32 | 0, {0}, KILL},
	{"x32 mount", ALL, NATIVE, X32 | 165, {0}, KILL},
	{"x32 only: execve", ALL, NATIVE, X32 | 520, {0}, KILL},
	{"x32, last number", ALL, NATIVE, 0x7fffffff, {0}, KILL},
	{"negative number", ALL, NATIVE, -2, {0}, KILL},
	{"-1: a tracer skips the call", ALL, NATIVE, -1, {0}, ALLOW},
#endif
};

#define TMPFILE_ALONE (O_TMPFILE & ~O_DIRECTORY)

/* Where a mode stands: 1, 2 or 3. Reported is what else is allowed (test_setid). */
static const struct {
	const char *what;
	int nr;
	unsigned mode_at;
	uint64_t args[3]; /* below the mode */
	int is_reported;
} modes[] = {
	{"fchmod", SYS_fchmod, 1, {0}, 0},
	{"fchmodat", SYS_fchmodat, 2, {0}, 1},
	{"fchmodat2", 452, 2, {0}, 1},
	{"mknodat", SYS_mknodat, 2, {0}, 1},
	{"openat, create", SYS_openat, 3, {0, 0, O_CREAT}, 1},
	{"openat, create to write", SYS_openat, 3, {0, 0, O_CREAT | O_EXCL | O_WRONLY}, 1},
	{"openat, unnamed file", SYS_openat, 3, {0, 0, O_TMPFILE | O_WRONLY}, 1},
	{"openat, unnamed file, bare", SYS_openat, 3, {0, 0, TMPFILE_ALONE | O_RDWR}, 1},
	{"openat, create, upper bit", SYS_openat, 3, {0, 0, UPPER | O_CREAT}, 1},
#if defined(__x86_64__)
	{"chmod", SYS_chmod, 1, {0}, 1},
	{"creat", SYS_creat, 1, {0}, 1},
	{"mknod", SYS_mknod, 1, {0}, 1},
	{"open, create", SYS_open, 2, {0, O_CREAT | O_TRUNC | O_WRONLY}, 1},
	{"open, unnamed file", SYS_open, 2, {0, O_TMPFILE | O_RDWR}, 1},
#endif
};

/* Bits of a mode, and whether they give a program its owner's identity. */
static const struct {
	uint64_t mode;
	int is_refused;
} bits[] = {
	{0, 0},
	{0777, 0},
	{01777, 0}, /* sticky */
	{S_IFREG | 0755, 0},
	{S_ISUID, 1},
	{S_ISGID, 1},
	{S_IFREG | 04755, 1},
	{02755, 1},
	{06755, 1},
	{UPPER | 04000, 1},
	{~UINT64_C(0), 1},
	{~UINT64_C(06000), 0},
	{UINT64_C(06000) << 32, 0}, /* the kernel never sees those */
};

/* A mode that nothing is made with is whatever happened to be in the register. */
static const struct row meaningless[] = {
	{"openat, read", ALL, N(openat), {0, 0, O_RDONLY | O_CLOEXEC, 06755}, ALLOW},
	{"openat, directory", ALL, N(openat), {0, 0, O_DIRECTORY, ~UINT64_C(0)}, ALLOW},
	{"openat, path", ALL, N(openat), {0, 0, O_PATH | O_NOFOLLOW, 04000}, ALLOW},
	{"openat, write", PLAIN, N(openat), {0, 0, O_WRONLY | O_TRUNC, 06755}, ALLOW},
	{"openat, write", NOTIFIES, N(openat), {0, 0, O_WRONLY | O_TRUNC, 06755}, NOTIFY},
	{"openat, create in the upper half",
	 PLAIN,
	 N(openat),
	 {0, 0, UPPER *O_CREAT, 04755},
	 ALLOW},
	{"mkdirat: the kernel drops the bits", PLAIN, N(mkdirat), {0, 0, 06755}, ALLOW},
#if defined(__x86_64__)
	{"open, read", ALL, N(open), {0, O_RDONLY, 06755}, ALLOW},
	{"open, write", PLAIN, N(open), {0, O_RDWR, 06755}, ALLOW},
	{"open, write", NOTIFIES, N(open), {0, O_RDWR, 06755}, NOTIFY},
#endif
};

/* openat's flags stand in argument 2, open's in argument 1. */
static const struct row reports[] = {
	{"openat, read", ALL, N(openat), {0, 0, O_RDONLY | O_CLOEXEC | O_DIRECTORY}, ALLOW},
	{"openat, path", ALL, N(openat), {0, 0, O_PATH | O_NOFOLLOW}, ALLOW},
	{"openat, write", PLAIN, N(openat), {0, 0, O_WRONLY | O_CREAT}, ALLOW},
	{"openat, write", NOTIFIES, N(openat), {0, 0, O_WRONLY}, NOTIFY},
	{"openat, read and write", NOTIFIES, N(openat), {0, 0, O_RDWR | O_CLOEXEC}, NOTIFY},
	{"openat, mode 3", NOTIFIES, N(openat), {0, 0, 3}, NOTIFY},
	{"openat, read but create", NOTIFIES, N(openat), {0, 0, O_CREAT}, NOTIFY},
	{"openat, read but truncate", NOTIFIES, N(openat), {0, 0, O_TRUNC}, NOTIFY},
	{"openat, write, upper bit", NOTIFIES, N(openat), {0, 0, UPPER | O_WRONLY}, NOTIFY},
	{"mkdirat", PLAIN, N(mkdirat), {0}, ALLOW},
	{"mkdirat", NOTIFIES, N(mkdirat), {0}, NOTIFY},
	{"mknodat", NOTIFIES, N(mknodat), {0}, NOTIFY},
	{"renameat2", NOTIFIES, N(renameat2), {0}, NOTIFY},
	{"linkat", NOTIFIES, N(linkat), {0}, NOTIFY},
	{"symlinkat", NOTIFIES, N(symlinkat), {0}, NOTIFY},
	{"unlinkat", NOTIFIES, N(unlinkat), {0}, NOTIFY},
	{"truncate", NOTIFIES, N(truncate), {0}, NOTIFY},
	{"ftruncate", ALL, N(ftruncate), {0}, ALLOW},
	{"fchmod", ALL, N(fchmod), {0}, ALLOW},
	{"fchmodat", NOTIFIES, N(fchmodat), {0}, NOTIFY},
	{"fchmodat2", NOTIFIES, NATIVE, 452, {0}, NOTIFY},
	{"fchownat", NOTIFIES, N(fchownat), {0}, NOTIFY},
	{"utimensat", NOTIFIES, N(utimensat), {0}, NOTIFY},
	{"setxattr", NOTIFIES, N(setxattr), {0}, NOTIFY},
	{"setxattrat", NOTIFIES, NATIVE, 463, {0}, NOTIFY},
	{"removexattrat", NOTIFIES, NATIVE, 466, {0}, NOTIFY},
	{"file_setattr", NOTIFIES, NATIVE, 469, {0}, NOTIFY},
	{"getxattrat", ALL, NATIVE, 464, {0}, ALLOW},
	{"connect", FULL | LANDLOCK, N(connect), {0}, ALLOW},
	{"connect", NOTIFIES | FULL_CONNECT | PROXIES, N(connect), {0}, NOTIFY},
	{"a refused call stays refused", NOTIFIES, N(mount), {0}, NO(EPERM)},
#if defined(__x86_64__)
	{"open, read", ALL, N(open), {0, O_RDONLY | O_CLOEXEC}, ALLOW},
	{"open, write", NOTIFIES, N(open), {0, O_WRONLY}, NOTIFY},
	{"open, create", NOTIFIES, N(open), {0, O_CREAT}, NOTIFY},
	{"creat", NOTIFIES, N(creat), {0}, NOTIFY},
	{"mkdir", NOTIFIES, N(mkdir), {0}, NOTIFY},
	{"rename", NOTIFIES, N(rename), {0}, NOTIFY},
	{"unlink", NOTIFIES, N(unlink), {0}, NOTIFY},
	{"rmdir", NOTIFIES, N(rmdir), {0}, NOTIFY},
	{"chmod", NOTIFIES, N(chmod), {0}, NOTIFY},
	{"stat", ALL, N(stat), {0}, ALLOW},
#endif
};

static void check_table(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_row(&rows[i]);
}

static void test_whole_calls(void **state)
{
	(void)state;
	check_table(whole_calls, COUNT(whole_calls));
}

static void test_arguments(void **state)
{
	(void)state;
	check_table(arguments, COUNT(arguments));
}

static void test_foreign_numbers(void **state)
{
	(void)state;
	check_table(foreign, COUNT(foreign));
}

static void test_broker(void **state)
{
	(void)state;
	check_table(of_broker, COUNT(of_broker));
	check_table(of_proxy, COUNT(of_proxy));
}

static void test_reports(void **state)
{
	(void)state;
	check_table(reports, COUNT(reports));
}

static void test_setid(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		for (size_t k = 0; k < COUNT(bits); k++) {
			struct row row = {modes[i].what, PLAIN, NATIVE, modes[i].nr, {0}, ALLOW};

			memcpy(row.args, modes[i].args, sizeof(modes[i].args));
			row.args[modes[i].mode_at] = bits[k].mode;
			if (bits[k].is_refused)
				row.want = NO(EPERM);
			check_row(&row);
			row.in = NOTIFIES;
			if (!bits[k].is_refused && modes[i].is_reported)
				row.want = NOTIFY;
			check_row(&row);
		}
	}
	check_table(meaningless, COUNT(meaningless));
}

/* Every family the kernel may know, and more. */
static void test_socket_families(void **state)
{
	(void)state;
	for (unsigned family = 0; family < 256; family++) {
		int known = family == AF_UNIX || family == AF_INET || family == AF_INET6 ||
			    family == AF_NETLINK;
		struct row row = {"a socket family", FULLS, N(socket), {family, SOCK_DGRAM}, 0};

		row.want = known ? ALLOW : NO(EAFNOSUPPORT);
		check_row(&row);
		row.args[0] |= UPPER;
		check_row(&row);
		row.in = LANDLOCKS;
		row.want = NO(EPERM);
		check_row(&row);
	}
}

static void test_unknown_name(void **state)
{
	(void)state;
	assert_null(cr_seccomp_find("none"));
	assert_null(cr_seccomp_find(""));
}

/* Length is paid at every start, steps at every call: neither may creep up unseen. */
static void test_length(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++) {
		const struct cr_seccomp_filter *filter = cr_seccomp_find(names[i]);
		unsigned worst = 0;

		assert_non_null(filter);
		for (int nr = 0; nr < 600; nr++) {
			struct seccomp_data data = {.nr = nr, .arch = NATIVE, .args = {99, 99, 99}};
			unsigned steps;

			run(filter, &data, &steps);
			worst = steps > worst ? steps : worst;
		}
		print_message("# filter %s: %u instructions, at most %u for one call\n",
			      filter->name, filter->len, worst);
		assert_true(filter->len <= (1u << i & PROXIES ? 272 : 224));
		assert_true(worst <= 32);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_calls),     cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_foreign_numbers), cmocka_unit_test(test_reports),
		cmocka_unit_test(test_socket_families), cmocka_unit_test(test_unknown_name),
		cmocka_unit_test(test_length),          cmocka_unit_test(test_setid),
		cmocka_unit_test(test_broker),
	};

	return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
