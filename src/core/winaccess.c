/*
 * winaccess.c - the access check: label first, then the list for the token's own SIDs, then the
 * list for its restricting SIDs.
 *
 * Must never grant what one of its sources would refuse without a reading that says so. "DTYP" is
 * [MS-DTYP], "Windows Data Types"; "Restricted Tokens" and "CreateRestrictedToken" are pages of
 * Microsoft's Win32 security documentation.
 */
#include "winaccess.h"

static const char *const lock_names[] = {
	[CR_WIN_LOCK_NONE] = "none",         [CR_WIN_LOCK_HEIGHT] = "height",
	[CR_WIN_LOCK_IDENTITY] = "identity", [CR_WIN_LOCK_PLACE] = "place",
	[CR_WIN_LOCK_PIN] = "pin",
};

const char *cr_win_lock_name(enum cr_win_lock lock)
{
	return lock_names[lock];
}

/* The SIDs one walk through the list is made for. */
struct identity {
	const struct cr_win_token *token;
	bool restricting; /* the second walk: only the restricting SIDs */
};

/* DTYP 2.5.3.1.1 SidInToken: a SID that only denies matches no entry that allows. */
static bool in_groups(const struct cr_win_token *token, const struct cr_win_sid *sid, bool denies)
{
	for (size_t i = 0; i < token->n_groups; i++) {
		const struct cr_win_group *group = &token->groups[i];

		if (!cr_win_sid_equal(&group->sid, sid))
			continue;
		if (group->attributes & CR_WIN_GROUP_DENY_ONLY) {
			if (denies)
				return true;
		} else if (group->attributes & CR_WIN_GROUP_ENABLED) {
			return true;
		}
	}
	return false;
}

/* "Restricted Tokens": the second check knows the restricting SIDs and nothing else. */
static bool is_restricting(const struct cr_win_token *token, const struct cr_win_sid *sid)
{
	for (size_t i = 0; i < token->n_restricting; i++) {
		if (cr_win_sid_equal(&token->restricting[i], sid))
			return true;
	}
	return false;
}

static bool has_sid(const struct identity *who, const struct cr_win_sid *sid, bool denies)
{
	if (who->restricting)
		return is_restricting(who->token, sid);
	if (cr_win_sid_equal(&who->token->user, sid))
		return denies || !who->token->user_deny_only;
	return in_groups(who->token, sid, denies);
}

/* DTYP 2.4.2.4, OWNER_RIGHTS: an entry for S-1-3-4 speaks of the owner, whoever that is. */
static bool matches(const struct identity *who, const struct cr_win_sd *sd,
		    const struct cr_win_ace *ace)
{
	const bool denies = ace->type == CR_WIN_ACE_DENY;

	if (cr_win_sid_equal(&ace->sid, &cr_win_sid_owner_rights) && sd->owner.n_subs)
		return has_sid(who, &sd->owner, denies) || has_sid(who, &ace->sid, denies);
	return has_sid(who, &ace->sid, denies);
}

/* DTYP 2.4.4.1: an inherit-only entry says nothing about the object that carries it. */
static bool counts(const struct cr_win_ace *ace)
{
	return !(ace->flags & CR_WIN_ACE_INHERIT_ONLY) &&
	       (ace->type == CR_WIN_ACE_ALLOW || ace->type == CR_WIN_ACE_DENY);
}

/*
 * DTYP 2.5.3.2: the owner may read and change the descriptor, unless an entry for OWNER RIGHTS
 * (2.4.2.4) says what the owner may do instead.
 */
static uint32_t owner_rights(const struct identity *who, const struct cr_win_sd *sd)
{
	if (!sd->owner.n_subs || !has_sid(who, &sd->owner, false))
		return 0;
	for (size_t i = 0; i < sd->dacl.count; i++) {
		if (counts(&sd->dacl.aces[i]) &&
		    cr_win_sid_equal(&sd->dacl.aces[i].sid, &cr_win_sid_owner_rights))
			return 0;
	}
	return CR_WIN_READ_CONTROL | CR_WIN_WRITE_DAC;
}

/*
 * DTYP 2.5.3.2: entry by entry in the order of the list, whatever that is; for each right the
 * first entry that speaks of it decides. A NULL DACL grants all, an empty one nothing.
 */
