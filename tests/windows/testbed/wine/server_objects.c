/*
 * Objects that are no files: processes and threads carry their token's descriptor, named objects
 * that of their maker, registry keys what they inherit.
 *
 * A file of its own in the wineserver. Wine gives most objects no descriptor at all and lets
 * everybody use them; Windows takes the token's default DACL.
 */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

enum {
	MAX_ACES = 64,
	UNCHECKED = -1,
};

static const struct tb_map file_map = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
				       FILE_ALL_ACCESS};

static const struct sid restricted_code = {
	SID_REVISION, 1, SECURITY_NT_AUTHORITY, {SECURITY_RESTRICTED_CODE_RID}};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* A descriptor with room for `size` bytes of lists; *end points behind owner and group. */
static struct security_descriptor *blank(const struct sid *owner, const struct sid *group,
					 size_t size, char **end)
{
	struct security_descriptor *sd =
		must(calloc(1, sizeof(*sd) + sid_len(owner) + sid_len(group) + size));
	char *at = (char *)(sd + 1);

	sd->owner_len = sid_len(owner);
	sd->group_len = sid_len(group);
	memcpy(at, owner, sd->owner_len);
	memcpy(at + sd->owner_len, group, sd->group_len);
	*end = at + sd->owner_len + sd->group_len;
	return sd;
}

static struct ace *begin_list(char *at, size_t size, unsigned int count)
{
	struct acl *acl = (struct acl *)at;

	memset(acl, 0, sizeof(*acl));
	acl->revision = ACL_REVISION;
	acl->size = size;
	acl->count = count;
	return ace_first(acl);
}

/* What Windows gives an object of a maker with `token`: its default DACL and its level. */
static struct security_descriptor *default_sd(struct token *token, unsigned int policy)
{
	const struct acl *dacl = token_get_default_dacl(token);
	const struct sid *label = tb_level_sid(token);
	size_t sacl_size = sizeof(struct acl) + sizeof(struct ace) + sid_len(label);
	size_t dacl_size = dacl ? dacl->size : 0;
	char *at;
	struct security_descriptor *sd = blank(
		token_get_owner(token), token_get_primary_group(token), sacl_size + dacl_size, &at);

	sd->control = SE_SACL_PRESENT | (dacl ? SE_DACL_PRESENT : 0);
	sd->sacl_len = sacl_size;
	sd->dacl_len = dacl_size;
	set_ace(begin_list(at, sacl_size, 1), label, SYSTEM_MANDATORY_LABEL_ACE_TYPE, 0, policy);
	if (dacl)
		memcpy(at + sacl_size, dacl, dacl_size);
	return sd;
}

static struct process *process_of(struct object *obj)
{
	if (obj->ops->type == &process_type)
		return (struct process *)obj;
	return obj->ops->type == &thread_type ? ((struct thread *)obj)->process : NULL;
}

/* Processes and threads also refuse to be read from below. */
static void describe(struct token *token, struct object *obj)
{
	struct process *process = process_of(obj);

	if (process && process != current->process && process->token && tb_token_is_special(token))
		obj->sd = default_sd(process->token, SYSTEM_MANDATORY_LABEL_NO_WRITE_UP |
							     SYSTEM_MANDATORY_LABEL_NO_READ_UP);
}

/* Named objects, not those of the server's own start. */
void tb_object_created(struct object *obj)
{
	const struct type_descr *types[] = {&event_type, &mutex_type, &semaphore_type, &timer_type,
					    &mapping_type};

	if (!current || !obj || obj->sd || !obj->name)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (obj->ops->type == types[i])
			obj->sd = default_sd(tb_token_now(), SYSTEM_MANDATORY_LABEL_NO_WRITE_UP);
}

void tb_pipe_created(struct object *pipe)
{
	if (!pipe->sd)
		pipe->sd = default_sd(tb_token_now(), SYSTEM_MANDATORY_LABEL_NO_WRITE_UP);
}

