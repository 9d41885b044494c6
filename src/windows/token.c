/*
 * token.c - the token of the box: our own, with less in it.
 *
 * Sources: CreateRestrictedToken, TOKEN_MANDATORY_LABEL, TOKEN_DEFAULT_DACL
 * (learn.microsoft.com). Only flags, SIDs and level of the plan; nothing is ever
 * added that our own token does not have. Must fail rather than make a wider one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <sddl.h>

#include "box.h"
#include "core/winsd.h"
#include "handles.h"
#include "token.h"

#define TOKEN_ACCESS                                                                   \
	(TOKEN_QUERY | TOKEN_DUPLICATE | TOKEN_ASSIGN_PRIMARY | TOKEN_ADJUST_DEFAULT | \
	 TOKEN_IMPERSONATE)

/* The logon session's SID is one of the token's groups. */
static void find_logon_sid(const TOKEN_GROUPS *groups, char out[CR_SID_TEXT])
{
	for (DWORD i = 0; i < groups->GroupCount; i++) {
		char *text = NULL;

		if ((groups->Groups[i].Attributes & SE_GROUP_LOGON_ID) != SE_GROUP_LOGON_ID ||
		    !ConvertSidToStringSidA(groups->Groups[i].Sid, &text))
			continue;
		snprintf(out, CR_SID_TEXT, "%s", text);
		LocalFree(text);
	}
}

void cr_token_logon_sid(char out[CR_SID_TEXT])
{
	CR_AUTO_HANDLE HANDLE token = NULL;
	TOKEN_GROUPS *groups = NULL;
	DWORD len = 0;

	out[0] = '\0';
	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return;
	GetTokenInformation(token, TokenGroups, NULL, 0, &len);
	groups = malloc(len);
	if (groups && GetTokenInformation(token, TokenGroups, groups, len, &len))
		find_logon_sid(groups, out);
	free(groups);
}

static int sid_of(struct cr_arena *arena, const char *text, PSID *out, struct cr_err *err)
{
	uint8_t *sid = cr_arena_alloc(arena, CR_SID_MAX, 1);

	if (!sid)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	if (cr_sid_parse(text, sid) == 0)
		return cr_fail(err, CR_E_INTERNAL, "'%.200s' is no SID", text);
	*out = sid;
	return 0;
}

static int restrict_token(struct cr_box *box, HANDLE ours, struct cr_err *err)
{
	SID_AND_ATTRIBUTES *sids = cr_arena_alloc(box->arena, box->n_sids + 1, sizeof(*sids));

	if (!sids)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	for (size_t i = 0; i < box->n_sids; i++) {
		if (sid_of(box->arena, box->sids[i], &sids[i].Sid, err) < 0)
			return -1;
	}
	if (!CreateRestrictedToken(ours, box->token_flags, 0, NULL, 0, NULL, (DWORD)box->n_sids,
				   sids, &box->token))
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot restrict our token");
	return 0;
}

static int set_default_dacl(struct cr_box *box, struct cr_err *err)
{
	TOKEN_DEFAULT_DACL dacl = {0};
	PSECURITY_DESCRIPTOR sd = NULL;
	const wchar_t *sddlw;
	BOOL present, defaulted, done;
	DWORD code;

	if (!box->default_dacl)
		return 0;
	sddlw = cr_wide(box->arena, box->default_dacl, err);
	if (!sddlw)
		return -1;
	done = ConvertStringSecurityDescriptorToSecurityDescriptorW(sddlw, SDDL_REVISION_1, &sd,
								    NULL) &&
	       GetSecurityDescriptorDacl(sd, &present, &dacl.DefaultDacl, &defaulted) && present &&
	       SetTokenInformation(box->token, TokenDefaultDacl, &dacl, sizeof(dacl));
	code = GetLastError();
	LocalFree(sd);
	return done ? 0 : cr_fail_win(err, CR_E_STEP, code, "cannot set the default DACL");
}

static int set_level(struct cr_box *box, struct cr_err *err)
{
	TOKEN_MANDATORY_LABEL label = {.Label.Attributes = SE_GROUP_INTEGRITY};

	if (!box->level)
		return 0;
	if (sid_of(box->arena, box->level, &label.Label.Sid, err) < 0)
		return -1;
	if (!SetTokenInformation(box->token, TokenIntegrityLevel, &label,
				 (DWORD)(sizeof(label) + GetLengthSid(label.Label.Sid))))
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot lower the token");
	return 0;
}

int cr_token_make(struct cr_box *box, struct cr_err *err)
{
	CR_AUTO_HANDLE HANDLE ours = NULL;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ACCESS, &ours))
		return cr_fail_win(err, CR_E_STEP, GetLastError(), "cannot open our own token");
	if (restrict_token(box, ours, err) < 0 || set_default_dacl(box, err) < 0)
		return -1;
	return set_level(box, err);
}

/* 1 when the token has as many restricting SIDs as it was given; what they are it cannot choose. */
static int has_restrictions(const struct cr_box *box)
{
	TOKEN_GROUPS *sids = NULL;
	DWORD len = 0;
	int has;

	GetTokenInformation(box->token, TokenRestrictedSids, NULL, 0, &len);
	sids = malloc(len + sizeof(*sids));
	has = sids && GetTokenInformation(box->token, TokenRestrictedSids, sids, len, &len) &&
	      sids->GroupCount == box->n_sids;
	free(sids);
	return has;
}

static int has_level(const struct cr_box *box)
{
	union {
		TOKEN_MANDATORY_LABEL label;
		uint8_t bytes[sizeof(TOKEN_MANDATORY_LABEL) + CR_SID_MAX];
	} now;
	uint8_t wanted[CR_SID_MAX] = {0};
	DWORD len = 0;

	if (!box->level)
		return 1;
	return cr_sid_parse(box->level, wanted) > 0 &&
	       GetTokenInformation(box->token, TokenIntegrityLevel, &now, sizeof(now), &len) &&
	       EqualSid(now.label.Label.Sid, wanted);
}

int cr_token_check(struct cr_box *box, struct cr_err *err)
{
	if (has_restrictions(box) && has_level(box))
		return 0;
	return cr_fail(err, CR_E_CANARY,
		       "the boundary does not hold: the token is not as it was asked for");
}
