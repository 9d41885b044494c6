/*
 * session.c - attacks on what else the user's session has: named objects, the registry, handles,
 * the environment, hidden files, the desktop, the network (threats 24, 28, 36, 54, 58, 59).
 *
 * Nothing of the user's is changed where an attack succeeds: it asks for the right, writes back
 * what it read, or takes an object of the fixture.
 */
#include <stdio.h>
#include <string.h>

#include <winsock2.h>

#include "tools.h"

#define MAX_SECRET 4096

static enum cr_attack_outcome open_event(const struct cr_attack_env *env)
{
	return cr_win_answer(
		env,
		cr_win_done(OpenEventW(EVENT_MODIFY_STATE, FALSE, cr_win_object(env, L"event"))),
		"open the event");
}

static enum cr_attack_outcome open_mutex(const struct cr_attack_env *env)
{
	return cr_win_answer(
		env, cr_win_done(OpenMutexW(MUTEX_ALL_ACCESS, FALSE, cr_win_object(env, L"mutex"))),
		"open the mutex");
}

static enum cr_attack_outcome open_section(const struct cr_attack_env *env)
{
	return cr_win_answer(env,
			     cr_win_done(OpenFileMappingW(FILE_MAP_WRITE, FALSE,
							  cr_win_object(env, L"section"))),
			     "open the section");
}

static enum cr_attack_outcome connect_pipe(const struct cr_attack_env *env)
{
	wchar_t name[CR_WIN_BIG];

	_snwprintf(name, CR_WIN_BIG - 1, L"\\\\.\\pipe\\%ls", cr_win_object(env, L"pipe"));
	return cr_win_answer(env,
			     cr_win_done_file(CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0,
							  NULL, OPEN_EXISTING, 0, NULL)),
			     "connect to the pipe");
}

static LONG open_key(const char *name, REGSAM right, HKEY *key)
{
	const HKEY root = strncmp(name, "HKLM\\", 5) == 0 ? HKEY_LOCAL_MACHINE : HKEY_CURRENT_USER;

	return RegOpenKeyExW(root, cr_win_wide(name + 5), 0, right, key);
}

/* The key, or where there is none, adding it to the nearest above: both make Windows obey us. */
static enum cr_attack_outcome write_key(const struct cr_attack_env *env)
{
	REGSAM right = KEY_SET_VALUE;
	char name[CR_ATTACK_TEXT];
	HKEY key = NULL;
	LONG code;

	snprintf(name, sizeof(name), "%s", env->arg);
	while ((code = open_key(name, right, &key)) == ERROR_FILE_NOT_FOUND && strchr(name, '\\')) {
		*strrchr(name, '\\') = '\0';
		right = KEY_CREATE_SUB_KEY;
	}
	if (code == ERROR_SUCCESS)
		RegCloseKey(key);
	SetLastError((DWORD)code);
	return cr_win_answer(env, code == ERROR_SUCCESS, "open the key for writing");
}

static enum cr_attack_outcome use_handle(const struct cr_attack_env *env)
{
	HANDLE file = (HANDLE)(intptr_t)env->file_fd;
	DWORD n = 0;

	return cr_win_answer(env, WriteFile(file, "owned", 5, &n, NULL) && n == 5,
			     "write to the handle");
}

/* Whether a file can be read and has the marker in it. */
static enum cr_attack_outcome read_secret(const struct cr_attack_env *env)
{
	static char text[MAX_SECRET];
	HANDLE file = cr_win_open(cr_win_path(env, env->arg), GENERIC_READ, OPEN_EXISTING, 0);
	DWORD n = 0;
	int good = file && ReadFile(file, text, sizeof(text) - 1, &n, NULL);

	cr_win_done(file);
	text[n] = '\0';
	return cr_win_answer(env, good && strstr(text, env->marker) != NULL, "read it");
}

static enum cr_attack_outcome read_any(const struct cr_attack_env *env)
{
	return cr_win_answer(env, cr_win_read(cr_win_path(env, env->arg)), "read it");
}

static enum cr_attack_outcome read_variable(const struct cr_attack_env *env)
{
	wchar_t value[CR_WIN_BIG] = L"";

	SetLastError(ERROR_ENVVAR_NOT_FOUND);
	GetEnvironmentVariableW(L"CARREL_TEST_TOKEN", value, CR_WIN_BIG);
	return cr_win_answer(env, value[0] && wcscmp(value, cr_win_wide(env->marker)) == 0,
			     "read the variable");
}

static enum cr_attack_outcome create_in(const struct cr_attack_env *env)
{
	return cr_win_answer(env, cr_win_create(cr_win_path(env, env->arg)), "create it");
}

/* What programs do that ask for a temporary file. */
static enum cr_attack_outcome use_temp(const struct cr_attack_env *env)
{
	wchar_t dir[CR_WIN_BIG];
	const wchar_t *theirs = cr_win_path(env, "tmp:");
	const DWORD n = GetTempPathW(CR_WIN_BIG, dir);

	SetLastError(ERROR_NOT_SAME_DEVICE);
	return cr_win_answer(env, n > 0 && _wcsnicmp(dir, theirs, wcslen(theirs)) == 0,
			     "be led to the user's Temp");
}

static enum cr_attack_outcome delete_low(const struct cr_attack_env *env)
{
	return cr_win_answer(env, DeleteFileW(cr_win_path(env, env->arg)), "delete it");
}

