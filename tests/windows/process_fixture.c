/* process_fixture.c - process_fixture.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process_fixture.h"

struct fixture fixture;
struct ran ran;

void fixture_init(void)
{
	wchar_t pathw[512];

	GetModuleFileNameW(NULL, pathw, 512);
	*wcsrchr(pathw, L'\\') = L'\0';
	WideCharToMultiByte(CP_UTF8, 0, pathw, -1, fixture.dir, sizeof(fixture.dir), NULL, NULL);
	snprintf(fixture.probe, sizeof(fixture.probe), "%s\\probe.exe", fixture.dir);
}

static void read_all(HANDLE from)
{
	DWORD got;

	ran.len = 0;
	while (ran.len + 1 < sizeof(ran.out) &&
	       ReadFile(from, ran.out + ran.len, (DWORD)(sizeof(ran.out) - 1 - ran.len), &got,
			NULL) &&
	       got > 0)
		ran.len += got;
	ran.out[ran.len] = '\0';
}

bool run(struct cr_process_start *start)
{
	struct cr_process process = {0};
	HANDLE from = NULL, to = NULL;

	ran.len = 0;
	ran.out[0] = '\0';
	ran.err = (struct cr_err){0};
	CreatePipe(&from, &to, NULL, 0);
	if (!start->stdio[1])
		start->stdio[1] = to;
	if (!start->stdio[2])
		start->stdio[2] = to;
	if (!start->cwd)
		start->cwd = fixture.dir;
	ran.status = cr_process_start(start, &process, &ran.err);
	CloseHandle(to);
	if (ran.status == 0) {
		read_all(from);
		cr_process_wait(&process, 60000, &ran.code, NULL);
		cr_process_close(&process);
	}
	CloseHandle(from);
	return ran.status == 0;
}

bool run_probe(const char *const *words)
{
	char *argv[64] = {fixture.probe};
	size_t n = 1;
	struct cr_process_start start = {.program = fixture.probe, .argv = argv};

	for (; *words && n < 63; words++)
		argv[n++] = _strdup(*words);

	const bool good = run(&start);

	while (n > 1)
		free(argv[--n]);
	return good;
}

const char *next_line(const char **cursor, const char *tag)
{
	static char line[140000];

	while (**cursor) {
		const size_t len = strcspn(*cursor, "\r\n");
		const char *at = *cursor;

		*cursor += len + strspn(*cursor + len, "\r\n");
		if (strncmp(at, tag, strlen(tag)) != 0)
			continue;
		snprintf(line, sizeof(line), "%.*s", (int)(len - strlen(tag)), at + strlen(tag));
		return line;
	}
	return "";
}

const char *hex_of(const char *text)
{
	static char texts[4][140000];
	static wchar_t textw[34000];
	static unsigned turn;
	char *hex = texts[turn++ % 4];
	size_t len = 0;

	hex[0] = '\0';
	MultiByteToWideChar(CP_UTF8, 0, text, -1, textw, 34000);
	for (const wchar_t *p = textw; *p; p++)
		len += (size_t)snprintf(hex + len, 140000 - len, "%04x", (unsigned)*p);
	return hex;
}

const char *in_dir(const char *name)
{
	static char paths[4][700];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, 700, "%s\\%s", fixture.dir, name);
	return path;
}

void write_file(const char *name, const char *text)
{
	FILE *file = fopen(in_dir(name), "wb");

	if (file) {
		fputs(text, file);
		fclose(file);
	}
}
