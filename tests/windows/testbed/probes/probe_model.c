/*
 * AccessCheck against carrel's own model of it (core/winaccess.h), on descriptors drawn at random.
 * A case answers 1 when they always agree.
 *
 * The model is compared with Samba's check elsewhere; here the test bed is compared with the
 * model, so that what is tested in the bed is what plans are proved with.
 */
#include "probe.h"

#include "core/winaccess.h"

#include <stdint.h>

enum {
	CASES = 2500, /* of each actor */
	MAX_ACES = 5,
	MAX_GROUPS = 32,
};

static const char *const names[ACTORS] = {
	[USER] = "model: user",
	[ADMINS_OFF] = "model: Administrators only deny",
	[LIMITED] = "model: limited",
	[USER_OFF] = "model: the user only denies",
	[RESTRICTED] = "model: restricted",
	[WRITER] = "model: write-restricted",
	[LOW] = "model: low",
	[PRIVATE] = "model: private",
	[BOX] = "model: box",
	[BOX_UNLABELED] = "model: box without its level",
};

static uint32_t state = 0x2545f491;

static uint32_t draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static void take_sid(PSID sid, struct cr_win_sid *out)
{
	char *text;

	if (!ConvertSidToStringSidA(sid, &text) || !cr_win_sid_parse(text, out))
		probe_fail("reading a SID");
	LocalFree(text);
}

static void parse_sid(const WCHAR *text, struct cr_win_sid *out)
{
	PSID sid;

	if (!ConvertStringSidToSidW(text, &sid))
		probe_fail("ConvertStringSidToSid");
	take_sid(sid, out);
	LocalFree(sid);
}

/* The actor's token as the model has it. */
struct model_token {
	struct cr_win_token token;
	struct cr_win_group groups[MAX_GROUPS];
	struct cr_win_sid restricting[2];
};

static void describe_token(enum actor who, struct model_token *out)
{
	const struct probe_recipe *recipe = &probe_recipes[who];
	char buffer[4096];
	TOKEN_GROUPS *groups = (TOKEN_GROUPS *)buffer;
	DWORD size;

	*out = (struct model_token){0};
	if (!GetTokenInformation(probe_token(who), TokenUser, buffer, sizeof(buffer), &size))
		probe_fail("TokenUser");
	take_sid(((TOKEN_USER *)buffer)->User.Sid, &out->token.user);
	if (!GetTokenInformation(probe_token(who), TokenGroups, buffer, sizeof(buffer), &size) ||
	    groups->GroupCount > MAX_GROUPS)
		probe_fail("TokenGroups");
	for (DWORD i = 0; i < groups->GroupCount; i++) {
		take_sid(groups->Groups[i].Sid, &out->groups[i].sid);
		out->groups[i].attributes = groups->Groups[i].Attributes;
	}
	out->token.groups = out->groups;
	out->token.n_groups = groups->GroupCount;
	out->token.restricting = out->restricting;
	for (size_t i = 0; i < 2 && recipe->restricting[i]; i++)
		parse_sid(recipe->restricting[i], &out->restricting[out->token.n_restricting++]);
	out->token.write_restricted = !!(recipe->flags & WRITE_RESTRICTED);
	out->token.user_deny_only = recipe->disabled && recipe->disabled[0] == L'u';
	out->token.level = recipe->level == PROBE_NONE ? PROBE_MEDIUM : (uint32_t)recipe->level;
}

/* One descriptor, as Windows and as the model has it. */
struct pair {
	SECURITY_DESCRIPTOR sd;
	struct cr_win_sd model;
	char dacl[1024];
	char sacl[256];
	struct cr_win_ace aces[MAX_ACES];
	struct cr_win_ace label;
};

static PSID sids[7];

static void make_sids(void)
{
	static const WCHAR *const texts[] = {PROBE_SID,       L"S-1-1-0", L"S-1-5-32-544",
					     L"S-1-5-32-545", L"S-1-3-4", L"S-1-5-21-9-9-9-9"};
	static char user[256];
	DWORD size;

	if (!GetTokenInformation(probe_token(USER), TokenUser, user, sizeof(user), &size))
		probe_fail("TokenUser");
	sids[0] = ((TOKEN_USER *)user)->User.Sid;
	for (size_t i = 0; i < 6; i++)
		if (!ConvertStringSidToSidW(texts[i], &sids[i + 1]))
			probe_fail("ConvertStringSidToSid");
}

static uint32_t draw_mask(void)
{
	static const uint32_t masks[] = {0x1,
					 0x2,
					 0x4,
					 0x20,
					 0x40,
					 DELETE,
					 READ_CONTROL,
					 WRITE_DAC,
					 WRITE_OWNER,
					 SYNCHRONIZE,
					 FILE_GENERIC_READ,
					 FILE_GENERIC_WRITE,
					 FILE_ALL_ACCESS};
	uint32_t mask = masks[draw(13)];

	while (draw(3) == 0)
		mask |= masks[draw(11)];
	return mask;
}

