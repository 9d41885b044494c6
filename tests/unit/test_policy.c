/*
 * test_policy.c - the policy language: what every line becomes, and where every error is.
 */
#include "unit.h"

#include "core/limits.h"
#include "core/policy.h"

struct parsed {
	struct cr_arena *arena;
	struct cr_policy *policy; /* NULL: refused */
	struct cr_diags diags;
	struct cr_err err;
};

static void parse_bytes(struct parsed *got, const char *text, size_t len)
{
	memset(got, 0, sizeof(*got));
	got->arena = cr_arena_new();

	const int result = cr_policy_parse(
		got->arena, &(const struct cr_policy_source){"p", CR_LAYER_USER, text, len},
		&got->policy, &got->diags, &got->err);

	assert_int_equal(result == 0, got->policy != NULL);
	assert_int_equal(result == 0, got->diags.count == 0);
	assert_int_equal(got->err.code, result == 0 ? CR_E_NONE : CR_E_SYNTAX);
}

static void parse(struct parsed *got, const char *text)
{
	parse_bytes(got, text, strlen(text));
}

/* What a line became, as text: its kind, its values, its words with their columns. */
static const char *describe(struct cr_arena *arena, const struct cr_item *item)
{
	static const char *const ops[] = {"keep", "drop", "set"};
	const char *text = "";

	switch (item->kind) {
	case CR_ITEM_RULE:
		text = cr_arena_printf(arena, "%s %s", cr_decision_name(item->decision),
				       cr_capability_name(item->cap));
		break;
	case CR_ITEM_ENV:
		text = cr_arena_printf(arena, "%s env", ops[item->env_op]);
		break;
	case CR_ITEM_LIMIT:
		text = cr_arena_printf(arena, "limit %s %llu", cr_limit_name_text(item->limit),
				       (unsigned long long)item->value);
		break;
	case CR_ITEM_EXPIRE:
		text = cr_arena_printf(arena, "expire %llu", (unsigned long long)item->value);
		break;
	case CR_ITEM_USE:
		text = "use";
		break;
	}
	for (size_t i = 0; i < item->n_words; i++)
		text = cr_arena_printf(arena, "%s |%s@%u", text, item->words[i].text,
				       item->words[i].column);
	return text;
}

static const struct {
	const char *line, *item;
} good[] = {
	{"allow read /", "allow read |/@12"},
	{"  allow\tread\t / ~/.x  ", "allow read |/@15 |~/.x@17"},
	{"deny read **/.env # hidden", "deny read |**/.env@11"},
	{"deny write a#b #c", "deny write |a#b@12"},
	{"ask connect *:443", "ask connect |*:443@13"},
	{"allow connect [::1]:1 a.b:1-9", "allow connect |[::1]:1@15 |a.b:1-9@23"},
	{"allow read \"a b\" c", "allow read |a b@12 |c@18"},
	{"allow read \"#\"", "allow read |#@12"},
	{"allow read \"a\\\"b\\\\c\"", "allow read |a\"b\\c@12"},
	{"allow read C:\\x\\y", "allow read |C:\\x\\y@12"},
	{"allow read \"C:\\\\x y\"", "allow read |C:\\x y@12"},
	{"allow read a/../b ~/x/..", "allow read |a/../b@12 |~/x/..@19"},
	{"allow read ./~x ~", "allow read |./~x@12 |~@17"},
	{"allow read .../... ..a", "allow read |.../...@12 |..a@20"},
	{"allow read a/**/b ** /** **/", "allow read |a/**/b@12 |**@19 |/**@22 |**/@26"},
	{"allow read \xc3\xa9 x", "allow read |\xc3\xa9@12 |x@15"},
	{"allow unix /run/x.sock", "allow unix |/run/x.sock@12"},
	{"allow git overlay destructive", "allow git |overlay@11 |destructive@19"},
	{"allow git read-only", "allow git |read-only@11"},
	{"deny git destructive", "deny git |destructive@10"},
	{"keep env PATH A*", "keep env |PATH@10 |A*@15"},
	{"drop env *_TOKEN ?X", "drop env |*_TOKEN@10 |?X@18"},
	{"set env A=1 B= \"C=x y=z\"", "set env |A=1@9 |B=@13 |C=x y=z@16"},
	{"limit memory 4G", "limit memory 4294967296"},
	{"limit memory 1M", "limit memory 1048576"},
	{"limit disk 100k", "limit disk 102400"},
	{"limit processes 512", "limit processes 512"},
	{"limit time 30m", "limit time 1800000"},
	{"limit time 1500ms", "limit time 1500"},
	{"limit files 64", "limit files 64"},
	{"expire 8h", "expire 28800000"},
	{"expire session", "expire 0"},
	{"use caches", "use |caches@5"},
	{"use a-b_c.1", "use |a-b_c.1@5"},
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct parsed got;

		parse(&got, good[i].line);
		ROW_ASSERT(got.policy, "%s: %s", good[i].line, got.diags.items[0].text);
		ROW_ASSERT(got.policy->n_items == 1, "%s", good[i].line);

		const char *item = describe(got.arena, &got.policy->items[0]);

		ROW_ASSERT(strcmp(item, good[i].item) == 0, "%s: %s", good[i].line, item);
		cr_arena_free(got.arena);
	}
}

