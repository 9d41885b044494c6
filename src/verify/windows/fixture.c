/*
 * fixture.c - the targets of the attacks on Windows: a home with files of every kind, and objects
 * of the process that verifies, which plays the victim.
 *
 * Creates nothing outside `dir` but named objects, which go with this process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winsock2.h>
#include <bcrypt.h>

#include "fixture_parts.h"

static const struct {
	const char *path; /* in the fixture's directory; ends in \ for a directory */
	bool secret;      /* says the marker */
} seeds[] = {
	{"home\\out\\sub\\deep\\", false},
	{"home\\out\\empty\\", false},
	{"home\\out\\everyones\\", false},
	{"home\\out\\f", false},
	{"home\\out\\everyone", false},
	{"home\\out\\sub\\f", false},
	{"home\\ws\\.git\\hooks\\", false},
	{"home\\ws\\.git\\config", false},
	{"home\\ws\\d\\deep\\f", false},
	{"home\\ws\\f", false},
	{"home\\ws\\g", false},
	{"home\\.ssh\\id_ed25519", true},
	{"home\\low", false},
	{"home\\AppData\\Local\\", false},
	{"home\\AppData\\Roaming\\", false},
	{"tmp\\", false},
};

static int fail(struct cr_err *err, const char *what)
{
	char why[256];
	const int code = cr_attack_last_error(why, sizeof(why));

	cr_fail(err, CR_E_IO, "cannot make %.400s: %s", what, why);
	err->os_code = code;
	return -1;
}

static int make_dirs(char *path, struct cr_err *err)
{
	for (char *mark = strchr(path + 3, '\\'); mark; mark = strchr(mark + 1, '\\')) {
		*mark = '\0';
		if (!CreateDirectoryW(cr_win_wide(path), NULL) &&
		    GetLastError() != ERROR_ALREADY_EXISTS)
			return fail(err, path);
		*mark = '\\';
	}
	return 0;
}

static int make_seed(const struct cr_attack_fixture *fixture, size_t index, struct cr_err *err)
{
	char path[CR_WIN_BIG];
	FILE *file;
	int bad;

	snprintf(path, sizeof(path), "%s\\%s", fixture->dir, seeds[index].path);
	if (make_dirs(path, err) < 0)
		return -1;
	if (path[strlen(path) - 1] == '\\')
		return 0;
	file = cr_attack_fopen(path, "w");
	if (!file)
		return fail(err, path);
	bad = fprintf(file, "%s\n", seeds[index].secret ? fixture->env.marker : seeds[index].path) <
	      0;
	return fclose(file) != 0 || bad ? fail(err, path) : 0;
}

/* A file with a name outside and one in the workspace, what everyone may change, what is Low. */
static int open_seeds(const struct cr_attack_fixture *fixture, struct cr_err *err)
{
	const struct cr_attack_env *env = &fixture->env;
	static const wchar_t everyone[] = L"D:(A;OICI;FA;;;WD)";

	if (!CreateHardLinkW(cr_win_path(env, "ws:hl"), cr_win_path(env, "out:sub\\f"), NULL))
		return fail(err, "a hard link");
	if (!cr_win_set_sd(cr_win_path(env, "out:everyone"), everyone, DACL_SECURITY_INFORMATION) ||
	    !cr_win_set_sd(cr_win_path(env, "out:everyones"), everyone, DACL_SECURITY_INFORMATION))
		return fail(err, "a file that is everyone's");
	/* where there are no labels, the attack on it is one on any file */
	cr_win_set_sd(cr_win_path(env, "home:low"), L"S:(ML;;NW;;;LW)", LABEL_SECURITY_INFORMATION);
	return 0;
}