int tb_pipe_may_open(struct object *pipe, unsigned int access)
{
	unsigned int wanted = map_access(access, &file_type.mapping) &
			      ~(SYNCHRONIZE | FILE_READ_ATTRIBUTES | MAXIMUM_ALLOWED);

	if (!pipe->sd || !wanted || tb_granted(tb_token_now(), pipe->sd, wanted, &file_map))
		return 1;
	set_error(STATUS_ACCESS_DENIED);
	return 0;
}

/* Wine forgets whether a DACL is protected. */
void tb_object_control(struct object *obj, unsigned int info)
{
	if (!obj->sd)
		return;
	if (info & TB_PROTECTED_DACL)
		obj->sd->control |= SE_DACL_PROTECTED;
	if (info & TB_UNPROTECTED_DACL)
		obj->sd->control &= ~SE_DACL_PROTECTED;
}

/* A key's descriptor under construction, and what it still takes from the keys above. */
struct key_parts {
	const struct ace *dacl[MAX_ACES];
	unsigned int count;
	const struct ace *label;
	int stored;
	int dacl_open;
	int label_open;
};

static void take_key(struct key_parts *parts, const struct security_descriptor *sd, int own)
{
	int present;
	const struct acl *acl = sd_get_dacl(sd, &present);
	const struct ace *ace = acl ? ace_first(acl) : NULL;

	parts->stored = 1;
	for (unsigned int i = 0; parts->dacl_open && acl && i < acl->count;
	     i++, ace = ace_next(ace))
		if (parts->count < MAX_ACES && !(ace->flags & INHERITED_ACE) &&
		    (own || (ace->flags & CONTAINER_INHERIT_ACE)))
			parts->dacl[parts->count++] = ace;
	if (sd->control & SE_DACL_PROTECTED)
		parts->dacl_open = 0;
	acl = sd_get_sacl(sd, &present);
	ace = acl ? ace_first(acl) : NULL;
	for (unsigned int i = 0; parts->label_open && acl && i < acl->count;
	     i++, ace = ace_next(ace)) {
		if (ace->type != SYSTEM_MANDATORY_LABEL_ACE_TYPE)
			continue;
		parts->label_open = 0;
		if (own || (ace->flags & CONTAINER_INHERIT_ACE))
			parts->label = ace;
	}
}

static struct object *parent_key(struct object *key)
{
	struct object *parent = key->name ? key->name->parent : NULL;

	return parent && parent->ops->type == &key_type ? parent : NULL;
}

static int is_of_user(struct object *key)
{
	struct object *above, *top = NULL;

	while ((above = parent_key(key))) {
		top = key;
		key = above;
	}
	return top && top->name->len == 4 * sizeof(WCHAR) && (top->name->name[0] | 0x20) == 'u';
}

/* What the root of each hive passes on: the user's own hive is the user's. */
static const struct security_descriptor *hive_sd(int of_user)
{
	static struct security_descriptor *sds[2];
	const struct sid *user = security_unix_uid_to_sid(getuid());
	const struct {
		const struct sid *sid;
		unsigned int mask;
	} rights[] = {{&local_system_sid, KEY_ALL_ACCESS},
		      {&builtin_admins_sid, KEY_ALL_ACCESS},
		      {of_user ? user : &builtin_users_sid, of_user ? KEY_ALL_ACCESS : KEY_READ},
		      {&restricted_code, KEY_READ}};
	size_t size = sizeof(struct acl);
	struct ace *ace;
	char *at;

	if (sds[of_user])
		return sds[of_user];
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		size += sizeof(struct ace) + sid_len(rights[i].sid);
	sds[of_user] = blank(of_user ? user : &builtin_admins_sid, &domain_users_sid, size, &at);
	sds[of_user]->control = SE_DACL_PRESENT;
	sds[of_user]->dacl_len = size;
	ace = begin_list(at, size, ARRAY_SIZE(rights));
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++, ace = ace_next(ace))
		set_ace(ace, rights[i].sid, ACCESS_ALLOWED_ACE_TYPE, CONTAINER_INHERIT_ACE,
			rights[i].mask);
	return sds[of_user];
}

