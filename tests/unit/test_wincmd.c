/*
 * test_wincmd.c - command lines of Windows: what is quoted here, every way of
 * splitting gives back, word for word.
 *
 * The splitters are written from the rules Microsoft documents ("Parsing C command-line
 * arguments", the page of CommandLineToArgvW) and from what is known to differ: two quotes side by
 * side inside a quoted part, in the C runtime since 2008 and in CommandLineToArgvW.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/wincmd.h"

#define MAX_WORDS 16
#define MAX_WORD  4096

/* What `""` means inside a quoted part. */
enum dialect {
	OLD_RUNTIME, /* ends and begins quoting: nothing */
	NEW_RUNTIME, /* a quote; quoting goes on */
	SHELL,       /* CommandLineToArgvW: a quote; quoting ends */
	N_DIALECTS
};

struct split {
	char words[MAX_WORDS][MAX_WORD];
	size_t count;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* argv[0]: up to the next quote or blank, backslashes are themselves. */
static const char *split_program(const char *line, char *word)
{
	const bool quoted = *line == '"';
	size_t len = 0;

	line += quoted;
	while (*line && (quoted ? *line != '"' : !is_blank(*line)))
		word[len++] = *line++;
	word[len] = '\0';
	return *line == '"' ? line + 1 : line;
}

static const char *split_word(const char *line, enum dialect dialect, char *word)
{
	bool quoted = false;
	size_t len = 0;

	while (*line && (quoted || !is_blank(*line))) {
		size_t slashes = strspn(line, "\\");

		line += slashes;
		assert_true(len + slashes + 2 < MAX_WORD);
		if (*line == '"') {
			const bool literal = slashes % 2 == 1;

			memset(word + len, '\\', slashes / 2);
			len += slashes / 2;
			line++;
			if (literal) {
				word[len++] = '"';
			} else if (quoted && *line == '"' && dialect != OLD_RUNTIME) {
				word[len++] = '"';
				line++;
				quoted = dialect == NEW_RUNTIME;
			} else {
				quoted = !quoted;
			}
			continue;
		}
		memset(word + len, '\\', slashes);
		len += slashes;
		if (*line && (quoted || !is_blank(*line)))
			word[len++] = *line++;
	}
	word[len] = '\0';
	return line;
}

static void split_line(const char *line, enum dialect dialect, struct split *out)
{
	line = split_program(line, out->words[0]);
	out->count = 1;
	for (;;) {
		while (is_blank(*line))
			line++;
		if (!*line)
			return;
		assert_true(out->count < MAX_WORDS);
		line = split_word(line, dialect, out->words[out->count++]);
	}
}

static void check_round_trip(const char *const *argv)
{
	static struct split split;
	struct cr_arena *arena = cr_arena_new();
	struct cr_err err;
	const char *line = cr_wincmd_line(arena, argv, &err);
	size_t n = 0;

	while (argv[n])
		n++;
	if (!line)
		fail_msg("refused: %s", err.text);
	for (enum dialect dialect = 0; dialect < N_DIALECTS; dialect++) {
		split_line(line, dialect, &split);
		if (split.count != n)
			fail_msg("%zu words instead of %zu in <%s>", split.count, n, line);
		for (size_t i = 0; i < n; i++) {
			if (strcmp(split.words[i], argv[i]) != 0)
				fail_msg("dialect %d: <%s> instead of <%s> in <%s>", (int)dialect,
					 split.words[i], argv[i], line);
		}
	}
	cr_arena_free(arena);
}

/* The splitters themselves: the examples of the two pages, and where the dialects part. */
static void test_splitters(void **state)
{
	static const struct {
		const char *line;
		enum dialect dialect;
		const char *words[4];
	} cases[] = {
		{"p \"a b c\" d e", OLD_RUNTIME, {"a b c", "d", "e"}},
		{"p \"ab\\\"c\" \"\\\\\" d", OLD_RUNTIME, {"ab\"c", "\\", "d"}},
		{"p a\\\\\\b d\"e f\"g h", OLD_RUNTIME, {"a\\\\\\b", "de fg", "h"}},
		{"p a\\\\\\\"b c d", OLD_RUNTIME, {"a\\\"b", "c", "d"}},
		{"p a\\\\\\\\\"b c\" d e", OLD_RUNTIME, {"a\\\\b c", "d", "e"}},
		{"p a\"b\"\" c d", NEW_RUNTIME, {"ab\" c d"}},
		{"p a\"b\"\" c d", SHELL, {"ab\"", "c", "d"}},
		{"p a\"b\"\" c d", OLD_RUNTIME, {"ab c d"}},
		{"\"p q\\\" r", OLD_RUNTIME, {"r"}},
	};
	static struct split split;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		split_line(cases[i].line, cases[i].dialect, &split);
		for (size_t w = 0; w < 4 && cases[i].words[w]; w++) {
			assert_true(w + 1 < split.count);
			assert_string_equal(split.words[w + 1], cases[i].words[w]);
		}
	}
}

