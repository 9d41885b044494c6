/*
 * rules.h - what the filters refuse and what they report, as tables. Data only: included by the
 * generator (gen.c) on the build machine and by nobody else.
 *
 * The filters are a second line. Namespaces, the mount view, Landlock and the empty capability
 * set draw the boundary; a filter takes away system calls that ordinary programs do not need and
 * that kernel bugs have come from (THREATS 24-29). Whatever no row names is allowed.
 */
#ifndef CR_SECCOMP_RULES_H
#define CR_SECCOMP_RULES_H

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <seccomp.h>

/* Which filters a row belongs to. */
enum {
	IN_FULL = 1,
	IN_LANDLOCK = 2,
	IN_NOTIFY = 4,    /* only in the -notify variants */
	IN_CONNECT = 8,   /* and in the -connect variants, which have nothing else of them */
	IN_PROXY = 16,    /* the landlock tier with a proxy */
	IN_UNSCOPED = 32, /* with IN_FULL: Landlock does not scope signals (before Linux 6.12) */
	IN_BARE = IN_LANDLOCK | IN_PROXY,
	IN_BOTH = IN_FULL | IN_BARE, /* tiers */
	IN_KINDS = IN_BOTH | IN_UNSCOPED,
	IN_ALL_NOTIFY = IN_BOTH | IN_NOTIFY,
	IN_VARIANTS = IN_NOTIFY | IN_CONNECT,
};

/* Most rows look at one argument; more than one test means all of them must hold. */
#define MAX_TESTS 3

/* One row: refuse (or report) the call when all its tests hold. */
struct rule {
	const char *call;
	unsigned in;
	uint32_t action;
	unsigned n_tests;
	struct scmp_arg_cmp tests[MAX_TESTS];
};

/*
 * The kernel reads most arguments as 32-bit integers and drops the upper half of the register.
 * A comparison looks at the low half alone, or a bit set up there would hide a value from it.
 */
/* clang-format off */
#define TEST(n, how, a, b)    {.arg = (n), .op = (how), .datum_a = (a), .datum_b = (b)}
#define BITS(n, mask, value)  TEST(n, SCMP_CMP_MASKED_EQ, mask, value)
#define IS(n, value)          BITS(n, 0xffffffffu, value)
#define ANY(n)                TEST(n, SCMP_CMP_GE, 0, 0)
/* clang-format on */

#define REFUSE    SCMP_ACT_ERRNO(EPERM)
#define ABSENT    SCMP_ACT_ERRNO(ENOSYS) /* programs fall back to the older call */
#define NO_FAMILY SCMP_ACT_ERRNO(EAFNOSUPPORT)
#define REPORT    SCMP_ACT_NOTIFY

/*
 * "These values pass, any other is refused" needs rows that allow, and libseccomp refuses a rule
 * whose action is the default one. PASS is a stand-in that gen.c turns into "allow". libseccomp
 * puts ANY after every row about values of the same argument; test_seccomp proves the outcome.
 */
#define PASS SCMP_ACT_TRACE(0x7a55)

/* "This pass is worth a report": allow in the plain filters, REPORT in the -notify ones. */
#define PASS_ON SCMP_ACT_TRACE(0x7a56)

