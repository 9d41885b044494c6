/*
 * run.c - the battery of Windows, and the running of one attack in this process. The grandchild is
 * for the caller to start: a process here cannot be copied.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools.h"

#define LINGER_MS 60000

const struct cr_attack_table *const cr_attack_tables[] = {
	&cr_win_outside, &cr_win_protected, &cr_win_own, &cr_win_process, &cr_win_session, NULL,
};

enum cr_attack_outcome cr_attack_run_here(const struct cr_attack *attack, struct cr_attack_env *env,
					  enum cr_attack_how how)
{
	if (how == CR_HOW_GRANDCHILD)
		return cr_attack_untestable(env, "start it from a child");
	/* our own current directory would keep it from being renamed */
	SetCurrentDirectoryW(cr_win_path(env, "out:"));
	return attack->fn(env);
}

/* linger HANDLE: the process that outlives a box, until that event is set, for at most a minute. */
bool cr_attack_part(int argc, char *const *argv, int *exit_code)
{
	if (argc != 2 || strcmp(argv[0], "linger") != 0)
		return false;
	*exit_code = WaitForSingleObject((HANDLE)(uintptr_t)strtoull(argv[1], NULL, 10),
					 LINGER_MS) == WAIT_FAILED;
	return true;
}
