/*
 * fixture_ipc.c - the objects of a fixture that have no file: System V and
 * POSIX IPC, a key in the user's keyring, a terminal.
 *
 * What this kernel does not have is left out (its id stays -1, its name empty).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"
#include "fixture_parts.h"

#define KEY_ALL 0x3f3f0000u /* possessor and user: everything */

static void make_sysv(struct cr_attack_env *env)
{
	struct {
		long type;
		char text[64];
	} message = {.type = 1};
	char *at;

	env->shm_id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	at = env->shm_id >= 0 ? shmat((int)env->shm_id, NULL, 0) : (void *)-1;
	if (at != (void *)-1) {
		snprintf(at, 128, "%.100s", env->marker);
		shmdt(at);
	}
	env->msg_id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	snprintf(message.text, sizeof(message.text), "%.60s", env->marker);
	if (env->msg_id >= 0)
		msgsnd((int)env->msg_id, &message, strlen(message.text) + 1, IPC_NOWAIT);
	env->sem_id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
}

static int make_posix(struct cr_attack_env *env, struct cr_err *err)
{
	const char *tail = env->marker + strlen(env->marker) - 12;
	mqd_t queue;
	int fd;

	snprintf(env->posix_shm, sizeof(env->posix_shm), "/carrel-attack-%s", tail);
	snprintf(env->posix_mq, sizeof(env->posix_mq), "/carrel-attack-%s", tail);
	fd = shm_open(env->posix_shm, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return cr_fail_os(err, CR_E_IO, errno, "shm_open");
	if (write(fd, env->marker, strlen(env->marker)) < 0) {
		close(fd);
		return cr_fail_os(err, CR_E_IO, errno, "write shared memory");
	}
	close(fd);
	queue = mq_open(env->posix_mq, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, NULL);
	if (queue == (mqd_t)-1)
		env->posix_mq[0] = '\0';
	else
		mq_close(queue);
	return 0;
}

static void make_key(struct cr_attack_fixture *fixture)
{
	struct cr_attack_env *env = &fixture->env;

	snprintf(env->key_name, sizeof(env->key_name), "carrel-attack:%s",
		 env->marker + strlen(env->marker) - 12);
	fixture->key = (int32_t)syscall(SYS_add_key, "user", env->key_name, env->marker,
					strlen(env->marker), KEY_SPEC_USER_KEYRING);
	if (fixture->key < 0)
		env->key_name[0] = '\0';
	else
		syscall(SYS_keyctl, KEYCTL_SETPERM, fixture->key, KEY_ALL);
}

static void make_terminal(struct cr_attack_fixture *fixture)
{
	struct cr_attack_env *env = &fixture->env;

	fixture->pty_master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fixture->pty_master < 0 || grantpt(fixture->pty_master) < 0 ||
	    unlockpt(fixture->pty_master) < 0 ||
	    ptsname_r(fixture->pty_master, env->pty, sizeof(env->pty)) != 0)
		env->pty[0] = '\0';
	else
		fixture->pty_slave = open(env->pty, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

int cr_fixture_ipc(struct cr_attack_fixture *fixture, struct cr_err *err)
{
	make_sysv(&fixture->env);
	make_key(fixture);
	make_terminal(fixture);
	return make_posix(&fixture->env, err);
}

void cr_fixture_ipc_end(struct cr_attack_fixture *fixture)
{
	struct cr_attack_env *env = &fixture->env;

	if (env->shm_id >= 0)
		shmctl((int)env->shm_id, IPC_RMID, NULL);
	if (env->msg_id >= 0)
		msgctl((int)env->msg_id, IPC_RMID, NULL);
	if (env->sem_id >= 0)
		semctl((int)env->sem_id, 0, IPC_RMID);
	if (env->posix_shm[0])
		shm_unlink(env->posix_shm);
	if (env->posix_mq[0])
		mq_unlink(env->posix_mq);
	if (fixture->key > 0) {
		syscall(SYS_keyctl, KEYCTL_UNLINK, fixture->key, KEY_SPEC_USER_KEYRING);
		syscall(SYS_keyctl, KEYCTL_INVALIDATE, fixture->key);
	}
	if (fixture->pty_slave >= 0)
		close(fixture->pty_slave);
	if (fixture->pty_master >= 0)
		close(fixture->pty_master);
}

static bool shm_changed(const struct cr_attack_env *env)
{
	struct shmid_ds info;
	bool changed;
	char *at;

	if (env->shm_id < 0)
		return false;
	if (shmctl((int)env->shm_id, IPC_STAT, &info) < 0)
		return true;
	at = shmat((int)env->shm_id, NULL, SHM_RDONLY);
	changed = at == (void *)-1 || strcmp(at, env->marker) != 0 || info.shm_perm.mode != 0600;
	if (at != (void *)-1)
		shmdt(at);
	return changed;
}

static bool queue_changed(const struct cr_attack_env *env)
{
	struct msqid_ds info;

	return env->msg_id >= 0 &&
	       (msgctl((int)env->msg_id, IPC_STAT, &info) < 0 || info.msg_qnum != 1);
}

static bool semaphore_changed(const struct cr_attack_env *env)
{
	return env->sem_id >= 0 && semctl((int)env->sem_id, 0, GETVAL) != 0;
}

static bool posix_shm_changed(const struct cr_attack_env *env)
{
	return cr_attack_finds(cr_attack_path("/dev/shm%s", env->posix_shm), env->marker) < 0;
}

static bool posix_queue_changed(const struct cr_attack_env *env)
{
	struct mq_attr attr;
	mqd_t queue;
	bool changed;

	if (!env->posix_mq[0])
		return false;
	queue = mq_open(env->posix_mq, O_RDONLY | O_CLOEXEC);
	changed = queue == (mqd_t)-1 || mq_getattr(queue, &attr) < 0 || attr.mq_curmsgs != 0;
	if (queue != (mqd_t)-1)
		mq_close(queue);
	return changed;
}

static bool key_changed(const struct cr_attack_fixture *fixture)
{
	char data[128] = "";

	return fixture->key > 0 &&
	       (syscall(SYS_keyctl, KEYCTL_READ, fixture->key, data, sizeof(data) - 1) < 0 ||
		strcmp(data, fixture->env.marker) != 0);
}

static bool terminal_changed(const struct cr_attack_fixture *fixture)
{
	struct pollfd polled = {.fd = fixture->pty_master, .events = POLLIN};

	return fixture->pty_master >= 0 && poll(&polled, 1, 0) > 0;
}

void cr_fixture_ipc_check(struct cr_attack_fixture *fixture, void (*report)(void *, const char *),
			  void *arg)
{
	const struct cr_attack_env *env = &fixture->env;
	const struct {
		bool changed;
		const char *what;
	} checks[] = {
		{shm_changed(env), "System V shared memory"},
		{queue_changed(env), "System V message queue"},
		{semaphore_changed(env), "System V semaphore"},
		{posix_shm_changed(env), "POSIX shared memory"},
		{posix_queue_changed(env), "POSIX message queue"},
		{key_changed(fixture), "key in the user keyring"},
		{terminal_changed(fixture), "terminal of the host"},
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (checks[i].changed)
			report(arg, checks[i].what);
}
