/*
 * What is no file: tokens, processes, named objects, pipes, registry keys, jobs.
 *
 * A case answers the error of the operation, 0 for success, unless its name says otherwise.
 */
#include "probe.h"

#include <stdlib.h>

#define OK     ERROR_SUCCESS
#define DENIED ERROR_ACCESS_DENIED

#define MIC  "Windows Integrity Mechanism Design"
#define CRT  "CreateRestrictedToken"
#define DACL "DACL for a New Object"
#define KEYS "Registry Key Security and Access Rights"
#define JOBS "JOBOBJECT_BASIC_LIMIT_INFORMATION"

#define EVENT L"testbed-probe-event"
#define PIPE  L"\\\\.\\pipe\\testbed-probe"
#define KEY   L"Software\\testbed-probe"
#define NAMED L"CURRENT_USER\\Software\\testbed-probe"

/* Closes what was opened; the error otherwise. */
static unsigned long shut(HANDLE handle)
{
	unsigned long error = handle && handle != INVALID_HANDLE_VALUE ? OK : GetLastError();

	if (!error)
		CloseHandle(handle);
	return error;
}

static unsigned long told(BOOL done)
{
	return done ? OK : GetLastError();
}

static unsigned long level_of(HANDLE token)
{
	char buffer[256];
	DWORD size;

	if (!GetTokenInformation(token, TokenIntegrityLevel, buffer, sizeof(buffer), &size))
		return GetLastError();
	return *GetSidSubAuthority(((TOKEN_MANDATORY_LABEL *)buffer)->Label.Sid, 0);
}

static unsigned long own_level(void)
{
	HANDLE token;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return GetLastError();
	return level_of(token);
}

static unsigned long set_level(HANDLE token, DWORD level)
{
	TOKEN_MANDATORY_LABEL label = {.Label.Attributes = SE_GROUP_INTEGRITY};
	WCHAR text[32];

	swprintf(text, 32, L"S-1-16-%lu", level);
	if (!ConvertStringSidToSidW(text, &label.Label.Sid))
		return GetLastError();
	return told(SetTokenInformation(token, TokenIntegrityLevel, &label, sizeof(label)));
}

static unsigned long restricting_count(HANDLE token)
{
	char buffer[1024];
	DWORD size;

	if (!GetTokenInformation(token, TokenRestrictedSids, buffer, sizeof(buffer), &size))
		return GetLastError() + 1000;
	return ((TOKEN_GROUPS *)buffer)->GroupCount;
}

/* Restricting a restricted token again leaves what is in both lists. */
static unsigned long nested_count(void)
{
	SID_AND_ATTRIBUTES sids[2] = {{0}};
	HANDLE token;

	ConvertStringSidToSidW(L"S-1-1-0", &sids[0].Sid);
	ConvertStringSidToSidW(L"S-1-5-21-9-9-9-9", &sids[1].Sid);
	if (!CreateRestrictedToken(probe_token(BOX), 0, 0, NULL, 0, NULL, 2, sids, &token))
		return GetLastError() + 1000;
	return restricting_count(token);
}

static unsigned long privileges(HANDLE token)
{
	char buffer[2048];
	DWORD size;

	if (!GetTokenInformation(token, TokenPrivileges, buffer, sizeof(buffer), &size))
		return GetLastError() + 1000;
	return ((TOKEN_PRIVILEGES *)buffer)->PrivilegeCount;
}

static void tokens(void)
{
	HANDLE copy;

	probe_report("token: the user's level", own_level(), PROBE_MEDIUM, 0x3000, MIC);
	probe_report("token: a level set", level_of(probe_token(PRIVATE)), PROBE_PRIVATE, 0x3000,
		     MIC);
	DuplicateTokenEx(probe_token(PRIVATE), MAXIMUM_ALLOWED, NULL, SecurityImpersonation,
			 TokenPrimary, &copy);
	probe_report("token: a copy keeps it", level_of(copy), PROBE_PRIVATE, 0x3000, MIC);
	probe_report("token: it goes down", set_level(copy, PROBE_LOW), OK, OK, MIC);
	probe_report("token: it does not go up", set_level(copy, PROBE_PRIVATE),
		     ERROR_PRIVILEGE_NOT_HELD, OK, MIC);
	probe_report("token: restricting SIDs", restricting_count(probe_token(BOX)), 2,
		     1000 + ERROR_INVALID_FUNCTION, CRT);
	probe_report("token: restricted twice", nested_count(), 1, 1000 + ERROR_INVALID_FUNCTION,
		     CRT);
	probe_report("token: DISABLE_MAX_PRIVILEGE leaves one", privileges(probe_token(BOX)), 1, 21,
		     CRT);
	probe_report("child: has the token's level", probe_child(PRIVATE, L"level"), PROBE_PRIVATE,
		     0x3000, MIC);
	probe_report("grandchild: has it, too", probe_child(BOX, L"+level"), PROBE_PRIVATE, 0x3000,
		     MIC);
}

