/*
 * process_words.c - what a started program is told: words, environment,
 * directory; and which program a name means.
 *
 * Words are compared as the C runtime and as the shell split them, inside the started program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process_fixture.h"
#include "tap.h"
#include "windows/cmdline.h"
#include "windows/console.h"

#define N_RANDOM 60 /* starts */
#define N_WORDS  24 /* in each */

/* Both ways of splitting give the words after the verb. */
static bool same_words(const char *const *words)
{
	for (const char *const *tag = (const char *const[]){"R ", "S ", NULL}; *tag; tag++) {
		const char *cursor = ran.out;
		size_t i = 0;

		next_line(&cursor, *tag); /* argv[0] */
		for (; words[i]; i++) {
			const char *line = next_line(&cursor, *tag);

			if (strcmp(line, hex_of(words[i])) != 0) {
				tap_note("%sword %zu: %.200s instead of %.200s", *tag, i, line,
					 hex_of(words[i]));
				return false;
			}
		}
		if (*next_line(&cursor, *tag))
			return false;
	}
	return true;
}

static void hostile_words(void)
{
	const char *const words[] = {
		"words",
		"",
		" ",
		"\t",
		"\"",
		"\"\"",
		"\\",
		"\\\\",
		"\\\"",
		"a\\",
		"a b\\",
		"a\\\\ b\\\\",
		"a\"b",
		"\"a b\"",
		"\n",
		"a\r\nb",
		"*",
		"*.exe",
		"?",
		"'a b'",
		"a'b",
		"%PATH%",
		"^",
		"&calc",
		"|",
		"<x>",
		"!x!",
		"@file",
		"~",
		"{a,b}",
		"C:\\dir with blank\\",
		"\xc3\xa4\xc3\xb6\xc3\xbc",
		"\xf0\x9f\x93\x9a",
		"\xe2\x80\xae",
		"\x01\x1f",
		"",
		NULL,
	};

	run_probe(words);
	tap_check(ran.status == 0 && same_words(words), "hostile words arrive as they are");
}

