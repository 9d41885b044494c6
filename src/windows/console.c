/*
 * console.c - console.h: pseudo console, relays, Ctrl-C.
 *
 * One thread for each direction, blocking; the thread of input ends when told,
 * those of output when the last writer is gone. Must never look into what it moves; but Ctrl-C is a
 * byte here, and a pseudo console that nobody sees is answered one question (throw_away).
 */
#include <stdlib.h>

#include "console.h"

#include <winioctl.h>
#include <winternl.h>

#include "handles.h"

#define BUFFER      4096
#define PATIENCE_MS 2000 /* for a thread that is to end */

/* consoleapi.h; mingw-w64 10 shows them only for later versions of Windows. */
typedef HRESULT(WINAPI *create_fn)(COORD size, HANDLE in, HANDLE out, DWORD flags, void **console);
typedef HRESULT(WINAPI *resize_fn)(void *console, COORD size);
typedef void(WINAPI *close_fn)(void *console);

#ifndef DISABLE_NEWLINE_AUTO_RETURN
#define DISABLE_NEWLINE_AUTO_RETURN 0x8
#endif
#ifndef ENABLE_VIRTUAL_TERMINAL_INPUT
#define ENABLE_VIRTUAL_TERMINAL_INPUT 0x200
#endif

/* One direction: from what to where, and who moves. */
struct relay {
	HANDLE from, to;
	HANDLE thread;
	struct cr_console *console;
};

struct cr_console {
	HANDLE ours[3];    /* borrowed */
	bool is_ours[3];   /* a console */
	HANDLE childs[3];  /* ends of pipes for the command, until it has started */
	HANDLE mine[3];    /* the other ends */
	bool whole;        /* 0-2 are the pseudo console's */
	void *pseudo;      /* HPCON, or NULL */
	HANDLE pseudo_in;  /* what we type into it */
	HANDLE pseudo_out; /* what it shows */
	HANDLE stop, end, done, broken;
	struct relay relays[4]; /* 0-2, and the pseudo console's output when not whole */
	DWORD in_mode, out_mode;
	bool raw;
	COORD size;
};

/* For the handler, which is given no argument and runs in a thread of Windows' making. */
static struct cr_console *current;
static SRWLOCK current_lock = SRWLOCK_INIT;

/* kernel32 has it from Windows 10 1809 on. */
static void (*entry(const char *name))(void)
{
	HMODULE kernel = GetModuleHandleW(L"kernel32.dll");

	return kernel ? (void (*)(void))GetProcAddress(kernel, name) : NULL;
}

static bool tells_mode(HANDLE handle)
{
	DWORD mode;

	return cr_handle_is_valid(handle) && GetConsoleMode(handle, &mode);
}

/* One that was opened for writing alone ("> CON") does not tell its mode, but what it is. */
static bool is_console(HANDLE handle)
{
	FILE_FS_DEVICE_INFORMATION device;
	IO_STATUS_BLOCK io;

	return tells_mode(handle) ||
	       (cr_handle_is_valid(handle) &&
		NtQueryVolumeInformationFile(handle, &io, &device, sizeof(device),
					     FileFsDeviceInformation) == 0 &&
		device.DeviceType == FILE_DEVICE_CONSOLE);
}

static COORD window_size(HANDLE out)
{
	CONSOLE_SCREEN_BUFFER_INFO info;
	COORD size = {80, 25};

	if (GetConsoleScreenBufferInfo(out, &info)) {
		size.X = (SHORT)(info.srWindow.Right - info.srWindow.Left + 1);
		size.Y = (SHORT)(info.srWindow.Bottom - info.srWindow.Top + 1);
	}
	return size;
}

/*
 * Also where we have no console: a hidden one of its own (CREATE_NO_WINDOW) has a host that the
 * kernel starts with the token of the box, and a write-restricted one is reported to end it with
 * 0xC0000142 before the command begins (github.com/anywhere-labs/dsh-desktop, issues 528 and 991).
 * The host of a pseudo console is ours, started with our token.
 */
static int make_pseudo(struct cr_console *console, struct cr_err *err)
{
	create_fn create = (create_fn)entry("CreatePseudoConsole");
	CR_AUTO_HANDLE HANDLE in = NULL, out = NULL;
	HRESULT result;

	if (!create)
		return 0; /* before Windows 10 1809: a hidden console, and relays */
	if (!CreatePipe(&in, &console->pseudo_in, NULL, 0) ||
	    !CreatePipe(&console->pseudo_out, &out, NULL, 0))
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot make a pipe");
	console->size = window_size(console->ours[1]);
	result = create(console->size, in, out, 0, &console->pseudo);
	if (SUCCEEDED(result))
		return 0;
	console->pseudo = NULL;
	return cr_fail_win(err, CR_E_STEP, (DWORD)result, "cannot make a pseudo console");
}

