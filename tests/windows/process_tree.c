/*
 * process_tree.c - what a started process has and cannot leave: handles, job,
 * desktop, token. Every refusal has its control.
 *
 * usage: process_tree           the tests
 *        process_tree hold N    becomes a launcher that holds a tree of two; N: see hold()
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process_fixture.h"
#include "tap.h"
#include "windows/desktop.h"
#include "windows/job.h"

#define PATIENCE_MS 30000

static HANDLE open_secret(BOOL inherit)
{
	SECURITY_ATTRIBUTES security = {.nLength = sizeof(security), .bInheritHandle = inherit};
	wchar_t pathw[700];

	MultiByteToWideChar(CP_UTF8, 0, in_dir("secret.txt"), -1, pathw, 700);
	return CreateFileW(pathw, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
			   &security, CREATE_ALWAYS, 0, NULL);
}

static bool sees_secret(void)
{
	return strstr(ran.out, hex_of("secret.txt")) != NULL;
}

/* The same probe with all inheritable handles, as CreateProcess passes them without a list. */
static bool control_sees_secret(void)
{
	SECURITY_ATTRIBUTES inherit = {.nLength = sizeof(inherit), .bInheritHandle = TRUE};
	STARTUPINFOW startup = {.cb = sizeof(startup), .dwFlags = STARTF_USESTDHANDLES};
	PROCESS_INFORMATION info;
	HANDLE from, to;
	wchar_t linew[700];
	DWORD got;

	ran.len = 0;
	CreatePipe(&from, &to, &inherit, 0);
	startup.hStdOutput = to;
	swprintf(linew, 700, L"\"%hs\" files", fixture.probe);
	if (!CreateProcessW(NULL, linew, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &info))
		return false;
	CloseHandle(to);
	while (ReadFile(from, ran.out + ran.len, 4096, &got, NULL) && got > 0)
		ran.len += got;
	ran.out[ran.len] = '\0';
	CloseHandle(from);
	CloseHandle(info.hProcess);
	CloseHandle(info.hThread);
	return sees_secret();
}

static void handles(void)
{
	HANDLE secret = open_secret(TRUE), other = open_secret(FALSE);
	char number[16], *argv[] = {fixture.probe, "use", number, NULL};
	struct cr_process_start start = {
		.program = fixture.probe, .argv = argv, .handles = &other, .n_handles = 1};
	DWORD flags = 0;

	tap_check(control_sees_secret(),
		  "control: without a list an inheritable handle goes along");
	RUN_PROBE("files");
	tap_check(ran.status == 0 && ran.code == 0 && !sees_secret(), "with the list it does not");
	snprintf(number, sizeof(number), "%lu", (unsigned long)(uintptr_t)other);
	tap_check(run(&start) && ran.code == 0, "a handle that is listed is usable by its number");
	GetHandleInformation(other, &flags);
	tap_check(!(flags & HANDLE_FLAG_INHERIT), "and no longer inheritable afterwards");
	argv[1] = "files";
	tap_check(run(&start) && sees_secret(), "control: the probe sees what it is given");
	CloseHandle(secret);
	CloseHandle(other);
}

static void standard_handles(void)
{
	char *const argv[] = {fixture.probe, "both", NULL};
	HANDLE error_from, error_to, in_from, in_to;
	struct cr_process_start start = {.program = fixture.probe, .argv = argv};
	char text[16] = "";
	DWORD done = 0;

	CreatePipe(&error_from, &error_to, NULL, 0);
	start.stdio[2] = error_to;
	run(&start);
	CloseHandle(error_to);
	ReadFile(error_from, text, 15, &done, NULL);
	tap_check(strcmp(ran.out, "one") == 0 && strcmp(text, "two") == 0 && ran.code == 3,
		  "output and error go where they were sent");
	CloseHandle(error_from);
	CreatePipe(&in_from, &in_to, NULL, 0);
	WriteFile(in_to, "given", 5, &done, NULL);
	CloseHandle(in_to);
	start = (struct cr_process_start){.program = fixture.probe, .stdio = {in_from}};
	start.argv = (char *const[]){fixture.probe, "copy", NULL};
	run(&start);
	tap_check(strcmp(ran.out, "givenend") == 0, "input arrives, and ends with its writer");
	CloseHandle(in_from);
	RUN_PROBE("copy");
	tap_check(strcmp(ran.out, "end") == 0 && ran.code == 0,
		  "no input given is the null device");
}

static HANDLE make_event(const char *name)
{
	return CreateEventA(NULL, TRUE, FALSE, name);
}

/* A job with a tree: the probe, and beneath it one that has set the event. The grandchild's. */
static int start_tree(HANDLE job, const char *event_name, const char *mode, unsigned flags,
		      struct cr_process *process)
{
	HANDLE event = make_event(event_name);
	char *const argv[] = {fixture.probe, "parent", (char *)(uintptr_t)event_name,
			      (char *)(uintptr_t)mode, NULL};
	const struct cr_process_start start = {
		.program = fixture.probe, .argv = argv, .job = job, .flags = flags};
	int good = cr_process_start(&start, process, &ran.err) == 0 &&
		   WaitForSingleObject(event, PATIENCE_MS) == WAIT_OBJECT_0;

