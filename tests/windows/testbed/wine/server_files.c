/*
 * Security descriptors of files: kept in an extended attribute, inherited when a file is made,
 * checked when one is opened, made, renamed, linked or deleted.
 *
 * A file of its own in the wineserver. A file without the attribute has what stands for its Unix
 * mode, and only that rules for it, unless the token is restricted or below Medium.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "ntstatus.h"
#define WIN32_NO_STATUS
#include "winternl.h"
#include "winnt.h"
#include "object.h"
#include "file.h"
#include "handle.h"
#include "process.h"
#include "thread.h"
#include "request.h"
#include "security.h"
#include "testbed.h"

#define ATTRIBUTE "user.wine.sd"

enum {
	MAX_DESCRIPTOR = 65536,
	MAX_DEPTH = 128,
};

static const struct tb_map file_map = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
				       FILE_ALL_ACCESS};

/* A list of entries under construction; too long a list ends up without its last entries. */
struct list_of_aces {
	char bytes[MAX_DESCRIPTOR / 4];
	unsigned int size;
	unsigned int count;
};

struct place {
	char *path;
	struct stat st;
	int exists;
	int unix_fd; /* open already, and not ours; 0: it is not */
};

/* The two lists of a descriptor under construction. */
struct parts {
	struct list_of_aces dacl;
	struct list_of_aces sacl;
};

/* from the moment a new file may be opened until it is */
static int creating;

/* from the moment a file that is there may be opened until it is */
static struct {
	char *asked, *real;
} opening;

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static struct security_descriptor *load(const struct place *place)
{
	static char buffer[MAX_DESCRIPTOR];
	ssize_t size = place->unix_fd ? fgetxattr(place->unix_fd, ATTRIBUTE, buffer, sizeof(buffer))
				      : getxattr(place->path, ATTRIBUTE, buffer, sizeof(buffer));

	if (size < (ssize_t)sizeof(struct security_descriptor) ||
	    !sd_is_valid((struct security_descriptor *)buffer, size))
		return NULL;
	return must(memdup(buffer, size));
}

static void add_ace(struct list_of_aces *list, const struct ace *ace, int flags)
{
	struct ace *copy = (struct ace *)(list->bytes + list->size);

	if (list->size + ace->size > sizeof(list->bytes))
		return;
	memcpy(copy, ace, ace->size);
	copy->flags = flags;
	list->size += ace->size;
	list->count++;
}

/* The flags an entry has when it is inherited; -1 when it is not. */
static int inherited_flags(int flags, int is_directory)
{
	int passed_on = flags & (OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE);

	if (!is_directory)
		return flags & OBJECT_INHERIT_ACE ? INHERITED_ACE : -1;
	if (flags & NO_PROPAGATE_INHERIT_ACE)
		return flags & CONTAINER_INHERIT_ACE ? INHERITED_ACE : -1;
	if (flags & CONTAINER_INHERIT_ACE)
		return passed_on | INHERITED_ACE;
	return passed_on ? passed_on | INHERIT_ONLY_ACE | INHERITED_ACE : -1;
}

static int is_label(const struct ace *ace)
{
	return ace->type == SYSTEM_MANDATORY_LABEL_ACE_TYPE;
}

static void inherit_list(struct list_of_aces *into, const struct acl *acl, int is_directory)
{
	const struct ace *ace = acl ? ace_first(acl) : NULL;

	for (unsigned int i = 0; acl && i < acl->count; i++, ace = ace_next(ace)) {
		int flags = inherited_flags(ace->flags, is_directory);

		if (flags >= 0)
			add_ace(into, ace, flags);
	}
}

static void take_list(struct list_of_aces *list, const struct acl *acl, int with_inherited)
{
	const struct ace *ace = acl ? ace_first(acl) : NULL;

	for (unsigned int i = 0; acl && i < acl->count; i++, ace = ace_next(ace))
		if (with_inherited || !(ace->flags & INHERITED_ACE))
			add_ace(list, ace, ace->flags);
}

