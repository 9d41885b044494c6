/*
 * test_fsview.c - the resolver on trees that are tables: links, loops, holes, and how often it
 * looks.
 */
#include "unit.h"

#include "core/fsview.h"
#include "core/limits.h"

struct file {
	const char *path;
	enum cr_ftype type;
	const char *target; /* of a symlink; NULL: cannot be read */
};

struct tree {
	const struct file *files;
	size_t count;
	const char *denied; /* everything beneath cannot be looked at */
	const char *broken; /* looking at it fails */
	unsigned stats, links;
};

static const struct file *find(const struct tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->count; i++)
		if (strcmp(tree->files[i].path, path) == 0)
			return &tree->files[i];
	return NULL;
}

static enum cr_fs_answer tree_stat(void *ctx, const char *path, struct cr_fstat *out)
{
	struct tree *tree = ctx;
	const struct file *file = find(tree, path);

	tree->stats++;
	if (tree->broken && strcmp(path, tree->broken) == 0)
		return CR_FS_FAILED;
	if (tree->denied && strncmp(path, tree->denied, strlen(tree->denied)) == 0 &&
	    strlen(path) > strlen(tree->denied))
		return CR_FS_DENIED;
	if (!file)
		return CR_FS_ABSENT;
	out->type = file->type;
	out->id = (struct cr_fileid){.volume = 1, .file = (uint64_t)(file - tree->files) + 1};
	return CR_FS_OK;
}

static enum cr_fs_answer tree_readlink(void *ctx, const char *path, char *buf, size_t size)
{
	struct tree *tree = ctx;
	const struct file *file = find(tree, path);

	tree->links++;
	if (!file || !file->target || strlen(file->target) >= size)
		return CR_FS_FAILED;
	memcpy(buf, file->target, strlen(file->target) + 1);
	return CR_FS_OK;
}

static const struct file linux_files[] = {
	{"/", CR_FT_DIR, NULL},
	{"/bin", CR_FT_SYMLINK, "usr/bin"},
	{"/usr", CR_FT_DIR, NULL},
	{"/usr/bin", CR_FT_DIR, NULL},
	{"/usr/bin/sh", CR_FT_SYMLINK, "dash"},
	{"/usr/bin/dash", CR_FT_FILE, NULL},
	{"/w", CR_FT_DIR, NULL},
	{"/w/f", CR_FT_FILE, NULL},
	{"/w/sub", CR_FT_DIR, NULL},
	{"/w/up", CR_FT_SYMLINK, "../usr"},
	{"/w/far", CR_FT_SYMLINK, "../../../../usr/./bin//"},
	{"/w/root", CR_FT_SYMLINK, "/"},
	{"/w/self", CR_FT_SYMLINK, "."},
	{"/w/abs", CR_FT_SYMLINK, "/usr/bin"},
	{"/w/twice", CR_FT_SYMLINK, "abs"},
	{"/w/hole", CR_FT_SYMLINK, "gone/deep"},
	{"/w/holeup", CR_FT_SYMLINK, "gone/../sub"},
	{"/w/out", CR_FT_SYMLINK, "sub/../../usr"},
	{"/w/in", CR_FT_SYMLINK, "up/../w/sub"},
	{"/w/file-up", CR_FT_SYMLINK, "f/../sub"},
	{"/w/loop", CR_FT_SYMLINK, "loop"},
	{"/w/ping", CR_FT_SYMLINK, "pong/x"},
	{"/w/pong", CR_FT_SYMLINK, "ping/x"},
	{"/w/unread", CR_FT_SYMLINK, NULL},
	{"/w/empty", CR_FT_SYMLINK, ""},
	{"/w/odd", CR_FT_SYMLINK, "a\nb"},
	{"/w/bad", CR_FT_SYMLINK, "a\xff"},
	{"/w/sock", CR_FT_SOCKET, NULL},
	{"/d", CR_FT_DIR, NULL},
	{"/w/to-denied", CR_FT_SYMLINK, "/d/secret/x"},
};