	CloseHandle(event);
	return good;
}

static void job_end(void)
{
	const struct cr_job_limits limits = {.processes = 50, .memory = 1u << 30};
	struct cr_process process = {0};
	HANDLE job = NULL;
	DWORD code = 0;

	tap_check(cr_job_create(&limits, &job, &ran.err) == 0, "a job with limits is made");
	tap_check(start_tree(job, "carrel-test-a", "stay", 0, &process), "a tree starts in it");
	tap_check(cr_job_count(job, NULL) == 2, "child and grandchild are in it");
	tap_check(cr_job_wait_empty(job, 50, NULL) == 0, "it is not empty");
	cr_job_end(job, 124, NULL);
	tap_check(cr_job_wait_empty(job, PATIENCE_MS, NULL) == 1, "ending it leaves no process");
	tap_check(cr_process_wait(&process, 0, &code, NULL) == 1 && code == 124,
		  "with the exit code said");
	cr_process_close(&process);
	CloseHandle(job);
}

/* Process ids in the job. */
static DWORD last_of_job(HANDLE job)
{
	struct {
		JOBOBJECT_BASIC_PROCESS_ID_LIST list;
		ULONG_PTR more[16];
	} ids = {0};

	QueryInformationJobObject(job, JobObjectBasicProcessIdList, &ids, sizeof(ids), NULL);
	return (DWORD)ids.list.ProcessIdList[ids.list.NumberOfProcessIdsInList - 1];
}

static void job_close(unsigned flags, const char *how)
{
	const struct cr_job_limits limits = {0};
	struct cr_process process = {0};
	HANDLE job = NULL, grandchild;

	cr_job_create(&limits, &job, NULL);
	tap_check(start_tree(job, "carrel-test-b", "leave", flags, &process), "a tree starts, %s",
		  how);
	WaitForSingleObject(process.process, PATIENCE_MS);
	tap_check(cr_job_count(job, NULL) == 1, "the grandchild outlives the child");
	grandchild = OpenProcess(SYNCHRONIZE, FALSE, last_of_job(job));
	tap_check(grandchild && WaitForSingleObject(grandchild, 0) == WAIT_TIMEOUT, "and runs");
	CloseHandle(job);
	tap_check(WaitForSingleObject(grandchild, PATIENCE_MS) == WAIT_OBJECT_0,
		  "the job's last handle closed, it is gone");
	CloseHandle(grandchild);
	cr_process_close(&process);
}

static void run_in_job(const char *verb, bool with_job)
{
	const struct cr_job_limits limits = {0};
	char *const argv[] = {fixture.probe, (char *)(uintptr_t)verb, NULL};
	struct cr_process_start start = {.program = fixture.probe, .argv = argv};

	if (with_job)
		cr_job_create(&limits, &start.job, NULL);
	run(&start);
	if (start.job)
		CloseHandle(start.job);
}

static void breakaway(void)
{
	run_in_job("in-job", false);
	tap_check(ran.code == 0, "control: no job without one");
	run_in_job("in-job", true);
	tap_check(ran.code == 1, "a process is in its job from the first moment");
	run_in_job("breakaway", false);
	tap_check(ran.code == 0, "control: without a job a child with the breakaway flag starts");
	run_in_job("breakaway", true);
	tap_check(ran.code == ERROR_ACCESS_DENIED, "nothing breaks away from the job");
}

static void suspended(void)
{
	char *const argv[] = {fixture.probe, "exit", "5", NULL};
	const struct cr_process_start start = {
		.program = fixture.probe, .argv = argv, .flags = CR_START_SUSPENDED};
	struct cr_process process = {0};
	DWORD code = 0;

	tap_check(cr_process_start(&start, &process, &ran.err) == 0 && process.thread,
		  "a process starts suspended");
	tap_check(cr_process_wait(&process, 200, &code, NULL) == 0, "and does nothing");
	tap_check(cr_process_resume(&process, NULL) == 0 && !process.thread &&
			  cr_process_wait(&process, PATIENCE_MS, &code, NULL) == 1 && code == 5,
		  "until it is let run");
	tap_check(cr_process_end(&process, 9, NULL) == 0, "ending an ended one is no error");
	cr_process_close(&process);
	cr_process_close(&process);
}

static void token(void)
{
	char *const argv[] = {fixture.probe, "exit", "6", NULL};
	struct cr_process_start start = {.program = fixture.probe, .argv = argv};
	HANDLE ours, restricted = NULL;

	OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &ours);
	CreateRestrictedToken(ours, DISABLE_MAX_PRIVILEGE, 0, NULL, 0, NULL, 0, NULL, &restricted);
	start.token = restricted;
	tap_check(restricted && run(&start) && ran.code == 6, "it starts with another token");
	CloseHandle(restricted);
	CloseHandle(ours);
}