/* The column, a part of the message, a part of the hint. */
static const struct {
	const char *line;
	unsigned column;
	const char *text, *hint;
} bad[] = {
	{"allow raed /", 7, "unknown capability 'raed'", "did you mean 'read'?"},
	{"allow Read /", 7, "unknown capability 'Read'", "did you mean 'read'?"},
	{"allow network x", 7, "unknown capability", "did you mean 'connect'?"},
	{"allow xyzzy x", 7, "unknown capability", "read, write, connect, git or unix"},
	{"alow read /", 1, "unknown first word 'alow'", "did you mean 'allow'?"},
	{"ALLOW read /", 1, "unknown first word 'ALLOW'", "did you mean 'allow'?"},
	{"block read /", 1, "unknown first word", "did you mean 'deny'?"},
	{"something read /", 1, "unknown first word", "allow, ask, deny, keep, drop, set, limit"},
	{"\"allow\" read /", 1, "in quotes", "only objects"},
	{"allow \"read\" /", 7, "in quotes", "only objects"},
	{"allow", 1, "missing capability after 'allow'", "read, write"},
	{"allow read", 7, "missing object after 'read'", "paths"},
	{"allow read # x", 7, "missing object", "paths"},
	{"deny connect", 6, "missing object", "name:port"},
	{"allow read \"\"", 12, "empty path", "'.'"},
	{"allow read ..", 12, "leaves the workspace", "absolute"},
	{"allow read a ../b", 14, "leaves the workspace", "absolute"},
	{"allow read a/../../b", 12, "leaves the workspace", "absolute"},
	{"allow read a\\..\\..\\b", 12, "leaves the workspace", "absolute"},
	{"allow read ./..", 12, "leaves the workspace", "absolute"},
	{"allow read ~/..", 12, "leaves the home", "absolute"},
	{"allow read ~/a/../..", 12, "leaves the home", "absolute"},
	{"allow read /..", 12, "above the root", "without"},
	{"allow read C:\\..", 12, "above the root", "without"},
	{"allow read ~root/x", 12, "only your own home", "./~x"},
	{"allow read \\\\srv\\x", 12, "UNC or device", "C:\\"},
	{"allow read //srv/x", 12, "UNC or device", "one separator"},
	{"allow read \\\\?\\C:\\x", 12, "UNC or device", "C:\\"},
	{"allow read \\\\.\\pipe\\x", 12, "UNC or device", "C:\\"},
	{"allow read \\??\\C:\\x", 12, "UNC or device", "C:\\"},
	{"allow read \"\\\\\\\\?\\\\C:\\\\x\"", 12, "UNC or device", "C:\\"},
	{"allow read a**", 12, "'**' inside a name", "component"},
	{"allow read **.env", 12, "'**' inside a name", "component"},
	{"allow read /a/***/b", 12, "'**' inside a name", "component"},
	{"allow read */..", 12, "'..' after a wildcard", "without"},
	{"allow unix a?/../b", 12, "'..' after a wildcard", "without"},
	{"allow connect github.com", 15, "without port: 'github.com'", ":443"},
	{"allow connect a:1 0x7f.1:2", 19, "odd spelling", "decimal"},
	{"allow connect \"\"", 15, "without port", ":443"},
	{"allow git rebase", 11, "unknown git mode 'rebase'", "overlay"},
	{"allow git readonly", 11, "unknown git mode", "did you mean 'read-only'?"},
	{"deny git read-only", 10, "says nothing", "allow git read-only"},
	{"ask git read-only", 9, "says nothing", "allow git read-only"},
	{"allow read \"abc", 12, "unterminated quote", "\""},
	{"allow read \"abc\\", 16, "bad escape", "\\\\"},
	{"allow read \"abc\\\"", 12, "unterminated quote", "\""},
	{"allow read \"a\\nb\"", 14, "bad escape", "\\\\"},
	{"allow read \"a\"b", 15, "directly after a quote", "blank"},
	{"allow read \"a\"\"b\"", 15, "directly after a quote", "blank"},
	{"allow read \"a\"#b", 15, "directly after a quote", "blank"},
	{"allow read a\"b\"", 13, "quote inside a word", "whole word"},
	{"keep", 1, "missing 'env'", "env"},
	{"keep evn A", 6, "unknown setting 'evn'", "did you mean 'env'?"},
	{"drop env", 6, "missing name", "variables"},
	{"drop env A=1", 10, "'=' in the name", "globs"},
	{"drop env \"\"", 10, "without a name", "globs"},
	{"keep env A B A", 14, "'A' a second time", "remove"},
	{"set env A", 9, "without a value", "NAME=VALUE"},
	{"set env =x", 9, "without a name", "NAME=VALUE"},
	{"set env \"\"", 9, "without a name", "NAME=VALUE"},
	{"set env A*=x", 9, "wildcard", "NAME=VALUE"},
	{"set env A=1 A=2", 13, "'A' a second time", "remove"},
	{"limit", 1, "missing name", "memory"},
	{"limit mem 4G", 7, "unknown limit 'mem'", "memory, processes, time, files or disk"},
	{"limit memory", 7, "missing value after 'memory'", "size"},
	{"limit memory 4", 14, "bad value '4'", "4G"},
	{"limit memory 0", 14, "bad value", "4G"},
	{"limit memory -1G", 14, "bad value", "4G"},
	{"limit memory 4GB", 14, "bad value", "4G"},
	{"limit memory 4m", 14, "bad value", "4G"},
	{"limit memory 1.5G", 14, "bad value", "4G"},
	{"limit memory 99999999999T", 14, "bad value", "4G"},
	{"limit memory 99999999999999999999", 14, "bad value", "4G"},
	{"limit memory 4G 5G", 17, "unexpected '5G'", "new line"},
	{"limit processes 0", 17, "bad value", "number"},
	{"limit processes 4k", 17, "bad value", "number"},
	{"limit processes 4194305", 17, "bad value", "number"},
	{"limit time 30", 12, "bad value '30'", "30m"},
	{"limit time 0s", 12, "bad value", "30m"},
	{"limit time m", 12, "bad value", "30m"},
	{"limit time 99999999999999999d", 12, "bad value", "30m"},
	{"limit time 3651d", 12, "bad value", "30m"},
	{"limit files x", 13, "bad value", "1024"},
	{"limit disk 0", 12, "bad value", "size"},
	{"expire", 1, "missing duration", "session"},
	{"expire never", 8, "bad duration", "session"},
	{"expire 0h", 8, "bad duration", "session"},
	{"expire 8h 9h", 11, "unexpected '9h'", "new line"},
	{"use", 1, "missing profile name", "profile"},
	{"use a b", 7, "unexpected 'b'", "new line"},
	{"use ../a", 5, "bad profile name", "letters"},
	{"use /etc/passwd", 5, "bad profile name", "letters"},
	{"use .hidden", 5, "bad profile name", "letters"},
	{"use \"\"", 5, "bad profile name", "letters"},
	{"allow read a\r", 13, "carriage return", "LF"},
	{"allow read \x01", 12, "control character U+0001", "remove"},
	{"# comment \x1b[0m", 11, "control character U+001B", "remove"},
	{"allow read a\x7f", 13, "control character U+007F", "remove"},
	{"allow read \xc2\x9b", 12, "control character U+009B", "remove"},
	{"allow read \xc0\xaf", 12, "invalid UTF-8", "UTF-8"},
	{"allow read \xed\xa0\x80", 12, "invalid UTF-8", "UTF-8"},
	{"allow read \xf4\x90\x80\x80", 12, "invalid UTF-8", "UTF-8"},
	{"allow read \xe2\x82", 12, "invalid UTF-8", "UTF-8"},
	{"# \x80", 3, "invalid UTF-8", "UTF-8"},
	{"allow read a\xe2\x80\xae", 13, "U+202E", "another"},
	{"allow read \"a\xe2\x81\xa6\"", 14, "U+2066", "another"},
	{"allow read \xe2\x80\x8b", 12, "U+200B", "another"},
	{"# \xe2\x80\xae", 3, "U+202E", "another"},
	{"\xef\xbb\xbf"
	 "allow read /",
	 1, "byte order mark", "without"},
	{"allow read \xef\xbb\xbf", 12, "U+FEFF", "another"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct parsed got;

		parse(&got, bad[i].line);
		ROW_ASSERT(!got.policy, "%s", bad[i].line);
		ROW_ASSERT(got.diags.count == 1, "%s: %zu errors", bad[i].line, got.diags.count);

		const struct cr_diag *diag = &got.diags.items[0];

		ROW_ASSERT(strcmp(diag->file, "p") == 0, "%s", bad[i].line);
		ROW_ASSERT(diag->line == 1, "%s: line %u", bad[i].line, diag->line);
		ROW_ASSERT(diag->column == bad[i].column, "%s: column %u", bad[i].line,
			   diag->column);
		ROW_ASSERT(strstr(diag->text, bad[i].text), "%s: %s", bad[i].line, diag->text);
		ROW_ASSERT(strstr(diag->hint, bad[i].hint), "%s: %s", bad[i].line, diag->hint);
		cr_arena_free(got.arena);
	}
}

