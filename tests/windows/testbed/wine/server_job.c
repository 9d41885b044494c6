/*
 * The limit of active processes of a job.
 *
 * Added at the end of the wineserver's process.c and uses what is private there.
 */

/* Is there room for one more in `job` and the jobs above it, up to `below`? */
int tb_job_has_room(struct job *job, struct job *below)
{
	for (; job && job != below; job = job->parent) {
		if (!job->tb_active || (unsigned int)job->num_processes < job->tb_active)
			continue;
		set_error(STATUS_QUOTA_EXCEEDED);
		return 0;
	}
	return 1;
}

/* The same for a new child: it enters the first job of its parent's that holds it. */
int tb_job_takes_child(struct process *parent, unsigned int flags)
{
	struct job *job = parent->job;
	int breaks_away = !!(flags & PROCESS_CREATE_FLAGS_BREAKAWAY);

	while (job && ((job->limit_flags & JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK) ||
		       (breaks_away && (job->limit_flags & JOB_OBJECT_LIMIT_BREAKAWAY_OK))))
		job = job->parent;
	return tb_job_has_room(job, NULL);
}

DECL_HANDLER(tb_limit_job)
{
	struct job *job = get_job_obj(current->process, req->handle, JOB_OBJECT_SET_ATTRIBUTES);

	if (!job)
		return;
	job->tb_active = req->active;
	release_object(job);
}