static unsigned next_random(void)
{
	static unsigned seed = 177;

	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static void make_word(char *word)
{
	static const char *const pieces[] = {"\\", "\"", " ", "\t", "a", "\\\\", "\\\"",    "'",
					     "*",  "\n", "%", "^",  "&", "-",    "\xc3\xa9"};
	unsigned count = next_random() % 9;

	word[0] = '\0';
	for (size_t len = 0; count > 0; count--) {
		const char *piece = pieces[next_random() % (sizeof(pieces) / sizeof(*pieces))];

		len += (size_t)snprintf(word + len, 64 - len, "%s", piece);
	}
}

static void random_words(void)
{
	static char texts[N_WORDS][64];
	unsigned good = 0;

	for (unsigned i = 0; i < N_RANDOM; i++) {
		const char *words[N_WORDS + 2] = {"words"};

		for (unsigned w = 0; w < N_WORDS; w++) {
			make_word(texts[w]);
			words[w + 1] = texts[w];
		}
		run_probe(words);
		good += ran.status == 0 && same_words(words);
	}
	tap_check(good == N_RANDOM, "%u of %u times %u random words arrive", good, N_RANDOM,
		  N_WORDS);
}

static void long_words(void)
{
	static char word[40000];

	memset(word, 'x', sizeof(word) - 1);
	word[32000] = '\0';
	const char *const words[] = {"words", word, NULL};

	run_probe(words);
	tap_check(ran.status == 0 && same_words(words), "a word of 32,000 characters arrives");
	memset(word, 'x', sizeof(word) - 1);
	tap_check(!RUN_PROBE("words", word) && ran.err.code == CR_E_LIMIT,
		  "one that is too long is refused");
	tap_check(!RUN_PROBE("words", "\xff") && ran.err.code == CR_E_EXEC,
		  "one that is not UTF-8 is refused");
}

static bool has_line(const char *text)
{
	const char *cursor = ran.out;
	const char *wanted = hex_of(text);

	for (;;) {
		const char *line = next_line(&cursor, "");

		if (strcmp(line, wanted) == 0)
			return true;
		if (!*line)
			return false;
	}
}

static void environment(void)
{
	char *const argv[] = {fixture.probe, "env", NULL};
	char *const envp[] = {"Zeta=1", "alpha=\xc3\xa4 b=c", "ALPHA=second",
			      "EMPTY=", "=X:=X:\\y",          NULL};
	struct cr_process_start start = {.program = fixture.probe, .argv = argv, .envp = envp};

	SetEnvironmentVariableW(L"CARREL_TEST_SECRET", L"secret");
	run(&start);
	tap_check(has_line("Zeta=1") && has_line("EMPTY="), "variables arrive");
	tap_check(has_line("alpha=\xc3\xa4 b=c"), "in all of Unicode");
	tap_check(!has_line("ALPHA=second"), "of two names that differ in case the first counts");
	tap_check(ran.len > 0 && !has_line("CARREL_TEST_SECRET=secret"),
		  "and none of the launcher's own");
	start.envp = (char *const[]){"no-equals", NULL};
	tap_check(!run(&start) && ran.err.code == CR_E_EXEC, "what is no variable is refused");
}

/* The block as CreateProcess is given it. */
static void environment_order(void)
{
	static const wchar_t wanted[] = L"=X:=X:\\y\0A=1\0b=2\0B_C=3\0Z=9\0";
	char *const envp[] = {"Z=9", "b=2", "B_C=3", "A=1", "=X:=X:\\y", "a=later", NULL};
	struct cr_arena *arena = cr_arena_new();
	const wchar_t *block = cr_cmdline_environment(arena, envp, NULL);

	tap_check(block && memcmp(block, wanted, sizeof(wanted)) == 0,
		  "the block is sorted by name without case and ends with two zeros");
	block = cr_cmdline_environment(arena, NULL, NULL);
	tap_check(block && block[0] == 0 && block[1] == 0, "an empty one too");
	cr_arena_free(arena);
}

static void directory(void)
{
	char *const argv[] = {fixture.probe, "cwd", NULL};
	struct cr_process_start start = {
		.program = fixture.probe, .argv = argv, .cwd = in_dir("d \xc3\xa9")};
	wchar_t pathw[700];

	MultiByteToWideChar(CP_UTF8, 0, start.cwd, -1, pathw, 700);
	CreateDirectoryW(pathw, NULL);
	tap_check(run(&start) && has_line(start.cwd), "it starts in the directory said");
	start.cwd = in_dir("absent");
	tap_check(!run(&start) && ran.err.code == CR_E_PATH, "one that is absent is refused");
}

static void exit_codes(void)
{
	static const DWORD codes[] = {0,          1,          3,          255,       256,
				      0x7fffffff, 0xC0000005, 0xC000013A, 0xffffffff};
	unsigned good = 0;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		char text[16];

		snprintf(text, sizeof(text), "0x%lx", codes[i]);
		good += RUN_PROBE("exit", text) && ran.code == codes[i];
	}
	tap_check(good == sizeof(codes) / sizeof(codes[0]), "exit codes come back with 32 bits");
}

/* Runs `name` with this PATH in the directory `cwd`. */
static bool run_named(const char *name, const char *path, const char *cwd)
{
	char variable[1500], *const argv[] = {_strdup(name), "exit", "7", NULL};
	char *const envp[] = {variable, "PATHEXT=.EXE;.CMD;.BAT", NULL};
	struct cr_process_start start = {.argv = argv, .envp = envp, .cwd = cwd};

	snprintf(variable, sizeof(variable), "Path=%s", path);

	const bool good = run(&start);

	free(argv[0]);
	return good;
}

static void copy_probe(const char *name)
{
	wchar_t fromw[700], tow[700];

	MultiByteToWideChar(CP_UTF8, 0, fixture.probe, -1, fromw, 700);
	MultiByteToWideChar(CP_UTF8, 0, in_dir(name), -1, tow, 700);
	CopyFileW(fromw, tow, FALSE);
}

/* What CreateProcess does with the same name, and why it is not asked. */
static bool windows_takes_current_directory(void)
{
	STARTUPINFOW startup = {.cb = sizeof(startup)};
	PROCESS_INFORMATION info;
	wchar_t linew[] = L"planted exit 7", oldw[MAX_PATH], dirw[700];
	BOOL good;

	GetCurrentDirectoryW(MAX_PATH, oldw);
	MultiByteToWideChar(CP_UTF8, 0, in_dir("ws"), -1, dirw, 700);
	SetCurrentDirectoryW(dirw);
	good = CreateProcessW(NULL, linew, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &info);
	SetCurrentDirectoryW(oldw);
	if (good) {
		WaitForSingleObject(info.hProcess, INFINITE);
		CloseHandle(info.hProcess);
		CloseHandle(info.hThread);
	}
	return good;
}