/* Pipes for those of 0, 1 and 2 that are consoles. */
static int make_pipes(struct cr_console *console, struct cr_err *err)
{
	for (unsigned fd = 0; fd < 3; fd++) {
		HANDLE read, write;

		if (!console->is_ours[fd])
			continue;
		if (!CreatePipe(&read, &write, NULL, 0))
			return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot make a pipe");
		console->childs[fd] = fd == 0 ? read : write;
		console->mine[fd] = fd == 0 ? write : read;
	}
	return 0;
}

static int make(struct cr_console *console, struct cr_err *err)
{
	console->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
	console->end = CreateEventW(NULL, TRUE, FALSE, NULL);
	console->done = CreateEventW(NULL, TRUE, FALSE, NULL);
	console->broken = CreateEventW(NULL, FALSE, FALSE, NULL);
	if (!console->stop || !console->end || !console->done || !console->broken)
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot make an event");
	if (make_pseudo(console, err) < 0)
		return -1;
	console->whole = console->pseudo && tells_mode(console->ours[0]) &&
			 tells_mode(console->ours[1]) && console->is_ours[2];
	return console->whole ? 0 : make_pipes(console, err);
}

int cr_console_open(const HANDLE stdio[3], struct cr_console **out, struct cr_err *err)
{
	struct cr_console *console = calloc(1, sizeof(*console));

	if (!console)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	for (unsigned fd = 0; fd < 3; fd++) {
		console->ours[fd] = stdio[fd];
		console->is_ours[fd] = is_console(stdio[fd]);
	}
	if (make(console, err) < 0) {
		cr_console_close(console);
		return -1;
	}
	*out = console;
	return 0;
}

bool cr_console_is_whole(const struct cr_console *console)
{
	return console->whole;
}

void cr_console_prepare(struct cr_console *console, struct cr_process_start *start)
{
	start->console = console->pseudo;
	if (!console->pseudo)
		start->flags |= CR_START_NO_CONSOLE;
	for (unsigned fd = 0; fd < 3; fd++) {
		start->stdio[fd] = console->is_ours[fd] ? console->childs[fd] : console->ours[fd];
		/* no handle of ours is the null device, and not the pseudo console's */
		if (!console->whole && !start->stdio[fd])
			start->stdio[fd] = INVALID_HANDLE_VALUE;
	}
}

static bool write_all(HANDLE to, const char *bytes, DWORD len)
{
	DWORD done;

	for (; len > 0; bytes += done, len -= done) {
		if (!WriteFile(to, bytes, len, &done, NULL))
			return false;
	}
	return true;
}

/* From a pipe to our console. Goes on reading when nobody takes it: the writer must
 * not hang. */
static DWORD WINAPI move_output(void *arg)
{
	struct relay *relay = arg;
	char bytes[BUFFER];
	DWORD got;
	bool good = true;

	while (ReadFile(relay->from, bytes, sizeof(bytes), &got, NULL)) {
		if (good)
			good = write_all(relay->to, bytes, got);
	}
	return 0;
}

bool cr_console_asks(size_t *seen, const char *bytes, size_t len)
{
	static const char asked[] = "\x1b[c";
	const size_t all = sizeof(asked) - 1;

	if (*seen == all)
		return false;
	for (size_t i = 0; i < len && *seen < all; i++)
		*seen = bytes[i] == asked[*seen] ? *seen + 1 : bytes[i] == asked[0];
	return *seen == all;
}

/*
 * What a pseudo console shows that is there for Ctrl-C alone. Hosts of 2024 to 2026 ask at their
 * start what terminal they have, and let the command wait three seconds for an answer
 * (github.com/microsoft/terminal, issue 7019; pull request 20536 ends it): a plain one. They are
 * told once, whoever asks later is the command.
 */
static DWORD WINAPI throw_away(void *arg)
{
	static const char plain[] = "\x1b[?61c";
	struct relay *relay = arg;
	char bytes[BUFFER];
	size_t seen = 0;
	DWORD got;

	while (ReadFile(relay->from, bytes, sizeof(bytes), &got, NULL)) {
		if (cr_console_asks(&seen, bytes, got))
			write_all(relay->to, plain, sizeof(plain) - 1);
	}
	return 0;
}

/* From our console to a pipe, line by line, as UTF-8. Ends with Ctrl-Z, as programs on a console
 * expect, or by CancelSynchronousIo. */
