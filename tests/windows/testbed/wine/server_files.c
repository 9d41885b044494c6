/*
 * Security descriptors of files: kept in an extended attribute, inherited when they are asked for,
 * checked when a file is opened, made, renamed, linked or deleted.
 *
 * A file of its own in the wineserver. Nothing is done for files without a stored descriptor on
 * the way to the root, unless the token is restricted or below Medium: there the Unix mode rules.
 */
#include "config.h"

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
	/* in `control` of a stored descriptor: complete, nothing is inherited any more */
	KEEPS_DACL = 0x01000000,
	KEEPS_LABEL = 0x02000000,
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
};

/* The descriptor that holds for one file, as far as it is computed. */
struct effective {
	struct list_of_aces dacl;
	struct list_of_aces sacl;
	int is_directory;
	int stored; /* some descriptor on the way to the root took part */
	int dacl_open;
	int label_open;
};

/* every file open comes through here, one after the other */
static struct effective work;
static int creating;

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static struct security_descriptor *load(const char *path)
{
	static char buffer[MAX_DESCRIPTOR];
	ssize_t size = getxattr(path, ATTRIBUTE, buffer, sizeof(buffer));

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

/* The flags an entry has after being inherited `depth` levels down; -1 when it is not. */
static int inherited_flags(int flags, int is_directory, int depth)
{
	int passed_on = flags & (OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE);

	if (depth > 1 && (flags & NO_PROPAGATE_INHERIT_ACE))
		return -1;
	if (!is_directory)
		return flags & OBJECT_INHERIT_ACE ? INHERITED_ACE : -1;
	if (!passed_on)
		return -1;
	if (flags & NO_PROPAGATE_INHERIT_ACE)
		passed_on = 0;
	if (flags & CONTAINER_INHERIT_ACE)
		return passed_on | INHERITED_ACE;
	return passed_on ? passed_on | INHERIT_ONLY_ACE | INHERITED_ACE : -1;
}

static int is_label(const struct ace *ace)
{
	return ace->type == SYSTEM_MANDATORY_LABEL_ACE_TYPE;
}

/* What a file's own stored descriptor says. */
static void take_own(struct effective *e, const struct security_descriptor *own)
{
	int present;
	const struct acl *acl = sd_get_dacl(own, &present);
	const struct ace *ace = acl ? ace_first(acl) : NULL;

	e->stored = 1;
	for (unsigned int i = 0; acl && i < acl->count; i++, ace = ace_next(ace))
		if ((own->control & KEEPS_DACL) || !(ace->flags & INHERITED_ACE))
			add_ace(&e->dacl, ace, ace->flags);
	e->dacl_open = !(own->control & (SE_DACL_PROTECTED | KEEPS_DACL));
	e->label_open = !(own->control & KEEPS_LABEL);
	acl = sd_get_sacl(own, &present);
	ace = acl ? ace_first(acl) : NULL;
	for (unsigned int i = 0; acl && i < acl->count; i++, ace = ace_next(ace)) {
		add_ace(&e->sacl, ace, ace->flags);
		if (is_label(ace))
			e->label_open = 0;
	}
}

static void inherit_list(struct effective *e, struct list_of_aces *into, const struct acl *acl,
			 int with_inherited, int depth)
{
	const struct ace *ace = acl ? ace_first(acl) : NULL;

	for (unsigned int i = 0; acl && i < acl->count; i++, ace = ace_next(ace)) {
		int flags = inherited_flags(ace->flags, e->is_directory, depth);

		if (flags >= 0 && (with_inherited || !(ace->flags & INHERITED_ACE)))
			add_ace(into, ace, flags);
	}
}

static int has_label(const struct acl *sacl)
{
	const struct ace *ace = sacl ? ace_first(sacl) : NULL;

	for (unsigned int i = 0; sacl && i < sacl->count; i++, ace = ace_next(ace))
		if (is_label(ace))
			return 1;
	return 0;
}

/* What a directory `depth` levels above passes on. */
static void take_from_above(struct effective *e, const struct security_descriptor *sd, int depth)
{
	int present;
	const struct acl *sacl = sd_get_sacl(sd, &present);

	e->stored = 1;
	if (e->dacl_open) {
		inherit_list(e, &e->dacl, sd_get_dacl(sd, &present), sd->control & KEEPS_DACL,
			     depth);
		if (sd->control & (SE_DACL_PROTECTED | KEEPS_DACL))
			e->dacl_open = 0;
	}
	if (!e->label_open || !(has_label(sacl) || (sd->control & KEEPS_LABEL)))
		return;
	inherit_list(e, &e->sacl, sacl, 1, depth);
	e->label_open = 0;
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

static void walk_up(struct effective *e, const char *path)
{
	char *at = must(strdup(path)), *above;
	int depth = 0;

	while ((e->dacl_open || e->label_open) && (above = parent_of(at))) {
		struct security_descriptor *sd = load(above);

		free(at);
		at = above;
		depth++;
		if (sd)
			take_from_above(e, sd, depth);
		free(sd);
	}
	free(at);
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

static struct security_descriptor *compose(const struct effective *e, unsigned int control,
					   const struct sid *owner, const struct sid *group)
{
	size_t sacl_size = e->sacl.count ? sizeof(struct acl) + e->sacl.size : 0;
	size_t dacl_size = control & SE_DACL_PRESENT ? sizeof(struct acl) + e->dacl.size : 0;
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
		at = put_list(at, &e->sacl);
	if (dacl_size)
		put_list(at, &e->dacl);
	return sd;
}

/* The entries that stand for the Unix mode, for a file that has no DACL of its own. */
static void take_mode(struct effective *e, const struct place *place, const struct sid *owner,
		      const struct sid *group)
{
	struct security_descriptor *sd = must(mode_to_sd(place->st.st_mode, owner, group));
	int present;
	const struct acl *dacl = sd_get_dacl(sd, &present);
	const struct ace *ace = ace_first(dacl);

	for (unsigned int i = 0; i < dacl->count; i++, ace = ace_next(ace))
		add_ace(&e->dacl, ace, ace->flags);
	free(sd);
}

/* The descriptor that holds for `place`; *stored: whether any stored one took part. */
static struct security_descriptor *effective_sd(const struct place *place, int *stored)
{
	struct security_descriptor *own = load(place->path), *sd;
	const struct sid *owner = own ? sd_get_owner(own) : NULL;
	const struct sid *group = own ? sd_get_group(own) : NULL;
	unsigned int control = SE_DACL_PRESENT | SE_DACL_AUTO_INHERITED;
	int has_dacl = own && (own->control & SE_DACL_PRESENT);

	work.dacl.size = work.dacl.count = work.sacl.size = work.sacl.count = 0;
	work.stored = 0;
	work.dacl_open = work.label_open = 1;
	work.is_directory = S_ISDIR(place->st.st_mode);
	if (own) {
		take_own(&work, own);
		control |= own->control & SE_DACL_PROTECTED;
	}
	walk_up(&work, place->path);
	if (!owner)
		owner = security_unix_uid_to_sid(place->st.st_uid);
	if (!group)
		group = &domain_users_sid;
	if (has_dacl && !own->dacl_len)
		control &= ~SE_DACL_PRESENT;
	else if (!has_dacl && work.dacl_open)
		take_mode(&work, place, owner, group);
	*stored = work.stored;
	sd = compose(&work, control, owner, group);
	free(own);
	return sd;
}

static void leave(struct place *place)
{
	free(place->path);
	place->path = NULL;
}

/* The absolute path without symbolic links; the last part need not exist. */
static int find(struct place *place, const char *path)
{
	char *parent, *real;
	size_t size;

	place->path = realpath(path, NULL);
	place->exists = place->path && !stat(place->path, &place->st);
	if (place->path)
		return 1;
	if (!(parent = parent_of(path)))
		return 0;
	real = realpath(parent, NULL);
	free(parent);
	if (!real)
		return 0;
	size = strlen(real) + strlen(path) + 2;
	place->path = must(malloc(size));
	snprintf(place->path, size, "%s%s", strcmp(real, "/") ? real : "", strrchr(path, '/'));
	free(real);
	return 1;
}

static int find_open(struct place *place, int unix_fd)
{
	char link[64], path[4096];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", unix_fd);
	size = readlink(link, path, sizeof(path) - 1);
	if (size <= 0 || path[0] != '/' || fstat(unix_fd, &place->st))
		return 0;
	if (!S_ISREG(place->st.st_mode) && !S_ISDIR(place->st.st_mode))
		return 0;
	path[size] = '\0';
	place->path = must(strdup(path));
	place->exists = 1;
	return 1;
}

/* NULL for what is no file or directory. */
struct security_descriptor *tb_file_sd(int unix_fd)
{
	struct security_descriptor *sd;
	struct place place;
	int stored;

	if (!find_open(&place, unix_fd))
		return NULL;
	sd = effective_sd(&place, &stored);
	leave(&place);
	return sd;
}

static void take_list(struct list_of_aces *list, const struct acl *acl)
{
	const struct ace *ace = acl ? ace_first(acl) : NULL;

	for (unsigned int i = 0; acl && i < acl->count; i++, ace = ace_next(ace))
		add_ace(list, ace, ace->flags);
}

static unsigned int dacl_control(const struct security_descriptor *sd, unsigned int info)
{
	unsigned int control = sd->control & (SE_DACL_PRESENT | SE_DACL_PROTECTED);

	if (info & TB_PROTECTED_DACL)
		control |= SE_DACL_PROTECTED;
	if (info & TB_UNPROTECTED_DACL)
		control &= ~SE_DACL_PROTECTED;
	return control;
}

/* `old` with the parts of `sd` that `info` names, as it is stored. */
static struct security_descriptor *merged(const struct security_descriptor *old,
					  const struct security_descriptor *sd, unsigned int info)
{
	static struct effective parts;
	const struct security_descriptor *dacl_of = info & DACL_SECURITY_INFORMATION ? sd : old;
	const struct sid *owner = sd_get_owner(info & OWNER_SECURITY_INFORMATION ? sd : old);
	const struct sid *group = sd_get_group(info & GROUP_SECURITY_INFORMATION ? sd : old);
	int sets_label = (info & (LABEL_SECURITY_INFORMATION | SACL_SECURITY_INFORMATION)) &&
			 (sd->control & SE_SACL_PRESENT);
	unsigned int control = old->control & (KEEPS_LABEL | KEEPS_DACL);
	struct security_descriptor *result;
	int present;

	parts.dacl.size = parts.dacl.count = parts.sacl.size = parts.sacl.count = 0;
	take_list(&parts.dacl, sd_get_dacl(dacl_of, &present));
	take_list(&parts.sacl, sd_get_sacl(sets_label ? sd : old, &present));
	if (dacl_of == sd)
		control = (control & ~KEEPS_DACL) | dacl_control(sd, info);
	else
		control |= old->control & (SE_DACL_PRESENT | SE_DACL_PROTECTED);
	if (sets_label)
		control &= ~KEEPS_LABEL;
	result = compose(&parts, control, owner ? owner : sd_get_owner(old),
			 group ? group : sd_get_group(old));
	if ((control & SE_DACL_PRESENT) && !sd_get_dacl(dacl_of, &present))
		result->dacl_len = 0; /* a NULL DACL: everything is allowed */
	return result;
}

static struct security_descriptor *own_or_blank(const struct place *place)
{
	static const struct effective nothing;
	struct security_descriptor *own = load(place->path);

	if (own)
		return own;
	return compose(&nothing, 0, security_unix_uid_to_sid(place->st.st_uid), &domain_users_sid);
}

static int save(const char *path, const struct security_descriptor *sd)
{
	size_t size = sizeof(*sd) + sd->owner_len + sd->group_len + sd->sacl_len + sd->dacl_len;

	if (!setxattr(path, ATTRIBUTE, sd, size, 0))
		return 1;
	file_set_error();
	return 0;
}

static int store(const struct place *place, const struct security_descriptor *sd, unsigned int info)
{
	struct security_descriptor *old = own_or_blank(place), *result = merged(old, sd, info);
	int done = save(place->path, result);

	free(old);
	free(result);
	return done;
}

/* Sets what `info` names; 0 with the error set when that is refused or cannot be kept. */
int tb_file_store(int unix_fd, const struct security_descriptor *sd, unsigned int info)
{
	struct place place;
	int done;

	if (!find_open(&place, unix_fd)) {
		set_error(STATUS_NOT_SUPPORTED);
		return 0;
	}
	done = store(&place, sd, info);
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

	if (parent.path && !stat(parent.path, &parent.st))
		sd = effective_sd(&parent, stored);
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
		sd = effective_sd(place, &own);
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
	struct place place;
	int may = 1;

	creating = 0;
	if (!path)
		return 1;
	if (find(&place, path)) {
		if (!place.exists || S_ISREG(place.st.st_mode) || S_ISDIR(place.st.st_mode))
			may = may_open(&place, open->disposition, open->options, open->access);
		creating = !place.exists;
		leave(&place);
	}
	free(path);
	if (!creating)
		*open->sd = NULL;
	else if (*open->sd)
		*open->mode |= open->options & FILE_DIRECTORY_FILE ? 0700 : 0600;
	if (!may)
		set_error(STATUS_ACCESS_DENIED);
	return may;
}

/* The label of a creator below Medium, for what inherits none. */
static struct security_descriptor *label_of_creator(void)
{
	static struct effective e;
	struct {
		struct ace ace;
		struct sid sid;
	} label = {.ace = {.type = SYSTEM_MANDATORY_LABEL_ACE_TYPE,
			   .size = sizeof(struct ace) + offsetof(struct sid, sub_auth[1]),
			   .mask = SYSTEM_MANDATORY_LABEL_NO_WRITE_UP},
		   .sid = {SID_REVISION, 1, SECURITY_MANDATORY_LABEL_AUTHORITY, {0}}};

	label.sid.sub_auth[0] = tb_token_level(tb_token_now());
	e.sacl.size = e.sacl.count = 0;
	add_ace(&e.sacl, &label.ace, 0);
	return compose(&e, 0, &world_sid, &world_sid);
}

static void label_new_file(const struct place *place)
{
	int stored, present;
	struct security_descriptor *sd = effective_sd(place, &stored), *label;

	if (!has_label(sd_get_sacl(sd, &present)) &&
	    tb_token_level(tb_token_now()) < SECURITY_MANDATORY_MEDIUM_RID) {
		label = label_of_creator();
		store(place, label, LABEL_SECURITY_INFORMATION);
		free(label);
	}
	free(sd);
}

/* After tb_file_open, when the file is open: a new one gets its descriptor. */
void tb_file_created(struct fd *fd, const struct security_descriptor *sd)
{
	int unix_fd = creating ? get_unix_fd(fd) : -1;
	struct place place;

	creating = 0;
	if (unix_fd == -1 || !find_open(&place, unix_fd))
		return;
	if (sd && (sd->control & (SE_DACL_PRESENT | SE_SACL_PRESENT)))
		store(&place, sd,
		      (sd->control & SE_DACL_PRESENT ? DACL_SECURITY_INFORMATION : 0) |
			      (tb_may_label(sd, LABEL_SECURITY_INFORMATION)
				       ? LABEL_SECURITY_INFORMATION
				       : 0));
	label_new_file(&place);
	leave(&place);
}

/* A file that gets a name elsewhere keeps what it inherited where it was. */
static void keep_inherited(const struct place *place, int target_stored)
{
	int stored;
	struct security_descriptor *sd = effective_sd(place, &stored);

	sd->control |= KEEPS_DACL | KEEPS_LABEL;
	if (stored || target_stored)
		save(place->path, sd);
	free(sd);
}

static int same_directory(const char *one, const char *other)
{
	size_t length = strrchr(one, '/') - one;

	return (size_t)(strrchr(other, '/') - other) == length && !strncmp(one, other, length);
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
	if (may && !same_directory(from->path, to->path))
		keep_inherited(from, stored);
	return may;
}

/* May the open file get the name `path`, as its only one or (`link`) as another? */
int tb_file_may_rename(int unix_fd, const char *path, int link)
{
	struct place from, to;
	int may;

	if (!find_open(&from, unix_fd))
		return 1;
	if (!find(&to, path)) {
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