static const struct {
	const char *path, *resolved, *entry;
	enum cr_ftype type;
} linux_table[] = {
	{"/", "/", NULL, CR_FT_DIR},
	{"/usr", "/usr", NULL, CR_FT_DIR},
	{"/w/f", "/w/f", NULL, CR_FT_FILE},
	{"/w/sock", "/w/sock", NULL, CR_FT_SOCKET},
	{"/bin", "/usr/bin", "/bin", CR_FT_DIR},
	{"/bin/dash", "/usr/bin/dash", NULL, CR_FT_FILE},
	{"/bin/sh", "/usr/bin/dash", "/usr/bin/sh", CR_FT_FILE},
	{"/w/up/bin/sh", "/usr/bin/dash", "/usr/bin/sh", CR_FT_FILE},
	{"/w/far", "/usr/bin", "/w/far", CR_FT_DIR},
	{"/w/far/sh", "/usr/bin/dash", "/usr/bin/sh", CR_FT_FILE},
	{"/w/root", "/", "/w/root", CR_FT_DIR},
	{"/w/root/w/f", "/w/f", NULL, CR_FT_FILE},
	{"/w/self", "/w", "/w/self", CR_FT_DIR},
	{"/w/self/self/f", "/w/f", NULL, CR_FT_FILE},
	{"/w/self/self", "/w", "/w/self", CR_FT_DIR},
	{"/w/twice", "/usr/bin", "/w/twice", CR_FT_DIR},
	{"/w/out", "/usr", "/w/out", CR_FT_DIR},
	{"/w/in", "/w/sub", "/w/in", CR_FT_DIR},
	{"/w/gone", "/w/gone", NULL, CR_FT_NONE},
	{"/w/gone/a/b", "/w/gone/a/b", NULL, CR_FT_NONE},
	{"/w/f/a/b", "/w/f/a/b", NULL, CR_FT_NONE},
	{"/w/up/gone/x", "/usr/gone/x", NULL, CR_FT_NONE},
	{"/w/hole", "/w/gone/deep", "/w/hole", CR_FT_NONE},
	{"/w/hole/x", "/w/gone/deep/x", NULL, CR_FT_NONE},
	{"/w/holeup", "/w/sub", "/w/holeup", CR_FT_DIR},
	{"/w/file-up", "/w/sub", "/w/file-up", CR_FT_DIR},
	{"/d/secret", "/d/secret", NULL, CR_FT_NONE},
	{"/d/secret/x", "/d/secret/x", NULL, CR_FT_NONE},
	{"/w/to-denied", "/d/secret/x", "/w/to-denied", CR_FT_NONE},
};

static const struct {
	const char *path, *text;
} linux_errors[] = {
	{"/w/loop", "more than 40 symbolic links"},
	{"/w/loop/x", "more than 40 symbolic links"},
	{"/w/ping", "more than 40 symbolic links"},
	{"/w/unread", "cannot read the link '/w/unread'"},
	{"/w/unread/x", "cannot read the link '/w/unread'"},
	{"/w/empty", "cannot read the link '/w/empty'"},
	{"/w/odd", "target of the link '/w/odd': a path has a control character"},
	{"/w/bad", "target of the link '/w/bad': a path is not valid UTF-8"},
	{"/broken", "cannot look at '/broken'"},
	{"/broken/x", "cannot look at '/broken'"},
};

struct fixture {
	struct cr_arena *arena;
	struct tree tree;
	struct cr_fsview view;
	struct cr_resolver *resolver;
};

