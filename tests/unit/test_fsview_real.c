/*
 * test_fsview_real.c - the resolver against the kernel: random trees of directories, files and
 * symlinks, where realpath(3) must say the same.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fsview.h"

#define TREES 60
#define PATHS 200

static enum cr_fs_answer real_stat(void *ctx, const char *path, struct cr_fstat *out)
{
	struct stat st;

	(void)ctx;
	if (lstat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? CR_FS_ABSENT : CR_FS_FAILED;
	out->type = S_ISLNK(st.st_mode)   ? CR_FT_SYMLINK
		    : S_ISDIR(st.st_mode) ? CR_FT_DIR
					  : CR_FT_FILE;
	out->id.volume = st.st_dev;
	out->id.file = st.st_ino;
	return CR_FS_OK;
}

static enum cr_fs_answer real_readlink(void *ctx, const char *path, char *buf, size_t size)
{
	const ssize_t len = readlink(path, buf, size - 1);

	(void)ctx;
	if (len < 0)
		return CR_FS_FAILED;
	buf[len] = '\0';
	return CR_FS_OK;
}

static unsigned next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Up to `most` components out of few names; with dots in the targets of links only. */
static void random_relative(uint32_t *seed, unsigned most, const char *names, char out[64])
{
	const unsigned count = 1 + next_random(seed) % most;
	size_t at = 0;

	for (unsigned i = 0; i < count; i++) {
		const char name = names[next_random(seed) % strlen(names)];
		const char *text = name == '^' ? ".." : (char[]){name, '\0'};

		at += (size_t)snprintf(out + at, 64 - at, "%s%s", i ? "/" : "", text);
	}
}

/* Links lead out of the tree as well; nothing may be made where they lead. */
static bool is_inside(const char *root, const char *path)
{
	char parent[PATH_MAX + 70], real[PATH_MAX];
	const size_t len = strlen(root);

	snprintf(parent, sizeof(parent), "%s", path);
	*strrchr(parent, '/') = '\0';
	return realpath(parent, real) && strncmp(real, root, len) == 0 &&
	       (real[len] == '/' || real[len] == '\0');
}

static void make_tree(uint32_t *seed, const char *root)
{
	for (int i = 0; i < 40; i++) {
		char path[PATH_MAX + 70], relative[64], target[PATH_MAX + 70];

		random_relative(seed, 3, "abcd", relative);
		snprintf(path, sizeof(path), "%s/%s", root, relative);
		random_relative(seed, 4, "abcd^^.", relative);
		if (next_random(seed) % 4 == 0)
			snprintf(target, sizeof(target), "%s/%s", root, relative);
		else
			snprintf(target, sizeof(target), "%s", relative);
		if (!is_inside(root, path))
			continue;
		/* What is there already stays as it is. */
		switch (next_random(seed) % 4) {
		case 0:
			close(open(path, O_CREAT | O_EXCL | O_WRONLY, 0600));
			break;
		case 1:
			mkdir(path, 0700);
			break;
		default:
			if (symlink(target, path) < 0 && errno != EEXIST)
				mkdir(path, 0700);
			break;
		}
	}
}

static void compare(struct cr_resolver *resolver, const char *path, unsigned *same)
{
	struct cr_resolved got;
	struct cr_err err = {.text = ""};
	struct stat st;
	char real[PATH_MAX];
	const char *expected = realpath(path, real);
	const int why = errno;
	const int result = cr_resolve(resolver, path, &got, &err);

	if (expected) {
		ROW_ASSERT(result == 0, "%s: %s", path, err.text);
		ROW_ASSERT(strcmp(got.path, expected) == 0, "%s: %s, not %s", path, got.path,
			   expected);
		assert_int_equal(lstat(expected, &st), 0);
		assert_int_equal(got.stat.id.file, st.st_ino);
		(*same)++;
	} else if (why == ELOOP) {
		/* The kernel stops at a hole before it has counted the links behind it. */
		ROW_ASSERT(result == -1, "%s", path);
	}
	/* Behind a hole and ".." the kernel stops, the resolver goes on. */
	if (result == 0 && lstat(path, &st) == 0) {
		ROW_ASSERT(!got.entry == !S_ISLNK(st.st_mode), "%s", path);
		ROW_ASSERT(!got.entry || got.entry_stat.id.file == st.st_ino, "%s", path);
	}
}

static void remove_tree(const char *root)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		execlp("rm", "rm", "-rf", root, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
}

static void test_against_kernel(void **state)
{
	static const struct cr_fsview view = {.stat = real_stat, .readlink = real_readlink};
	uint32_t seed = 77;
	unsigned same = 0;

	(void)state;
	for (int i = 0; i < TREES; i++) {
		struct cr_arena *arena = cr_arena_new();
		struct cr_resolver *resolver = cr_resolver_new(arena, CR_OS_LINUX, &view);
		char made[] = "/tmp/carrel-fsview-XXXXXX", root[PATH_MAX], path[PATH_MAX + 70];
		char relative[64];

		assert_non_null(mkdtemp(made));
		assert_non_null(realpath(made, root));
		make_tree(&seed, root);
		for (int j = 0; j < PATHS; j++) {
			random_relative(&seed, 4, "abcd", relative);
			snprintf(path, sizeof(path), "%s/%s", root, relative);
			compare(resolver, path, &same);
		}
		remove_tree(root);
		cr_arena_free(arena);
	}
	/* Or it compared nothing. */
	assert_true(same > TREES * PATHS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