static char *put_ace(char *at, const struct ace *ace, int inherited)
{
	memcpy(at, ace, ace->size);
	if (inherited)
		((struct ace *)at)->flags &= ~INHERIT_ONLY_ACE;
	return at + ace->size;
}

static struct security_descriptor *compose(const struct key_parts *parts,
					   const struct security_descriptor *own, int of_user,
					   unsigned int own_aces)
{
	const struct security_descriptor *base = own && own->owner_len ? own : hive_sd(of_user);
	size_t sacl_size = parts->label ? sizeof(struct acl) + parts->label->size : 0;
	size_t dacl_size = sizeof(struct acl);
	struct security_descriptor *sd;
	char *at;

	for (unsigned int i = 0; i < parts->count; i++)
		dacl_size += parts->dacl[i]->size;
	sd = blank(sd_get_owner(base),
		   own && own->group_len ? sd_get_group(own) : &domain_users_sid,
		   sacl_size + dacl_size, &at);
	sd->control = SE_DACL_PRESENT | (parts->label ? SE_SACL_PRESENT : 0);
	sd->sacl_len = sacl_size;
	sd->dacl_len = dacl_size;
	if (parts->label) {
		begin_list(at, sacl_size, 1);
		put_ace(at + sizeof(struct acl), parts->label, 1);
		at += sacl_size;
	}
	begin_list(at, dacl_size, parts->count);
	at += sizeof(struct acl);
	for (unsigned int i = 0; i < parts->count; i++)
		at = put_ace(at, parts->dacl[i], i >= own_aces);
	return sd;
}

static struct security_descriptor *key_sd(struct object *key, int *stored)
{
	struct key_parts parts = {.dacl_open = 1, .label_open = 1};
	unsigned int own_aces;
	struct object *above = key;

	if (key->sd)
		take_key(&parts, key->sd, 1);
	own_aces = parts.count;
	while ((parts.dacl_open || parts.label_open) && (above = parent_key(above)))
		if (above->sd)
			take_key(&parts, above->sd, 0);
	*stored = parts.stored;
	if (parts.dacl_open)
		take_key(&parts, hive_sd(is_of_user(key)), 0);
	return compose(&parts, key->sd, is_of_user(key), own_aces);
}

static int check_key(struct token *token, struct object *key, unsigned int *access)
{
	int stored;
	struct security_descriptor *sd = key_sd(key, &stored);
	unsigned int granted = *access;

	if (stored || tb_token_is_special(token))
		granted = tb_granted(token, sd, *access, TB_MAP(&key_type.mapping));
	else if (*access & MAXIMUM_ALLOWED)
		granted = key_type.mapping.all;
	free(sd);
	if (*access && !granted) {
		set_error(STATUS_ACCESS_DENIED);
		return 0;
	}
	*access = granted;
	return 1;
}

/* A key is made under `parent`; the server itself loads hives without asking. */
int tb_key_may_create(struct object *parent)
{
	unsigned int access = KEY_CREATE_SUB_KEY;

	if (!current || parent->ops->type != &key_type)
		return 1;
	return check_key(tb_token_now(), parent, &access);
}

/* The descriptor of a key as it is shown; the caller keeps it in the object or frees it. */
struct security_descriptor *tb_key_sd(struct object *key)
{
	int stored;

	return key_sd(key, &stored);
}

/* Before the server checks `obj`: 1 allowed, 0 refused, -1 go on with the object's descriptor. */
int tb_object_check(struct token *token, struct object *obj, unsigned int *access)
{
	if (!current)
		return UNCHECKED;
	if (obj->ops->type == &key_type)
		return check_key(token, obj, access);
	if (!obj->sd)
		describe(token, obj);
	return UNCHECKED;
}