static void start(struct fixture *fx, enum cr_os os, const struct file *files, size_t count)
{
	memset(fx, 0, sizeof(*fx));
	fx->tree.files = files;
	fx->tree.count = count;
	fx->view.ctx = &fx->tree;
	fx->view.stat = tree_stat;
	fx->view.readlink = tree_readlink;
	fx->arena = cr_arena_new();
	fx->resolver = cr_resolver_new(fx->arena, os, &fx->view);
	assert_non_null(fx->resolver);
	assert_ptr_equal(cr_resolver_view(fx->resolver), &fx->view);
}

/* Twice: the second time from memory. */
static void test_linux(void **state)
{
	struct fixture fx;

	(void)state;
	start(&fx, CR_OS_LINUX, linux_files, COUNT(linux_files));
	fx.tree.denied = "/d/";
	for (size_t i = 0; i < 2 * COUNT(linux_table); i++) {
		const size_t row = i % COUNT(linux_table);
		struct cr_resolved got;
		struct cr_err err = {.text = ""};

		ROW_ASSERT(cr_resolve(fx.resolver, linux_table[row].path, &got, &err) == 0,
			   "%s: %s", linux_table[row].path, err.text);
		ROW_ASSERT(strcmp(got.path, linux_table[row].resolved) == 0, "%s: %s",
			   linux_table[row].path, got.path);
		ROW_ASSERT(got.stat.type == linux_table[row].type, "%s", linux_table[row].path);
		ROW_ASSERT((got.stat.id.file != 0) == (got.stat.type != CR_FT_NONE), "%s",
			   linux_table[row].path);
		ROW_ASSERT(!got.entry == !linux_table[row].entry, "%s", linux_table[row].path);
		if (got.entry) {
			ROW_ASSERT(strcmp(got.entry, linux_table[row].entry) == 0, "%s: %s",
				   linux_table[row].path, got.entry);
			ROW_ASSERT(got.entry_stat.type == CR_FT_SYMLINK, "%s",
				   linux_table[row].path);
			ROW_ASSERT(find(&fx.tree, got.entry) ==
					   &linux_files[got.entry_stat.id.file - 1],
				   "%s", linux_table[row].path);
		}
	}
	cr_arena_free(fx.arena);
}

static void test_errors(void **state)
{
	struct fixture fx;

	(void)state;
	start(&fx, CR_OS_LINUX, linux_files, COUNT(linux_files));
	fx.tree.broken = "/broken";
	for (size_t i = 0; i < 2 * COUNT(linux_errors); i++) {
		const size_t row = i % COUNT(linux_errors);
		struct cr_resolved got = {.path = "untouched"};
		struct cr_err err = {.text = ""};

		ROW_ASSERT(cr_resolve(fx.resolver, linux_errors[row].path, &got, &err) == -1, "%s",
			   linux_errors[row].path);
		ROW_ASSERT(err.code == CR_E_PATH, "%s", linux_errors[row].path);
		ROW_ASSERT(strstr(err.text, linux_errors[row].text), "%s: %s",
			   linux_errors[row].path, err.text);
		assert_string_equal(got.path, "untouched");
	}
	cr_arena_free(fx.arena);
}

/* Forty links lead on, forty-one do not. */
static void test_chain(void **state)
{
	static char paths[CR_MAX_SYMLINKS + 2][16], targets[CR_MAX_SYMLINKS + 2][16];
	static struct file files[CR_MAX_SYMLINKS + 2];
	struct cr_resolved got;
	struct fixture fx;

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(paths[i], sizeof(paths[i]), "/l%zu", i);
		snprintf(targets[i], sizeof(targets[i]), "l%zu", i + 1);
		files[i] = (struct file){paths[i], CR_FT_SYMLINK, targets[i]};
	}
	files[COUNT(files) - 1].type = CR_FT_FILE;
	start(&fx, CR_OS_LINUX, files, COUNT(files));
	assert_int_equal(cr_resolve(fx.resolver, "/l1", &got, NULL), 0);
	assert_string_equal(got.path, paths[COUNT(files) - 1]);
	assert_string_equal(got.entry, "/l1");
	assert_int_equal(cr_resolve(fx.resolver, "/l0", &got, NULL), -1);
	cr_arena_free(fx.arena);
}

