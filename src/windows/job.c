/*
 * job.c - job.h: the job object.
 *
 * Neither BREAKAWAY_OK nor SILENT_BREAKAWAY_OK is ever set.
 */
#include "handles.h"
#include "job.h"

#define UI_LIMITS                                                          \
	(JOB_OBJECT_UILIMIT_DESKTOP | JOB_OBJECT_UILIMIT_DISPLAYSETTINGS | \
	 JOB_OBJECT_UILIMIT_EXITWINDOWS | JOB_OBJECT_UILIMIT_GLOBALATOMS | \
	 JOB_OBJECT_UILIMIT_HANDLES | JOB_OBJECT_UILIMIT_READCLIPBOARD |   \
	 JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS | JOB_OBJECT_UILIMIT_WRITECLIPBOARD)

static int set(HANDLE job, JOBOBJECTINFOCLASS what, void *info, DWORD size, const char *name,
	       struct cr_err *err)
{
	if (SetInformationJobObject(job, what, info, size))
		return 0;
	return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot set the job's %s", name);
}

static int set_limits(HANDLE job, const struct cr_job_limits *limits, struct cr_err *err)
{
	JOBOBJECT_EXTENDED_LIMIT_INFORMATION info = {0};
	DWORD *flags = &info.BasicLimitInformation.LimitFlags;

	*flags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
	if (limits->processes) {
		*flags |= JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
		info.BasicLimitInformation.ActiveProcessLimit = limits->processes;
	}
	if (limits->memory) {
		*flags |= JOB_OBJECT_LIMIT_JOB_MEMORY;
		info.JobMemoryLimit = (SIZE_T)limits->memory;
	}
	if (limits->process_memory) {
		*flags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY;
		info.ProcessMemoryLimit = (SIZE_T)limits->process_memory;
	}
	return set(job, JobObjectExtendedLimitInformation, &info, sizeof(info), "limits", err);
}

static int set_ui(HANDLE job, struct cr_err *err)
{
	JOBOBJECT_BASIC_UI_RESTRICTIONS info = {.UIRestrictionsClass = UI_LIMITS};

	return set(job, JobObjectBasicUIRestrictions, &info, sizeof(info), "user interface limits",
		   err);
}

static int set_cpu(HANDLE job, uint32_t rate, struct cr_err *err)
{
	JOBOBJECT_CPU_RATE_CONTROL_INFORMATION info = {
		.ControlFlags =
			JOB_OBJECT_CPU_RATE_CONTROL_ENABLE | JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP,
		.CpuRate = rate,
	};

	return set(job, JobObjectCpuRateControlInformation, &info, sizeof(info), "processor limit",
		   err);
}

int cr_job_create(const struct cr_job_limits *limits, HANDLE *out, struct cr_err *err)
{
	CR_AUTO_HANDLE HANDLE job = CreateJobObjectW(NULL, NULL);

	if (!job)
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot make a job");
	if (set_limits(job, limits, err) < 0 || (!limits->free_ui && set_ui(job, err) < 0) ||
	    (limits->cpu_rate && set_cpu(job, limits->cpu_rate, err) < 0))
		return -1;
	*out = cr_steal_handle(&job);
	return 0;
}

bool cr_job_is_inside(void)
{
	BOOL inside;

	return !IsProcessInJob(GetCurrentProcess(), NULL, &inside) || inside;
}

int cr_job_end(HANDLE job, DWORD exit_code, struct cr_err *err)
{
	if (TerminateJobObject(job, exit_code))
		return 0;
	return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot end the job");
}

int cr_job_count(HANDLE job, struct cr_err *err)
{
	JOBOBJECT_BASIC_ACCOUNTING_INFORMATION info;

	if (QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &info, sizeof(info),
				      NULL))
		return (int)info.ActiveProcesses;
	return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot count the job's processes");
}

/*
 * A job is not signalled when it becomes empty (only when its end-of-job time is up), and the
 * message of its completion port may be lost; so it is asked, rarely.
 */
int cr_job_wait_empty(HANDLE job, DWORD timeout_ms, struct cr_err *err)
{
	const ULONGLONG start = GetTickCount64();

	for (DWORD pause_ms = 1;; pause_ms = pause_ms < 32 ? pause_ms * 2 : 32) {
		const int count = cr_job_count(job, err);

		if (count <= 0)
			return count < 0 ? -1 : 1;
		if (timeout_ms != INFINITE && GetTickCount64() - start >= timeout_ms)
			return 0;
		Sleep(pause_ms);
	}
}