static uint32_t walk(const struct identity *who, const struct cr_win_sd *sd)
{
	uint32_t granted = owner_rights(who, sd), denied = 0;

	if (!sd->has_dacl)
		return ~(CR_WIN_ACCESS_SYSTEM_SECURITY | CR_WIN_MAXIMUM_ALLOWED);
	for (size_t i = 0; i < sd->dacl.count; i++) {
		const struct cr_win_ace *ace = &sd->dacl.aces[i];

		if (!counts(ace) || !matches(who, sd, ace))
			continue;
		if (ace->type == CR_WIN_ACE_DENY)
			denied |= ace->mask & ~granted;
		else
			granted |= ace->mask & ~denied;
	}
	/* DTYP 2.4.3: the SACL is reached by privilege only. */
	return granted & ~(CR_WIN_ACCESS_SYSTEM_SECURITY | CR_WIN_MAXIMUM_ALLOWED);
}

/* The entry that denies one of `bits` in a walk; NULL: no entry grants them. */
static const struct cr_win_ace *denier(const struct identity *who, const struct cr_win_sd *sd,
				       uint32_t bits)
{
	for (size_t i = 0; i < sd->dacl.count; i++) {
		const struct cr_win_ace *ace = &sd->dacl.aces[i];

		if (counts(ace) && ace->type == CR_WIN_ACE_DENY && ace->mask & bits &&
		    matches(who, sd, ace))
			return ace;
	}
	return NULL;
}

/* DTYP 2.5.3.3: the first label that is not inherit-only; none is Medium with NO_WRITE_UP. */
static const struct cr_win_ace *find_label(const struct cr_win_sd *sd)
{
	for (size_t i = 0; i < sd->sacl.count; i++) {
		const struct cr_win_ace *ace = &sd->sacl.aces[i];

		if (ace->type == CR_WIN_ACE_LABEL && !(ace->flags & CR_WIN_ACE_INHERIT_ONLY))
			return ace;
	}
	return NULL;
}

uint32_t cr_win_label_level(const struct cr_win_sd *sd)
{
	const struct cr_win_ace *label = find_label(sd);

	return label ? label->sid.subs[0] : CR_WIN_IL_MEDIUM;
}

/*
 * DTYP 2.5.3.3: below the object's level only the generic rights that its label leaves remain.
 * DELETE, WRITE_DAC, WRITE_OWNER and FILE_DELETE_CHILD are in none of them, and so are refused.
 * The token's own policy is taken to be TOKEN_MANDATORY_POLICY_NO_WRITE_UP, as it always is.
 */
uint32_t cr_win_label_allows(const struct cr_win_token *token, const struct cr_win_sd *sd,
			     const struct cr_win_mapping *mapping, const struct cr_win_ace **label)
{
	const struct cr_win_ace *found = find_label(sd);
	const uint32_t policy = found ? found->mask : CR_WIN_LABEL_NO_WRITE_UP;
	uint32_t allowed = 0;

	*label = found;
	if (token->level >= cr_win_label_level(sd))
		return UINT32_MAX;
	allowed |= policy & CR_WIN_LABEL_NO_READ_UP ? 0 : mapping->read;
	allowed |= policy & CR_WIN_LABEL_NO_WRITE_UP ? 0 : mapping->write;
	allowed |= policy & CR_WIN_LABEL_NO_EXECUTE_UP ? 0 : mapping->execute;
	allowed |= token->privileges & CR_WIN_PRIV_RELABEL ? CR_WIN_WRITE_OWNER : 0;
	return allowed;
}

/*
 * DTYP 2.5.3.2: what privileges grant without the list being asked, of the rights asked for by
 * name: MAXIMUM_ALLOWED uses no privilege.
 */
static uint32_t by_privilege(const struct cr_win_token *token, uint32_t wanted)
{
	uint32_t bits = 0;

	bits |= token->privileges & CR_WIN_PRIV_TAKE_OWNERSHIP ? CR_WIN_WRITE_OWNER : 0;
	bits |= token->privileges & CR_WIN_PRIV_SECURITY ? CR_WIN_ACCESS_SYSTEM_SECURITY : 0;
	return bits & wanted;
}

/* The bits that write and do nothing else: of files 0x116. */
static uint32_t write_bits(const struct cr_win_mapping *mapping)
{
	return mapping->write & ~(mapping->read | mapping->execute);
}