/* Calls refused whatever their arguments. */
static const struct rule denied_calls[] = {
	/* the mount table and the root */
	{"mount", IN_BOTH, REFUSE, 0, {{0}}},
	{"umount2", IN_BOTH, REFUSE, 0, {{0}}},
	{"pivot_root", IN_BOTH, REFUSE, 0, {{0}}},
	{"chroot", IN_BOTH, REFUSE, 0, {{0}}},
	{"move_mount", IN_BOTH, REFUSE, 0, {{0}}},
	{"open_tree", IN_BOTH, REFUSE, 0, {{0}}},
	{"open_tree_attr", IN_BOTH, REFUSE, 0, {{0}}},
	{"fsopen", IN_BOTH, REFUSE, 0, {{0}}},
	{"fsconfig", IN_BOTH, REFUSE, 0, {{0}}},
	{"fsmount", IN_BOTH, REFUSE, 0, {{0}}},
	{"fspick", IN_BOTH, REFUSE, 0, {{0}}},
	{"mount_setattr", IN_BOTH, REFUSE, 0, {{0}}},
	/* other namespaces; clone3 keeps its flags in memory, where no filter can look */
	{"unshare", IN_BOTH, REFUSE, 0, {{0}}},
	{"setns", IN_BOTH, REFUSE, 0, {{0}}},
	{"clone3", IN_BOTH, ABSENT, 0, {{0}}},
	/* keyrings have no namespace of their own */
	{"keyctl", IN_BOTH, REFUSE, 0, {{0}}},
	{"add_key", IN_BOTH, REFUSE, 0, {{0}}},
	{"request_key", IN_BOTH, REFUSE, 0, {{0}}},
	/* large kernel surfaces; io_uring also does its work past this filter */
	{"bpf", IN_BOTH, REFUSE, 0, {{0}}},
	{"io_uring_setup", IN_BOTH, ABSENT, 0, {{0}}},
	{"io_uring_enter", IN_BOTH, ABSENT, 0, {{0}}},
	{"io_uring_register", IN_BOTH, ABSENT, 0, {{0}}},
	{"userfaultfd", IN_BOTH, REFUSE, 0, {{0}}},
	{"perf_event_open", IN_BOTH, REFUSE, 0, {{0}}},
	/* keeps its mode in memory, where no filter can look: see NO_SETID */
	{"openat2", IN_BOTH, ABSENT, 0, {{0}}},
	{"fanotify_init", IN_BOTH, REFUSE, 0, {{0}}},
	{"name_to_handle_at", IN_BOTH, REFUSE, 0, {{0}}},
	{"open_by_handle_at", IN_BOTH, REFUSE, 0, {{0}}},
	{"lookup_dcookie", IN_BOTH, REFUSE, 0, {{0}}},
	{"vm86", IN_BOTH, REFUSE, 0, {{0}}},
	{"vm86old", IN_BOTH, REFUSE, 0, {{0}}},
	/* the whole machine */
	{"init_module", IN_BOTH, REFUSE, 0, {{0}}},
	{"finit_module", IN_BOTH, REFUSE, 0, {{0}}},
	{"delete_module", IN_BOTH, REFUSE, 0, {{0}}},
	{"kexec_load", IN_BOTH, REFUSE, 0, {{0}}},
	{"kexec_file_load", IN_BOTH, REFUSE, 0, {{0}}},
	{"reboot", IN_BOTH, REFUSE, 0, {{0}}},
	{"swapon", IN_BOTH, REFUSE, 0, {{0}}},
	{"swapoff", IN_BOTH, REFUSE, 0, {{0}}},
	{"acct", IN_BOTH, REFUSE, 0, {{0}}},
	{"quotactl", IN_BOTH, REFUSE, 0, {{0}}},
	{"quotactl_fd", IN_BOTH, REFUSE, 0, {{0}}},
	{"syslog", IN_BOTH, REFUSE, 0, {{0}}},
	{"settimeofday", IN_BOTH, REFUSE, 0, {{0}}},
	{"adjtimex", IN_BOTH, REFUSE, 0, {{0}}},
	{"clock_adjtime", IN_BOTH, REFUSE, 0, {{0}}},
	{"clock_settime", IN_BOTH, REFUSE, 0, {{0}}},
	{"iopl", IN_BOTH, REFUSE, 0, {{0}}},
	{"ioperm", IN_BOTH, REFUSE, 0, {{0}}},
	{"vhangup", IN_BOTH, REFUSE, 0, {{0}}},
	{"nfsservctl", IN_BOTH, REFUSE, 0, {{0}}},
	{"uselib", IN_BOTH, REFUSE, 0, {{0}}},
	{"ustat", IN_BOTH, REFUSE, 0, {{0}}},
	{"sysfs", IN_BOTH, REFUSE, 0, {{0}}},
	{"_sysctl", IN_BOTH, REFUSE, 0, {{0}}},
	/* without an ipc namespace these reach the host's objects, and Landlock does not look */
	{"shmget", IN_BARE, REFUSE, 0, {{0}}},
	{"shmat", IN_BARE, REFUSE, 0, {{0}}},
	{"shmctl", IN_BARE, REFUSE, 0, {{0}}},
	{"msgget", IN_BARE, REFUSE, 0, {{0}}},
	{"msgsnd", IN_BARE, REFUSE, 0, {{0}}},
	{"msgrcv", IN_BARE, REFUSE, 0, {{0}}},
	{"msgctl", IN_BARE, REFUSE, 0, {{0}}},
	{"semget", IN_BARE, REFUSE, 0, {{0}}},
	{"semop", IN_BARE, REFUSE, 0, {{0}}},
	{"semctl", IN_BARE, REFUSE, 0, {{0}}},
	{"semtimedop", IN_BARE, REFUSE, 0, {{0}}},
	{"mq_open", IN_BARE, REFUSE, 0, {{0}}},
	{"mq_unlink", IN_BARE, REFUSE, 0, {{0}}},
	/* without a net namespace: offline, and no host socket by name; socketpair stays */
	{"socket", IN_LANDLOCK, REFUSE, 0, {{0}}},
	/* with a proxy: TCP, which the launcher connects; nobody comes in */
	{"bind", IN_PROXY, REFUSE, 0, {{0}}},
	{"listen", IN_PROXY, REFUSE, 0, {{0}}},
};

