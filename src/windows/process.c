/*
 * process.c - process.h: CreateProcess with an attribute list.
 *
 * The inheritable copies of handles live for one call; the launcher has one thread that
 * starts processes, so no other process can catch them meanwhile, and the list names which of all
 * inheritable handles go along. Nothing runs before it is in its job.
 */
#include "cmdline.h"
#include "core/limits.h"
#include "handles.h"
#include "process.h"

#define MAX_HANDLES    64 /* stdio and those beyond it */
#define MAX_ATTRIBUTES 3

/* winbase.h; mingw-w64 10 shows the first only for later versions of Windows. */
#define ATTRIBUTE_PSEUDOCONSOLE 0x20016u
#define ATTRIBUTE_JOB_LIST      0x2000Du
#define ATTRIBUTE_HANDLE_LIST   0x20002u

/* winerror.h; not in mingw-w64's */
#define ELEVATION_REQUIRED 740

/* All that one call of CreateProcess needs; freed by close_call. */
struct call {
	const struct cr_process_start *start;
	struct cr_cmdline cmdline;
	wchar_t *environmentw, *cwdw, *desktopw;
	STARTUPINFOEXW info;
	HANDLE stdio[3]; /* inheritable copies, ours */
	HANDLE list[MAX_HANDLES];
	size_t n_list;
	bool assign_later; /* this Windows has no job list */
};

static const struct {
	DWORD code;
	enum cr_errc errc;
	const char *hint;
} failures[] = {
	{ERROR_FILE_NOT_FOUND, CR_E_NOTFOUND, ""},
	{ERROR_PATH_NOT_FOUND, CR_E_NOTFOUND, ""},
	{ERROR_DIRECTORY, CR_E_PATH, "it is to start in a directory it can enter"},
	{ERROR_BAD_EXE_FORMAT, CR_E_EXEC,
	 "it is no Windows program; a script needs its interpreter named before it"},
	{ELEVATION_REQUIRED, CR_E_EXEC, "it demands to run as an administrator"},
	{ERROR_FILENAME_EXCED_RANGE, CR_E_LIMIT, ""},
	{ERROR_NOT_ENOUGH_QUOTA, CR_E_STEP, "the limits of the job leave no room for it"},
};

static int fail_start(const char *program, DWORD code, struct cr_err *err)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (failures[i].code != code)
			continue;
		cr_fail_win(err, failures[i].errc, code, "cannot execute '%.500s'", program);
		return failures[i].hint[0] ? cr_hint(err, "%s", failures[i].hint) : -1;
	}
	return cr_fail_win(err, CR_E_EXEC, code, "cannot execute '%.500s'", program);
}

/* Command line, environment, directory and desktop as UTF-16. */
static int translate(struct cr_arena *arena, struct call *call, const char *program,
		     struct cr_err *err)
{
	const struct cr_process_start *start = call->start;

	if (cr_cmdline_make(arena, program, start->argv, &call->cmdline, err) < 0)
		return -1;
	call->environmentw = cr_cmdline_environment(arena, start->envp, err);
	if (!call->environmentw)
		return -1;
	if (start->cwd && !(call->cwdw = cr_wide(arena, start->cwd, err)))
		return -1;
	if (start->desktop && !(call->desktopw = cr_wide(arena, start->desktop, err)))
		return -1;
	return 0;
}

static HANDLE open_null(unsigned fd)
{
	SECURITY_ATTRIBUTES inherit = {.nLength = sizeof(inherit), .bInheritHandle = TRUE};

	return CreateFileW(L"NUL", fd == 0 ? GENERIC_READ : GENERIC_WRITE,
			   FILE_SHARE_READ | FILE_SHARE_WRITE, &inherit, OPEN_EXISTING, 0, NULL);
}

/* Inheritable copies of 0, 1 and 2, first in the list. */
static int copy_stdio(struct call *call, struct cr_err *err)
{
	HANDLE self = GetCurrentProcess();

	for (unsigned fd = 0; fd < 3; fd++) {
		HANDLE given = call->start->stdio[fd];

		if (!cr_handle_is_valid(given))
			call->stdio[fd] = open_null(fd);
		else if (!DuplicateHandle(self, given, self, &call->stdio[fd], 0, TRUE,
					  DUPLICATE_SAME_ACCESS))
			call->stdio[fd] = NULL;
		if (!cr_handle_is_valid(call->stdio[fd]))
			return cr_fail_win(err, CR_E_STEP, GetLastError(),
					   "cannot pass on descriptor %u", fd);
		call->list[call->n_list++] = call->stdio[fd];
	}
	return 0;
}

