/*
 * process.c - attacks on the user's processes, on carrel's own, on the box's token and its job
 * (threats 30, 34, 57, 62).
 *
 * A right to a process is asked for, never used.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tools.h"

#include <sddl.h>
#include <tlhelp32.h>

#define MEDIUM L"S-1-16-8192"

/* The row's argument: a right's name. */
static const struct {
	const char *name;
	DWORD right;
} rights[] = {
	{"vm-write", PROCESS_VM_WRITE},         {"vm-read", PROCESS_VM_READ},
	{"vm-operation", PROCESS_VM_OPERATION}, {"thread", PROCESS_CREATE_THREAD},
	{"duplicate", PROCESS_DUP_HANDLE},      {"set", PROCESS_SET_INFORMATION},
	{"parent", PROCESS_CREATE_PROCESS},     {"dacl", WRITE_DAC},
	{"suspend", PROCESS_SUSPEND_RESUME},    {"terminate", PROCESS_TERMINATE},
};

static enum cr_attack_outcome open_process(const struct cr_attack_env *env, DWORD pid)
{
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		if (strcmp(env->arg, rights[i].name) == 0)
			return cr_win_answer(env,
					     cr_win_done(OpenProcess(rights[i].right, FALSE, pid)),
					     "open the process");
	}
	return cr_attack_untestable(env, "no right is called '%s'", env->arg);
}

static enum cr_attack_outcome open_victim(const struct cr_attack_env *env)
{
	return open_process(env, (DWORD)env->victim_pid);
}

/* Who started us: carrel in a box, whoever verifies outside of one. 0: nobody is found. */
static DWORD parent_pid(void)
{
	HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
	PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
	DWORD found = 0;

	if (all == INVALID_HANDLE_VALUE)
		return 0;
	for (BOOL more = Process32FirstW(all, &entry); more && !found;
	     more = Process32NextW(all, &entry)) {
		if (entry.th32ProcessID == GetCurrentProcessId())
			found = entry.th32ParentProcessID;
	}
	CloseHandle(all);
	return found;
}

static enum cr_attack_outcome open_harness(const struct cr_attack_env *env)
{
	const DWORD pid = parent_pid();

	if (!pid)
		return cr_attack_untestable(env, "who started this process is not told");
	return open_process(env, pid);
}

static enum cr_attack_outcome borrow_token(const struct cr_attack_env *env)
{
	HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, (DWORD)env->victim_pid);
	HANDLE token = NULL;
	int good = process &&
		   OpenProcessToken(process, TOKEN_QUERY | TOKEN_DUPLICATE | TOKEN_IMPERSONATE,
				    &token) &&
		   ImpersonateLoggedOnUser(token) && cr_win_write(cr_win_path(env, "out:f"));
	enum cr_attack_outcome outcome = cr_win_answer(env, good, "write with its token");

	RevertToSelf();
	cr_win_done(token);
	cr_win_done(process);
	return outcome;
}

/* Our own token, made wider. */
static enum cr_attack_outcome raise_level(const struct cr_attack_env *env)
{
	TOKEN_MANDATORY_LABEL label = {.Label.Attributes = SE_GROUP_INTEGRITY};
	HANDLE token = NULL;
	int good =
		ConvertStringSidToSidW(MEDIUM, &label.Label.Sid) &&
		OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_DEFAULT | TOKEN_QUERY, &token) &&
		SetTokenInformation(token, TokenIntegrityLevel, &label, sizeof(label)) &&
		cr_win_write(cr_win_path(env, "out:everyone"));
	enum cr_attack_outcome outcome = cr_win_answer(env, good, "write at the user's level");

	LocalFree(label.Label.Sid);
	cr_win_done(token);
	return outcome;
}

/* A thread with a token of ours that has no restricting SIDs but the user's. */
static int wear_restricted(HANDLE token, HANDLE *copy)
{
	SID_AND_ATTRIBUTES user = {0};
	HANDLE made = NULL;
	BYTE buf[256];
	DWORD len;
	int good;

	if (!GetTokenInformation(token, TokenUser, buf, sizeof(buf), &len))
		return 0;
	user.Sid = ((TOKEN_USER *)(void *)buf)->User.Sid;
	good = CreateRestrictedToken(token, 0, 0, NULL, 0, NULL, 1, &user, &made) &&
	       DuplicateTokenEx(made, MAXIMUM_ALLOWED, NULL, SecurityImpersonation,
				TokenImpersonation, copy) &&
	       SetThreadToken(NULL, *copy);
	cr_win_done(made);
	return good;
}

static enum cr_attack_outcome restrict_again(const struct cr_attack_env *env)
{
	HANDLE token = NULL, copy = NULL;
	int good = OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token) &&
		   wear_restricted(token, &copy) && cr_win_write(cr_win_path(env, "out:f"));
	enum cr_attack_outcome outcome = cr_win_answer(env, good, "write with another token");

	RevertToSelf();
	cr_win_done(copy);
	cr_win_done(token);
	return outcome;
}

static enum cr_attack_outcome enable_privilege(const struct cr_attack_env *env)
{
	TOKEN_PRIVILEGES privilege = {.PrivilegeCount = 1};
	HANDLE token = NULL;
	int good;

	privilege.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
	good = LookupPrivilegeValueW(NULL, L"SeRestorePrivilege", &privilege.Privileges[0].Luid) &&
	       OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token) &&
	       AdjustTokenPrivileges(token, FALSE, &privilege, 0, NULL, NULL) &&
	       GetLastError() == ERROR_SUCCESS;
	cr_win_done(token);
	return cr_win_answer(env, good, "enable SeRestorePrivilege");
}