static int lists_label(const struct list_of_aces *list)
{
	const struct ace *ace = (const struct ace *)list->bytes;

	for (unsigned int i = 0; i < list->count; i++, ace = ace_next(ace))
		if (is_label(ace))
			return 1;
	return 0;
}

static char *parent_of(const char *path)
{
	char *parent = must(strdup(path)), *slash = strrchr(parent, '/');

	if (!slash || !parent[1]) {
		free(parent);
		return NULL;
	}
	slash[slash == parent] = '\0';
	return parent;
}

static char *put(char *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static char *put_list(char *at, const struct list_of_aces *list)
{
	struct acl head = {
		.revision = ACL_REVISION, .size = sizeof(head) + list->size, .count = list->count};

	return put(put(at, &head, sizeof(head)), list->bytes, list->size);
}

static struct security_descriptor *compose(const struct parts *parts, unsigned int control,
					   const struct sid *owner, const struct sid *group)
{
	size_t sacl_size = parts->sacl.count ? sizeof(struct acl) + parts->sacl.size : 0;
	size_t dacl_size = control & SE_DACL_PRESENT ? sizeof(struct acl) + parts->dacl.size : 0;
	struct security_descriptor *sd = must(
		calloc(1, sizeof(*sd) + sid_len(owner) + sid_len(group) + sacl_size + dacl_size));
	char *at = (char *)(sd + 1);

	sd->control = control | (sacl_size ? SE_SACL_PRESENT : 0);
	sd->owner_len = sid_len(owner);
	sd->group_len = sid_len(group);
	sd->sacl_len = sacl_size;
	sd->dacl_len = dacl_size;
	at = put(put(at, owner, sd->owner_len), group, sd->group_len);
	if (sacl_size)
		at = put_list(at, &parts->sacl);
	if (dacl_size)
		put_list(at, &parts->dacl);
	return sd;
}

static struct parts *no_parts(void)
{
	static struct parts parts;

	parts.dacl.size = parts.dacl.count = parts.sacl.size = parts.sacl.count = 0;
	return &parts;
}

/* What stands for the Unix mode, as if it had been inherited. */
static struct security_descriptor *mode_sd(const struct place *place)
{
	const struct sid *owner = security_unix_uid_to_sid(place->st.st_uid);
	struct security_descriptor *sd =
		must(mode_to_sd(place->st.st_mode, owner, &domain_users_sid));
	int present;
	const struct acl *dacl = sd_get_dacl(sd, &present);
	struct ace *ace = ace_first(dacl);

	for (unsigned int i = 0; i < dacl->count; i++, ace = ace_next(ace))
		ace->flags |= INHERITED_ACE;
	sd->control |= SE_DACL_AUTO_INHERITED;
	return sd;
}

/* The descriptor of `place`; *stored: whether it has one of its own. */
static struct security_descriptor *sd_of(const struct place *place, int *stored)
{
	struct security_descriptor *own = load(place);

	*stored = own != NULL;
	return own ? own : mode_sd(place);
}

static void leave(struct place *place)
{
	free(place->path);
	place->path = NULL;
}

/* Where what is open lies, without symbolic links; NULL: nowhere. */
static char *path_of(int unix_fd)
{
	char link[64], path[4096];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", unix_fd);
	size = readlink(link, path, sizeof(path) - 1);
	if (size <= 0 || path[0] != '/')
		return NULL;
	path[size] = '\0';
	return must(strdup(path));
}

static char *real_path(int root, const char *path, struct stat *st)
{
	int unix_fd = openat(root, path, O_PATH | O_CLOEXEC);
	char *real = unix_fd != -1 && !fstat(unix_fd, st) ? path_of(unix_fd) : NULL;

	if (unix_fd != -1)
		close(unix_fd);
	return real;
}

static void end_opening(void)
{
	free(opening.asked);
	free(opening.real);
	opening.asked = opening.real = NULL;
}

char *tb_realpath(const char *path, char *none)
{
	struct stat st;
	char *real;

	(void)none;
	if (!opening.asked || strcmp(opening.asked, path))
		return real_path(AT_FDCWD, path, &st);
	real = opening.real;
	opening.real = NULL;
	end_opening();
	return real;
}

/*
 * The absolute path without symbolic links; the last part need not exist. From the directory `root`
 * that is `name`: a short walk.
 */
static int find(struct place *place, int root, const char *name, const char *path)
{
	struct stat above;
	char *parent, *real;
	size_t size;

	place->unix_fd = 0;
	place->path = real_path(root, name, &place->st);
	place->exists = place->path != NULL;
	if (place->path)
		return 1;
	if (!(parent = parent_of(path)))
		return 0;
	real = real_path(AT_FDCWD, parent, &above);
	free(parent);
	if (!real)
		return 0;
	size = strlen(real) + strlen(path) + 2;
	place->path = must(malloc(size));
	snprintf(place->path, size, "%s%s", strcmp(real, "/") ? real : "", strrchr(path, '/'));
	free(real);
	return 1;
}

/* A file or directory that is open; where it lies is not looked up. */
static int take_open(struct place *place, int unix_fd)
{
	*place = (struct place){.exists = 1, .unix_fd = unix_fd};
	return !fstat(unix_fd, &place->st) &&
	       (S_ISREG(place->st.st_mode) || S_ISDIR(place->st.st_mode));
}

static int find_open(struct place *place, int unix_fd)
{
	if (!take_open(place, unix_fd))
		return 0;
	place->path = path_of(unix_fd);
	return place->path != NULL;
}

/* NULL for what is no file or directory. */
struct security_descriptor *tb_file_sd(int unix_fd)
{
	struct place place;
	int stored;

	return take_open(&place, unix_fd) ? sd_of(&place, &stored) : NULL;
}

static unsigned int dacl_control(const struct security_descriptor *sd, unsigned int info)
{
	unsigned int control =
		sd->control & (SE_DACL_PRESENT | SE_DACL_PROTECTED | SE_DACL_AUTO_INHERITED);

	if (info & TB_PROTECTED_DACL)
		control |= SE_DACL_PROTECTED;
	if (info & TB_UNPROTECTED_DACL)
		control &= ~SE_DACL_PROTECTED;
	return control;
}

/*
 * What a file takes from its directory. One whose directory has no stored descriptor keeps what
 * stands for its mode: on Windows that came from above, too.
 */
static void inherit(struct parts *parts, const struct place *place, unsigned int control)
{
	struct place parent = {.path = parent_of(place->path)};
	struct security_descriptor *above = parent.path ? load(&parent) : NULL;
	int is_directory = S_ISDIR(place->st.st_mode), present;
	struct security_descriptor *mode = mode_sd(place);

	if (!(control & SE_DACL_PROTECTED) && above)
		inherit_list(&parts->dacl, sd_get_dacl(above, &present), is_directory);
	else if (!(control & SE_DACL_PROTECTED))
		take_list(&parts->dacl, sd_get_dacl(mode, &present), 1);
	if (above && !lists_label(&parts->sacl))
		inherit_list(&parts->sacl, sd_get_sacl(above, &present), is_directory);
	leave(&parent);
	free(above);
	free(mode);
}

/* `old` with the parts of `sd` that `info` names. With TB_INHERIT what is inherited is renewed. */
static struct security_descriptor *merged(const struct place *place,
					  const struct security_descriptor *old,
					  const struct security_descriptor *sd, unsigned int info)
{
	const struct security_descriptor *dacl_of = info & DACL_SECURITY_INFORMATION ? sd : old;
	const struct sid *owner = sd_get_owner(info & OWNER_SECURITY_INFORMATION ? sd : old);
	const struct sid *group = sd_get_group(info & GROUP_SECURITY_INFORMATION ? sd : old);
	int sets_label = (info & (LABEL_SECURITY_INFORMATION | SACL_SECURITY_INFORMATION)) &&
			 (sd->control & SE_SACL_PRESENT);
	unsigned int control = dacl_control(dacl_of, dacl_of == sd ? info : 0);
	struct security_descriptor *result;
	struct parts *parts = no_parts();
	int present, is_null = !sd_get_dacl(dacl_of, &present) && present;

	take_list(&parts->dacl, sd_get_dacl(dacl_of, &present), !(info & TB_INHERIT));
	take_list(&parts->sacl, sd_get_sacl(sets_label ? sd : old, &present), !(info & TB_INHERIT));
	if ((info & TB_INHERIT) && !is_null)
		inherit(parts, place, control);
	result = compose(parts, control, owner ? owner : sd_get_owner(old),
			 group ? group : sd_get_group(old));
	if (is_null)
		result->dacl_len = 0; /* everything is allowed */
	return result;
}

static int save(const struct place *place, const struct security_descriptor *sd)
{
	size_t size = sizeof(*sd) + sd->owner_len + sd->group_len + sd->sacl_len + sd->dacl_len;

	if (!(place->unix_fd ? fsetxattr(place->unix_fd, ATTRIBUTE, sd, size, 0)
			     : setxattr(place->path, ATTRIBUTE, sd, size, 0)))
		return 1;
	file_set_error();
	return 0;
}

static int store(const struct place *place, const struct security_descriptor *sd, unsigned int info)
{
	int stored, done;
	struct security_descriptor *old = sd_of(place, &stored);
	struct security_descriptor *result = merged(place, old, sd, info);

	done = save(place, result);
	free(old);
	free(result);
	return done;
}

/* What SetNamedSecurityInfo does beneath a directory: each object inherits anew. */
static void spread(const char *path, int depth)
{
	DIR *dir = depth < MAX_DEPTH ? opendir(path) : NULL;
	struct security_descriptor nothing = {0};
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t size = strlen(path) + strlen(entry->d_name) + 2;
		struct place place = {.path = must(malloc(size))};

		snprintf(place.path, size, "%s/%s", path, entry->d_name);
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    !lstat(place.path, &place.st) &&
		    (S_ISREG(place.st.st_mode) || S_ISDIR(place.st.st_mode))) {
			store(&place, &nothing, TB_INHERIT);
			if (S_ISDIR(place.st.st_mode))
				spread(place.path, depth + 1);
		}
		leave(&place);
	}
	if (dir)
		closedir(dir);
}