static DWORD WINAPI move_lines(void *arg)
{
	struct relay *relay = arg;
	wchar_t textw[BUFFER / 4];
	char bytes[BUFFER];
	DWORD got;

	while (WaitForSingleObject(relay->console->stop, 0) == WAIT_TIMEOUT &&
	       ReadConsoleW(relay->from, textw, BUFFER / 4, &got, NULL) && got > 0 &&
	       textw[0] != 0x1a) {
		const int len = WideCharToMultiByte(CP_UTF8, 0, textw, (int)got, bytes,
						    sizeof(bytes), NULL, NULL);

		if (len <= 0 || !write_all(relay->to, bytes, (DWORD)len))
			break;
	}
	cr_handle_close(&relay->console->mine[0]);
	return 0;
}

static void follow_size(struct cr_console *console)
{
	resize_fn resize = (resize_fn)entry("ResizePseudoConsole");
	const COORD size = window_size(console->ours[1]);

	if (!resize || (size.X == console->size.X && size.Y == console->size.Y))
		return;
	resize(console->pseudo, size);
	console->size = size;
}

/* Characters typed, UTF-16; with VT input a key is a sequence of records. */
static DWORD take_keys(struct cr_console *console, const INPUT_RECORD *records, DWORD count,
		       wchar_t *textw)
{
	DWORD len = 0;

	for (DWORD i = 0; i < count; i++) {
		const KEY_EVENT_RECORD *key = &records[i].Event.KeyEvent;

		if (records[i].EventType == WINDOW_BUFFER_SIZE_EVENT)
			follow_size(console);
		/* a character typed by its number comes when Alt is let go */
		if (records[i].EventType == KEY_EVENT && key->uChar.UnicodeChar &&
		    (key->bKeyDown || key->wVirtualKeyCode == VK_MENU))
			textw[len++] = key->uChar.UnicodeChar;
	}
	return len;
}

/* From our console to the pseudo console, key by key. Half a surrogate pair waits for the other. */
static DWORD WINAPI move_keys(void *arg)
{
	struct relay *relay = arg;
	const HANDLE waits[] = {relay->console->stop, relay->from};
	INPUT_RECORD records[64];
	wchar_t textw[65];
	char bytes[4 * 65];
	DWORD kept = 0, count;

	while (WaitForMultipleObjects(2, waits, FALSE, INFINITE) == WAIT_OBJECT_0 + 1 &&
	       ReadConsoleInputW(relay->from, records, 64, &count)) {
		DWORD len = kept + take_keys(relay->console, records, count, textw + kept);
		int n;

		kept = len > 0 && IS_HIGH_SURROGATE(textw[len - 1]);
		n = WideCharToMultiByte(CP_UTF8, 0, textw, (int)(len - kept), bytes, sizeof(bytes),
					NULL, NULL);
		if (n > 0 && !write_all(relay->to, bytes, (DWORD)n))
			break;
		if (kept)
			textw[0] = textw[len - 1];
	}
	return 0;
}

/*
 * Ctrl-C is typed into the pseudo console, whose programs get it as their own; in a whole one
 * move_keys does that, and this only when another process sent it. Ctrl-Break is no character:
 * whoever waits for the command passes it on.
 */
static void take_control(struct cr_console *console, DWORD event)
{
	if (event == CTRL_C_EVENT && console->pseudo_in)
		write_all(console->pseudo_in, "\x03", 1);
	else if (event == CTRL_BREAK_EVENT && console->pseudo)
		SetEvent(console->broken);
	else
		SetEvent(console->end);
}