static void test_all_errors(void **state)
{
	static const struct {
		unsigned line, column;
	} expected[] = {{2, 12}, {2, 15}, {4, 1}, {6, 7}, {8, 7}, {10, 1}, {11, 10}, {12, 9}};
	struct parsed got;

	(void)state;
	parse(&got, "allow read /\n"
		    "allow read .. ~x ok\n"
		    "\n"
		    "nonsense\n"
		    "limit files 10\n"
		    "limit files 10\n"
		    "limit memory 1G\n"
		    "limit memory 1G # again\n"
		    "expire 1h\n"
		    "expire 2h\n"
		    "drop env A=\n"
		    "set env B");
	assert_int_equal(got.diags.count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_int_equal(got.diags.items[i].line, expected[i].line);
		assert_int_equal(got.diags.items[i].column, expected[i].column);
	}
	assert_string_equal(got.err.text, "policy 'p' has 8 errors");
	cr_arena_free(got.arena);
}

static void test_duplicates(void **state)
{
	struct parsed got;

	(void)state;
	parse(&got,
	      "drop env A B\ndrop env C\ndrop env A B\nkeep env A\nset env A=1\nset env A=1\n");
	assert_int_equal(got.diags.count, 3);
	assert_int_equal(got.diags.items[0].line, 3);
	assert_int_equal(got.diags.items[2].line, 6);
	cr_arena_free(got.arena);
	/* A prefix is another word. */
	parse(&got, "drop env AB A\nset env A=B=C AB=\n");
	assert_non_null(got.policy);
	cr_arena_free(got.arena);
}