static void set_inheritance(const struct cr_process_start *start, DWORD flag)
{
	for (size_t i = 0; i < start->n_handles; i++)
		SetHandleInformation(start->handles[i], HANDLE_FLAG_INHERIT, flag);
}

/* Its standard handles are those of its pseudo console. */
static bool uses_console(const struct cr_process_start *start)
{
	return start->console && !start->stdio[0] && !start->stdio[1] && !start->stdio[2];
}

/* The exact list of what is inherited. */
static int list_handles(struct call *call, struct cr_err *err)
{
	const struct cr_process_start *start = call->start;

	if (!uses_console(start) && copy_stdio(call, err) < 0)
		return -1;
	if (start->n_handles > MAX_HANDLES - call->n_list)
		return cr_fail(err, CR_E_LIMIT, "more than %zu handles to pass on",
			       MAX_HANDLES - call->n_list);
	for (size_t i = 0; i < start->n_handles; i++)
		call->list[call->n_list++] = start->handles[i];
	set_inheritance(start, HANDLE_FLAG_INHERIT);
	return 0;
}

static int add_attribute(struct call *call, DWORD_PTR attribute, void *value, size_t size)
{
	return UpdateProcThreadAttribute(call->info.lpAttributeList, 0, attribute, value, size,
					 NULL, NULL)
		       ? 0
		       : -1;
}

static int add_attributes(struct cr_arena *arena, struct call *call, struct cr_err *err)
{
	const struct cr_process_start *start = call->start;
	LPPROC_THREAD_ATTRIBUTE_LIST list;
	SIZE_T size = 0;

	InitializeProcThreadAttributeList(NULL, MAX_ATTRIBUTES, 0, &size);
	list = cr_arena_alloc(arena, size, 1);
	if (!list)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	if (!InitializeProcThreadAttributeList(list, MAX_ATTRIBUTES, 0, &size))
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot make attributes");
	call->info.lpAttributeList = list;
	if (call->n_list > 0 && add_attribute(call, ATTRIBUTE_HANDLE_LIST, call->list,
					      call->n_list * sizeof(HANDLE)) < 0)
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot list handles");
	if (start->console &&
	    add_attribute(call, ATTRIBUTE_PSEUDOCONSOLE, start->console, sizeof(HANDLE)) < 0)
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot attach a console");
	/* Windows before 10 does not know it */
	call->assign_later = start->job && start->flags & CR_START_JOB_LATER;
	if (start->job && !call->assign_later)
		call->assign_later =
			add_attribute(call, ATTRIBUTE_JOB_LIST, (void *)(uintptr_t)&start->job,
				      sizeof(HANDLE)) < 0;
	return 0;
}

/*
 * With a pseudo console the standard handles are said to be none, lest our redirected ones go
 * along by another way; the console's own take their place (documented for hosts by example only:
 * to be confirmed on real Windows for each version).
 */
static void fill_startup(struct call *call)
{
	STARTUPINFOW *info = &call->info.StartupInfo;
	const bool none = uses_console(call->start);

	info->cb = sizeof(call->info);
	info->dwFlags = STARTF_USESTDHANDLES;
	info->lpDesktop = call->desktopw;
	info->hStdInput = none ? INVALID_HANDLE_VALUE : call->stdio[0];
	info->hStdOutput = none ? INVALID_HANDLE_VALUE : call->stdio[1];
	info->hStdError = none ? INVALID_HANDLE_VALUE : call->stdio[2];
}

static DWORD creation_flags(const struct call *call)
{
	const unsigned flags = call->start->flags;
	DWORD all = EXTENDED_STARTUPINFO_PRESENT | CREATE_UNICODE_ENVIRONMENT;

	if (flags & CR_START_SUSPENDED || call->assign_later)
		all |= CREATE_SUSPENDED;
	if (flags & CR_START_NO_CONSOLE)
		all |= CREATE_NO_WINDOW;
	if (flags & CR_START_DETACHED)
		all |= DETACHED_PROCESS;
	if (flags & CR_START_GROUP)
		all |= CREATE_NEW_PROCESS_GROUP;
	return all;
}