#define NEW_NAMESPACES                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

/* The low four bits of a socket's type; above them SOCK_NONBLOCK and SOCK_CLOEXEC. */
#define TYPE_BITS 0xf

/* Internet sockets, but no raw packets. */
#define INTERNET(family)                                                                          \
	{"socket", IN_FULL, REFUSE, 2, {IS(0, family), BITS(1, TYPE_BITS, SOCK_RAW)}},            \
		{"socket", IN_FULL, REFUSE, 2, {IS(0, family), BITS(1, TYPE_BITS, SOCK_PACKET)}}, \
	{                                                                                         \
		"socket", IN_FULL, PASS, 2,                                                       \
		{                                                                                 \
			IS(0, family), ANY(1)                                                     \
		}                                                                                 \
	}

/* TCP and nothing else: SOCK_STREAM is also MPTCP's and SCTP's. */
#define ONLY_TCP(family)                                                                           \
	{"socket", IN_PROXY, PASS, 3, {IS(0, family), BITS(1, TYPE_BITS, SOCK_STREAM), IS(2, 0)}}, \
	{                                                                                          \
		"socket", IN_PROXY, PASS, 3,                                                       \
		{                                                                                  \
			IS(0, family), BITS(1, TYPE_BITS, SOCK_STREAM), IS(2, IPPROTO_TCP)         \
		}                                                                                  \
	}

/* One that may be set; see the table. */
#define SETS(level, option)                         \
	{                                           \
		"setsockopt", IN_PROXY, PASS, 2,    \
		{                                   \
			IS(1, level), IS(2, option) \
		}                                   \
	}

/* A connection that is made by sending to an address. */
#define NO_FAST_OPEN(call, n)                                  \
	{                                                      \
		call, IN_PROXY, SCMP_ACT_ERRNO(EOPNOTSUPP), 1, \
		{                                              \
			BITS(n, MSG_FASTOPEN, MSG_FASTOPEN)    \
		}                                              \
	}

/*
 * No program that gives whoever starts it the user's identity is left in the workspace. `n` is the
 * argument with the mode.
 */
#define NO_SETID(call, n, pass)                                    \
	{call, IN_BOTH, pass, 1, {BITS(n, S_ISUID | S_ISGID, 0)}}, \
	{                                                          \
		call, IN_BOTH, REFUSE, 1,                          \
		{                                                  \
			ANY(n)                                     \
		}                                                  \
	}

/* An O_TMPFILE can be linked later. The header's name holds O_DIRECTORY too, which makes nothing.
 */
#define MAKES_FILE (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))

/*
 * Opening: the flags in argument `n`, the mode, which means nothing unless a file is made, in the
 * next one. Opened in a way that can change nothing is not reported.
 */
