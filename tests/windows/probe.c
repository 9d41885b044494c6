/*
 * probe.c - the command of the process tests: says what it was given, or does one thing.
 *
 * usage: probe VERB [WORD...]; prints one line for each thing, in hexadecimal UTF-16 where bytes
 * matter. Ends with 0, the number asked for, or 99 when it could not try.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <windows.h>
#include <shellapi.h>

#define CANNOT_TRY 99

static void print_hex(const char *tag, const wchar_t *textw)
{
	fputs(tag, stdout);
	for (; *textw; textw++)
		printf("%04x", (unsigned)*textw);
	putchar('\n');
}

/* As the C runtime split the command line, and as the shell does. */
static int words(int argc, wchar_t **argv)
{
	int count;
	wchar_t **shell = CommandLineToArgvW(GetCommandLineW(), &count);

	for (int i = 0; i < argc; i++)
		print_hex("R ", argv[i]);
	for (int i = 0; shell && i < count; i++)
		print_hex("S ", shell[i]);
	LocalFree(shell);
	return 0;
}

static int environment(int argc, wchar_t **argv)
{
	wchar_t *block = GetEnvironmentStringsW();

	(void)argc;
	(void)argv;
	for (const wchar_t *p = block; *p; p += wcslen(p) + 1)
		print_hex("", p);
	FreeEnvironmentStringsW(block);
	return 0;
}

static int directory(int argc, wchar_t **argv)
{
	wchar_t pathw[MAX_PATH];

	(void)argc;
	(void)argv;
	GetCurrentDirectoryW(MAX_PATH, pathw);
	print_hex("", pathw);
	return 0;
}

static int end(int argc, wchar_t **argv)
{
	ExitProcess(argc > 2 ? wcstoul(argv[2], NULL, 0) : CANNOT_TRY);
}

/* Every file that some handle of this process leads to. */
static int files(int argc, wchar_t **argv)
{
	wchar_t pathw[1024];

	(void)argc;
	(void)argv;
	for (uintptr_t value = 4; value < 0x4000; value += 4) {
		HANDLE handle = (HANDLE)value;

		if (GetFileType(handle) == FILE_TYPE_DISK &&
		    GetFinalPathNameByHandleW(handle, pathw, 1024, 0) > 0)
			print_hex("", pathw);
	}
	return 0;
}

/* Writes "mine" to the file handle whose number is given. */
static int use(int argc, wchar_t **argv)
{
	HANDLE handle = (HANDLE)(uintptr_t)(argc > 2 ? wcstoul(argv[2], NULL, 0) : 0);
	DWORD done;

	return WriteFile(handle, "mine", 4, &done, NULL) ? 0 : (int)GetLastError();
}

static int copy(int argc, wchar_t **argv)
{
	char bytes[256];
	DWORD got, done;

	(void)argc;
	(void)argv;
	while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), bytes, sizeof(bytes), &got, NULL) && got)
		WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, got, &done, NULL);
	WriteFile(GetStdHandle(STD_ERROR_HANDLE), "end", 3, &done, NULL);
	return 0;
}

static int start_self(const wchar_t *rest, DWORD flags, PROCESS_INFORMATION *info)
{
	STARTUPINFOW startup = {.cb = sizeof(startup)};
	wchar_t programw[MAX_PATH], linew[2 * MAX_PATH];

	GetModuleFileNameW(NULL, programw, MAX_PATH);
	swprintf(linew, 2 * MAX_PATH, L"\"%ls\" %ls", programw, rest);
	return CreateProcessW(programw, linew, NULL, NULL, FALSE, flags, NULL, NULL, &startup, info)
		       ? 0
		       : (int)GetLastError();
}

/* Sets the named event, then sleeps for ever. */
static int sleeper(int argc, wchar_t **argv)
{
	HANDLE event = argc > 2 ? OpenEventW(EVENT_MODIFY_STATE, FALSE, argv[2]) : NULL;

	if (!event)
		return CANNOT_TRY;
	SetEvent(event);
	CloseHandle(event);
	Sleep(INFINITE);
	return 0;
}

/* Starts a sleeper (argv[2]: its event) and goes on sleeping, or ends when told "leave". */
static int parent(int argc, wchar_t **argv)
{
	PROCESS_INFORMATION info;
	wchar_t rest[MAX_PATH];
	int failed;

	if (argc < 4)
		return CANNOT_TRY;
	swprintf(rest, MAX_PATH, L"sleep %ls", argv[2]);
	failed = start_self(rest, 0, &info);
	if (failed)
		return failed;
	if (wcscmp(argv[3], L"leave") != 0)
		Sleep(INFINITE);
	return 0;
}