/* Sets what `info` names; 0 with the error set when that cannot be kept. */
int tb_file_store(int unix_fd, const struct security_descriptor *sd, unsigned int info)
{
	struct place place;
	int done;

	if (!(info & TB_INHERIT ? find_open(&place, unix_fd) : take_open(&place, unix_fd))) {
		set_error(STATUS_NOT_SUPPORTED);
		return 0;
	}
	done = store(&place, sd, info);
	if (done && (info & TB_INHERIT) && S_ISDIR(place.st.st_mode))
		spread(place.path, 0);
	leave(&place);
	return done;
}

/*
 * Windows lets a file be deleted by who may delete in its directory, whatever the file's own DACL
 * says (KB 238018). Whether that goes for its label is written nowhere: the bed says yes, which is
 * worse for who guards the file; reading `label-keeps-child` says no.
 */
static int may_delete_through_parent(const struct security_descriptor *sd,
				     const struct security_descriptor *parent_sd)
{
	if (tb_label_of(sd) > tb_token_level(tb_token_now()) && tb_reading("label-keeps-child"))
		return 0;
	return !!tb_granted(tb_token_now(), parent_sd, FILE_DELETE_CHILD, &file_map);
}

static unsigned int also_wanted(int disposition, unsigned int options)
{
	int empties = disposition == FILE_SUPERSEDE || disposition == FILE_OVERWRITE ||
		      disposition == FILE_OVERWRITE_IF;

	return (empties ? FILE_WRITE_DATA : 0) | (options & FILE_DELETE_ON_CLOSE ? DELETE : 0);
}