static void test_hostile_words(void **state)
{
	static const char *const words[] = {
		"",
		" ",
		"\t",
		"\"",
		"\"\"",
		"\"\"\"",
		"\\",
		"\\\\",
		"\\\"",
		"\\\\\"",
		"a\\",
		"a b\\",
		"a\\\\ b\\\\",
		"a\"b",
		"\"a b\"",
		"\n",
		"a\r\nb",
		"\v\f",
		"*",
		"*.c",
		"?",
		"-",
		"--",
		"@file",
		"'a b'",
		"a'b",
		"%PATH%",
		"^",
		"&calc",
		"|",
		"<",
		">",
		"!x!",
		"`",
		"$(x)",
		"{a,b}",
		"~",
		"#",
		";",
		"a=b",
		"C:\\dir with blank\\",
		"\\\\server\\share\\",
		"\xc3\xa4\xc3\xb6",
		"\xf0\x9f\x93\x9a",
		"\xe2\x80\xae",
		"\x01\x1f\x7f",
		"a\\\"b\\\\\"c\\\\\\\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *const alone[] = {"C:\\p.exe", words[i], NULL};
		const char *const between[] = {"C:\\p q\\p.exe", "a", words[i], words[i], "", NULL};

		check_round_trip(alone);
		check_round_trip(between);
	}
}

static unsigned next_random(void)
{
	static unsigned seed = 20240409;

	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

/* Mostly the characters that matter. */
static void make_word(char *word, size_t max)
{
	static const char *const pieces[] = {"\\", "\"",   " ",        "\t",
					     "a",  "\\\\", "\\\"",     "'",
					     "*",  "\n",   "\xc3\xa9", "\xf0\x9f\x98\x80",
					     "%",  "^",    "&",        "-"};
	const unsigned count = next_random() % 12;
	size_t len = 0;

	word[0] = '\0';
	for (unsigned i = 0; i < count; i++) {
		const char *piece = pieces[next_random() % (sizeof(pieces) / sizeof(pieces[0]))];

		if (len + strlen(piece) + 1 > max)
			return;
		memcpy(word + len, piece, strlen(piece) + 1);
		len += strlen(piece);
	}
}

static void test_random_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		char texts[6][64];
		const char *argv[8] = {"C:\\bin\\tool.exe"};
		const unsigned count = next_random() % 6;

		for (unsigned w = 0; w < count; w++) {
			make_word(texts[w], sizeof(texts[w]));
			argv[w + 1] = texts[w];
		}
		check_round_trip(argv);
	}
}

static void test_program_word(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_err err = {0};

	(void)state;
	check_round_trip((const char *const[]){"", "x", NULL});
	check_round_trip((const char *const[]){"C:\\a b\\", "x", NULL});
	assert_null(cr_wincmd_line(arena, (const char *const[]){"a\"b", NULL}, &err));
	assert_int_equal(err.code, CR_E_EXEC);
	assert_null(cr_wincmd_line(arena, (const char *const[]){NULL}, &err));
	assert_int_equal(err.code, CR_E_EXEC);
	assert_null(cr_wincmd_line(arena, (const char *const[]){"p", "\xff", NULL}, &err));
	assert_int_equal(err.code, CR_E_EXEC);
	assert_null(cr_wincmd_line(arena, (const char *const[]){"p", "\xed\xa0\x80", NULL}, &err));
	cr_arena_free(arena);
}

