/*
 * verify.h - the attack battery: every known way out of a box, as a function
 * that really tries it.
 *
 * One attack is one row of a table. It is run three times: outside (the control:
 * it must succeed there, or it proves nothing), inside a box (it must be refused),
 * and afterwards somebody outside looks at the fixture (nothing may have changed).
 * `carrel verify` and tests/escape share the table and the fixture.
 *
 * An attack never harms the machine when it succeeds: its targets are the
 * fixture's own files, sockets and processes; where only a global thing can be
 * the target it writes back what it read, or stops at the permission check.
 *
 *   struct cr_attack_fixture *fixture;
 *   cr_attack_fixture_make(dir, &fixture, &err);
 *   cr_attack_env_write(cr_attack_fixture_env(fixture), file, &err);
 *   ... run `program NAME --env-file file` outside or inside: it calls cr_attack_main ...
 *   cr_attack_fixture_changes(fixture, text, sizeof(text));
 *   cr_attack_fixture_clean(fixture);
 *
 * Use a fresh fixture for every run: a control that succeeds has broken it.
 */
#ifndef CR_VERIFY_H
#define CR_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/err.h"

enum cr_attack_outcome {
	CR_ATTACK_SUCCEEDED = 0,     /* the break worked */
	CR_ATTACK_REFUSED = 1,       /* it did not; the note says what the kernel answered */
	CR_ATTACK_NOT_TESTABLE = 77, /* it could not be tried; the note says why */
};

#define CR_ATTACK_TEXT 512

/*
 * What an attack is told about its targets. S: text, N: number (0 or -1: there is none).
 * All targets belong to the fixture, are usable by the same user, and lie outside the box.
 */
#define CR_ATTACK_ENV_FIELDS(S, N)                                                          \
	S(home)          /* HOME of the fixture; visible, not writable in the box */        \
	S(workspace)     /* writable in the box; has `scratch/` for the attack's own use */ \
	S(outside)       /* directory outside every writable root */                        \
	S(secret)        /* file that the policy hides */                                   \
	S(marker)        /* what the secret, the victim's memory and environment contain */ \
	S(config_dir)    /* carrel's own configuration */                                   \
	S(state_dir)     /* carrel's own state */                                           \
	S(tmp_dir)       /* in the host's /tmp */                                           \
	S(home_socket)   /* listening AF_UNIX sockets of the host ... */                    \
	S(run_socket)    /* ... in XDG_RUNTIME_DIR */                                       \
	S(sys_socket)    /* ... under /run; "" when the fixture may not make one */         \
	S(tmp_socket)    /* ... in /tmp */                                                  \
	S(ws_socket)     /* ... in the workspace, from before the box */                    \
	S(dgram_socket)  /* datagram, in home */                                            \
	S(abstract_name) /* abstract, without the leading NUL */                            \
	S(lan_address)   /* a non-loopback IPv4 address of this host; "" */                 \
	S(posix_shm)     /* name in /dev/shm */                                             \
	S(posix_mq)      /* message queue, with the leading slash */                        \
	S(key_name)      /* description of a `user` key in the user keyring */              \
	S(pty)           /* slave of a terminal of the host */                              \
	S(suid_program)  /* this program, setuid root; "" when the fixture is not root's */ \
	S(self)          /* this program, at a path visible in the box */                   \
	S(carrel)        /* carrel, at a path visible in the box; "" */                     \
	S(object_name)   /* Windows: what the names of the victim's objects begin with */   \
	N(tcp_port)      /* TCP on every IPv4 address of the host */                        \
	N(tcp6_port)     /* TCP on ::1 */                                                   \
	N(udp_port)                                                                         \
	N(open_port)    /* TCP on 127.0.0.1, which the rule of CR_NEEDS_RULE allows */      \
	N(rule)         /* 1: that rule is in the policy */                                 \
	N(inbound_port) /* the host tries to connect to this one all the time */            \
	N(victim_pid)   /* an outside process of the same user */                           \
	N(victim_fd)    /* its descriptor of the precious file */                           \
	N(init_pid)     /* what keeps the box: 1 in a pid namespace, -1: our parent */      \
	N(shm_id)       /* System V */                                                      \
	N(msg_id)                                                                           \
	N(sem_id)                                                                           \
	N(dir_fd)          /* inherited descriptors: the outside directory, ... */          \
	N(file_fd)         /* ... the precious file for writing (also a handle), ... */     \
	N(socket_fd)       /* ... a UDP socket connected to udp_port */                     \
	N(limit_processes) /* what the policy limits are; 0: no limit set */                \
	N(limit_memory)                                                                     \
	N(limit_disk)                                                                       \
	N(limit_files)

struct cr_attack_note {
	int os_code; /* errno or GetLastError() of the refusal; 0 */
	char text[CR_ATTACK_TEXT];
};

struct cr_attack_env {
#define S(field) char field[CR_ATTACK_TEXT];
#define N(field) long field;
	CR_ATTACK_ENV_FIELDS(S, N)
#undef S
#undef N
	/* Set by cr_attack_run. */
	const char *arg;             /* the row's argument */
	unsigned long victim_page;   /* address of the marker in the victim's memory */
	struct cr_attack_note *note; /* never NULL in an attack */
};

typedef enum cr_attack_outcome (*cr_attack_fn)(const struct cr_attack_env *env);