static void add_ace(struct pair *pair, size_t i)
{
	struct cr_win_ace *ace = &pair->aces[i];
	PSID sid = sids[draw(7)];
	ACL *acl = (ACL *)pair->dacl;
	BOOL added;

	ace->type = draw(3) ? CR_WIN_ACE_ALLOW : CR_WIN_ACE_DENY;
	ace->flags = draw(8) ? 0 : INHERIT_ONLY_ACE | OBJECT_INHERIT_ACE;
	ace->mask = draw_mask();
	take_sid(sid, &ace->sid);
	added = ace->type == CR_WIN_ACE_ALLOW
			? AddAccessAllowedAceEx(acl, ACL_REVISION, ace->flags, ace->mask, sid)
			: AddAccessDeniedAceEx(acl, ACL_REVISION, ace->flags, ace->mask, sid);
	if (!added)
		probe_fail("adding an entry");
}

static void draw_label(struct pair *pair)
{
	static const WCHAR *const levels[] = {L"S-1-16-4096", L"S-1-16-6144", L"S-1-16-8192",
					      L"S-1-16-12288"};
	ACL *acl = (ACL *)pair->sacl;
	PSID sid;

	if (draw(2) || !ConvertStringSidToSidW(levels[draw(4)], &sid))
		return;
	pair->label.type = CR_WIN_ACE_LABEL;
	pair->label.mask = draw(4) ? 1 : draw(8);
	take_sid(sid, &pair->label.sid);
	if (!InitializeAcl(acl, sizeof(pair->sacl), ACL_REVISION) ||
	    !AddMandatoryAce(acl, ACL_REVISION, 0, pair->label.mask, sid) ||
	    !SetSecurityDescriptorSacl(&pair->sd, TRUE, acl, FALSE))
		probe_fail("adding a label");
	pair->model.has_sacl = true;
	pair->model.sacl = (struct cr_win_acl){&pair->label, 1};
	LocalFree(sid);
}

static void draw_pair(struct pair *pair)
{
	PSID owner = sids[draw(3)];
	const size_t count = draw(MAX_ACES + 1);
	ACL *acl = (ACL *)pair->dacl;

	*pair = (struct pair){0};
	if (!InitializeSecurityDescriptor(&pair->sd, SECURITY_DESCRIPTOR_REVISION) ||
	    !SetSecurityDescriptorOwner(&pair->sd, owner, FALSE) ||
	    !SetSecurityDescriptorGroup(&pair->sd, sids[0], FALSE) ||
	    !InitializeAcl(acl, sizeof(pair->dacl), ACL_REVISION))
		probe_fail("making a descriptor");
	take_sid(owner, &pair->model.owner);
	take_sid(sids[0], &pair->model.group);
	draw_label(pair);
	if (draw(20) == 0)
		return; /* no DACL */
	for (size_t i = 0; i < count; i++)
		add_ace(pair, i);
	if (!SetSecurityDescriptorDacl(&pair->sd, TRUE, acl, FALSE))
		probe_fail("SetSecurityDescriptorDacl");
	pair->model.has_dacl = true;
	pair->model.dacl = (struct cr_win_acl){pair->aces, count};
}

/* The granted rights; 0 for a refusal. */
static DWORD check(HANDLE token, SECURITY_DESCRIPTOR *sd, DWORD mask)
{
	GENERIC_MAPPING map = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
			       FILE_ALL_ACCESS};
	char privileges[512];
	DWORD size = sizeof(privileges), granted = 0;
	BOOL allowed = FALSE;

	if (!AccessCheck(sd, token, mask, &map, (PRIVILEGE_SET *)privileges, &size, &granted,
			 &allowed))
		probe_fail("AccessCheck");
	return allowed ? granted : 0;
}

/* As check.py starts the bed; each reading has its own in the model. */
static enum cr_win_reading reading(void)
{
	WCHAR text[64];
	DWORD size = GetEnvironmentVariableW(L"TESTBED_READINGS", text, 64);

	return size && !wcscmp(text, L"write-whole") ? CR_WIN_WHOLE_WRITE : CR_WIN_WRITE_BITS;
}

/* How many rights were granted. */
static unsigned long compare(enum actor who)
{
	static struct model_token model;
	static struct pair pair;
	unsigned long differences = 0, granted = 0;
	HANDLE token;

	describe_token(who, &model);
	if (!DuplicateToken(probe_token(who), SecurityImpersonation, &token))
		probe_fail("DuplicateToken");
	for (int i = 0; i < CASES; i++) {
		DWORD mask = draw(8) ? draw_mask() : MAXIMUM_ALLOWED, got;
		struct cr_win_request request = {
			.token = &model.token,
			.sd = &pair.model,
			.mask = mask,
			.reading = reading(),
		};
		struct cr_win_answer answer;

		draw_pair(&pair);
		got = check(token, &pair.sd, mask);
		answer = cr_win_access(&request);
		granted += got != 0;
		differences += got != (answer.granted ? answer.mask : 0);
	}
	CloseHandle(token);
	probe_report(names[who], !differences, 1, 0, "core/winaccess.h");
	return granted;
}

int wmain(int argc, WCHAR **argv)
{
	unsigned long granted = 0;

	(void)argc;
	(void)argv;
	make_sids();
	for (int who = USER; who < ACTORS; who++)
		granted += compare((enum actor)who);
	probe_report("model: both answers are frequent",
		     granted > ACTORS * CASES / 5 && granted < ACTORS * CASES * 4 / 5, 1, 1,
		     "this probe");
	return probe_end();
}