static DWORD parent_id;

static unsigned long open_process(DWORD access)
{
	return shut(OpenProcess(access, FALSE, parent_id));
}

static unsigned long open_thread(DWORD access)
{
	return shut(OpenThread(access, FALSE, parent_id));
}

static unsigned long as(enum actor who, const WCHAR *verb, DWORD id, DWORD access)
{
	WCHAR words[64];

	swprintf(words, 64, L"%ls %lu %lu", verb, id, access);
	return probe_child(who, words);
}

/* With the token of the process that started this one: starts a program, or writes a key. */
static HANDLE stolen_token(void)
{
	HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, parent_id);
	HANDLE token = NULL;

	OpenProcessToken(process, TOKEN_QUERY | TOKEN_DUPLICATE | TOKEN_ASSIGN_PRIMARY, &token);
	return token;
}

static unsigned long start_with_stolen(void)
{
	STARTUPINFOW startup = {.cb = sizeof(startup)};
	PROCESS_INFORMATION process;
	WCHAR program[MAX_PATH], line[] = L"probe level";
	HANDLE token = stolen_token();

	GetModuleFileNameW(NULL, program, MAX_PATH);
	if (!token)
		return 1000 + GetLastError();
	return told(CreateProcessAsUserW(token, program, line, NULL, NULL, FALSE, 0, NULL, NULL,
					 &startup, &process));
}

static unsigned long write_with_stolen(void)
{
	HANDLE token = stolen_token(), copy;
	HKEY key;
	unsigned long error;

	if (!DuplicateToken(token, SecurityImpersonation, &copy))
		return 1000 + GetLastError();
	if (!SetThreadToken(NULL, copy))
		return 2000 + GetLastError();
	error = (unsigned long)RegOpenKeyExW(HKEY_CURRENT_USER, L"Software", 0, KEY_SET_VALUE,
					     &key);
	return error ? 1 : 0;
}

static void processes(void)
{
	static const struct {
		const char *name;
		enum actor who;
		DWORD access;
		unsigned long windows;
		const char *source;
	} cases[] = {
		{"process: user writes another", USER, PROCESS_VM_WRITE, OK, DACL},
		{"process: low does not write Medium", LOW, PROCESS_VM_WRITE, DENIED, MIC},
		{"process: low does not read Medium", LOW, PROCESS_VM_READ, DENIED, MIC},
		{"process: low takes no handle of Medium", LOW, PROCESS_DUP_HANDLE, DENIED, MIC},
		{"process: low starts no thread in Medium", LOW, PROCESS_CREATE_THREAD, DENIED,
		 MIC},
		{"process: low parents nothing to Medium", LOW, PROCESS_CREATE_PROCESS, DENIED,
		 MIC},
		{"process: low asks for little", LOW, PROCESS_QUERY_LIMITED_INFORMATION, OK, MIC},
		{"process: private does not write Medium", PRIVATE, PROCESS_VM_WRITE, DENIED, MIC},
		{"process: a box does not write Medium", BOX, PROCESS_VM_WRITE, DENIED,
		 CRT "; " MIC},
		{"process: lock 3 off, not writing", BOX_UNLABELED, PROCESS_VM_WRITE, DENIED, CRT},
		{"process: lock 3 off, reading", BOX_UNLABELED, PROCESS_VM_READ, OK, CRT},
	};
	DWORD me = GetCurrentProcessId(), thread = GetCurrentThreadId();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		probe_report(cases[i].name, as(cases[i].who, L"process", me, cases[i].access),
			     cases[i].windows, OK, cases[i].source);
	probe_report("token: a box starts nothing with its parent's", as(BOX, L"start", me, 0),
		     ERROR_PRIVILEGE_NOT_HELD, OK, "CreateProcessAsUser");
	probe_report("token: low starts nothing with its parent's", as(LOW, L"start", me, 0),
		     ERROR_PRIVILEGE_NOT_HELD, OK, "CreateProcessAsUser");
	probe_report("token: low writes nothing with it (1: refused)", as(LOW, L"wear", me, 0), 1,
		     0, "Impersonate a Client After Authentication; " MIC);
	probe_report("token: a box writes nothing with it (1: refused)", as(BOX, L"wear", me, 0), 1,
		     0, "Impersonate a Client After Authentication; " MIC);
	probe_report("thread: low does not set Medium's context",
		     as(LOW, L"thread", thread, THREAD_SET_CONTEXT), DENIED, OK, MIC);
	probe_report("thread: a box does not suspend Medium's",
		     as(BOX, L"thread", thread, THREAD_SUSPEND_RESUME), DENIED, OK, MIC);
}

