/*
 * What a token carries in the test bed beyond Wine's own: restricting SIDs and the integrity level.
 *
 * This file is added at the end of the wineserver's token.c and uses what is private there.
 * Running out of memory ends the server: a test bed that goes on without a check would lie.
 */
#include "testbed.h"

enum {
	TB_MAX_SIDS = 1024,
	TB_DISABLE_MAX_PRIVILEGE = 0x1,
	TB_LUA_TOKEN = 0x4,
	TB_WRITE_RESTRICTED = 0x8,
};

struct tb_token {
	unsigned int level; /* the last part of S-1-16-n */
	int restricted;
	int write_restricted;
	int user_deny_only;
	unsigned int count;
	unsigned int size; /* of all SIDs in bytes, one after the other */
	struct sid *sids;
};

static void *tb_alloc(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		abort();
	return memory;
}

static const struct sid *tb_next_sid(const struct sid *sid)
{
	return (const struct sid *)((const char *)sid + sid_len(sid));
}

/* The first token of a prefix stands for the user who starts carrel: Medium, not elevated. */
void tb_token_init(struct token *token)
{
	token->testbed = tb_alloc(sizeof(*token->testbed));
	token->testbed->level = SECURITY_MANDATORY_MEDIUM_RID;
}

void tb_token_copy(struct token *token, const struct token *source)
{
	struct tb_token *own = token->testbed;

	free(own->sids);
	*own = *source->testbed;
	own->sids = tb_alloc(own->size);
	if (own->size)
		memcpy(own->sids, source->testbed->sids, own->size);
}

void tb_token_free(struct token *token)
{
	free(token->testbed->sids);
	free(token->testbed);
	token->testbed = NULL;
}

unsigned int tb_token_level(const struct token *token)
{
	return token->testbed->level;
}

/* Valid until the next call. */
const struct sid *tb_level_sid(const struct token *token)
{
	static struct sid label = {SID_REVISION, 1, SECURITY_MANDATORY_LABEL_AUTHORITY, {0}};

	label.sub_auth[0] = token->testbed->level;
	return &label;
}

/* Must even objects be checked that Wine gives no descriptor? */
int tb_token_is_special(struct token *token)
{
	return token->testbed->restricted || token->testbed->user_deny_only ||
	       token->testbed->level < SECURITY_MANDATORY_MEDIUM_RID;
}

/* Is `token` the caller's own, or one that is weaker? */
static int tb_is_within(const struct token *token, const struct token *caller)
{
	return token->testbed->level <= caller->testbed->level &&
	       (token->testbed->restricted || !caller->testbed->restricted);
}

/*
 * A thread that wears a stronger token than its process has wears it for identification only on
 * Windows, and opens nothing with it. Here the process's own token counts instead.
 */
struct token *tb_token_now(void)
{
	struct token *own = current->process->token;

	return current->token && tb_is_within(current->token, own) ? current->token : own;
}

/*
 * A process may be started with a token of the caller's own or a filtered one. Without
 * SeAssignPrimaryTokenPrivilege (which Wine's tokens do not hold) Windows refuses any other.
 */
int tb_may_start(struct token *token)
{
	if (tb_is_within(token, current->process->token))
		return 1;
	set_error(STATUS_PRIVILEGE_NOT_HELD);
	return 0;
}

static int tb_restricting(const struct token *token, const struct sid *sid)
{
	const struct sid *each = token->testbed->sids;

	for (unsigned int i = 0; i < token->testbed->count; i++, each = tb_next_sid(each))
		if (equal_sid(each, sid))
			return 1;
	return 0;
}

/* Wine disables groups; on Windows the user's own SID can be disabled, too. */
void tb_token_disable(struct token *token, const struct sid *sids, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++, sids = tb_next_sid(sids))
		if (equal_sid(token->user, sids))
			token->testbed->user_deny_only = 1;
}

static void tb_remove_privileges(struct token *token, const struct luid *kept, size_t count)
{
	struct privilege *each, *next;

	LIST_FOR_EACH_ENTRY_SAFE(each, next, &token->privileges, struct privilege, entry)
	{
		size_t i = 0;

		while (i < count && !is_equal_luid(each->luid, kept[i]))
			i++;
		if (i == count)
			privilege_remove(each);
	}
}

/* LUA_TOKEN: the groups and privileges of an administrator who has not consented. */
static void tb_make_limited(struct token *token)
{
	const struct luid kept[] = {SeChangeNotifyPrivilege, SeShutdownPrivilege,
				    SeUndockPrivilege};
	struct group *group;

	tb_remove_privileges(token, kept, ARRAY_SIZE(kept));
	LIST_FOR_EACH_ENTRY(group, &token->groups, struct group, entry)
	{
		if (!equal_sid(&group->sid, &builtin_admins_sid))
			continue;
		group->attrs &= ~(SE_GROUP_ENABLED | SE_GROUP_ENABLED_BY_DEFAULT);
		group->attrs |= SE_GROUP_USE_FOR_DENY_ONLY;
	}
}

/* Restricting a restricted token leaves the SIDs that are in both lists. */
static void tb_take_sids(struct token *token, const struct sid *sids, unsigned int count)
{
	struct tb_token *own = token->testbed;
	struct sid *taken = tb_alloc(get_req_data_size());
	unsigned int number = 0, size = 0;

	for (unsigned int i = 0; i < count; i++, sids = tb_next_sid(sids)) {
		if (own->restricted && !tb_restricting(token, sids))
			continue;
		memcpy((char *)taken + size, sids, sid_len(sids));
		size += sid_len(sids);
		number++;
	}
	free(own->sids);
	own->sids = taken;
	own->size = size;
	own->count = number;
}

static void tb_restrict_token(struct token *token, unsigned int flags, unsigned int count)
{
	struct tb_token *own = token->testbed;

	if (flags & TB_DISABLE_MAX_PRIVILEGE)
		tb_remove_privileges(token, &SeChangeNotifyPrivilege, 1);
	if (flags & TB_LUA_TOKEN)
		tb_make_limited(token);
	if (!count)
		return;
	tb_take_sids(token, get_req_data(), count);
	own->write_restricted =
		(flags & TB_WRITE_RESTRICTED) && (!own->restricted || own->write_restricted);
	own->restricted = 1;
}

DECL_HANDLER(tb_restrict_token)
{
	struct token *token = get_token_obj(current->process, req->handle, TOKEN_DUPLICATE);
	unsigned int count = get_sid_count(get_req_data(), get_req_data_size());

	if (!token)
		return;
	if (count > TB_MAX_SIDS)
		set_error(STATUS_INVALID_PARAMETER);
	else
		tb_restrict_token(token, req->flags, count);
	release_object(token);
}

DECL_HANDLER(tb_get_token)
{
	struct token *token = get_token_obj(current->process, req->handle, TOKEN_QUERY);

	if (!token)
		return;
	reply->level = token->testbed->level;
	reply->restricted = token->testbed->restricted;
	reply->count = token->testbed->count;
	reply->size = token->testbed->size;
	if (token->testbed->size && token->testbed->size <= get_reply_max_size())
		set_reply_data(token->testbed->sids, token->testbed->size);
	release_object(token);
}

/* Raising a level needs SeTcbPrivilege on Windows; nobody has it enabled here. */
DECL_HANDLER(tb_set_token_level)
{
	struct token *token = get_token_obj(current->process, req->handle, TOKEN_ADJUST_DEFAULT);

	if (!token)
		return;
	if (req->level > token->testbed->level)
		set_error(STATUS_PRIVILEGE_NOT_HELD);
	else
		token->testbed->level = req->level;
	release_object(token);
}
