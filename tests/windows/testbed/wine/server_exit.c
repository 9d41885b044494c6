/*
 * How long a process may take to end.
 *
 * A Wine process tells the server that it ends and then does so. The server looks after it in
 * longer and longer steps, and after half a second it sends SIGKILL. On a busy machine that hits
 * programs that have ended well, and whoever started them sees a killed program: no exit code.
 *
 * Added at the end of the wineserver's process.c and uses what is private there.
 */

#define TB_LAST_STEP (8 * TICKS_PER_SEC) /* 16 seconds in all */

/* Is it to be looked after once more, before the server's own way? */
int tb_may_still_end(struct process *process)
{
	return process->sigkill_delay < TB_LAST_STEP && !kill(process->unix_pid, 0);
}