/* Tiers in which the box must hold; in the other one `gap` names what the plan admits. */
#define CR_HOLDS_FULL     1u
#define CR_HOLDS_LANDLOCK 2u
#define CR_HOLDS_BOTH     (CR_HOLDS_FULL | CR_HOLDS_LANDLOCK)
/* ... and of Windows. */
#define CR_HOLDS_UNELEVATED 4u
#define CR_HOLDS_ELEVATED   8u
#define CR_HOLDS_WINDOWS    (CR_HOLDS_UNELEVATED | CR_HOLDS_ELEVATED)

/* What a run needs. */
#define CR_NEEDS_ROOT     1u    /* only makes sense as host root */
#define CR_NEEDS_ORDINARY 2u    /* never as root: its control would reach the whole machine */
#define CR_NEEDS_TTY      4u    /* a terminal as standard input and controlling terminal */
#define CR_NEEDS_CONSOLE  8u    /* a virtual console as standard input */
#define CR_NEEDS_FDS      16u   /* dir_fd, file_fd and socket_fd open in the launcher */
#define CR_NEEDS_LIMITS   32u   /* the limits of cr_attack_fixture_policy in force, box only */
#define CR_NEEDS_CARREL   64u   /* env->carrel */
#define CR_NEEDS_SUID     128u  /* env->suid_program */
#define CR_NEEDS_GROUP    256u  /* started in the victim's process group */
#define CR_NEEDS_SECRETS  512u  /* CARREL_TEST_TOKEN=<marker> in the launcher's environment */
#define CR_NEEDS_RULE     2048u /* the rule of cr_attack_fixture_policy about connections */
#define CR_NEEDS_PROXY    4096u /* a box whose connections go by a proxy */
#define CR_NEEDS_FIXTURE  1024u /* targets that only cr_attack_fixture_make makes (Windows) */

/* How to judge it. */
#define CR_TRAIT_TRACE      1u /* a success changes the fixture: the control must show it */
#define CR_TRAIT_BY_TRACE   2u /* only the fixture can tell; the outcome counts for nothing */
#define CR_TRAIT_MAY_LACK   4u /* this machine may lack it: a refused control is a skip */
#define CR_TRAIT_CONTROL_NS 8u /* the control runs in a namespace with the masks of a box */
#define CR_TRAIT_SLOW       16u

struct cr_attack {
	const char *name;    /* kebab-case, unique */
	const char *threats; /* rows of the threat list: "5", "17 19" */
	const char *title;   /* for people: what is tried */
	cr_attack_fn fn;
	const char *arg;
	unsigned tiers;  /* CR_HOLDS_* */
	unsigned needs;  /* CR_NEEDS_* */
	unsigned traits; /* CR_TRAIT_* */
	const char
		*gap; /* names of the gaps each of which covers it where it does not hold; NULL */
};

/* The battery, in the order of its themes. */
size_t cr_attack_count(void);
const struct cr_attack *cr_attack_at(size_t index);       /* NULL past the end */
const struct cr_attack *cr_attack_find(const char *name); /* NULL: no such */

enum cr_attack_how {
	CR_HOW_PLAIN,
	CR_HOW_GRANDCHILD, /* from a process forked twice, in its own session */
	CR_HOW_CONTROL,    /* outside; applies CR_TRAIT_CONTROL_NS */
};

/* Runs one attack in this process (or a child of it). *note is always filled. */
enum cr_attack_outcome cr_attack_run(const struct cr_attack *attack,
				     const struct cr_attack_env *env, enum cr_attack_how how,
				     struct cr_attack_note *note);

/* `key=value` lines. Reading refuses unknown keys and over-long values. */
int cr_attack_env_write(const struct cr_attack_env *env, const char *file, struct cr_err *err);
int cr_attack_env_read(struct cr_attack_env *env, const char *file, struct cr_err *err);
/* One `key=value`; -1 when there is no such key. */
int cr_attack_env_set(struct cr_attack_env *env, const char *assignment);

/*
 * `NAME --env-file FILE [--control | --grandchild] [--set KEY=VALUE]...` (argv without the
 * program's own words): runs the attack, prints one line "outcome: note" on `out` and returns
 * the exit code: 0 the break worked, 1 refused, 77 not testable, 2 wrong use.
 */
int cr_attack_main(int argc, char *const *argv, FILE *out);

struct cr_attack_fixture;

/*
 * Makes the targets in `dir`, an empty directory of ours that is not under /tmp (a box has its
 * own /tmp and would not see it). On Linux two child processes hold sockets and play the victim;
 * they die with the calling thread. On Windows the victim is the calling process.
 * 0 and a fixture, owned; or -1 with nothing left behind.
 */
int cr_attack_fixture_make(const char *dir, struct cr_attack_fixture **out, struct cr_err *err);
/* Borrowed; may be completed by the caller (self, carrel, suid_program, limits). */
struct cr_attack_env *cr_attack_fixture_env(struct cr_attack_fixture *fixture);

/*
 * Policy lines a box needs for the battery (hides the secret, protects a nested name, and the
 * limits and the rule when env has them). From malloc, owned by the caller; NULL when memory is
 * out.
 */
char *cr_attack_fixture_policy(const struct cr_attack_fixture *fixture);

/*
 * How many of the targets have changed since they were made; says which, a line each, in `text`.
 * Waits for the fixture's server to have seen what already arrived.
 */
int cr_attack_fixture_changes(struct cr_attack_fixture *fixture, char *text, size_t size);

/* Ends the children, removes every object and the contents of `dir`. NULL is a no-op. */
void cr_attack_fixture_clean(struct cr_attack_fixture *fixture);

#endif