/* Errors of two files in one list; each file's result is its own. */
static void test_shared_diags(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_diags diags = {.count = 0};
	struct cr_policy *policy = NULL;
	struct cr_err err;

	(void)state;
	assert_int_equal(
		cr_policy_parse(arena, &(const struct cr_policy_source){"a", CR_LAYER_USER, "x", 1},
				&policy, &diags, &err),
		-1);
	assert_int_equal(
		cr_policy_parse(arena,
				&(const struct cr_policy_source){"b", CR_LAYER_MANAGED, "", 0},
				&policy, &diags, &err),
		0);
	assert_int_equal(policy->layer, CR_LAYER_MANAGED);
	assert_int_equal(policy->n_items, 0);
	assert_int_equal(
		cr_policy_parse(arena, &(const struct cr_policy_source){"c", CR_LAYER_USER, "y", 1},
				&policy, &diags, &err),
		-1);
	assert_int_equal(diags.count, 2);
	assert_string_equal(diags.items[1].file, "c");
	cr_arena_free(arena);
}

static void test_nul(void **state)
{
	struct parsed got;

	(void)state;
	parse_bytes(&got, "allow read a\0b\nallow raed x\n", 28);
	assert_int_equal(got.diags.count, 2);
	assert_string_equal(got.diags.items[0].text, "NUL byte");
	assert_int_equal(got.diags.items[0].column, 13);
	assert_int_equal(got.diags.items[1].line, 2);
	cr_arena_free(got.arena);
}

