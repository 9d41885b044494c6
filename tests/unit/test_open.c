/*
 * test_open.c - cr_open_plain without openat2, as in a box inside a box, answers what it answers
 * with it.
 *
 * A child whose filter says ENOSYS to openat2 and nothing else opens every path again; what the
 * kernel's own openat2 says is the standard.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux/box.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 256 bytes: one more than a name may have. */
#define N16  "nnnnnnnnnnnnnnnn"
#define N64  N16 N16 N16 N16
#define LONG N64 N64 N64 N64

/* Seen from a directory with: dir/file, dir/sub, to-dir -> dir, to-file -> dir/file, dangling. */
static const struct {
	const char *path; /* "/..." stands for the directory's own absolute path */
	int flags;
	int want; /* errno; 0: opened */
} rows[] = {
	{"dir", O_PATH, 0},
	{"dir/file", O_PATH, 0},
	{"dir/file", O_RDONLY, 0},
	{"dir/sub", O_PATH | O_DIRECTORY, 0},
	{"dir/sub", O_RDONLY | O_DIRECTORY, 0},
	{"dir//sub", O_PATH, 0},
	{"dir/./sub/../file", O_PATH, 0},
	{".", O_PATH, 0},
	{"/.../dir/file", O_PATH, 0},
	{"/.../dir/sub", O_RDONLY | O_DIRECTORY, 0},
	{"/.../to-dir/file", O_PATH, ELOOP},
	/* the last link is opened itself, where that is possible */
	{"to-dir", O_PATH, 0},
	{"to-file", O_PATH, 0},
	{"dangling", O_PATH, 0},
	{"to-file", O_RDONLY, ELOOP},
	{"to-dir", O_RDONLY | O_DIRECTORY, ENOTDIR},
	{"to-dir", O_PATH | O_DIRECTORY, ENOTDIR},
	{"to-dir/file", O_PATH, ELOOP},
	{"to-dir/none", O_PATH, ELOOP},
	{"to-dir/sub", O_RDONLY | O_DIRECTORY, ELOOP},
	{"to-file/x", O_PATH, ELOOP},
	{"dangling/x", O_PATH, ELOOP},
	{"/proc/self/cwd/dir", O_PATH, ELOOP},
	{"dir/file", O_PATH | O_DIRECTORY, ENOTDIR},
	{"dir/file/x", O_PATH, ENOTDIR},
	{"dir/none", O_PATH, ENOENT},
	{"none/x", O_PATH, ENOENT},
	{"", O_PATH, ENOENT},
	{LONG, O_PATH, ENAMETOOLONG},
	{LONG "/x", O_PATH, ENAMETOOLONG},
	{"/", O_PATH, 0},
	{"/", O_RDONLY | O_DIRECTORY, 0},
};

/* What opening gave: an errno or which file. */
struct outcome {
	int code;
	dev_t dev;
	ino_t ino;
	int flags; /* of the descriptor: close-on-exec */
};

static char top[64];

static struct outcome try_row(size_t i)
{
	char path[512];
	struct outcome got = {0};
	struct stat st;

	if (strncmp(rows[i].path, "/...", 4) == 0)
		snprintf(path, sizeof(path), "%s%s", top, rows[i].path + 4);
	else
		snprintf(path, sizeof(path), "%s", rows[i].path);

	int fd = cr_open_plain(path, rows[i].flags);

	if (fd < 0) {
		got.code = errno;
		return got;
	}
	if (fstat(fd, &st) == 0) {
		got.dev = st.st_dev;
		got.ino = st.st_ino;
	}
	got.flags = fcntl(fd, F_GETFD);
	close(fd);
	return got;
}

static int forbid_openat2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = COUNT(code), .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0
		       ? -1
		       : 0;
}

static void try_all_without(struct outcome *got)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (forbid_openat2() < 0 || syscall(SYS_openat2, 0, 0, 0, 0) != -1 ||
		    errno != ENOSYS)
			_exit(1);
		for (size_t i = 0; i < COUNT(rows); i++)
			got[i] = try_row(i);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int make_tree(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/carrel-test-open-XXXXXX");
	if (!mkdtemp(top) || chdir(top) < 0 || mkdir("dir", 0700) < 0 ||
	    mkdir("dir/sub", 0700) < 0 || symlink("dir", "to-dir") < 0 ||
	    symlink("dir/file", "to-file") < 0 || symlink("none", "dangling") < 0)
		return -1;
	return close(open("dir/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int remove_tree(void **state)
{
	static const char *const names[] = {"dangling", "to-file", "to-dir", "dir/file"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		unlink(names[i]);
	rmdir("dir/sub");
	rmdir("dir");
	return rmdir(top);
}

static void test_same_answers(void **state)
{
	const size_t size = COUNT(rows) * sizeof(struct outcome);
	struct outcome *got =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(got, MAP_FAILED);
	try_all_without(got);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outcome want = try_row(i);

		if (want.code != rows[i].want || got[i].code != want.code)
			fail_msg("'%s': '%s' with openat2, '%s' without, '%s' expected",
				 rows[i].path, strerror(want.code), strerror(got[i].code),
				 strerror(rows[i].want));
		if (got[i].dev != want.dev || got[i].ino != want.ino || got[i].flags != want.flags)
			fail_msg("'%s': another file without openat2", rows[i].path);
	}
	munmap(got, size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same_answers, make_tree, remove_tree),
	};

	return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