static void desktop(void)
{
	char *const argv[] = {fixture.probe, "desktop", NULL};
	struct cr_process_start start = {.program = fixture.probe, .argv = argv};
	struct cr_desktop mine = {0}, other = {0};

	if (cr_desktop_create("D:P(A;;GA;;;OW)(A;;GA;;;SY)", &mine, &ran.err) < 0) {
		tap_check(false, "a desktop is made: %s", ran.err.text);
		return;
	}
	run(&start);
	tap_check(strstr(ran.out, hex_of("carrel-")) == NULL,
		  "control: another desktop without one");
	start.desktop = mine.name;
	run(&start);
	tap_check(strstr(ran.out, hex_of(strchr(mine.name, '\\') + 1)) != NULL,
		  "the command is on the desktop made for it");
	tap_check(cr_desktop_create(NULL, &other, NULL) == 0 && strcmp(mine.name, other.name) != 0,
		  "two have two names");
	tap_check(cr_desktop_create("nonsense", &other, &ran.err) < 0 && ran.err.code == CR_E_STEP,
		  "a descriptor that is none is refused");
	cr_desktop_close(&mine);
	cr_desktop_close(&other);
}

/* As for a service or over ssh, where ours is not WinSta0. */
static void station(void)
{
	HWINSTA before = GetProcessWindowStation();
	HWINSTA made = CreateWindowStationW(L"carrel-test", 0, GENERIC_ALL, NULL);
	struct cr_desktop desktop = {0};
	bool good;

	SetProcessWindowStation(made);
	good = cr_desktop_create(NULL, &desktop, &ran.err) == 0;
	SetProcessWindowStation(before);
	tap_check(made && good && strncmp(desktop.name, "carrel-test\\carrel-", 19) == 0,
		  "a desktop is said to be in the window station it is in: '%s'", desktop.name);
	cr_desktop_close(&desktop);
	CloseWindowStation(made);
}

/* A launcher: holds a job with a tree of two, says so by the event, waits to be killed. */
static int hold(const char *name)
{
	const struct cr_job_limits limits = {0};
	struct cr_process process = {0};
	HANDLE job = NULL;
	char ready[64];

	snprintf(ready, sizeof(ready), "%s-tree", name);
	if (cr_job_create(&limits, &job, NULL) < 0 || !start_tree(job, ready, "stay", 0, &process))
		return 1;
	printf("%lu\n", last_of_job(job));
	fflush(stdout);
	Sleep(INFINITE);
	return 0;
}

/* The launcher itself is killed: nothing can be asked of it any more. */
static void killed_launcher(void)
{
	char *const argv[] = {(char *)(uintptr_t)in_dir("process_tree.exe"), "hold",
			      "carrel-test-c", NULL};
	struct cr_process_start start = {.program = argv[0], .argv = argv};
	struct cr_process launcher = {0};
	HANDLE from, grandchild;
	char text[16] = "";
	DWORD got;

	CreatePipe(&from, &start.stdio[1], NULL, 0);
	cr_process_start(&start, &launcher, &ran.err);
	CloseHandle(start.stdio[1]);
	ReadFile(from, text, 15, &got, NULL);
	grandchild = OpenProcess(SYNCHRONIZE, FALSE, strtoul(text, NULL, 10));
	tap_check(grandchild && WaitForSingleObject(grandchild, 0) == WAIT_TIMEOUT,
		  "a launcher holds a tree");
	TerminateProcess(launcher.process, 1);
	tap_check(WaitForSingleObject(grandchild, PATIENCE_MS) == WAIT_OBJECT_0,
		  "the launcher killed, the tree is gone");
	CloseHandle(grandchild);
	CloseHandle(from);
	cr_process_close(&launcher);
}

/* Last: from here on we are in a job ourselves, as under an editor or a CI runner. */
static void nested(void)
{
	HANDLE outer = CreateJobObjectW(NULL, NULL);
	const struct cr_job_limits limits = {.free_ui = true};
	char *const argv[] = {fixture.probe, "breakaway", NULL};
	struct cr_process_start start = {.program = fixture.probe, .argv = argv};

	tap_check(!cr_job_is_inside(), "we are in no job");
	AssignProcessToJobObject(outer, GetCurrentProcess());
	tap_check(cr_job_is_inside(), "now we are");
	cr_job_create(&limits, &start.job, NULL);
	tap_check(run(&start) && ran.code == ERROR_ACCESS_DENIED,
		  "a job in a job works, and nothing breaks away");
	CloseHandle(start.job);
	CloseHandle(outer);
}

int main(int argc, char **argv)
{
	fixture_init();
	if (argc > 2 && strcmp(argv[1], "hold") == 0)
		return hold(argv[2]);
	handles();
	standard_handles();
	job_end();
	job_close(0, "in its job by the list");
	job_close(CR_START_JOB_LATER, "put into its job before it runs");
	breakaway();
	suspended();
	token();
	desktop();
	station();
	killed_launcher();
	nested();
	return tap_end();
}