static enum cr_attack_outcome connect_loopback(const struct cr_attack_env *env)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((unsigned short)env->tcp_port)};
	WSADATA data;
	SOCKET sock;
	int good;

	if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
		return cr_attack_refused(env, "no sockets");
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sock = socket(AF_INET, SOCK_STREAM, 0);
	good = sock != INVALID_SOCKET &&
	       connect(sock, (const struct sockaddr *)&to, sizeof(to)) == 0;
	if (!good)
		SetLastError((DWORD)WSAGetLastError());
	enum cr_attack_outcome outcome = cr_win_answer(env, good, "connect");

	closesocket(sock);
	WSACleanup();
	return outcome;
}

static enum cr_attack_outcome read_clipboard(const struct cr_attack_env *env)
{
	int good;

	if (!OpenClipboard(NULL))
		return cr_attack_refused(env, "open the clipboard");
	if (CountClipboardFormats() == 0) {
		CloseClipboard();
		return cr_attack_untestable(env, "the clipboard is empty, or looks so");
	}
	good = GetClipboardData(EnumClipboardFormats(0)) != NULL;
	CloseClipboard();
	return cr_win_answer(env, good, "read the clipboard");
}

/* Sets what is set already, for this session alone. */
static enum cr_attack_outcome set_parameter(const struct cr_attack_env *env)
{
	UINT lines = 3;

	return cr_win_answer(env,
			     SystemParametersInfoW(SPI_GETWHEELSCROLLLINES, 0, &lines, 0) &&
				     SystemParametersInfoW(SPI_SETWHEELSCROLLLINES, lines, NULL, 0),
			     "change a setting of the session");
}

static enum cr_attack_outcome find_atom(const struct cr_attack_env *env)
{
	SetLastError(ERROR_FILE_NOT_FOUND);
	return cr_win_answer(env, GlobalFindAtomW(cr_win_object(env, L"atom")) != 0,
			     "find the atom");
}

static enum cr_attack_outcome post_message(const struct cr_attack_env *env)
{
	HWND window = FindWindowExW(HWND_MESSAGE, NULL, cr_win_object(env, L"window"), NULL);

	if (!window)
		return cr_attack_refused(env, "find the window");
	return cr_win_answer(env, PostMessageW(window, WM_NULL, 0, 0), "post a message to it");
}

static enum cr_attack_outcome open_desktop(const struct cr_attack_env *env)
{
	HDESK desktop =
		OpenDesktopW(L"Default", 0, FALSE,
			     DESKTOP_CREATEWINDOW | DESKTOP_WRITEOBJECTS | DESKTOP_HOOKCONTROL);
	int good = desktop != NULL;

	if (desktop)
		CloseDesktop(desktop);
	return cr_win_answer(env, good, "open it");
}

#define ROW(NAME, THREATS, TITLE, FN, ARG, GAP, NEEDS)                                  \
	{                                                                               \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, .arg = ARG, \
		.tiers = CR_HOLDS_WINDOWS, .gap = GAP, .needs = NEEDS,                  \
	}
#define HELD(NAME, THREATS, TITLE, FN, ARG) ROW(NAME, THREATS, TITLE, FN, ARG, NULL, 0)
/* With targets of the fixture. */
#define MORE(NAME, THREATS, TITLE, FN, ARG, GAP) \
	ROW(NAME, THREATS, TITLE, FN, ARG, GAP, CR_NEEDS_FIXTURE)
#define CURRENT "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\"

static const struct cr_attack session[] = {
	HELD("victim-event", "54", "set an event of yours", open_event, NULL),
	HELD("victim-mutex", "54", "take a mutex of yours", open_mutex, NULL),
	HELD("victim-section", "24", "write to shared memory of yours", open_section, NULL),
	HELD("victim-pipe", "54", "connect to a pipe of yours", connect_pipe, NULL),
	HELD("registry-run", "59", "have a program started at your next logon", write_key,
	     CURRENT "Run"),
	HELD("registry-environment", "10 59", "change your environment", write_key,
	     "HKCU\\Environment"),
	HELD("registry-com", "59", "register a COM class for you", write_key,
	     "HKCU\\Software\\Classes\\CLSID"),
	HELD("registry-shell", "59", "change where your Startup folder is", write_key,
	     CURRENT "Explorer\\User Shell Folders"),
	HELD("registry-machine", "59", "change the machine's registry", write_key,
	     "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run"),
	ROW("handle-inherited", "28", "write to a file outside by an inherited handle", use_handle,
	    NULL, NULL, CR_NEEDS_FIXTURE | CR_NEEDS_FDS),
	ROW("environment-secret", "28", "read a secret of the environment", read_variable, NULL,
	    NULL, CR_NEEDS_FIXTURE | CR_NEEDS_SECRETS),
	MORE("hidden-file", "11", "read a hidden file", read_secret, "home:.ssh\\id_ed25519",
	     "hidden-files"),
	MORE("hidden-state", "11", "read carrel's own state", read_any, "state:sid-seed",
	     "hidden-files"),
	MORE("temp-write", "53", "create a file in your Temp", create_in, "tmp:new", NULL),
	MORE("temp-redirect", "53", "be led to your Temp by the environment", use_temp, NULL, NULL),
	MORE("low-delete", "53", "delete a file of yours that is labelled Low", delete_low,
	     "home:low", "delete-low delete-outside"),
	MORE("network-loopback", "36 41", "connect to a server of yours", connect_loopback, NULL,
	     "network"),
	MORE("clipboard-read", "58", "read your clipboard", read_clipboard, NULL, "job-ui"),
	MORE("ui-setting", "58", "change a setting of your session", set_parameter, NULL, "job-ui"),
	MORE("ui-atom", "58", "find a global atom of yours", find_atom, NULL, "job-ui"),
	MORE("window-message", "58", "send a message to a window of yours", post_message, NULL,
	     NULL),
	MORE("desktop", "58", "make windows on your desktop", open_desktop, NULL, NULL),
};

const CR_ATTACK_TABLE(cr_win_session, session);