/* Characters as UTF-16 counts them: `each` of them, `n` times. */
static char *repeat(const char *each, size_t n)
{
	const size_t len = strlen(each);
	char *text = malloc(len * n + 1);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		memcpy(text + i * len, each, len);
	text[len * n] = '\0';
	return text;
}

static void test_length(void **state)
{
	static const struct {
		const char *each;
		size_t n;
		bool fits;
	} cases[] = {
		{"a", CR_WINCMD_MAX - 4, true},
		{"a", CR_WINCMD_MAX - 3, false},
		{"\xc3\xa9", CR_WINCMD_MAX - 6, true},
		{"\xc3\xa9", CR_WINCMD_MAX - 5, false},
		{"\"", CR_WINCMD_MAX / 2 - 3, true},
		{"\"", CR_WINCMD_MAX / 2 - 2, false},
		{"\xf0\x9f\x98\x80", CR_WINCMD_MAX / 2 - 3, true},
		{"\xf0\x9f\x98\x80", CR_WINCMD_MAX / 2 - 2, false},
		{"a", 5000000, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cr_arena *arena = cr_arena_new();
		struct cr_err err = {0};
		char *word = repeat(cases[i].each, cases[i].n);
		const char *line =
			cr_wincmd_line(arena, (const char *const[]){"p", word, NULL}, &err);

		assert_int_equal(line != NULL, cases[i].fits);
		if (!line)
			assert_int_equal(err.code, CR_E_LIMIT);
		free(word);
		cr_arena_free(arena);
	}
}

static void test_is_batch(void **state)
{
	static const char *const batch[] = {
		"C:\\x.bat",  "C:\\x.cmd",    "C:\\x.BaT", "C:\\x.CMD",     "C:\\x.bat.",
		"C:\\x.bat ", "C:\\x.cmd. .", "C:\\.bat",  "C:\\a.exe.cmd", "x.bat   ..",
	};
	static const char *const others[] = {
		"C:\\x.exe", "C:\\bat",      "C:\\x.bat.exe", "C:\\x.ba", "",
		".",         "C:\\x.bat\\y", "C:\\x.cmdx",    "bat",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(batch) / sizeof(batch[0]); i++)
		assert_true(cr_wincmd_is_batch(batch[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(cr_wincmd_is_batch(others[i]));
}

#define CMD   "C:\\Windows\\System32\\cmd.exe"
#define START "\"" CMD "\" /e:on /v:off /d /s /c \""

static void test_batch_lines(void **state)
{
	static const struct {
		const char *script;
		const char *argv[4];
		const char *line; /* NULL: refused */
	} cases[] = {
		{"C:\\x.bat", {"x"}, START "\"C:\\x.bat\"\""},
		{"C:\\x.bat", {"x", "install", "--save"}, START "\"C:\\x.bat\" install --save\""},
		{"C:\\a b&c.cmd", {"x", ""}, START "\"C:\\a b&c.cmd\" \"\"\""},
		{"C:\\x.bat", {"x", "a b"}, START "\"C:\\x.bat\" \"a b\"\""},
		{"C:\\x.bat", {"x", "a&calc"}, START "\"C:\\x.bat\" \"a&calc\"\""},
		{"C:\\x.bat", {"x", "a|b", "<c>"}, START "\"C:\\x.bat\" \"a|b\" \"<c>\"\""},
		{"C:\\x.bat", {"x", "^", "!PATH!"}, START "\"C:\\x.bat\" \"^\" \"!PATH!\"\""},
		{"C:\\x.bat", {"x", "a=b", "a,b;c"}, START "\"C:\\x.bat\" \"a=b\" \"a,b;c\"\""},
		{"C:\\x.bat",
		 {"x", "d\\", "d e\\\\"},
		 START "\"C:\\x.bat\" \"d\\\\\" \"d e\\\\\\\\\"\""},
		{"C:\\x.bat", {"x", "(a)"}, START "\"C:\\x.bat\" \"(a)\"\""},
		{"C:\\x.bat", {"x", "\xc3\xa9"}, START "\"C:\\x.bat\" \"\xc3\xa9\"\""},
		{"C:\\x.bat", {"x", "\""}, NULL},
		{"C:\\x.bat", {"x", "\"&calc"}, NULL},
		{"C:\\x.bat", {"x", "\"\"&calc.exe"}, NULL},
		{"C:\\x.bat", {"x", "a", "%PATH%"}, NULL},
		{"C:\\x.bat", {"x", "%CMDCMDLINE:~-1%&calc"}, NULL},
		{"C:\\x.bat", {"x", "100%"}, NULL},
		{"C:\\x.bat", {"x", "a\nb"}, NULL},
		{"C:\\x.bat", {"x", "a\rb"}, NULL},
		{"C:\\x.bat", {"x", "\x1a"}, NULL},
		{"C:\\x.bat", {"x", "a\tb"}, NULL},
		{"C:\\%x%.bat", {"x"}, NULL},
		{"C:\\x.bat", {"x", "\xff"}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cr_arena *arena = cr_arena_new();
		struct cr_err err = {0};
		const char *line =
			cr_wincmd_batch_line(arena, CMD, cases[i].script, cases[i].argv, &err);

		if (cases[i].line) {
			assert_non_null(line);
			assert_string_equal(line, cases[i].line);
		} else {
			assert_null(line);
			assert_int_equal(err.code, CR_E_EXEC);
		}
		cr_arena_free(arena);
	}
}

/*
 * What cmd.exe sees of the line after the script: outside quotes no character it acts on, and the
 * quotes close.
 */
static void check_batch_tail(const char *tail)
{
	bool quoted = false;

	for (; *tail; tail++) {
		if (*tail == '"')
			quoted = !quoted;
		else if (!quoted)
			assert_null(strchr("&|<>^()%!,;=\t\n\r", *tail));
		assert_true(*tail != '%' && *tail != '\n' && *tail != '\r');
	}
	assert_false(quoted);
}

static void test_random_batch(void **state)
{
	const size_t fixed = strlen(START "\"C:\\x.bat\"");
	unsigned passed = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct cr_arena *arena = cr_arena_new();
		char a[64], b[64];
		char *line;

		make_word(a, sizeof(a));
		make_word(b, sizeof(b));
		line = cr_wincmd_batch_line(arena, CMD, "C:\\x.bat",
					    (const char *const[]){"x", a, b, NULL}, NULL);
		if (line) {
			passed++;
			line[strlen(line) - 1] = '\0'; /* the outer quote, which /s takes off */
			check_batch_tail(line + fixed);
		}
		cr_arena_free(arena);
	}
	assert_in_range(passed, 1000, 19000);
}

static void test_batch_length(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_err err = {0};
	char *word = repeat("a", CR_WINCMD_BATCH_MAX);

	(void)state;
	assert_null(cr_wincmd_batch_line(arena, CMD, "C:\\x.bat",
					 (const char *const[]){"x", word, NULL}, &err));
	assert_int_equal(err.code, CR_E_LIMIT);
	word[CR_WINCMD_BATCH_MAX / 2] = '\0';
	assert_non_null(cr_wincmd_batch_line(arena, CMD, "C:\\x.bat",
					     (const char *const[]){"x", word, NULL}, &err));
	free(word);
	cr_arena_free(arena);
}

static void test_candidates(void **state)
{
	static const struct {
		const char *name, *path, *pathext;
		const char *found; /* joined by '|'; NULL: refused */
	} cases[] = {
		{"git", "C:\\a;D:\\b", ".EXE;.CMD",
		 "C:\\a\\git.EXE|C:\\a\\git.CMD|D:\\b\\git.EXE|D:\\b\\git.CMD"},
		{"git.exe", "C:\\a", ".COM;.EXE",
		 "C:\\a\\git.exe|C:\\a\\git.exe.COM|C:\\a\\git.exe.EXE"},
		{"python3.11", "C:\\a", ".EXE", "C:\\a\\python3.11.EXE"},
		/* never: the current directory, empty and relative entries, other machines, devices
		 */
		{"git", "", ".EXE", ""},
		{"git", NULL, ".EXE", ""},
		{"git",
		 ";;.;..;bin;\\bin;/bin;C:;C:bin;\\\\srv\\share;//srv/share;"
		 "\\\\?\\C:\\x;\\\\.\\C:\\x;%X%;C:\\ok",
		 ".EXE", "C:\\ok\\git.EXE"},
		{"git", "\"C:\\a;b\";C:\\\"c d\"", ".EXE", "C:\\a;b\\git.EXE|C:\\c d\\git.EXE"},
		{"git", "C:/a/", ".EXE", "C:/a/\\git.EXE"},
		{"git", "C:\\a:b;C:\\a\nb;C:\\*", ".EXE", ""},
		{"git", "C:\\a", "", ""},
		{"git", "C:\\a", "EXE;.;;.E*E;.EXE", "C:\\a\\git.EXE"},
		/* with a directory part: there alone */
		{".\\git", "C:\\a", ".EXE", "C:\\ws\\.\\git.EXE|C:\\ws\\.\\git"},
		{"sub/t.exe", "C:\\a", ".EXE", "C:\\ws\\sub/t.exe|C:\\ws\\sub/t.exe.EXE"},
		{"..\\x.sh", "C:\\a", ".EXE", "C:\\ws\\..\\x.sh.EXE|C:\\ws\\..\\x.sh"},
		{"\\x.exe", "C:\\a", ".EXE", "C:\\x.exe|C:\\x.exe.EXE"},
		{"D:\\x.cmd", "C:\\a", ".EXE", "D:\\x.cmd.EXE|D:\\x.cmd"},
		{"", "C:\\a", ".EXE", NULL},
		{"C:x.exe", "C:\\a", ".EXE", NULL},
		{"\\\\srv\\x.exe", "C:\\a", ".EXE", NULL},
		{"//srv/x.exe", "C:\\a", ".EXE", NULL},
		{"\\\\?\\C:\\x.exe", "C:\\a", ".EXE", NULL},
		{"\\\\.\\NUL", "C:\\a", ".EXE", NULL},
		{"x.exe:stream", "C:\\a", ".EXE", NULL},
		{"C:\\x.bat::$DATA", "C:\\a", ".EXE", NULL},
		{"gi*", "C:\\a", ".EXE", NULL},
		{"a\nb", "C:\\a", ".EXE", NULL},
		{"a|b", "C:\\a", ".EXE", NULL},
		{"\xff", "C:\\a", ".EXE", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cr_arena *arena = cr_arena_new();
		struct cr_err err = {0};
		const struct cr_wincmd_search search = {cases[i].name, cases[i].path,
							cases[i].pathext, "C:\\ws"};
		const char *const *found = cr_wincmd_candidates(arena, &search, &err);
		char joined[1024] = "";

		if (!cases[i].found) {
			assert_null(found);
			assert_int_equal(err.code, CR_E_EXEC);
		} else {
			assert_non_null(found);
			for (size_t n = 0; found[n]; n++) {
				const size_t len = strlen(joined);

				snprintf(joined + len, sizeof(joined) - len, "%s%s", n ? "|" : "",
					 found[n]);
			}
			assert_string_equal(joined, cases[i].found);
		}
		cr_arena_free(arena);
	}
}

/* A fresh Windows' PATHEXT, where none is set; too long a PATH is an error, not a cut one. */
static void test_search_limits(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_err err = {0};
	char *path = repeat("C:\\a;", 2000);
	struct cr_wincmd_search search = {.name = "git", .path = "C:\\a"};
	const char *const *found = cr_wincmd_candidates(arena, &search, &err);

	(void)state;
	assert_non_null(found);
	assert_string_equal(found[0], "C:\\a\\git.COM");
	assert_string_equal(found[3], "C:\\a\\git.CMD");
	search.path = path;
	assert_null(cr_wincmd_candidates(arena, &search, &err));
	assert_int_equal(err.code, CR_E_LIMIT);
	free(path);
	cr_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splitters),     cmocka_unit_test(test_hostile_words),
		cmocka_unit_test(test_random_words),  cmocka_unit_test(test_program_word),
		cmocka_unit_test(test_length),        cmocka_unit_test(test_is_batch),
		cmocka_unit_test(test_batch_lines),   cmocka_unit_test(test_random_batch),
		cmocka_unit_test(test_batch_length),  cmocka_unit_test(test_candidates),
		cmocka_unit_test(test_search_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