#define OPENS(call, n)                                                                      \
	{call, IN_ALL_NOTIFY, PASS, 1, {BITS(n, O_ACCMODE | O_CREAT | O_TRUNC, 0)}},        \
		{call, IN_BOTH, PASS_ON, 1, {BITS(n, MAKES_FILE, 0)}},                      \
		{call, IN_BOTH, PASS_ON, 2, {ANY(n), BITS((n) + 1, S_ISUID | S_ISGID, 0)}}, \
	{                                                                                   \
		call, IN_BOTH, REFUSE, 2,                                                   \
		{                                                                           \
			ANY(n), ANY((n) + 1)                                                \
		}                                                                           \
	}

/* Calls refused for some arguments. */
static const struct rule denied_arguments[] = {
	{"clone", IN_BOTH, PASS, 1, {BITS(0, NEW_NAMESPACES, 0)}},
	{"clone", IN_BOTH, REFUSE, 1, {ANY(0)}},
	/* typing into the user's terminal */
	{"ioctl", IN_BOTH, REFUSE, 1, {IS(1, TIOCSTI)}},
	{"ioctl", IN_BOTH, REFUSE, 1, {IS(1, TIOCLINUX)}},
	/*
	 * The command is in the process group of its launcher, and so are others outside, the next
	 * program of a pipeline or the whole agent. No process id namespace ends a group; but the
	 * only name this one has in the box is 0, "my own".
	 */
	{"setpriority", IN_BOTH, REFUSE, 2, {IS(0, PRIO_PGRP), IS(1, 0)}},
	{"ioprio_set", IN_BOTH, REFUSE, 2, {IS(0, IOPRIO_WHO_PGRP), IS(1, 0)}},
	{"kill", IN_UNSCOPED, REFUSE, 1, {IS(0, 0)}},
	/* a terminal with O_ASYNC signals its foreground group, by F_SETSIG with any signal */
	{"fcntl", IN_UNSCOPED, REFUSE, 2, {IS(1, F_SETFL), BITS(2, O_ASYNC, O_ASYNC)}},
	{"ioctl", IN_UNSCOPED, REFUSE, 1, {IS(1, FIOASYNC)}},
	/* the native one, 32-bit machine name, no address randomisation (gdb), and asking */
	{"personality", IN_BOTH, PASS, 1, {IS(0, 0)}},
	{"personality", IN_BOTH, PASS, 1, {IS(0, PER_LINUX32)}},
	{"personality", IN_BOTH, PASS, 1, {IS(0, ADDR_NO_RANDOMIZE)}},
	{"personality", IN_BOTH, PASS, 1, {IS(0, PER_LINUX32 | ADDR_NO_RANDOMIZE)}},
	{"personality", IN_BOTH, PASS, 1, {IS(0, 0xffffffffu)}},
	{"personality", IN_BOTH, REFUSE, 1, {ANY(0)}},
	/* netlink speaks to every subsystem; ROUTE is what getaddrinfo and ip need */
	{"socket", IN_FULL, PASS, 1, {IS(0, AF_UNIX)}},
	INTERNET(AF_INET),
	INTERNET(AF_INET6),
	{"socket", IN_FULL, PASS, 2, {IS(0, AF_NETLINK), IS(2, NETLINK_ROUTE)}},
	{"socket", IN_FULL, NO_FAMILY, 1, {ANY(0)}},
	ONLY_TCP(AF_INET),
	ONLY_TCP(AF_INET6),
	{"socket", IN_PROXY, REFUSE, 1, {ANY(0)}},
	NO_FAST_OPEN("sendto", 3),
	NO_FAST_OPEN("sendmsg", 2),
	NO_FAST_OPEN("sendmmsg", 3),
	/*
	 * The socket that the launcher connects to the proxy keeps its options, and some of them
	 * lead a packet for 127.0.0.1 elsewhere: source routes (IP_OPTIONS, IPV6_RTHDR), another
	 * interface. So those of IP are named one by one.
	 */
	{"setsockopt", IN_PROXY, REFUSE, 2, {IS(1, SOL_SOCKET), IS(2, SO_BINDTODEVICE)}},
	{"setsockopt", IN_PROXY, REFUSE, 2, {IS(1, SOL_SOCKET), IS(2, SO_BINDTOIFINDEX)}},
	{"setsockopt", IN_PROXY, PASS, 2, {IS(1, SOL_SOCKET), ANY(2)}},
	{"setsockopt",
	 IN_PROXY,
	 SCMP_ACT_ERRNO(EOPNOTSUPP),
	 2,
	 {IS(1, IPPROTO_TCP), IS(2, TCP_FASTOPEN_CONNECT)}},
	{"setsockopt", IN_PROXY, REFUSE, 2, {IS(1, IPPROTO_TCP), IS(2, TCP_ULP)}},
	{"setsockopt", IN_PROXY, PASS, 2, {IS(1, IPPROTO_TCP), ANY(2)}},
	SETS(IPPROTO_IP, IP_TOS),
	SETS(IPPROTO_IP, IP_TTL),
	SETS(IPPROTO_IP, IP_RECVERR),
	SETS(IPPROTO_IP, IP_MTU_DISCOVER),
	SETS(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT),
	SETS(IPPROTO_IPV6, IPV6_V6ONLY),
	SETS(IPPROTO_IPV6, IPV6_TCLASS),
	SETS(IPPROTO_IPV6, IPV6_UNICAST_HOPS),
	{"setsockopt", IN_PROXY, REFUSE, 1, {ANY(1)}},
	/* socketpair also knows TIPC */
	{"socketpair", IN_FULL, PASS, 1, {IS(0, AF_UNIX)}},
	/* a datagram end can send to any address: a way round the refused socket() */
	{"socketpair", IN_BARE, PASS, 2, {IS(0, AF_UNIX), BITS(1, TYPE_BITS, SOCK_STREAM)}},
	{"socketpair", IN_BARE, PASS, 2, {IS(0, AF_UNIX), BITS(1, TYPE_BITS, SOCK_SEQPACKET)}},
	{"socketpair", IN_BOTH, NO_FAMILY, 1, {ANY(0)}},
	OPENS("open", 1),
	OPENS("openat", 2),
	NO_SETID("creat", 1, PASS_ON),
	NO_SETID("mknod", 1, PASS_ON),
	NO_SETID("mknodat", 2, PASS_ON),
	NO_SETID("chmod", 1, PASS_ON),
	NO_SETID("fchmod", 1, PASS),
	NO_SETID("fchmodat", 2, PASS_ON),
	NO_SETID("fchmodat2", 2, PASS_ON),
};