/* What is started outside the job outlives the box. */
static enum cr_attack_outcome break_away(const struct cr_attack_env *env)
{
	DWORD code = 1;

	return cr_win_answer(env,
			     cr_win_start_self(L"--version",
					       CREATE_BREAKAWAY_FROM_JOB | CREATE_NO_WINDOW, &code),
			     "start a process outside the job");
}

/* A child that holds what it inherits until `release` is set; waits for nobody. */
static int start_lingering(HANDLE release)
{
	STARTUPINFOW startup = {.cb = sizeof(startup)};
	wchar_t program[CR_WIN_BIG], line[CR_WIN_BIG * 2];
	PROCESS_INFORMATION info;

	GetModuleFileNameW(NULL, program, CR_WIN_BIG);
	_snwprintf(line, CR_WIN_BIG * 2 - 1, L"\"%ls\" verify attack linger %llu", program,
		   (unsigned long long)(uintptr_t)release);
	line[CR_WIN_BIG * 2 - 1] = L'\0';
	if (!CreateProcessW(program, line, NULL, NULL, TRUE, DETACHED_PROCESS, NULL, NULL, &startup,
			    &info))
		return 0;
	CloseHandle(info.hThread);
	CloseHandle(info.hProcess);
	return 1;
}

/* As long as it lives there is a file in the workspace. */
static enum cr_attack_outcome leave_process(const struct cr_attack_env *env)
{
	SECURITY_ATTRIBUTES inherit = {.nLength = sizeof(inherit), .bInheritHandle = TRUE};
	HANDLE held = CreateFileW(cr_win_path(env, "ws:alive"), GENERIC_WRITE, 0, &inherit,
				  CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
	HANDLE release = OpenEventW(SYNCHRONIZE, TRUE, cr_win_object(env, L"release"));

	if (held == INVALID_HANDLE_VALUE || !release)
		return cr_attack_untestable(env, "there is nothing to hold, or to wait for");
	return cr_win_answer(env, start_lingering(release), "leave a process behind");
}

#define ROW(NAME, THREATS, TITLE, FN, ARG, TIERS, GAP, NEEDS)                           \
	{                                                                               \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, .arg = ARG, \
		.tiers = TIERS, .gap = GAP, .needs = NEEDS,                             \
	}
#define VICTIM(RIGHT, THREATS, TITLE)                                               \
	ROW("process-" RIGHT, THREATS, TITLE, open_victim, RIGHT, CR_HOLDS_WINDOWS, \
	    "same-user-processes", 0)
#define HARNESS(RIGHT, THREATS, TITLE)                                               \
	ROW("harness-" RIGHT, THREATS, TITLE, open_harness, RIGHT, CR_HOLDS_WINDOWS, \
	    "same-user-processes", CR_NEEDS_FIXTURE)
#define SELF(NAME, THREATS, TITLE, FN) \
	ROW(NAME, THREATS, TITLE, FN, NULL, CR_HOLDS_WINDOWS, NULL, 0)

static const struct cr_attack process[] = {
	VICTIM("vm-write", "62", "write to the memory of a process of yours"),
	VICTIM("vm-read", "62", "read the memory of a process of yours"),
	VICTIM("vm-operation", "62", "change the memory of a process of yours"),
	VICTIM("thread", "62", "start a thread in a process of yours"),
	VICTIM("duplicate", "62", "take a handle of a process of yours"),
	VICTIM("set", "62", "change a process of yours"),
	VICTIM("parent", "57", "start a child of a process of yours"),
	VICTIM("dacl", "62", "change the entries of a process of yours"),
	VICTIM("suspend", "34", "suspend a process of yours"),
	/* ending a process is a right of executing, which no lock of this tier keeps */
	ROW("process-terminate", "34", "end a process of yours", open_victim, "terminate",
	    CR_HOLDS_ELEVATED, NULL, 0),
	HARNESS("vm-write", "35 62", "write to the memory of carrel itself"),
	HARNESS("thread", "35 62", "start a thread in carrel itself"),
	HARNESS("duplicate", "35 62", "take a handle of carrel itself"),
	HARNESS("dacl", "35 62", "change the entries of carrel itself"),
	ROW("harness-terminate", "35", "end carrel itself, and its box with it", open_harness,
	    "terminate", CR_HOLDS_ELEVATED, NULL, CR_NEEDS_FIXTURE),
	ROW("victim-token", "62", "write with the token of a process of yours", borrow_token, NULL,
	    CR_HOLDS_WINDOWS, "same-user-processes", 0),
	ROW("token-level", "62", "raise the level of the box's token", raise_level, NULL,
	    CR_HOLDS_WINDOWS, "world-writable", 0),
	SELF("token-restrict-again", "62", "swap the box's token for one with other restrictions",
	     restrict_again),
	SELF("token-privilege", "62", "enable a privilege of the box's token", enable_privilege),
	SELF("job-breakaway", "57", "start a process outside the job", break_away),
	{.name = "process-outlives",
	 .threats = "30",
	 .title = "leave a process behind when the box ends",
	 .fn = leave_process,
	 .tiers = CR_HOLDS_WINDOWS,
	 .needs = CR_NEEDS_FIXTURE,
	 .traits = CR_TRAIT_TRACE | CR_TRAIT_BY_TRACE},
};

const CR_ATTACK_TABLE(cr_win_process, process);
