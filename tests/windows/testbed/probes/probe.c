/*
 * Tokens, descriptors and children of the probes; see probe.h.
 *
 * A probe that cannot prepare a case ends with an error, so that no case passes by accident.
 */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

static unsigned long cases;

void probe_fail(const char *what)
{
	printf("Bail out! %s: error %lu\n", what, GetLastError());
	fflush(stdout);
	ExitProcess(99);
}

static void need(BOOL done, const char *what)
{
	if (!done)
		probe_fail(what);
}

static SID *sid_of(const WCHAR *text)
{
	SID *sid;

	need(ConvertStringSidToSidW(text, (void **)&sid), "ConvertStringSidToSid");
	return sid;
}

static HANDLE own_token(void)
{
	HANDLE token;

	need(OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token), "OpenProcessToken");
	return token;
}

static SID *user_sid(void)
{
	static char buffer[256];
	DWORD size;

	need(GetTokenInformation(own_token(), TokenUser, buffer, sizeof(buffer), &size),
	     "TokenUser");
	return ((TOKEN_USER *)buffer)->User.Sid;
}

static void set_level(HANDLE token, int level)
{
	TOKEN_MANDATORY_LABEL label = {.Label.Attributes = SE_GROUP_INTEGRITY};
	WCHAR text[32];

	swprintf(text, 32, L"S-1-16-%d", level);
	label.Label.Sid = sid_of(text);
	need(SetTokenInformation(token, TokenIntegrityLevel, &label, sizeof(label)),
	     "TokenIntegrityLevel");
}

enum { NO_PRIVILEGE = DISABLE_MAX_PRIVILEGE | LUA_TOKEN };

const struct probe_recipe probe_recipes[ACTORS] = {
	[USER] = {.level = PROBE_NONE},
	[ADMINS_OFF] = {.disabled = L"S-1-5-32-544", .level = PROBE_NONE},
	[LIMITED] = {.flags = LUA_TOKEN, .level = PROBE_NONE},
	[USER_OFF] = {.disabled = L"user", .level = PROBE_NONE},
	[RESTRICTED] = {.restricting = {PROBE_SID}, .level = PROBE_NONE},
	[WRITER] = {.flags = WRITE_RESTRICTED, .restricting = {PROBE_SID}, .level = PROBE_NONE},
	[LOW] = {.level = PROBE_LOW},
	[PRIVATE] = {.level = PROBE_PRIVATE},
	[BOX] = {.flags = NO_PRIVILEGE | WRITE_RESTRICTED,
		 .restricting = {PROBE_SID, L"S-1-1-0"},
		 .level = PROBE_PRIVATE},
	[BOX_UNLABELED] = {.flags = NO_PRIVILEGE | WRITE_RESTRICTED,
			   .restricting = {PROBE_SID, L"S-1-1-0"},
			   .level = PROBE_NONE},
};

static HANDLE make_token(const struct probe_recipe *recipe)
{
	SID_AND_ATTRIBUTES disabled = {0}, restricting[2] = {{0}};
	DWORD n_disabled = 0, n_restricting = 0;
	HANDLE token;

	if (recipe->disabled) {
		disabled.Sid = recipe->disabled[0] == L'u' ? user_sid() : sid_of(recipe->disabled);
		n_disabled = 1;
	}
	while (n_restricting < 2 && recipe->restricting[n_restricting]) {
		restricting[n_restricting].Sid = sid_of(recipe->restricting[n_restricting]);
		n_restricting++;
	}
	need(CreateRestrictedToken(own_token(), recipe->flags, n_disabled, &disabled, 0, NULL,
				   n_restricting, restricting, &token),
	     "CreateRestrictedToken");
	if (recipe->level != PROBE_NONE)
		set_level(token, recipe->level);
	return token;
}

HANDLE probe_token(enum actor who)
{
	static HANDLE tokens[ACTORS];

	if (!tokens[who])
		tokens[who] = make_token(&probe_recipes[who]);
	return tokens[who];
}

void probe_act(enum actor who)
{
	static HANDLE tokens[ACTORS];

	probe_act_end();
	if (!tokens[who])
		need(DuplicateTokenEx(probe_token(who), MAXIMUM_ALLOWED, NULL,
				      SecurityImpersonation, TokenImpersonation, &tokens[who]),
		     "DuplicateTokenEx");
	need(SetThreadToken(NULL, tokens[who]), "SetThreadToken");
}

void probe_act_end(void)
{
	DWORD error = GetLastError();

	need(SetThreadToken(NULL, NULL), "SetThreadToken");
	SetLastError(error);
}

ACL *probe_label(int level, DWORD ace_flags)
{
	ACL *acl = calloc(1, 128);
	WCHAR text[32];

	need(acl && InitializeAcl(acl, 128, ACL_REVISION), "InitializeAcl");
	if (level == PROBE_NONE)
		return acl;
	swprintf(text, 32, L"S-1-16-%d", level);
	need(AddMandatoryAce(acl, ACL_REVISION, ace_flags, SYSTEM_MANDATORY_LABEL_NO_WRITE_UP,
			     sid_of(text)),
	     "AddMandatoryAce");
	return acl;
}