/* Targets that double the path at each link end in an error, not in memory or time. */
static void test_growing(void **state)
{
	static char target[CR_MAX_PATH];
	struct file files[] = {{"/x", CR_FT_SYMLINK, target}, {"/d", CR_FT_DIR, NULL}};
	struct cr_resolved got;
	struct cr_err err;
	struct fixture fx;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(target) - 1; i += 2)
		memcpy(target + i, "x/", 3);
	start(&fx, CR_OS_LINUX, files, COUNT(files));
	assert_int_equal(cr_resolve(fx.resolver, "/x", &got, &err), -1);
	assert_int_equal(err.code, CR_E_PATH);

	cr_arena_free(fx.arena);

	/* Deeper than a path may be. */
	for (size_t i = 0; i + 3 < sizeof(target) - 1; i += 2)
		memcpy(target + i, "d/", 3);
	start(&fx, CR_OS_LINUX, files, COUNT(files));
	assert_int_equal(cr_resolve(fx.resolver, "/x", &got, &err), -1);
	assert_int_equal(err.code, CR_E_PATH);
	assert_non_null(strstr(err.text, "too long"));
	cr_arena_free(fx.arena);
}

static void test_looks_once(void **state)
{
	struct cr_resolved got;
	struct fixture fx;
	char path[64];

	(void)state;
	start(&fx, CR_OS_LINUX, linux_files, COUNT(linux_files));
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/w/up/new%d", i);
		assert_int_equal(cr_resolve(fx.resolver, path, &got, NULL), 0);
		assert_int_equal(cr_resolve(fx.resolver, path, &got, NULL), 0);
	}
	/* /w, /w/up, /usr and the thousand. */
	assert_int_equal(fx.tree.stats, 1003);
	assert_int_equal(fx.tree.links, 1);
	/* Nothing is beneath what does not exist, nor beneath a file. */
	assert_int_equal(cr_resolve(fx.resolver, "/usr/new1/a/b/c", &got, NULL), 0);
	assert_int_equal(fx.tree.stats, 1003);
	assert_int_equal(cr_resolve(fx.resolver, "/w/f/a/b/c", &got, NULL), 0);
	assert_int_equal(fx.tree.stats, 1004);
	cr_arena_free(fx.arena);
}

static const struct file windows_files[] = {
	{"C:\\", CR_FT_DIR, NULL},
	{"C:\\Users", CR_FT_DIR, NULL},
	{"C:\\Users\\me", CR_FT_DIR, NULL},
	{"C:\\w", CR_FT_SYMLINK, "C:/Users\\me"},
	{"C:\\rel", CR_FT_SYMLINK, "Users\\..\\Users/me"},
	{"C:\\other", CR_FT_SYMLINK, "d:\\data"},
	{"D:\\", CR_FT_DIR, NULL},
	{"D:\\data", CR_FT_DIR, NULL},
	{"C:\\unc", CR_FT_SYMLINK, "\\\\server\\share"},
	{"C:\\device", CR_FT_SYMLINK, "\\\\?\\C:\\Users"},
	{"C:\\rooted", CR_FT_SYMLINK, "\\Users"},
	{"C:\\drive", CR_FT_SYMLINK, "D:data"},
	{"C:\\stream", CR_FT_SYMLINK, "Users:x"},
	{"C:\\short", CR_FT_SYMLINK, "PROGRA~1"},
	{"C:\\wild", CR_FT_SYMLINK, "a*"},
	/* drives that stand for directories: `subst S: C:\Users`, T: through it, rounds, a server
	 */
	{"S:\\", CR_FT_SYMLINK, "C:\\Users"},
	{"T:\\", CR_FT_SYMLINK, "S:\\me"},
	{"U:\\", CR_FT_SYMLINK, "V:\\x"},
	{"V:\\", CR_FT_SYMLINK, "U:\\x"},
	{"W:\\", CR_FT_SYMLINK, "\\\\server\\share"},
	{"X:\\", CR_FT_SYMLINK, NULL},
	{"C:\\sub", CR_FT_SYMLINK, "T:\\deep"},
};

