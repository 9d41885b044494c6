/*
 * reserve.c - protected names that do not exist yet.
 *
 * The kernel can cover only a name that exists. So an absent protected name
 * (`.vscode` in a fresh project) is made as an empty directory, covered by a
 * read-only mount in the box, and removed when the last box that needs it ends.
 * Its sticky bit, which no tool gives to a directory of one owner, marks it. Boxes share
 * the names of one directory by a shared flock on that directory; who can turn it
 * into an exclusive one is the last, and removes them. The launcher does both, while
 * init builds the rest; if the launcher is killed, init removes them; if both are killed in
 * one instant, the next box takes them over. Must never remove or change a directory
 * that is not empty or does not carry the mark.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "linux/box.h"
#include "linux/calls.h"
#include "linux/fd.h"
#include "linux/reserve.h"

#define LOCK_TRIES                                                                     \
	200 /* of 10 ms: another box is removing its names, or a stranger holds a lock \
	     */
#define LOCK_PAUSE_NS (10 * 1000 * 1000)

struct reserved {
	const char *name; /* last component; in `path` */
	char *path;
	struct cr_fileid parent_id;
	size_t parent; /* index in parents */
};

struct cr_reservations {
	struct reserved *names;
	size_t count;
	int *parents; /* open directories, locked once held */
	size_t n_parents;
};

static size_t parent_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? 1 : (size_t)(slash - path);
}

static bool same_parent(const struct reserved *a, const struct reserved *b)
{
	size_t len = parent_len(a->path);

	return len == parent_len(b->path) && !memcmp(a->path, b->path, len);
}

/*
 * The directory of `name`, as that of an earlier name; or a new one. Steps come sorted, so it is
 * mostly that of the last, but names beneath another directory may lie between. One directory
 * must have one lock: a second one of our own would keep us from being the last.
 */
static size_t find_parent(const struct cr_reservations *r, const struct reserved *name)
{
	for (size_t i = r->count; i-- > 0;)
		if (same_parent(name, &r->names[i]))
			return r->names[i].parent;
	return r->n_parents;
}

static int add_name(struct cr_region *region, struct cr_reservations *r, const struct cr_step *step)
{
	struct reserved *name = &r->names[r->count];

	*name = (struct reserved){.path = cr_region_strdup(region, step->path)};
	if (!name->path)
		return -1;
	name->name = strrchr(name->path, '/') + 1;
	name->parent_id = step->id;
	name->parent = find_parent(r, name);
	if (name->parent == r->n_parents)
		r->n_parents++;
	r->count++;
	return 0;
}

static size_t count_names(const struct cr_plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->n_steps; i++)
		count += plan->steps[i].kind == CR_STEP_RESERVE;
	return count;
}

size_t cr_reservations_size(const struct cr_plan *plan)
{
	struct cr_reservations *r;

	/* The paths are counted with the steps. */
	return sizeof(*r) + count_names(plan) * (sizeof(*r->names) + sizeof(*r->parents));
}

struct cr_reservations *cr_reservations_plan(struct cr_region *region, const struct cr_plan *plan)
{
	struct cr_reservations *r = cr_region_alloc(region, 1, sizeof(*r));
	size_t count = count_names(plan);

	if (!r)
		return NULL;
	r->names = cr_region_alloc(region, count, sizeof(*r->names));
	r->parents = cr_region_alloc(region, count, sizeof(*r->parents));
	if (!r->names || !r->parents)
		return NULL;
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].kind == CR_STEP_RESERVE &&
		    add_name(region, r, &plan->steps[i]) < 0)
			return NULL;
	for (size_t i = 0; i < r->n_parents; i++)
		r->parents[i] = -1;
	return r;
}

size_t cr_reservations_count(const struct cr_reservations *r)
{
	return r ? r->count : 0;
}

void cr_reservations_close(struct cr_reservations *r)
{
	for (size_t i = 0; i < r->n_parents; i++)
		cr_close_fd(&r->parents[i]);
}