/* Opens with MAXIMUM_ALLOWED get what there is, instead of everything. */
static void settle_maximum(const struct security_descriptor *sd, unsigned int *access)
{
	unsigned int granted;

	if (!(*access & MAXIMUM_ALLOWED))
		return;
	granted = tb_granted(tb_token_now(), sd, MAXIMUM_ALLOWED, &file_map);
	*access = (*access & ~MAXIMUM_ALLOWED) | granted | FILE_READ_ATTRIBUTES | SYNCHRONIZE;
}

/* Who may list a directory may read the attributes of what is in it: that is not asked here. */
static int may_open_existing(const struct security_descriptor *sd,
			     const struct security_descriptor *parent_sd, unsigned int wanted)
{
	wanted &= ~(FILE_READ_ATTRIBUTES | SYNCHRONIZE | ACCESS_SYSTEM_SECURITY);
	if ((wanted & DELETE) && parent_sd && may_delete_through_parent(sd, parent_sd))
		wanted &= ~DELETE;
	return !wanted || tb_granted(tb_token_now(), sd, wanted, &file_map);
}

static int may_create_in(const struct security_descriptor *parent_sd, int is_directory)
{
	unsigned int right = is_directory ? FILE_ADD_SUBDIRECTORY : FILE_ADD_FILE;

	return !!tb_granted(tb_token_now(), parent_sd, right, &file_map);
}