static unsigned long open_event(DWORD access)
{
	return shut(OpenEventW(access, FALSE, EVENT));
}

static void events(void)
{
	SECURITY_ATTRIBUTES attributes = {
		sizeof(attributes), probe_sd("D:(A;;GA;;;{U})(A;;GA;;;{S})", PROBE_PRIVATE, 0),
		FALSE};
	HANDLE event = CreateEventW(NULL, FALSE, FALSE, EVENT);

	probe_act(LOW);
	probe_report("event: low waits for Medium's", open_event(SYNCHRONIZE), OK, OK, MIC);
	probe_report("event: low does not set it", open_event(EVENT_MODIFY_STATE), DENIED, OK, MIC);
	probe_act(WRITER);
	probe_report("event: a writer does not set it", open_event(EVENT_MODIFY_STATE), DENIED, OK,
		     CRT "; " DACL);
	probe_act_end();
	CloseHandle(event);
	event = CreateEventW(&attributes, FALSE, FALSE, EVENT);
	probe_act(BOX);
	probe_report("event: a box sets its own", open_event(EVENT_MODIFY_STATE), OK, OK, CRT);
	probe_act(LOW);
	probe_report("event: low does not set the box's", open_event(EVENT_MODIFY_STATE), DENIED,
		     OK, MIC);
	probe_act_end();
	CloseHandle(event);
}

static unsigned long open_pipe(DWORD access)
{
	return shut(CreateFileW(PIPE, access, 0, NULL, OPEN_EXISTING, 0, NULL));
}

static HANDLE serve(SECURITY_ATTRIBUTES *attributes)
{
	return CreateNamedPipeW(PIPE, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 2, 512, 512, 0,
				attributes);
}

static void pipes(void)
{
	SECURITY_ATTRIBUTES attributes = {sizeof(attributes), probe_sd("D:(A;;GA;;;SY)", -1, 0),
					  FALSE};
	HANDLE pipe = serve(NULL), second;

	probe_act(LOW);
	probe_report("pipe: low does not write Medium's", open_pipe(GENERIC_WRITE), DENIED, OK,
		     MIC);
	second = serve(NULL);
	probe_report("pipe: nor adds an instance", shut(second), DENIED, OK, MIC);
	probe_act(BOX);
	probe_report("pipe: nor does a box", open_pipe(GENERIC_READ | GENERIC_WRITE), DENIED,
		     ERROR_PIPE_BUSY, MIC);
	probe_act_end();
	CloseHandle(pipe);
	pipe = serve(&attributes);
	probe_report("pipe: its DACL holds", open_pipe(GENERIC_READ), DENIED, OK,
		     "Named Pipe Security and Access Rights");
	CloseHandle(pipe);
}

static unsigned long open_key(DWORD access)
{
	HKEY key;
	unsigned long error = (unsigned long)RegOpenKeyExW(HKEY_CURRENT_USER, KEY, 0, access, &key);

	if (!error)
		RegCloseKey(key);
	return error;
}

static unsigned long make_key(const WCHAR *name)
{
	HKEY key;
	unsigned long error = (unsigned long)RegCreateKeyExW(HKEY_CURRENT_USER, name, 0, NULL, 0,
							     KEY_READ, NULL, &key, NULL);

	if (!error)
		RegCloseKey(key);
	return error;
}

static void protect_key(const char *sddl, int level)
{
	probe_protect(NAMED, SE_REGISTRY_KEY, probe_sd(sddl, level, CONTAINER_INHERIT_ACE));
}