static int create(struct call *call, const char *program, struct cr_process *out,
		  struct cr_err *err)
{
	const BOOL inherit = call->n_list > 0;
	const DWORD flags = creation_flags(call);
	STARTUPINFOW *info = &call->info.StartupInfo;
	PROCESS_INFORMATION made;
	BOOL good;

	if (call->start->token)
		good = CreateProcessAsUserW(call->start->token, call->cmdline.programw,
					    call->cmdline.linew, NULL, NULL, inherit, flags,
					    call->environmentw, call->cwdw, info, &made);
	else
		good = CreateProcessW(call->cmdline.programw, call->cmdline.linew, NULL, NULL,
				      inherit, flags, call->environmentw, call->cwdw, info, &made);
	if (!good)
		return fail_start(program, GetLastError(), err);
	*out = (struct cr_process){made.hProcess, made.hThread, made.dwProcessId};
	return 0;
}

/* The process is suspended, and dies when it cannot be put into the job. */
static int join_job(const struct call *call, struct cr_process *process, struct cr_err *err)
{
	if (!AssignProcessToJobObject(call->start->job, process->process)) {
		cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot put the command into its job");
		return -1;
	}
	return call->start->flags & CR_START_SUSPENDED ? 0 : cr_process_resume(process, err);
}

static int finish(const struct call *call, struct cr_process *process, struct cr_err *err)
{
	int status = 0;

	if (call->assign_later)
		status = join_job(call, process, err);
	if (status < 0) {
		TerminateProcess(process->process, ERROR_PROCESS_ABORTED);
		cr_process_close(process);
	} else if (!(call->start->flags & CR_START_SUSPENDED)) {
		cr_handle_close(&process->thread);
	}
	return status;
}

static void close_call(struct call *call)
{
	if (call->info.lpAttributeList)
		DeleteProcThreadAttributeList(call->info.lpAttributeList);
	set_inheritance(call->start, 0);
	for (unsigned fd = 0; fd < 3; fd++)
		cr_handle_close(&call->stdio[fd]);
}

static int start_in(struct cr_arena *arena, struct call *call, struct cr_process *out,
		    struct cr_err *err)
{
	const struct cr_process_start *start = call->start;
	const char *program = start->program;
	struct cr_process made = {0};

	if (!start->argv[0])
		return cr_fail(err, CR_E_EXEC, "no command given");
	if (!program)
		program = cr_program_find(arena, start->argv[0], start->envp, start->cwd, err);
	if (!program || translate(arena, call, program, err) < 0 || list_handles(call, err) < 0 ||
	    add_attributes(arena, call, err) < 0)
		return -1;
	fill_startup(call);
	if (create(call, program, &made, err) < 0 || finish(call, &made, err) < 0)
		return -1;
	*out = made;
	return 0;
}

int cr_process_start(const struct cr_process_start *start, struct cr_process *out,
		     struct cr_err *err)
{
	struct call call = {.start = start};
	struct cr_arena *arena = cr_arena_new();
	int status;

	if (!arena)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	/* inherited: a dialog on a desktop nobody sees would wait for ever */
	SetErrorMode(GetErrorMode() | SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX |
		     SEM_NOOPENFILEERRORBOX);
	status = start_in(arena, &call, out, err);
	close_call(&call);
	cr_arena_free(arena);
	return status;
}

int cr_process_resume(struct cr_process *process, struct cr_err *err)
{
	if (ResumeThread(process->thread) == (DWORD)-1)
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot let the command run");
	cr_handle_close(&process->thread);
	return 0;
}

int cr_process_wait(const struct cr_process *process, DWORD timeout_ms, DWORD *exit_code,
		    struct cr_err *err)
{
	const DWORD answer = WaitForSingleObject(process->process, timeout_ms);

	if (answer == WAIT_TIMEOUT)
		return 0;
	if (answer == WAIT_OBJECT_0 && GetExitCodeProcess(process->process, exit_code))
		return 1;
	return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot wait for the command");
}

int cr_process_end(const struct cr_process *process, DWORD exit_code, struct cr_err *err)
{
	if (TerminateProcess(process->process, exit_code) ||
	    WaitForSingleObject(process->process, 0) == WAIT_OBJECT_0)
		return 0;
	return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot end the command");
}

void cr_process_close(struct cr_process *process)
{
	cr_handle_close(&process->thread);
	cr_handle_close(&process->process);
	process->pid = 0;
}