static void search(void)
{
	wchar_t dirw[700];
	char path[1400];

	for (const char *const *name = (const char *const[]){"ws", "bin", NULL}; *name; name++) {
		MultiByteToWideChar(CP_UTF8, 0, in_dir(*name), -1, dirw, 700);
		CreateDirectoryW(dirw, NULL);
	}
	copy_probe("ws\\planted.exe");
	copy_probe("bin\\tool.exe");
	snprintf(path, sizeof(path), ";.;;%s", in_dir("bin"));
	tap_check(windows_takes_current_directory(),
		  "control: Windows itself takes a program from the current directory");
	tap_check(!run_named("planted", path, in_dir("ws")) && ran.err.code == CR_E_NOTFOUND,
		  "a program in the current directory is not found by its name");
	tap_check(run_named(".\\planted", path, in_dir("ws")) && ran.code == 7,
		  "but by a path, with its extension added");
	tap_check(run_named("tool", path, in_dir("ws")) && ran.code == 7, "PATH is searched");
	tap_check(run_named("TOOL.EXE", path, in_dir("ws")) && ran.code == 7,
		  "also for a name with an extension, in any case");
	tap_check(!run_named("\\\\localhost\\c$\\x.exe", path, in_dir("ws")) &&
			  ran.err.code == CR_E_EXEC,
		  "another machine's is refused before any look");
	write_file("bin\\text.exe", "this is no program");
	tap_check(!run_named("text", path, in_dir("ws")) && ran.err.code == CR_E_EXEC &&
			  ran.err.os_code == ERROR_BAD_EXE_FORMAT,
		  "a file that is no program cannot be executed");
}

/* A batch file that hands its words to the probe. */
static bool run_batch(const char *name, const char *word)
{
	char *const argv[] = {_strdup(in_dir(name)), _strdup(word), NULL};
	struct cr_process_start start = {.argv = argv,
					 .envp = (char *const[]){"PATHEXT=.EXE", NULL}};
	const bool good = run(&start);

	free(argv[0]);
	free(argv[1]);
	return good;
}

static void batch_files(void)
{
	static const char *const safe[] = {"a b", "a&calc", "a|b", "<x>",  "^",
					   "!x!", "a=b",    "(x)", "plain"};
	static const char *const unsafe[] = {"\"", "\"&calc", "%PATH%", "a\nb", "a\rb", "100%"};
	char script[1400];
	unsigned good = 0;

	snprintf(script, sizeof(script), "@\"%s\" words %%*\r\n", fixture.probe);
	write_file("say & do.cmd", script);
	for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++) {
		const char *const words[] = {"words", safe[i], NULL};
		const bool same = run_batch("say & do.cmd", safe[i]) && same_words(words);

		if (!same)
			tap_note("<%s>: %s %.300s", safe[i], ran.err.text, ran.out);
		good += same;
	}
	tap_check(good == sizeof(safe) / sizeof(safe[0]),
		  "words reach the program behind a batch file as they are");
	good = 0;
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
		good += !run_batch("say & do.cmd", unsafe[i]) && ran.err.code == CR_E_EXEC;
	tap_check(good == sizeof(unsafe) / sizeof(unsafe[0]),
		  "words that cmd.exe would act on are refused");
	tap_check(!run_batch("say & do.cmd.", "\"&calc") && ran.err.code == CR_E_EXEC &&
			  !run_batch("say & do.CMD ", "\"&calc") && ran.err.code == CR_E_EXEC,
		  "also when the name ends in dots and blanks");
}

/* What a pseudo console asks whoever shows it, whole and in pieces of every size. */
static void question(void)
{
	static const char shown[] = "\x1b[?9001h\x1b\x1b[\x1b[c\x1b[2J";
	unsigned good = 0;
	size_t seen = 0;

	for (size_t size = 1; size < sizeof(shown); size++) {
		unsigned asked = 0;

		seen = 0;
		for (size_t at = 0; at < sizeof(shown) - 1; at += size) {
			const size_t left = sizeof(shown) - 1 - at;

			asked += cr_console_asks(&seen, shown + at, left < size ? left : size);
		}
		good += asked == 1;
	}
	tap_check(good == sizeof(shown) - 1, "the question what terminal it is, is found once");
	tap_check(!cr_console_asks(&seen, "\x1b[c", 3), "it is not answered twice");
	seen = 0;
	tap_check(!cr_console_asks(&seen, "\x1b[?1c\x1b[0c[c", 11),
		  "nothing else is that question");
}

int main(void)
{
	fixture_init();
	question();
	hostile_words();
	random_words();
	long_words();
	environment();
	environment_order();
	directory();
	exit_codes();
	search();
	batch_files();
	return tap_end();
}