static void test_empty(void **state)
{
	static const char *const texts[] = {"", "\n", "\n\n\n", "#", "# x\n", "  \t \n", " # x"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct parsed got;

		parse(&got, texts[i]);
		assert_non_null(got.policy);
		assert_int_equal(got.policy->n_items, 0);
		cr_arena_free(got.arena);
	}
}

static void test_lines(void **state)
{
	struct parsed got;

	(void)state;
	parse(&got, "\n# one\nallow read a\n\n  deny write b # c\nuse x");
	assert_int_equal(got.policy->n_items, 3);
	assert_string_equal(got.policy->name, "p");
	assert_int_equal(got.policy->items[0].origin.line, 3);
	assert_int_equal(got.policy->items[1].origin.line, 5);
	assert_int_equal(got.policy->items[1].origin.column, 3);
	assert_int_equal(got.policy->items[2].origin.line, 6);
	assert_string_equal(got.policy->items[2].origin.file, "p");
	assert_int_equal(got.policy->items[2].origin.layer, CR_LAYER_USER);
	cr_arena_free(got.arena);
}

static void test_long_line(void **state)
{
	struct parsed got;
	char *text = malloc(CR_MAX_LINE_BYTES + 20);

	(void)state;
	memset(text, 'a', CR_MAX_LINE_BYTES + 1);
	memcpy(text, "allow read ", 11);
	memcpy(text + CR_MAX_LINE_BYTES, "\nuse x\n", 8);
	parse(&got, text);
	assert_non_null(got.policy);
	assert_int_equal(got.policy->n_items, 2);
	cr_arena_free(got.arena);

	memcpy(text + CR_MAX_LINE_BYTES, "a\nus x\n", 8);
	parse(&got, text);
	assert_int_equal(got.diags.count, 2);
	assert_string_equal(got.diags.items[0].text, "line of more than 4096 bytes");
	assert_int_equal(got.diags.items[0].column, 4097);
	assert_int_equal(got.diags.items[1].line, 2);
	cr_arena_free(got.arena);
	free(text);
}

static void test_long_file(void **state)
{
	const size_t size = CR_MAX_POLICY_BYTES + 1;
	struct parsed got;
	char *text = malloc(size);

	(void)state;
	memset(text, '\n', size);
	parse_bytes(&got, text, size - 1);
	assert_non_null(got.policy);
	cr_arena_free(got.arena);
	parse_bytes(&got, text, size);
	assert_int_equal(got.diags.count, 1);
	assert_int_equal(got.diags.items[0].line, 0);
	assert_non_null(strstr(got.diags.items[0].text, "more than 1048576 bytes"));
	cr_arena_free(got.arena);
	free(text);
}

/* A file of nothing but errors: some are kept, all are counted, and it does not take for ever. */
static void test_many_errors(void **state)
{
	struct parsed got;
	char *text = malloc(CR_MAX_POLICY_BYTES);

	(void)state;
	for (size_t i = 0; i < CR_MAX_POLICY_BYTES; i++)
		text[i] = i % 2 ? '\n' : 'x';
	parse_bytes(&got, text, CR_MAX_POLICY_BYTES);
	assert_int_equal(got.diags.count, CR_MAX_DIAGS);
	assert_int_equal(got.diags.dropped, CR_MAX_POLICY_BYTES / 2 - CR_MAX_DIAGS);
	cr_arena_free(got.arena);
	free(text);
}

static void test_many_variables(void **state)
{
	struct parsed got;
	char *text = malloc(CR_MAX_POLICY_BYTES);
	size_t at = 0;

	(void)state;
	for (int i = 0; i <= CR_MAX_ENV; i++)
		at += (size_t)snprintf(text + at, CR_MAX_POLICY_BYTES - at, "drop env V%d\n", i);
	parse_bytes(&got, text, at);
	assert_int_equal(got.diags.count, 1);
	assert_int_equal(got.diags.items[0].line, CR_MAX_ENV + 1);
	assert_non_null(strstr(got.diags.items[0].text, "more than 4096 variables"));
	cr_arena_free(got.arena);
	free(text);
}