static void keys(void)
{
	make_key(KEY);
	make_key(KEY L"\\sub");
	probe_act(LOW);
	probe_report("key: low reads HKCU", open_key(KEY_READ), OK, OK, MIC);
	probe_report("key: low does not write it", open_key(KEY_SET_VALUE), DENIED, OK, MIC);
	probe_report("key: low makes none there", make_key(KEY L"\\new"), DENIED, OK, MIC);
	probe_report("key: low deletes none",
		     (unsigned long)RegDeleteKeyW(HKEY_CURRENT_USER, KEY L"\\sub"), DENIED, OK,
		     MIC);
	probe_act_end();
	RegDeleteKeyW(HKEY_CURRENT_USER, KEY L"\\sub");
	RegDeleteKeyW(HKEY_CURRENT_USER, KEY L"\\new");
	probe_act(BOX);
	probe_report("key: a box reads HKCU", open_key(KEY_READ), OK, OK, CRT);
	probe_report("key: a box does not write it", open_key(KEY_SET_VALUE), DENIED, OK,
		     CRT "; " MIC);
	probe_act_end();
	protect_key("D:(A;CI;KA;;;{U})(A;CI;KA;;;{S})", PROBE_PRIVATE);
	probe_report("key: its label is read back",
		     (unsigned long)probe_level_of(NAMED, SE_REGISTRY_KEY), PROBE_PRIVATE,
		     (unsigned long)PROBE_NONE, KEYS);
	probe_act(BOX);
	probe_report("key: a box writes a key of its own", open_key(KEY_SET_VALUE), OK, OK, MIC);
	probe_report("key: and makes one below", make_key(KEY L"\\new"), OK, OK, MIC);
	probe_act_end();
	RegDeleteKeyW(HKEY_CURRENT_USER, KEY L"\\new");
	protect_key("D:(A;CI;KR;;;{U})", PROBE_NONE);
	probe_report("key: its DACL holds", open_key(KEY_SET_VALUE), DENIED, DENIED, KEYS);
	probe_report("key: and is inherited", make_key(KEY L"\\new"), DENIED, OK, KEYS);
	protect_key("D:(A;CI;KA;;;{U})", PROBE_MEDIUM);
	RegDeleteKeyW(HKEY_CURRENT_USER, KEY);
}

static HANDLE limited_job(DWORD flags, DWORD count)
{
	JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
	HANDLE job = CreateJobObjectW(NULL, NULL);

	limits.BasicLimitInformation.LimitFlags = flags;
	limits.BasicLimitInformation.ActiveProcessLimit = count;
	if (!SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits,
				     sizeof(limits)))
		probe_fail("SetInformationJobObject");
	return job;
}

/* Starts this program in `job`; its process handle. */
static HANDLE start_in(HANDLE job, const WCHAR *words)
{
	STARTUPINFOW startup = {.cb = sizeof(startup)};
	PROCESS_INFORMATION process;
	WCHAR program[MAX_PATH], line[512];

	GetModuleFileNameW(NULL, program, MAX_PATH);
	swprintf(line, 512, L"\"%ls\" %ls", program, words);
	if (!CreateProcessW(program, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL,
			    &startup, &process))
		probe_fail("CreateProcess");
	if (!AssignProcessToJobObject(job, process.hProcess)) {
		TerminateProcess(process.hProcess, 1);
		SetLastError(ERROR_NOT_ENOUGH_QUOTA);
		return NULL;
	}
	ResumeThread(process.hThread);
	CloseHandle(process.hThread);
	return process.hProcess;
}

static unsigned long exit_code(HANDLE process)
{
	DWORD code = 0;

	WaitForSingleObject(process, 20000);
	GetExitCodeProcess(process, &code);
	CloseHandle(process);
	return code;
}

static void jobs(void)
{
	HANDLE job = limited_job(JOB_OBJECT_LIMIT_ACTIVE_PROCESS, 1), first;

	probe_report("job: one process starts no second", exit_code(start_in(job, L"+level")),
		     10000 + ERROR_NOT_ENOUGH_QUOTA, 0x3000, JOBS);
	CloseHandle(job);
	job = limited_job(JOB_OBJECT_LIMIT_ACTIVE_PROCESS, 2);
	probe_report("job: two processes start each other", exit_code(start_in(job, L"+level")),
		     PROBE_MEDIUM, 0x3000, JOBS);
	probe_report("job: there is room again", exit_code(start_in(job, L"level")), PROBE_MEDIUM,
		     0x3000, JOBS);
	CloseHandle(job);
	job = limited_job(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, 0);
	first = start_in(job, L"+sleep");
	CloseHandle(job);
	probe_report("job: closing it ends all (0: in time)", WaitForSingleObject(first, 10000), 0,
		     0, JOBS);
	CloseHandle(first);
}

static unsigned long in_child(int argc, WCHAR **argv)
{
	DWORD access = argc > 3 ? wcstoul(argv[3], NULL, 10) : 0;

	parent_id = argc > 2 ? wcstoul(argv[2], NULL, 10) : 0;
	if (!wcscmp(argv[1], L"level"))
		return own_level();
	if (!wcscmp(argv[1], L"process"))
		return open_process(access);
	if (!wcscmp(argv[1], L"thread"))
		return open_thread(access);
	if (!wcscmp(argv[1], L"start"))
		return start_with_stolen();
	if (!wcscmp(argv[1], L"wear"))
		return write_with_stolen();
	if (!wcscmp(argv[1], L"sleep"))
		Sleep(60000);
	return argv[1][0] == L'+' ? probe_child(USER, argv[1] + 1) : 0;
}

int wmain(int argc, WCHAR **argv)
{
	if (argc > 1)
		return (int)in_child(argc, argv);
	tokens();
	processes();
	events();
	pipes();
	keys();
	jobs();
	return probe_end();
}