/*
 * The bits that the restricting SIDs must be granted too. "CreateRestrictedToken",
 * WRITE_RESTRICTED: they count "only when the system evaluates write access", which published
 * accounts of the kernel take in two ways. On real Windows a file could not be deleted where the
 * restricting SID lacked DELETE (github.com/openai/codex/pull/31138), and could where the user had
 * FILE_DELETE_CHILD on the directory (github.com/openai/codex/issues/32915): the third reading. A
 * write-restricted token without restricting SIDs writes nothing
 * (github.com/googleprojectzero/sandbox-attacksurface-analysis-tools/pull/20).
 */
static uint32_t asked_again(const struct cr_win_request *request,
			    const struct cr_win_mapping *mapping, uint32_t wanted)
{
	const struct cr_win_token *token = request->token;
	const uint32_t writes = write_bits(mapping);

	if (!token->write_restricted)
		return token->n_restricting > 0 ? UINT32_MAX : 0;
	switch (request->reading) {
	case CR_WIN_WRITE_BITS:
		return writes;
	case CR_WIN_WHOLE_WRITE:
		return wanted & (writes | CR_WIN_MAXIMUM_ALLOWED) ? UINT32_MAX : 0;
	case CR_WIN_STANDARD_WRITE:
		return writes | CR_WIN_DELETE | CR_WIN_WRITE_DAC | CR_WIN_WRITE_OWNER;
	}
	return UINT32_MAX;
}

/* What each lock leaves of all rights. */
struct locks {
	uint32_t height, identity, place;
	const struct cr_win_ace *label;
};

static struct locks look(const struct cr_win_request *request, const struct cr_win_mapping *mapping,
			 uint32_t wanted)
{
	const struct identity own = {.token = request->token};
	const struct identity second = {.token = request->token, .restricting = true};
	const uint32_t privileged = by_privilege(request->token, wanted);
	const uint32_t again = asked_again(request, mapping, wanted);
	struct locks locks = {.place = UINT32_MAX};

	locks.height = cr_win_label_allows(request->token, request->sd, mapping, &locks.label);
	locks.identity = walk(&own, request->sd) | privileged;
	if (again)
		locks.place = walk(&second, request->sd) | privileged | ~again;
	return locks;
}

static struct cr_win_answer refuse(const struct cr_win_request *request, const struct locks *locks,
				   uint32_t wanted)
{
	const struct identity who = {
		.token = request->token,
		.restricting = !(wanted & ~locks->identity),
	};
	struct cr_win_answer answer = {.refused = wanted & ~locks->height};

	answer.locks |= wanted & ~locks->height ? 1u << CR_WIN_LOCK_HEIGHT : 0;
	answer.locks |= wanted & ~locks->identity ? 1u << CR_WIN_LOCK_IDENTITY : 0;
	answer.locks |= wanted & ~locks->place ? 1u << CR_WIN_LOCK_PLACE : 0;
	if (answer.refused) {
		answer.lock = CR_WIN_LOCK_HEIGHT;
		answer.ace = locks->label;
		return answer;
	}
	answer.lock = who.restricting ? CR_WIN_LOCK_PLACE : CR_WIN_LOCK_IDENTITY;
	answer.refused = wanted & ~(who.restricting ? locks->place : locks->identity);
	answer.ace = denier(&who, request->sd, answer.refused);
	return answer;
}

struct cr_win_answer cr_win_access(const struct cr_win_request *request)
{
	const struct cr_win_mapping *mapping =
		request->mapping ? request->mapping : &cr_win_file_mapping;
	const uint32_t mask = cr_win_map_generic(mapping, request->mask);
	const uint32_t wanted = mask & ~CR_WIN_MAXIMUM_ALLOWED;
	const struct locks locks = look(request, mapping, mask);
	const uint32_t all = locks.height & locks.identity & locks.place;
	struct cr_win_answer answer = {.granted = true, .mask = wanted};

	if (wanted & ~all)
		return refuse(request, &locks, wanted);
	/* DTYP 2.5.3.2, MAXIMUM_ALLOWED: everything that would be granted; nothing is a refusal. */
	if (mask & CR_WIN_MAXIMUM_ALLOWED) {
		answer.mask |= all & (request->sd->has_dacl ? UINT32_MAX : mapping->all);
		if (answer.mask == 0)
			return refuse(request, &locks, mapping->all);
	}
	return answer;
}
