/*
 * The access check of the test bed: mandatory label, DACL, restricting SIDs, owner rights.
 *
 * Added at the end of the wineserver's token.c, after server_token.c. Sources: [MS-DTYP] 2.5.3.2
 * for the walk and the label; Microsoft's pages "Restricted Tokens" and "Windows Integrity
 * Mechanism Design" for what is not in there.
 */

enum {
	TB_SYNTHETIC = MAXIMUM_ALLOWED | ACCESS_SYSTEM_SECURITY,
	TB_NO_WRITE_UP = 1,
	TB_NO_READ_UP = 2,
	TB_NO_EXECUTE_UP = 4,
};

static const struct sid tb_owner_rights = {
	SID_REVISION, 1, SECURITY_CREATOR_SID_AUTHORITY, {SECURITY_CREATOR_OWNER_RIGHTS_RID}};

/* Sources disagree in places; TESTBED_READINGS names the readings to follow instead. */
int tb_reading(const char *name)
{
	const char *all = getenv("TESTBED_READINGS"), *found = all ? strstr(all, name) : NULL;
	size_t length = strlen(name);

	return found && (found == all || found[-1] == ',') &&
	       (found[length] == '\0' || found[length] == ',');
}

/* The mandatory label's entry; NULL when there is none. */
static const struct ace *tb_label_ace(const struct security_descriptor *sd)
{
	int present;
	const struct acl *sacl = sd_get_sacl(sd, &present);
	const struct ace *ace;

	if (!present || !sacl)
		return NULL;
	ace = ace_first(sacl);
	for (unsigned int i = 0; i < sacl->count; i++, ace = ace_next(ace))
		if (ace->type == SYSTEM_MANDATORY_LABEL_ACE_TYPE &&
		    !(ace->flags & INHERIT_ONLY_ACE))
			return ace;
	return NULL;
}

static unsigned int tb_level_in(const struct ace *ace)
{
	const struct sid *sid = (const struct sid *)(ace + 1);

	return sid->sub_count ? sid->sub_auth[sid->sub_count - 1] : 0;
}

/* What is not labelled counts as Medium. */
unsigned int tb_label_of(const struct security_descriptor *sd)
{
	const struct ace *ace = sd ? tb_label_ace(sd) : NULL;

	return ace ? tb_level_in(ace) : SECURITY_MANDATORY_MEDIUM_RID;
}

/* Setting a label above one's own needs SeRelabelPrivilege, which nobody has here. */
int tb_may_label(const struct security_descriptor *sd, unsigned int info)
{
	if (!(info & (LABEL_SECURITY_INFORMATION | SACL_SECURITY_INFORMATION)))
		return 1;
	if (!tb_label_ace(sd) || tb_label_of(sd) <= tb_token_level(tb_token_now()))
		return 1;
	set_error(STATUS_PRIVILEGE_NOT_HELD);
	return 0;
}

/* The rights that the label leaves below its level: the mappings it does not take away. */
static unsigned int tb_label_allows(const struct token *token, const struct security_descriptor *sd,
				    const struct tb_map *map)
{
	const struct ace *ace = tb_label_ace(sd);
	unsigned int policy = ace ? ace->mask : TB_NO_WRITE_UP;
	unsigned int allowed = 0;

	if (token->testbed->level >= tb_label_of(sd))
		return ~0u;
	if (!(policy & TB_NO_WRITE_UP))
		allowed |= map->write;
	if (!(policy & TB_NO_READ_UP))
		allowed |= map->read;
	if (!(policy & TB_NO_EXECUTE_UP))
		allowed |= map->exec;
	return allowed | TB_SYNTHETIC;
}

static int tb_has_group(const struct token *token, const struct sid *sid, int deny)
{
	const struct group *group;

	LIST_FOR_EACH_ENTRY(group, &token->groups, const struct group, entry)
	{
		int deny_only = !!(group->attrs & SE_GROUP_USE_FOR_DENY_ONLY);

		if (deny_only ? !deny : !(group->attrs & SE_GROUP_ENABLED))
			continue;
		if (equal_sid(&group->sid, sid))
			return 1;
	}
	return 0;
}

struct tb_pass {
	struct token *token;
	const struct security_descriptor *sd;
	const struct tb_map *map;
	int restricted; /* only the restricting SIDs count */
};

static int tb_matches(const struct tb_pass *pass, const struct sid *sid, int deny)
{
	const struct sid *owner = sd_get_owner(pass->sd);

	if (owner && equal_sid(sid, &tb_owner_rights))
		sid = owner;
	if (pass->restricted)
		return tb_restricting(pass->token, sid);
	if (equal_sid(pass->token->user, sid))
		return deny || !pass->token->testbed->user_deny_only;
	return tb_has_group(pass->token, sid, deny);
}

