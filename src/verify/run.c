/*
 * run.c - the running of one attack on Linux: plain, from a grandchild, or as a
 * control.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

const struct cr_attack_table *const cr_attack_tables[] = {
	&cr_attacks_protected, &cr_attacks_outside, &cr_attacks_attributes,
	&cr_attacks_secret,    &cr_attacks_process, &cr_attacks_init,
	&cr_attacks_kernel,    &cr_attacks_mounts,  &cr_attacks_net,
	&cr_attacks_proxy,     &cr_attacks_sockets, &cr_attacks_ipc,
	&cr_attacks_devices,   &cr_attacks_inherit, NULL,
};

struct shared {
	int done;
	enum cr_attack_outcome outcome;
	struct cr_attack_note note;
};

/* A child that dies without an answer was stopped by the kernel: that is a refusal too. */
static enum cr_attack_outcome answer_of(const struct shared *shared, int status,
					struct cr_attack_note *note)
{
	if (shared->done) {
		*note = shared->note;
		return shared->outcome;
	}
	note->os_code = EPERM;
	if (WIFSIGNALED(status))
		snprintf(note->text, sizeof(note->text), "killed by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(note->text, sizeof(note->text), "the attacker ended without an answer");
	return CR_ATTACK_REFUSED;
}

static void child_attacks(const struct cr_attack_env *env, cr_attack_fn fn, struct shared *shared)
{
	struct cr_attack_env mine = *env;

	mine.note = &shared->note;
	shared->outcome = fn(&mine);
	shared->done = 1;
	_exit(0);
}

enum cr_attack_outcome cr_attack_in_child(const struct cr_attack_env *env, cr_attack_fn fn)
{
	enum cr_attack_outcome outcome;
	struct shared *shared;
	int status = 0;
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return cr_attack_untestable(env, "mmap: %s", strerror(errno));
	pid = fork();
	if (pid == 0)
		child_attacks(env, fn, shared);
	if (pid < 0)
		return cr_attack_untestable(env, "fork: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	outcome = answer_of(shared, status, env->note);
	munmap(shared, sizeof(*shared));
	return outcome;
}

/* The middle process ends at once, so that the attacker is an orphan in a session of its own. */
static void orphan_attacks(const struct cr_attack_env *env, cr_attack_fn fn, struct shared *shared,
			   int done)
{
	pid_t pid;

	setsid();
	pid = fork();
	if (pid == 0)
		child_attacks(env, fn, shared);
	close(done);
	_exit(pid < 0);
}

/* The pipe's end of file says that the orphan is gone, though it is not ours to wait for. */
static enum cr_attack_outcome in_grandchild(const struct cr_attack_env *env, cr_attack_fn fn)
{
	struct shared *shared;
	int ends[2], status = 0;
	char byte;
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED || pipe(ends) < 0)
		return cr_attack_untestable(env, "mmap or pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		orphan_attacks(env, fn, shared, ends[1]);
	}
	close(ends[1]);
	if (pid < 0)
		return cr_attack_untestable(env, "fork: %s", strerror(errno));
	waitpid(pid, &status, 0);
	while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(ends[0]);
	return answer_of(shared, status, env->note);
}

enum cr_attack_outcome cr_attack_run_here(const struct cr_attack *attack, struct cr_attack_env *env,
					  enum cr_attack_how how)
{
	switch (how) {
	case CR_HOW_PLAIN:
		return attack->fn(env);
	case CR_HOW_GRANDCHILD:
		return in_grandchild(env, attack->fn);
	case CR_HOW_CONTROL:
		env->init_pid = env->victim_pid; /* see init.c */
		if ((attack->traits & CR_TRAIT_CONTROL_NS) && cr_attack_mask(env) < 0)
			return cr_attack_untestable(env, "no namespace for the control: %s",
						    strerror(errno));
		return attack->fn(env);
	}
	return cr_attack_untestable(env, "unknown way to run");
}

/* Attacks fork here; none starts this program anew. */
bool cr_attack_part(int argc, char *const *argv, int *exit_code)
{
	(void)argc;
	(void)argv;
	(void)exit_code;
	return false;
}