static struct security_descriptor *parent_sd_of(const struct place *place, int *stored)
{
	struct place parent = {.path = parent_of(place->path)};
	struct security_descriptor *sd = NULL;

	if (parent.path)
		sd = load(&parent);
	*stored = sd != NULL;
	if (parent.path && !sd && !stat(parent.path, &parent.st))
		sd = mode_sd(&parent);
	leave(&parent);
	return sd;
}

static int may_open(const struct place *place, int disposition, unsigned int options,
		    unsigned int *access)
{
	int special = tb_token_is_special(tb_token_now()), above = 0, own = 0, may = 1;
	struct security_descriptor *parent_sd = parent_sd_of(place, &above), *sd = NULL;
	int creates = disposition != FILE_OPEN && disposition != FILE_OVERWRITE;

	if (place->exists)
		sd = sd_of(place, &own);
	if (!special && !above && !own) {
		/* the Unix mode rules */
	} else if (sd) {
		settle_maximum(sd, access);
		may = may_open_existing(sd, parent_sd, *access | also_wanted(disposition, options));
	} else if (creates && parent_sd) {
		may = may_create_in(parent_sd, !!(options & FILE_DIRECTORY_FILE));
	}
	free(sd);
	free(parent_sd);
	return may;
}

/*
 * Before a file is opened or made. A file that is made with a descriptor gets a mode that lets its
 * owner work with it: the descriptor rules, not the mode. Of a file that is there the caller's
 * descriptor is dropped, as on Windows.
 */
int tb_file_open(const struct tb_open *open)
{
	char *path = dup_fd_name(open->root, open->name);
	int root = open->root ? get_unix_fd(open->root) : AT_FDCWD, may = 1;
	struct place place;

	creating = 0;
	end_opening();
	if (!path)
		return 1;
	if (find(&place, root, open->name, path)) {
		if (!place.exists || S_ISREG(place.st.st_mode) || S_ISDIR(place.st.st_mode))
			may = may_open(&place, open->disposition, open->options, open->access);
		creating = !place.exists;
		if (place.exists && may) {
			opening.asked = path;
			opening.real = place.path;
			path = place.path = NULL;
		}
		leave(&place);
	}
	free(path);
	if (!creating)
		*open->sd = NULL;
	else if (*open->sd)
		*open->mode |= open->options & FILE_DIRECTORY_FILE ? 0700 : 0600;
	if (!may)
		set_error(STATUS_ACCESS_DENIED);
	return may && (!*open->sd || tb_may_label(*open->sd, LABEL_SECURITY_INFORMATION));
}