static unsigned int tb_specific(unsigned int mask, const struct tb_map *map)
{
	if (mask & GENERIC_READ)
		mask |= map->read;
	if (mask & GENERIC_WRITE)
		mask |= map->write;
	if (mask & GENERIC_EXECUTE)
		mask |= map->exec;
	if (mask & GENERIC_ALL)
		mask |= map->all;
	return mask & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
}

/* An OWNER RIGHTS entry replaces what the owner has without being named. */
static unsigned int tb_owner_has(const struct tb_pass *pass, const struct acl *dacl)
{
	const struct sid *owner = sd_get_owner(pass->sd);
	const struct ace *ace = ace_first(dacl);

	for (unsigned int i = 0; i < dacl->count; i++, ace = ace_next(ace))
		if (!(ace->flags & INHERIT_ONLY_ACE) &&
		    equal_sid((const struct sid *)(ace + 1), &tb_owner_rights))
			return 0;
	return owner && tb_matches(pass, owner, 0) ? READ_CONTROL | WRITE_DAC : 0;
}

/* Everything one walk over the DACL grants: an earlier entry wins over a later one. */
static unsigned int tb_walk(const struct tb_pass *pass)
{
	int present;
	const struct acl *dacl = sd_get_dacl(pass->sd, &present);
	unsigned int granted, denied = 0;
	const struct ace *ace;

	if (!present || !dacl)
		return pass->map->all | STANDARD_RIGHTS_ALL;
	granted = tb_owner_has(pass, dacl);
	ace = ace_first(dacl);
	for (unsigned int i = 0; i < dacl->count; i++, ace = ace_next(ace)) {
		const struct sid *sid = (const struct sid *)(ace + 1);
		unsigned int mask = tb_specific(ace->mask, pass->map);

		if (ace->flags & INHERIT_ONLY_ACE)
			continue;
		if (ace->type == ACCESS_DENIED_ACE_TYPE && tb_matches(pass, sid, 1))
			denied |= mask & ~granted;
		else if (ace->type == ACCESS_ALLOWED_ACE_TYPE && tb_matches(pass, sid, 0))
			granted |= mask & ~denied;
	}
	return granted;
}

/*
 * Which rights the restricting SIDs of a write-restricted token are asked about: those that only
 * the generic write mapping has ("CreateRestrictedToken": "only when the system evaluates write
 * access"). Reading `write-whole` asks about all rights as soon as one of them is wanted, reading
 * `write-standard` counts deleting and changing owner and DACL among them.
 */
static unsigned int tb_write_rights(unsigned int wanted, const struct tb_map *map)
{
	unsigned int rights = map->write & ~(map->read | map->exec);

	if (tb_reading("write-standard"))
		rights |= DELETE | WRITE_DAC | WRITE_OWNER;
	return tb_reading("write-whole") && (wanted & (rights | MAXIMUM_ALLOWED)) ? ~0u : rights;
}

static unsigned int tb_all_granted(struct token *token, const struct security_descriptor *sd,
				   unsigned int wanted, const struct tb_map *map)
{
	struct tb_pass pass = {.token = token, .sd = sd, .map = map};
	unsigned int granted = tb_walk(&pass);
	unsigned int asked = ~0u;

	if (token->testbed->restricted) {
		if (token->testbed->write_restricted)
			asked = tb_write_rights(wanted, map);
		pass.restricted = 1;
		granted &= tb_walk(&pass) | ~asked;
	}
	return granted & tb_label_allows(token, sd, map);
}

static int tb_holds(struct token *token, struct luid privilege)
{
	const struct luid_attr wanted = {privilege, 0};

	return token_check_privileges(token, TRUE, &wanted, 1, NULL);
}

/* The rights that are granted of `wanted`: all of them, or none. */
unsigned int tb_granted(struct token *token, const struct security_descriptor *sd,
			unsigned int wanted, const struct tb_map *map)
{
	unsigned int named = wanted & ~TB_SYNTHETIC;
	unsigned int granted = tb_all_granted(token, sd, wanted, map);

	if ((named & WRITE_OWNER) && tb_holds(token, SeTakeOwnershipPrivilege))
		granted |= WRITE_OWNER & tb_label_allows(token, sd, map);
	if ((granted & named) != named)
		return 0;
	return wanted & MAXIMUM_ALLOWED ? granted & (map->all | STANDARD_RIGHTS_ALL) : named;
}

/* The decision of the AccessCheck API and of every handle; the status of a refusal. */
unsigned int tb_access_check(struct token *token, const struct security_descriptor *sd,
			     unsigned int wanted, const struct tb_map *map, unsigned int *granted)
{
	unsigned int special = wanted & ACCESS_SYSTEM_SECURITY;

	*granted = 0;
	if (special && !tb_holds(token, SeSecurityPrivilege))
		return STATUS_PRIVILEGE_NOT_HELD;
	*granted = tb_granted(token, sd, wanted, map);
	if (!*granted && (wanted & ~ACCESS_SYSTEM_SECURITY))
		return STATUS_ACCESS_DENIED;
	*granted |= special;
	return STATUS_SUCCESS;
}