/* After CTRL_CLOSE_EVENT and its like the process ends when this returns. */
static BOOL WINAPI on_control(DWORD event)
{
	HANDLE done = NULL;

	AcquireSRWLockShared(&current_lock);
	if (current) {
		take_control(current, event);
		done = current->done;
	}
	ReleaseSRWLockShared(&current_lock);
	if (done && event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
		WaitForSingleObject(done, INFINITE);
	return done != NULL;
}

static void set_current(struct cr_console *console)
{
	AcquireSRWLockExclusive(&current_lock);
	current = console;
	ReleaseSRWLockExclusive(&current_lock);
}

static void make_raw(struct cr_console *console)
{
	console->raw = GetConsoleMode(console->ours[0], &console->in_mode) &&
		       GetConsoleMode(console->ours[1], &console->out_mode);
	if (!console->raw)
		return;
	SetConsoleMode(console->ours[0],
		       (console->in_mode & (ENABLE_EXTENDED_FLAGS | ENABLE_QUICK_EDIT_MODE)) |
			       ENABLE_WINDOW_INPUT | ENABLE_VIRTUAL_TERMINAL_INPUT);
	SetConsoleMode(console->ours[1], console->out_mode | ENABLE_PROCESSED_OUTPUT |
						 ENABLE_VIRTUAL_TERMINAL_PROCESSING |
						 DISABLE_NEWLINE_AUTO_RETURN);
}

static int start_relay(struct cr_console *console, struct relay relay, LPTHREAD_START_ROUTINE how,
		       unsigned slot, struct cr_err *err)
{
	console->relays[slot] = relay;
	console->relays[slot].console = console;
	console->relays[slot].thread = CreateThread(NULL, 0, how, &console->relays[slot], 0, NULL);
	if (console->relays[slot].thread)
		return 0;
	return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot start a thread");
}

static int start_whole(struct cr_console *console, struct cr_err *err)
{
	const struct relay keys = {.from = console->ours[0], .to = console->pseudo_in};
	const struct relay shown = {.from = console->pseudo_out, .to = console->ours[1]};

	make_raw(console);
	if (start_relay(console, keys, move_keys, 0, err) < 0)
		return -1;
	return start_relay(console, shown, move_output, 1, err);
}

static int start_parts(struct cr_console *console, struct cr_err *err)
{
	const struct relay lines = {.from = console->ours[0], .to = console->mine[0]};
	const struct relay nowhere = {.from = console->pseudo_out, .to = console->pseudo_in};

	if (console->pseudo && start_relay(console, nowhere, throw_away, 3, err) < 0)
		return -1;
	if (console->mine[0] && start_relay(console, lines, move_lines, 0, err) < 0)
		return -1;
	for (unsigned fd = 1; fd < 3; fd++) {
		const struct relay shown = {.from = console->mine[fd], .to = console->ours[fd]};

		if (console->mine[fd] && start_relay(console, shown, move_output, fd, err) < 0)
			return -1;
	}
	return 0;
}

int cr_console_begin(struct cr_console *console, struct cr_err *err)
{
	for (unsigned fd = 0; fd < 3; fd++)
		cr_handle_close(&console->childs[fd]);
	set_current(console);
	if (!SetConsoleCtrlHandler(on_control, TRUE))
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot watch for Ctrl-C");
	return console->whole ? start_whole(console, err) : start_parts(console, err);
}

HANDLE cr_console_end_event(const struct cr_console *console)
{
	return console->end;
}

HANDLE cr_console_break_event(const struct cr_console *console)
{
	return console->broken;
}

void *cr_console_pseudo(const struct cr_console *console)
{
	return console->pseudo;
}

void cr_console_hang_up(struct cr_console *console)
{
	close_fn close = (close_fn)entry("ClosePseudoConsole");

	if (close && console->pseudo)
		close(console->pseudo);
	console->pseudo = NULL;
}

/* False when a thread does not end: it keeps what it uses, and the process is about to end. */
static bool end_relays(struct cr_console *console)
{
	struct relay *in = &console->relays[0];
	bool all = true;

	SetEvent(console->stop);
	if (in->thread) /* it may wait for a line nobody types */
		CancelSynchronousIo(in->thread);
	for (unsigned i = 0; i < 4; i++) {
		struct relay *relay = &console->relays[i];

		if (relay->thread)
			all &= WaitForSingleObject(relay->thread, PATIENCE_MS) == WAIT_OBJECT_0;
		cr_handle_close(&relay->thread);
	}
	return all;
}

static void restore(struct cr_console *console)
{
	if (console->raw) {
		SetConsoleMode(console->ours[0], console->in_mode);
		SetConsoleMode(console->ours[1], console->out_mode);
	}
	SetConsoleCtrlHandler(on_control, FALSE);
	set_current(NULL);
	SetEvent(console->done); /* stays open: the handler may be waiting for it */
}

/* Does a thread read what the pseudo console shows? */
static bool is_read(const struct cr_console *console)
{
	for (unsigned i = 0; i < 4; i++) {
		if (console->relays[i].thread && console->relays[i].from == console->pseudo_out)
			return true;
	}
	return false;
}

void cr_console_close(struct cr_console *console)
{
	if (!console)
		return;
	/* before Windows 11 24H2 its close waits for a reader, or for none to be possible */
	if (!is_read(console))
		cr_handle_close(&console->pseudo_out);
	cr_console_hang_up(console);

	const bool all = end_relays(console);

	restore(console);
	if (!all)
		return;
	for (unsigned fd = 0; fd < 3; fd++) {
		cr_handle_close(&console->childs[fd]);
		cr_handle_close(&console->mine[fd]);
	}
	cr_handle_close(&console->pseudo_in);
	cr_handle_close(&console->pseudo_out);
	cr_handle_close(&console->stop);
	cr_handle_close(&console->end);
	cr_handle_close(&console->broken);
	free(console);
}