/* A message repeats at most a part of a word, and never half a character. */
static void test_long_word(void **state)
{
	struct parsed got;
	char text[1000];

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 3);
	text[0] = text[1] = 'x';
	parse(&got, text);
	assert_int_equal(got.diags.count, 1);
	assert_true(strlen(got.diags.items[0].text) < 120);
	assert_non_null(strstr(got.diags.items[0].text, "\xc3\xa9...'"));
	cr_arena_free(got.arena);
}

static const struct {
	const char *text;
	int result;
	uint64_t value;
} durations[] =
	{
		{"1ms", 0, 1},
		{"90s", 0, 90000},
		{"30m", 0, 1800000},
		{"8h", 0, 28800000},
		{"2d", 0, 172800000},
		{"0s", 0, 0},
		{"", -1, 0},
		{"s", -1, 0},
		{"30", -1, 0},
		{"30 m", -1, 0},
		{"30M", -1, 0},
		{"-1s", -1, 0},
		{"+1s", -1, 0},
		{"1.5h", -1, 0},
		{"1h30m", -1, 0},
		{"18446744073709551615ms", -1, 0},
		{"213503982335d", -1, 0},
},
  sizes[] = {
	  {"0", 0, 0},
	  {"1024", 0, 1024},
	  {"100k", 0, 102400},
	  {"100K", 0, 102400},
	  {"512M", 0, 512u << 20},
	  {"4G", 0, UINT64_C(4) << 30},
	  {"1T", 0, UINT64_C(1) << 40},
	  {"", -1, 0},
	  {"G", -1, 0},
	  {"4g", -1, 0},
	  {"4GiB", -1, 0},
	  {"4 G", -1, 0},
	  {"-4G", -1, 0},
	  {"0x10", -1, 0},
	  {"16777216T", -1, 0},
	  {"184467440737095516150", -1, 0},
};

static void test_numbers(void **state)
{
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < COUNT(durations); i++) {
		value = 0;
		ROW_ASSERT(cr_parse_duration(durations[i].text, &value) == durations[i].result,
			   "%s", durations[i].text);
		ROW_ASSERT(value == durations[i].value, "%s", durations[i].text);
	}
	for (size_t i = 0; i < COUNT(sizes); i++) {
		value = 0;
		ROW_ASSERT(cr_parse_size(sizes[i].text, &value) == sizes[i].result, "%s",
			   sizes[i].text);
		ROW_ASSERT(value == sizes[i].value, "%s", sizes[i].text);
	}
}

static void test_names(void **state)
{
	enum cr_capability cap;

	(void)state;
	assert_string_equal(cr_layer_name(CR_LAYER_DEFAULT), "built-in");
	assert_string_equal(cr_layer_name(CR_LAYER_MANAGED), "managed");
	assert_string_equal(cr_decision_name(CR_ASK), "ask");
	assert_string_equal(cr_limit_name_text(CR_LIMIT_DISK), "disk");
	for (int i = 0; i < CR_CAP_COUNT; i++) {
		assert_int_equal(
			cr_capability_parse(cr_capability_name((enum cr_capability)i), &cap), 0);
		assert_int_equal(cap, i);
	}
	assert_int_equal(cr_capability_parse("", &cap), -1);
	assert_int_equal(cr_capability_parse("reads", &cap), -1);
}

static void test_no_memory(void **state)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_diags diags = {.count = 0};
	struct cr_policy *policy = NULL;
	struct cr_err err;

	(void)state;
	for (size_t piece = 64 << 20; piece >= 8; piece /= 2)
		while (cr_arena_alloc(arena, piece, 1))
			;
	assert_int_equal(cr_policy_parse(arena,
					 &(const struct cr_policy_source){"p", CR_LAYER_USER,
									  "allow read /", 12},
					 &policy, &diags, &err),
			 -1);
	assert_int_equal(err.code, CR_E_NOMEM);
	cr_diag_add(&diags, &(struct cr_origin){.file = "p"}, "hint", "text");
	assert_int_equal(diags.count, 0);
	assert_int_equal(diags.dropped, 1);
	cr_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),         cmocka_unit_test(test_bad),
		cmocka_unit_test(test_all_errors),   cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_shared_diags), cmocka_unit_test(test_nul),
		cmocka_unit_test(test_empty),        cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_line),    cmocka_unit_test(test_long_file),
		cmocka_unit_test(test_many_errors),  cmocka_unit_test(test_many_variables),
		cmocka_unit_test(test_long_word),    cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_names),        cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