/*
 * Calls that are reported, so that a refusal can be explained. Reporting decides nothing: the
 * notifier always answers "go on", but to a connect of a box with network rules. Reads are never
 * here.
 */
static const struct rule reported_calls[] = {
	{"mkdir", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"mkdirat", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"rename", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"renameat", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"renameat2", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"link", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"linkat", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"symlink", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"symlinkat", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"unlink", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"unlinkat", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"rmdir", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"truncate", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"chown", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"lchown", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"fchownat", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"utime", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"utimes", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"futimesat", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"utimensat", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"setxattr", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"lsetxattr", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"removexattr", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"lremovexattr", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"setxattrat", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"removexattrat", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	{"file_setattr", IN_ALL_NOTIFY, REPORT, 0, {{0}}},
	/* with network rules also where nothing is to be explained: see notify_net.c */
	{"connect", IN_ALL_NOTIFY | IN_CONNECT, REPORT, 0, {{0}}},
};

/*
 * Calls younger than libseccomp 2.5.4. Since 424 all architectures share one numbering
 * (include/uapi/asm-generic/unistd.h of Linux 6.17). libseccomp takes them only for the
 * architecture it runs on.
 */
struct young_call {
	const char *call;
	int nr;
};

static const struct young_call young_calls[] = {
	{"quotactl_fd", 443},   {"fchmodat2", 452},      {"setxattrat", 463},
	{"removexattrat", 466}, {"open_tree_attr", 467}, {"file_setattr", 469},
};

#define MEMORY_WITHOUT_CODE(call, n)          \
	{                                     \
		call, 0, SCMP_ACT_ALLOW, 1,   \
		{                             \
			BITS(n, PROT_EXEC, 0) \
		}                             \
	}

/*
 * The broker reads what strangers send, so its filter is the other way round: what no row names is
 * refused. Sockets are all it needs; it opens, starts and signals nothing.
 */
static const struct rule broker_calls[] = {
	{"read", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"readv", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"recvfrom", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"recvmsg", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"write", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"writev", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"sendto", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"sendmsg", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"splice", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"close", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"shutdown", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"socket",
	 0,
	 SCMP_ACT_ALLOW,
	 3,
	 {IS(0, AF_INET), BITS(1, TYPE_BITS, SOCK_STREAM), IS(2, 0)}},
	{"socket",
	 0,
	 SCMP_ACT_ALLOW,
	 3,
	 {IS(0, AF_INET), BITS(1, TYPE_BITS, SOCK_DGRAM), IS(2, 0)}},
	{"socket",
	 0,
	 SCMP_ACT_ALLOW,
	 3,
	 {IS(0, AF_INET6), BITS(1, TYPE_BITS, SOCK_STREAM), IS(2, 0)}},
	{"socket",
	 0,
	 SCMP_ACT_ALLOW,
	 3,
	 {IS(0, AF_INET6), BITS(1, TYPE_BITS, SOCK_DGRAM), IS(2, 0)}},
	{"connect", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"accept4", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"getsockname", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"getpeername", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"getsockopt", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"setsockopt", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"pipe2", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	/* not F_SETOWN, F_SETSIG, O_ASYNC: with them a socket signals any process of the user */
	{"fcntl", 0, SCMP_ACT_ALLOW, 1, {IS(1, F_GETFD)}},
	{"fcntl", 0, SCMP_ACT_ALLOW, 1, {IS(1, F_SETFD)}},
	{"fcntl", 0, SCMP_ACT_ALLOW, 1, {IS(1, F_GETFL)}},
	{"fcntl", 0, SCMP_ACT_ALLOW, 1, {IS(1, F_SETPIPE_SZ)}},
	{"fcntl", 0, SCMP_ACT_ALLOW, 2, {IS(1, F_SETFL), BITS(2, O_ASYNC, 0)}},
	{"epoll_ctl", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"epoll_wait", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"epoll_pwait", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"clock_gettime", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"gettimeofday", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"getrandom", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"getpid", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"gettid", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"clock_nanosleep", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"nanosleep", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	MEMORY_WITHOUT_CODE("mmap", 2),
	MEMORY_WITHOUT_CODE("mprotect", 2),
	{"munmap", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"mremap", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"madvise", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"brk", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"futex", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"rt_sigaction", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"rt_sigprocmask", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"rt_sigreturn", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"restart_syscall", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"exit", 0, SCMP_ACT_ALLOW, 0, {{0}}},
	{"exit_group", 0, SCMP_ACT_ALLOW, 0, {{0}}},
};

/* The filters; a -notify variant has everything its plain one has. `in` 0: the broker's. */
struct filter {
	const char *name;
	unsigned in;
};

static const struct filter filters[] = {
	{"full", IN_FULL},
	{"full-notify", IN_FULL | IN_NOTIFY},
	{"full-connect", IN_FULL | IN_CONNECT},
	{"full-unscoped", IN_FULL | IN_UNSCOPED},
	{"full-unscoped-notify", IN_FULL | IN_UNSCOPED | IN_NOTIFY},
	{"full-unscoped-connect", IN_FULL | IN_UNSCOPED | IN_CONNECT},
	{"landlock", IN_LANDLOCK},
	{"landlock-notify", IN_LANDLOCK | IN_NOTIFY},
	{"landlock-proxy-notify", IN_PROXY | IN_NOTIFY},
	{"landlock-proxy-connect", IN_PROXY | IN_CONNECT},
	{"broker", 0},
};

#endif