int tb_file_may_extend(struct object *obj, unsigned int access)
{
	struct fd *fd = obj->ops->type == &file_type ? obj->ops->get_fd(obj) : NULL;
	int unix_fd = fd ? get_unix_fd(fd) : -1, may = 1;
	struct place place;

	clear_error();
	if (unix_fd != -1 && find_open(&place, unix_fd)) {
		may = may_open(&place, FILE_OPEN, 0, &access);
		leave(&place);
	}
	if (fd)
		release_object(fd);
	if (!may)
		set_error(STATUS_ACCESS_DENIED);
	return may;
}

/* The label of a creator below Medium, for what inherits none. */
static void add_label_of_creator(struct list_of_aces *sacl)
{
	const struct sid *level = tb_level_sid(tb_token_now());
	char buffer[64];

	if (tb_token_level(tb_token_now()) < SECURITY_MANDATORY_MEDIUM_RID)
		add_ace(sacl,
			set_ace((struct ace *)buffer, level, SYSTEM_MANDATORY_LABEL_ACE_TYPE, 0,
				SYSTEM_MANDATORY_LABEL_NO_WRITE_UP),
			0);
}

/* What the maker asks for, with what is inherited. */
static struct security_descriptor *new_sd(const struct place *place,
					  const struct security_descriptor *sd)
{
	const struct sid *owner = security_unix_uid_to_sid(place->st.st_uid);
	unsigned int control = sd ? dacl_control(sd, 0) : 0;
	struct parts *parts = no_parts();
	int present;

	if (sd)
		take_list(&parts->dacl, sd_get_dacl(sd, &present), 1);
	if (sd)
		take_list(&parts->sacl, sd_get_sacl(sd, &present), 1);
	inherit(parts, place, control);
	if (!lists_label(&parts->sacl))
		add_label_of_creator(&parts->sacl);
	return compose(parts, control | SE_DACL_PRESENT | SE_DACL_AUTO_INHERITED, owner,
		       &domain_users_sid);
}

/* After tb_file_open, when the file is open: a new one gets its descriptor. */
void tb_file_created(struct fd *fd, const struct security_descriptor *sd)
{
	int unix_fd = creating ? get_unix_fd(fd) : -1, above = 0;
	struct security_descriptor *own;
	struct place place;

	creating = 0;
	if (unix_fd == -1 || !find_open(&place, unix_fd))
		return;
	free(parent_sd_of(&place, &above));
	if (above || (sd && (sd->control & (SE_DACL_PRESENT | SE_SACL_PRESENT))) ||
	    tb_token_is_special(tb_token_now())) {
		own = new_sd(&place, sd);
		save(&place, own);
		free(own);
	}
	leave(&place);
}

static int may_rename(const struct place *from, const struct place *to, int link)
{
	unsigned int source = link ? FILE_WRITE_ATTRIBUTES : DELETE, target = DELETE;
	int stored = 0, may = may_open(from, FILE_OPEN, 0, &source);
	struct security_descriptor *parent_sd;

	if (!may || !(parent_sd = parent_sd_of(to, &stored)))
		return may;
	if (stored || tb_token_is_special(tb_token_now()))
		may = may_create_in(parent_sd, S_ISDIR(from->st.st_mode));
	free(parent_sd);
	if (may && to->exists)
		may = may_open(to, FILE_OPEN, 0, &target);
	return may;
}

/* May the open file get the name `path`, as its only one or (`link`) as another? */
int tb_file_may_rename(int unix_fd, const char *path, int link)
{
	struct place from, to;
	int may;

	if (!find_open(&from, unix_fd))
		return 1;
	if (!find(&to, AT_FDCWD, path, path)) {
		leave(&from);
		return 1;
	}
	may = may_rename(&from, &to, link);
	leave(&from);
	leave(&to);
	if (!may)
		set_error(STATUS_ACCESS_DENIED);
	return may;
}
