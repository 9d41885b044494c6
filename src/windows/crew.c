/*
 * crew.c - crew.h: a short pile of directories, and threads that take from it.
 *
 * The pile is short because everything on it is an open handle. The caller is one of the crew:
 * where no thread can be had it does all the work.
 */
#include "crew.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "handles.h"

#define THREADS 2 /* besides the caller */
#define PILE    32

struct cr_crew {
	SRWLOCK lock, shared;
	CONDITION_VARIABLE changed;
	struct cr_crew_dir pile[PILE]; /* paths on the heap, handles owned */
	unsigned n_pile, n_busy;
	bool failed;
	struct cr_err *err; /* the first failure's */
	cr_crew_fn fn;
	void *arg;
};

void cr_crew_lock(struct cr_crew *crew)
{
	AcquireSRWLockExclusive(&crew->shared);
}

void cr_crew_unlock(struct cr_crew *crew)
{
	ReleaseSRWLockExclusive(&crew->shared);
}

static void drop(struct cr_crew_dir *dir)
{
	char *path = (char *)(uintptr_t)dir->path;

	cr_handle_close(&dir->handle);
	free(path);
}

bool cr_crew_offer(struct cr_crew *crew, HANDLE *handle, const char *path, unsigned depth)
{
	const size_t len = strlen(path) + 1;
	char *copy = malloc(len);
	bool taken = false;

	if (!copy)
		return false;
	memcpy(copy, path, len);
	AcquireSRWLockExclusive(&crew->lock);
	if (crew->n_pile < PILE && !crew->failed) {
		crew->pile[crew->n_pile++] =
			(struct cr_crew_dir){cr_steal_handle(handle), copy, depth};
		copy = NULL;
	}
	taken = crew->failed || !copy;
	ReleaseSRWLockExclusive(&crew->lock);
	WakeConditionVariable(&crew->changed);
	free(copy);
	return taken;
}

/* The next directory; false when there is none and nobody is left who could offer one. */
static bool take(struct cr_crew *crew, struct cr_crew_dir *dir)
{
	while (crew->n_pile == 0 && crew->n_busy > 0 && !crew->failed)
		SleepConditionVariableSRW(&crew->changed, &crew->lock, INFINITE, 0);
	if (crew->n_pile == 0 || crew->failed)
		return false;
	*dir = crew->pile[--crew->n_pile];
	crew->n_busy++;
	return true;
}

static void finish(struct cr_crew *crew, const struct cr_err *why)
{
	crew->n_busy--;
	if (why && !crew->failed) {
		crew->failed = true;
		if (crew->err)
			*crew->err = *why;
	}
	WakeAllConditionVariable(&crew->changed);
}

static DWORD WINAPI work(void *arg)
{
	struct cr_crew *crew = arg;
	struct cr_crew_dir dir;
	struct cr_err why;
	int result;

	AcquireSRWLockExclusive(&crew->lock);
	while (take(crew, &dir)) {
		ReleaseSRWLockExclusive(&crew->lock);
		result = crew->fn(crew->arg, crew, &dir, &why);
		drop(&dir);
		AcquireSRWLockExclusive(&crew->lock);
		finish(crew, result < 0 ? &why : NULL);
	}
	ReleaseSRWLockExclusive(&crew->lock);
	return 0;
}

static void start_all(struct cr_crew *crew)
{
	HANDLE threads[THREADS];
	DWORD n = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		threads[n] = CreateThread(NULL, 0, work, crew, 0, NULL);
		n += threads[n] != NULL;
	}
	work(crew);
	for (DWORD i = 0; i < n; i++) {
		WaitForSingleObject(threads[i], INFINITE);
		CloseHandle(threads[i]);
	}
}

int cr_crew_run(cr_crew_fn fn, void *arg, const struct cr_crew_dir *first, struct cr_err *err)
{
	struct cr_crew crew = {.fn = fn, .arg = arg, .err = err};
	HANDLE copy = NULL;

	if (!DuplicateHandle(GetCurrentProcess(), first->handle, GetCurrentProcess(), &copy, 0,
			     FALSE, DUPLICATE_SAME_ACCESS))
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot walk '%.500s'",
				   first->path);
	if (!cr_crew_offer(&crew, &copy, first->path, first->depth)) {
		cr_handle_close(&copy);
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	}
	start_all(&crew);
	while (crew.n_pile > 0)
		drop(&crew.pile[--crew.n_pile]);
	return crew.failed ? -1 : 0;
}