/* `sddl` with {U} and {S} replaced. */
static void expand(const char *sddl, WCHAR *out, size_t size)
{
	WCHAR *user;
	size_t used = 0;

	need(ConvertSidToStringSidW(user_sid(), &user), "ConvertSidToStringSid");
	while (*sddl && used + 1 < size) {
		const WCHAR *word = !strncmp(sddl, "{U}", 3)   ? user
				    : !strncmp(sddl, "{S}", 3) ? PROBE_SID
							       : NULL;

		if (word)
			used += (size_t)swprintf(out + used, size - used, L"%ls", word);
		else
			out[used++] = (WCHAR)*sddl;
		sddl += word ? 3 : 1;
	}
	out[used] = 0;
}

SECURITY_DESCRIPTOR *probe_sd(const char *sddl, int level, DWORD ace_flags)
{
	SECURITY_DESCRIPTOR *sd = calloc(1, sizeof(*sd));
	SECURITY_DESCRIPTOR_CONTROL control;
	BOOL present, defaulted;
	PSECURITY_DESCRIPTOR from;
	WCHAR text[1024];
	DWORD revision;
	PSID owner, group;
	ACL *dacl;

	expand(sddl, text, 1024);
	need(ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &from,
								  NULL),
	     sddl);
	need(sd && InitializeSecurityDescriptor(sd, SECURITY_DESCRIPTOR_REVISION), sddl);
	need(GetSecurityDescriptorOwner(from, &owner, &defaulted) &&
		     SetSecurityDescriptorOwner(sd, owner ? owner : user_sid(), FALSE),
	     sddl);
	need(GetSecurityDescriptorGroup(from, &group, &defaulted) &&
		     SetSecurityDescriptorGroup(sd, group ? group : user_sid(), FALSE),
	     sddl);
	need(GetSecurityDescriptorDacl(from, &present, &dacl, &defaulted), sddl);
	if (present)
		need(SetSecurityDescriptorDacl(sd, TRUE, dacl, FALSE), sddl);
	need(GetSecurityDescriptorControl(from, &control, &revision), sddl);
	if (level != PROBE_NONE)
		need(SetSecurityDescriptorSacl(sd, TRUE, probe_label(level, ace_flags), FALSE),
		     sddl);
	return sd;
}

void probe_protect(const WCHAR *name, SE_OBJECT_TYPE type, SECURITY_DESCRIPTOR *sd)
{
	BOOL present, defaulted;
	ACL *acl;

	GetSecurityDescriptorDacl(sd, &present, &acl, &defaulted);
	if (present)
		SetLastError(SetNamedSecurityInfoW((WCHAR *)name, type,
						   DACL_SECURITY_INFORMATION |
							   PROTECTED_DACL_SECURITY_INFORMATION,
						   NULL, NULL, acl, NULL));
	GetSecurityDescriptorSacl(sd, &present, &acl, &defaulted);
	if (present)
		SetLastError(SetNamedSecurityInfoW((WCHAR *)name, type, LABEL_SECURITY_INFORMATION,
						   NULL, NULL, NULL, acl));
}

int probe_level_of(const WCHAR *name, SE_OBJECT_TYPE type)
{
	SYSTEM_MANDATORY_LABEL_ACE *ace;
	PSECURITY_DESCRIPTOR sd = NULL;
	ACL *sacl = NULL;
	int level = PROBE_NONE;

	if (GetNamedSecurityInfoW((WCHAR *)name, type, LABEL_SECURITY_INFORMATION, NULL, NULL, NULL,
				  &sacl, &sd))
		return level;
	if (sacl && GetAce(sacl, 0, (void **)&ace) &&
	    ace->Header.AceType == SYSTEM_MANDATORY_LABEL_ACE_TYPE)
		level = (int)*GetSidSubAuthority(&ace->SidStart, 0);
	LocalFree(sd);
	return level;
}

DWORD probe_child(enum actor who, const WCHAR *words)
{
	STARTUPINFOW startup = {.cb = sizeof(startup)};
	PROCESS_INFORMATION process;
	WCHAR program[MAX_PATH], line[1024];
	DWORD code;

	GetModuleFileNameW(NULL, program, MAX_PATH);
	swprintf(line, 1024, L"\"%ls\" %ls", program, words);
	if (!CreateProcessAsUserW(who == USER ? NULL : probe_token(who), program, line, NULL, NULL,
				  FALSE, 0, NULL, NULL, &startup, &process))
		return 10000 + GetLastError();
	WaitForSingleObject(process.hProcess, 20000);
	if (!GetExitCodeProcess(process.hProcess, &code))
		probe_fail("GetExitCodeProcess");
	CloseHandle(process.hThread);
	CloseHandle(process.hProcess);
	return code;
}

void probe_report(const char *name, unsigned long answer, unsigned long windows,
		  unsigned long stock, const char *source)
{
	printf("%s|%lu|%lu|%lu|%s\n", name, answer, windows, stock, source);
	fflush(stdout);
	cases++;
}

int probe_end(void)
{
	printf("end|%lu\n", cases);
	return 0;
}