static int wait_for_ever(int argc, wchar_t **argv)
{
	(void)argc;
	(void)argv;
	Sleep(INFINITE);
	return 0;
}

/* Starts one that waits for ever, says "up", and does the same, or ends when told "leave". */
static int tree(int argc, wchar_t **argv)
{
	PROCESS_INFORMATION info;
	const int failed = start_self(L"wait", 0, &info);

	if (failed)
		return failed;
	puts("up");
	fflush(stdout);
	if (argc < 3 || wcscmp(argv[2], L"leave") != 0)
		Sleep(INFINITE);
	return 0;
}

/* The error of leaving the job, 0 when that works. */
static int breakaway(int argc, wchar_t **argv)
{
	PROCESS_INFORMATION info;

	(void)argc;
	(void)argv;
	return start_self(L"exit 0", CREATE_BREAKAWAY_FROM_JOB, &info);
}

static int desktop(int argc, wchar_t **argv)
{
	wchar_t namew[256] = L"";

	(void)argc;
	(void)argv;
	GetUserObjectInformationW(GetThreadDesktop(GetCurrentThreadId()), UOI_NAME, namew,
				  sizeof(namew), NULL);
	print_hex("", namew);
	return 0;
}

static int in_job(int argc, wchar_t **argv)
{
	BOOL inside = FALSE;

	(void)argc;
	(void)argv;
	return IsProcessInJob(GetCurrentProcess(), NULL, &inside) ? inside : CANNOT_TRY;
}

/* The console by its own name, whatever the standard handles are: says hello, waits for a key. */
static int console(int argc, wchar_t **argv)
{
	HANDLE out = CreateFileW(L"CONOUT$", GENERIC_READ | GENERIC_WRITE,
				 FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
	HANDLE in = CreateFileW(L"CONIN$", GENERIC_READ | GENERIC_WRITE,
				FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
	CONSOLE_SCREEN_BUFFER_INFO info;
	char text[64];
	DWORD done;

	(void)argc;
	(void)argv;
	if (out == INVALID_HANDLE_VALUE || !GetConsoleScreenBufferInfo(out, &info))
		return CANNOT_TRY;
	snprintf(text, sizeof(text), "HELLO %d\r\n", info.dwSize.X);
	WriteFile(out, text, (DWORD)strlen(text), &done, NULL);
	if (argc > 2 && ReadFile(in, text, 1, &done, NULL) && done == 1)
		return text[0];
	return 0;
}

/* Standard output and error as asked: WORD to 1, WORD to 2, exit code 3. */
static int both(int argc, wchar_t **argv)
{
	DWORD done;

	(void)argc;
	(void)argv;
	WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), "one", 3, &done, NULL);
	WriteFile(GetStdHandle(STD_ERROR_HANDLE), "two", 3, &done, NULL);
	return 3;
}

static HANDLE broken;

static BOOL WINAPI on_break(DWORD event)
{
	SetEvent(broken);
	return event == CTRL_BREAK_EVENT || event == CTRL_C_EVENT;
}

/* Waits for Ctrl-Break or Ctrl-C: 33. */
static int ctrl_break(int argc, wchar_t **argv)
{
	(void)argc;
	(void)argv;
	broken = CreateEventW(NULL, TRUE, FALSE, NULL);
	SetConsoleCtrlHandler(on_break, TRUE);
	puts("listening");
	fflush(stdout);
	return WaitForSingleObject(broken, 60000) == WAIT_OBJECT_0 ? 33 : 34;
}

static const struct {
	const wchar_t *name;
	int (*run)(int argc, wchar_t **argv);
} verbs[] = {
	{L"words", words},      {L"env", environment},
	{L"cwd", directory},    {L"exit", end},
	{L"files", files},      {L"use", use},
	{L"copy", copy},        {L"sleep", sleeper},
	{L"parent", parent},    {L"breakaway", breakaway},
	{L"desktop", desktop},  {L"in-job", in_job},
	{L"tree", tree},        {L"wait", wait_for_ever},
	{L"console", console},  {L"both", both},
	{L"break", ctrl_break},
};

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (wcscmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc, argv);
	}
	return CANNOT_TRY;
}