static void test_windows(void **state)
{
	static const char *const good[][2] = {
		{"C:\\", "C:\\"},
		{"C:\\w", "C:\\Users\\me"},
		{"C:\\w\\x\\y", "C:\\Users\\me\\x\\y"},
		{"C:\\rel\\x", "C:\\Users\\me\\x"},
		{"C:\\other\\x", "D:\\data\\x"},
		{"C:\\new\\x", "C:\\new\\x"},
		{"E:\\x", "E:\\x"},
		{"S:\\", "C:\\Users"},
		{"s:\\me\\x", "C:\\Users\\me\\x"},
		{"T:\\y", "C:\\Users\\me\\y"},
		{"C:\\sub\\z", "C:\\Users\\me\\deep\\z"},
	};
	static const char *const refused[] = {
		"C:\\unc",  "C:\\device", "C:\\rooted", "C:\\drive", "C:\\stream", "C:\\short",
		"C:\\wild", "U:\\a",      "V:\\",       "W:\\a",     "X:\\a",
	};
	struct cr_resolved got;
	struct cr_err err;
	struct fixture fx;

	(void)state;
	start(&fx, CR_OS_WINDOWS, windows_files, COUNT(windows_files));
	for (size_t i = 0; i < COUNT(good); i++) {
		ROW_ASSERT(cr_resolve(fx.resolver, good[i][0], &got, NULL) == 0, "%s", good[i][0]);
		ROW_ASSERT(strcmp(got.path, good[i][1]) == 0, "%s: %s", good[i][0], got.path);
	}
	for (size_t i = 0; i < COUNT(refused); i++) {
		ROW_ASSERT(cr_resolve(fx.resolver, refused[i], &got, &err) == -1, "%s", refused[i]);
		ROW_ASSERT(err.code == CR_E_PATH, "%s", refused[i]);
	}
	cr_arena_free(fx.arena);
}

/* The view of a plan for another system: nothing is there. */
static void test_nothing(void **state)
{
	struct cr_resolved got;
	struct fixture fx;

	(void)state;
	start(&fx, CR_OS_MACOS, NULL, 0);
	assert_int_equal(cr_resolve(fx.resolver, "/", &got, NULL), 0);
	assert_string_equal(got.path, "/");
	assert_int_equal(got.stat.type, CR_FT_NONE);
	assert_int_equal(cr_resolve(fx.resolver, "/Users/me/x", &got, NULL), 0);
	assert_string_equal(got.path, "/Users/me/x");
	assert_null(got.entry);
	assert_int_equal(got.stat.type, CR_FT_NONE);
	cr_arena_free(fx.arena);
}

static void test_no_memory(void **state)
{
	struct cr_resolved got;
	struct cr_err err;
	struct fixture fx;

	(void)state;
	start(&fx, CR_OS_LINUX, linux_files, COUNT(linux_files));
	for (size_t piece = 64 << 20; piece >= 8; piece /= 2)
		while (cr_arena_alloc(fx.arena, piece, 1))
			;
	assert_int_equal(cr_resolve(fx.resolver, "/w/up/bin", &got, &err), -1);
	assert_int_equal(err.code, CR_E_NOMEM);
	assert_null(cr_resolver_new(fx.arena, CR_OS_LINUX, &fx.view));
	cr_arena_free(fx.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux),      cmocka_unit_test(test_errors),
		cmocka_unit_test(test_chain),      cmocka_unit_test(test_growing),
		cmocka_unit_test(test_looks_once), cmocka_unit_test(test_windows),
		cmocka_unit_test(test_nothing),    cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