static int make_env(struct cr_attack_fixture *fixture, struct cr_err *err)
{
	struct cr_attack_env *env = &fixture->env;
	unsigned char bytes[8];
	const struct {
		char *field;
		const char *tail;
	} fields[] = {
		{env->home, "home"},
		{env->workspace, "home\\ws"},
		{env->outside, "home\\out"},
		{env->secret, "home\\.ssh\\id_ed25519"},
		{env->state_dir, "home\\AppData\\Local\\carrel"},
		{env->config_dir, "home\\.config\\carrel"},
		{env->tmp_dir, "tmp"},
	};
	unsigned long long number = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		snprintf(fields[i].field, CR_ATTACK_TEXT, "%s\\%s", fixture->dir, fields[i].tail);
	if (BCryptGenRandom(NULL, bytes, sizeof(bytes), BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0)
		return cr_fail(err, CR_E_IO, "cannot get random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++)
		number = number << 8 | bytes[i];
	snprintf(env->object_name, sizeof(env->object_name), "carrel-%016llx", number);
	snprintf(env->marker, sizeof(env->marker), "carrel-secret-%016llx", ~number);
	env->victim_pid = (long)GetCurrentProcessId();
	env->file_fd = -1;
	return 0;
}

/* Connections wait in its queue; nobody has to accept them. */
static int make_server(struct cr_attack_fixture *fixture, struct cr_err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int len = sizeof(at);
	WSADATA data;

	if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
		return fail(err, "sockets");
	fixture->sockets = true;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fixture->server = socket(AF_INET, SOCK_STREAM, 0);
	if (fixture->server == INVALID_SOCKET ||
	    bind(fixture->server, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fixture->server, 4) != 0 ||
	    getsockname(fixture->server, (struct sockaddr *)&at, &len) != 0) {
		SetLastError((DWORD)WSAGetLastError());
		return fail(err, "a server");
	}
	fixture->env.tcp_port = ntohs(at.sin_port);
	return 0;
}

/*
 * A window for messages alone: it is on the user's desktop, and no broadcast waits for it. Found by
 * its class, because asking for a title is a message that nobody here answers.
 */
static void make_ui(struct cr_attack_fixture *fixture)
{
	const struct cr_attack_env *env = &fixture->env;
	const WNDCLASSEXW kind = {
		.cbSize = sizeof(kind),
		.lpfnWndProc = DefWindowProcW,
		.hInstance = GetModuleHandleW(NULL),
		.lpszClassName = cr_win_object(env, L"window"),
	};

	fixture->atom = GlobalAddAtomW(cr_win_object(env, L"atom"));
	fixture->kind = RegisterClassExW(&kind);
	if (fixture->kind)
		fixture->window = CreateWindowExW(0, kind.lpszClassName, L"", 0, 0, 0, 0, 0,
						  HWND_MESSAGE, NULL, kind.hInstance, NULL);
}

static int make_objects(struct cr_attack_fixture *fixture, struct cr_err *err)
{
	const struct cr_attack_env *env = &fixture->env;

	fixture->release = CreateEventW(NULL, TRUE, FALSE, cr_win_object(env, L"release"));
	if (!fixture->release || cr_win_objects_make(env, &fixture->objects) < 0)
		return fail(err, "named objects");
	make_ui(fixture); /* without them the attacks on them prove nothing, and say so */
	return make_server(fixture, err);
}

static int make_all(struct cr_attack_fixture *fixture, struct cr_err *err)
{
	if (make_env(fixture, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
		if (make_seed(fixture, i, err) < 0)
			return -1;
	if (open_seeds(fixture, err) < 0 || make_objects(fixture, err) < 0)
		return -1;
	return cr_fixture_remember(fixture, err);
}

int cr_attack_fixture_make(const char *dir, struct cr_attack_fixture **out, struct cr_err *err)
{
	struct cr_attack_fixture *fixture;

	if (strlen(dir) >= sizeof(fixture->dir))
		return cr_fail(err, CR_E_LIMIT, "'%.300s' is too long", dir);
	fixture = calloc(1, sizeof(*fixture));
	if (!fixture)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	snprintf(fixture->dir, sizeof(fixture->dir), "%s", dir);
	fixture->server = INVALID_SOCKET;
	if (make_all(fixture, err) < 0) {
		cr_attack_fixture_clean(fixture);
		return -1;
	}
	*out = fixture;
	return 0;
}

struct cr_attack_env *cr_attack_fixture_env(struct cr_attack_fixture *fixture)
{
	return &fixture->env;
}

/* The default hides ~/.ssh and protects all names the attacks are on. */
char *cr_attack_fixture_policy(const struct cr_attack_fixture *fixture)
{
	(void)fixture;
	return _strdup("use default\n");
}

void cr_attack_fixture_clean(struct cr_attack_fixture *fixture)
{
	if (!fixture)
		return;
	if (fixture->release)
		SetEvent(fixture->release);
	cr_win_objects_close(&fixture->objects);
	cr_win_done(fixture->release);
	if (fixture->window)
		DestroyWindow(fixture->window);
	if (fixture->kind)
		UnregisterClassW(MAKEINTATOM(fixture->kind), GetModuleHandleW(NULL));
	if (fixture->atom)
		GlobalDeleteAtom(fixture->atom);
	if (fixture->server != INVALID_SOCKET)
		closesocket(fixture->server);
	if (fixture->sockets)
		WSACleanup();
	cr_fixture_forget(fixture);
	cr_win_remove_tree(cr_win_verbatim(fixture->dir), false);
	free(fixture);
}
