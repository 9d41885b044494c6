/*
 * ipc.c - System V and POSIX shared objects of the host, and its keyrings
 * (threat 24).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
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

static enum cr_attack_outcome shm_read(const struct cr_attack_env *env)
{
	const char *at = shmat((int)env->shm_id, NULL, SHM_RDONLY);

	if (at == (const void *)-1)
		return cr_attack_refused(env, "shmat");
	errno = ENODATA;
	return cr_attack_result(env, strcmp(at, env->marker) == 0 ? 0 : -1, "shmat");
}

static enum cr_attack_outcome shm_write(const struct cr_attack_env *env)
{
	char *at = shmat((int)env->shm_id, NULL, 0);

	if (at == (void *)-1)
		return cr_attack_refused(env, "shmat");
	memcpy(at, "pwned", 6);
	return cr_attack_succeeded(env, "shmat for writing");
}

static enum cr_attack_outcome shm_remove(const struct cr_attack_env *env)
{
	return cr_attack_result(env, shmctl((int)env->shm_id, IPC_RMID, NULL), "shmctl IPC_RMID");
}

static enum cr_attack_outcome msg_receive(const struct cr_attack_env *env)
{
	char message[256];
	ssize_t got = msgrcv((int)env->msg_id, message, 128, 0, IPC_NOWAIT | MSG_NOERROR);

	return cr_attack_result(env, got, "msgrcv");
}

static enum cr_attack_outcome msg_send(const struct cr_attack_env *env)
{
	struct {
		long type;
		char text[8];
	} message = {1, "pwned"};

	return cr_attack_result(env, msgsnd((int)env->msg_id, &message, 6, IPC_NOWAIT), "msgsnd");
}

static enum cr_attack_outcome sem_change(const struct cr_attack_env *env)
{
	struct sembuf one = {.sem_op = 1};

	return cr_attack_result(env, semop((int)env->sem_id, &one, 1), "semop");
}

static enum cr_attack_outcome posix_shm_read(const struct cr_attack_env *env)
{
	return cr_attack_result(
		env, cr_attack_finds(cr_attack_path("/dev/shm%s", env->posix_shm), env->marker),
		"read in /dev/shm");
}

static enum cr_attack_outcome posix_shm_write(const struct cr_attack_env *env)
{
	int fd = shm_open(env->posix_shm, O_RDWR | O_CLOEXEC, 0);

	if (fd < 0)
		return cr_attack_refused(env, "shm_open");
	return cr_attack_result(env, write(fd, "pwned", 6), "write");
}

static enum cr_attack_outcome posix_mq(const struct cr_attack_env *env)
{
	mqd_t queue;

	if (!env->posix_mq[0])
		return cr_attack_untestable(env, "this kernel has no POSIX message queues");
	queue = mq_open(env->posix_mq, O_WRONLY | O_CLOEXEC);
	if (queue == (mqd_t)-1)
		return cr_attack_refused(env, "mq_open");
	return cr_attack_result(env, mq_send(queue, "pwned", 5, 0), "mq_send");
}

static enum cr_attack_outcome key_read(const struct cr_attack_env *env)
{
	char data[128] = "";
	long key =
		syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", env->key_name, 0);

	if (key < 0)
		return cr_attack_refused(env, "keyctl search");
	if (syscall(SYS_keyctl, KEYCTL_READ, key, data, sizeof(data) - 1) < 0)
		return cr_attack_refused(env, "keyctl read");
	errno = ENODATA;
	return cr_attack_result(env, strcmp(data, env->marker) == 0 ? 0 : -1, "keyctl read");
}

static enum cr_attack_outcome key_change(const struct cr_attack_env *env)
{
	return cr_attack_result(
		env, syscall(SYS_add_key, "user", env->key_name, "pwned", 5, KEY_SPEC_USER_KEYRING),
		"add_key");
}

static enum cr_attack_outcome key_request(const struct cr_attack_env *env)
{
	return cr_attack_result(env, syscall(SYS_request_key, "user", env->key_name, NULL, 0),
				"request_key");
}

#define ROW(NAME, TITLE, FN, TRAITS)                                                             \
	{                                                                                        \
		.name = NAME, .threats = "24", .title = TITLE, .fn = FN, .tiers = CR_HOLDS_BOTH, \
		.traits = TRAITS                                                                 \
	}
#define TRACE CR_TRAIT_TRACE
#define LACK  CR_TRAIT_MAY_LACK

static const struct cr_attack rows[] = {
	ROW("sysv-shm-read", "read System V shared memory of the host", shm_read, LACK),
	ROW("sysv-shm-write", "write System V shared memory of the host", shm_write, TRACE | LACK),
	ROW("sysv-shm-remove", "remove System V shared memory of the host", shm_remove,
	    TRACE | LACK),
	ROW("sysv-msg-receive", "take a System V message of the host", msg_receive, TRACE | LACK),
	ROW("sysv-msg-send", "send a System V message to the host", msg_send, TRACE | LACK),
	ROW("sysv-sem", "change a System V semaphore of the host", sem_change, TRACE | LACK),
	ROW("posix-shm-read", "read POSIX shared memory of the host", posix_shm_read, 0),
	ROW("posix-shm-write", "write POSIX shared memory of the host", posix_shm_write, TRACE),
	ROW("posix-mq", "send to a POSIX message queue of the host", posix_mq, TRACE | LACK),
	ROW("key-read", "read a key of the user's keyring", key_read, LACK),
	ROW("key-change", "change a key of the user's keyring", key_change, TRACE | LACK),
	ROW("key-request", "ask the kernel for a key", key_request, LACK),
};

CR_ATTACK_TABLE(cr_attacks_ipc, rows);
