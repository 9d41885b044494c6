/*
 * fixture_parts.h - the parts of a fixture, shared by the files that make,
 * watch and remove it. Internal to src/verify.
 */
#ifndef CR_FIXTURE_PARTS_H
#define CR_FIXTURE_PARTS_H

#include <stdint.h>
#include <sys/types.h>

#include "verify.h"

/* Listening sockets, in the order of the server's descriptors and counters. */
#define CR_SERVED(X)                                        \
	X(CR_SERVED_TCP, "TCP")                             \
	X(CR_SERVED_TCP6, "TCP over IPv6")                  \
	X(CR_SERVED_UDP, "UDP")                             \
	X(CR_SERVED_OPEN, "the service that a rule allows") \
	X(CR_SERVED_HOME, "socket in home")                 \
	X(CR_SERVED_RUN, "socket in the runtime directory") \
	X(CR_SERVED_SYS, "socket under /run")               \
	X(CR_SERVED_TMP, "socket in /tmp")                  \
	X(CR_SERVED_WS, "socket in the workspace")          \
	X(CR_SERVED_DGRAM, "datagram socket")               \
	X(CR_SERVED_ABSTRACT, "abstract socket")

enum cr_served {
#define X(code, name) code,
	CR_SERVED(X)
#undef X
		CR_SERVED_COUNT
};

/* Memory shared with the children; only grows. */
struct cr_fixture_shared {
	unsigned arrived[CR_SERVED_COUNT]; /* connections and datagrams */
	unsigned inbound;                  /* connections we made to inbound_port */
	unsigned signals;                  /* signals the victim got */
	unsigned written;                  /* the victim's memory changed */
	unsigned looks;                    /* how often the victim has looked for that */
	unsigned ping, pong;               /* the server has looked after each ping */
	unsigned ready;
};

struct cr_fixture_file { /* one fingerprint */
	char *path;
	uint64_t sum;
};

struct cr_attack_fixture {
	char dir[256];
	struct cr_attack_env env;
	char run_dir[256], sys_dir[64];
	int sockets[CR_SERVED_COUNT];
	struct cr_fixture_shared *shared;
	pid_t server, victim;
	int pty_master, pty_slave;
	int32_t key;
	uint64_t victim_sum;
	struct cr_fixture_file *files;
	size_t n_files, cap_files;
};

/* fixture_host.c: sockets and the two children. */
int cr_fixture_sockets(struct cr_attack_fixture *fixture, struct cr_err *err);
int cr_fixture_children(struct cr_attack_fixture *fixture, struct cr_err *err);
void cr_fixture_children_end(struct cr_attack_fixture *fixture);
uint64_t cr_fixture_victim_sum(const struct cr_attack_fixture *fixture);

/* fixture_ipc.c: System V and POSIX objects, a key, a terminal. */
int cr_fixture_ipc(struct cr_attack_fixture *fixture, struct cr_err *err);
void cr_fixture_ipc_end(struct cr_attack_fixture *fixture);
/* Calls report(arg, what) for each object that changed. */
void cr_fixture_ipc_check(struct cr_attack_fixture *fixture, void (*report)(void *, const char *),
			  void *arg);

/* fixture_check.c: fingerprints of the files. */
int cr_fixture_remember(struct cr_attack_fixture *fixture, struct cr_err *err);
void cr_fixture_forget(struct cr_attack_fixture *fixture);

#endif