static int open_parent(const struct reserved *name)
{
	char path[CR_MAX_PATH];
	size_t len = parent_len(name->path);

	if (len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(path, name->path, len);
	path[len] = '\0';
	return cr_open_plain(path, O_RDONLY | O_DIRECTORY);
}

/* An exclusive lock is held only for the moment of a removal, so this waits but briefly. */
static int lock_shared(int fd)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_SH | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		nanosleep(&pause, NULL);
	}
	return -1;
}

static int hold_parent(struct cr_reservations *r, const struct reserved *name, struct cr_err *err)
{
	int *parent = &r->parents[name->parent];
	struct stat st;

	if (*parent >= 0)
		return 0;
	*parent = open_parent(name);
	if (*parent < 0 || fstat(*parent, &st) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot open the directory of '%s'",
				  name->path);
	if (name->parent_id.file &&
	    (st.st_dev != name->parent_id.volume || st.st_ino != name->parent_id.file))
		return cr_fail(err, CR_E_RACE, "the directory of '%s' was replaced", name->path);
	if (lock_shared(*parent) < 0)
		return cr_fail_os(err, CR_E_STEP, errno, "cannot lock the directory of '%s'",
				  name->path);
	return 0;
}

static int make_name(struct cr_reservations *r, const struct reserved *name, struct cr_err *err)
{
	int parent = r->parents[name->parent];
	struct stat st;

	if (mkdirat(parent, name->name, S_ISVTX | 0755) == 0)
		return 0;
	if (errno != EEXIST) {
		cr_fail_os(err, CR_E_STEP, errno, "cannot hold the protected name '%s'",
			   name->path);
		return cr_hint(err, "while a box runs an empty directory stands there; work in a "
				    "directory where you can make one");
	}
	if (fstatat(parent, name->name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !cr_is_reservation(&st))
		return cr_fail(err, CR_E_RACE, "'%s' appeared while the box was built", name->path);
	return 0;
}

int cr_reservations_make(struct cr_reservations *r, struct cr_err *err)
{
	for (size_t i = 0; i < r->count; i++)
		if (hold_parent(r, &r->names[i], err) < 0 || make_name(r, &r->names[i], err) < 0)
			return -1;
	return 0;
}

static void remove_name(int parent, const struct reserved *name)
{
	struct stat st;

	if (fstatat(parent, name->name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !cr_is_reservation(&st))
		return; /* it became the user's own */

	/* Not empty: the user filled it while the box ran. It is an ordinary directory now. */
	if (unlinkat(parent, name->name, AT_REMOVEDIR) < 0 && errno == ENOTEMPTY &&
	    fchmodat(parent, name->name, st.st_mode & 0777, 0) < 0)
		return; /* then it keeps the mark, and is still not removed while it is full */
}

void cr_reservations_remove(struct cr_reservations *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct reserved *name = &r->names[i];
		int parent = r->parents[name->parent];

		if (parent >= 0 && flock(parent, LOCK_EX | LOCK_NB) == 0)
			remove_name(parent, name);
	}
}

/* A way to write in the directory of `name` although the box's tree is read-only: a clone of its
 * mount with that flag cleared, which init may do in its own namespace. */
static int open_writable(const struct reserved *name)
{
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};
	CR_AUTO_FD int place = open_parent(name);
	CR_AUTO_FD int tree =
		open_tree(place, "", AT_EMPTY_PATH | OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE);

	if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -1;
	return openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* In init, when the launcher was killed. Its lock is gone with it. */
void cr_reservations_rescue(struct cr_reservations *r)
{
	for (size_t i = 0; i < r->count; i++) {
		int *parent = &r->parents[r->names[i].parent];

		if (*parent < 0)
			*parent = open_writable(&r->names[i]);
	}
	cr_reservations_remove(r);
}

int cr_reserve_cover(struct cr_box *box, const struct cr_step *step, struct cr_grab *grab)
{
	struct stat st;
	CR_AUTO_FD int target = cr_open_plain(step->path, O_PATH);

	if ((target < 0 && errno != ENOENT) || (target >= 0 && fstat(target, &st) < 0))
		return cr_step_fail(box, "open the reserved name");
	if (target < 0 || !cr_is_reservation(&st))
		return cr_fail(box->err, CR_E_RACE, "'%s' changed while the box was built",
			       step->path);
	return cr_mount_put(box, grab->tree, target);
}
