/*
 * The test bed's half in each process: asks the server what Wine's own ntdll only pretends.
 *
 * A file of its own in ntdll's Unix half.
 */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ntstatus.h"
#define WIN32_NO_STATUS
#include "windef.h"
#include "winternl.h"
#include "unix_private.h"
#include "testbed.h"

enum { MAX_SIDS_SIZE = 65536 };

struct answer {
	unsigned int level;
	unsigned int restricted;
	unsigned int count;
	unsigned int size;
	SID *sids;
};

static size_t sid_size(const SID *sid)
{
	return offsetof(SID, SubAuthority) + sid->SubAuthorityCount * sizeof(DWORD);
}

static unsigned int ask(HANDLE token, struct answer *answer)
{
	unsigned int status;

	SERVER_START_REQ(tb_get_token)
	{
		req->handle = wine_server_obj_handle(token);
		if (answer->sids)
			wine_server_set_reply(req, answer->sids, MAX_SIDS_SIZE);
		status = wine_server_call(req);
		answer->level = reply->level;
		answer->restricted = reply->restricted;
		answer->count = reply->count;
		answer->size = reply->size;
	}
	SERVER_END_REQ;
	return status;
}

static unsigned int fits(unsigned int length, unsigned int *needed, size_t size)
{
	if (needed)
		*needed = size;
	return length < size ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}

static unsigned int fill_groups(const struct answer *answer, TOKEN_GROUPS *groups)
{
	char *at = (char *)&groups->Groups[answer->count];

	memcpy(at, answer->sids, answer->size);
	groups->GroupCount = answer->count;
	for (unsigned int i = 0; i < answer->count; i++, at += sid_size((SID *)at)) {
		groups->Groups[i].Sid = at;
		groups->Groups[i].Attributes =
			SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED;
	}
	return STATUS_SUCCESS;
}

static unsigned int restricting_sids(HANDLE token, void *info, unsigned int length,
				     unsigned int *needed)
{
	struct answer answer = {.sids = malloc(MAX_SIDS_SIZE)};
	unsigned int status = answer.sids ? ask(token, &answer) : STATUS_NO_MEMORY;

	if (!status)
		status = fits(length, needed,
			      offsetof(TOKEN_GROUPS, Groups[answer.count]) + answer.size);
	if (!status)
		status = fill_groups(&answer, info);
	free(answer.sids);
	return status;
}

static unsigned int integrity_level(HANDLE token, void *info, unsigned int length,
				    unsigned int *needed)
{
	SID sid = {SID_REVISION, 1, {SECURITY_MANDATORY_LABEL_AUTHORITY}, {0}};
	unsigned int status = fits(length, needed, sizeof(TOKEN_MANDATORY_LABEL) + sizeof(SID));
	TOKEN_MANDATORY_LABEL *label = info;
	struct answer answer = {0};

	if (status || (status = ask(token, &answer)))
		return status;
	sid.SubAuthority[0] = answer.level;
	label->Label.Sid = label + 1;
	label->Label.Attributes = SE_GROUP_INTEGRITY | SE_GROUP_INTEGRITY_ENABLED;
	memcpy(label + 1, &sid, sizeof(sid));
	return STATUS_SUCCESS;
}

static unsigned int is_restricted(HANDLE token, void *info, unsigned int length,
				  unsigned int *needed)
{
	unsigned int status = fits(length, needed, sizeof(DWORD));
	struct answer answer = {0};

	if (status || (status = ask(token, &answer)))
		return status;
	*(DWORD *)info = answer.restricted;
	return STATUS_SUCCESS;
}

static const struct {
	unsigned int class;
	unsigned int (*ask)(HANDLE token, void *info, unsigned int length, unsigned int *needed);
} classes[] = {
	{TokenRestrictedSids, restricting_sids},
	{TokenIntegrityLevel, integrity_level},
	{TokenHasRestrictions, is_restricted},
};

int tb_query_token(void *token, unsigned int class, void *info, unsigned int length,
		   unsigned int *needed, unsigned int *status)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(classes); i++) {
		if (classes[i].class != class)
			continue;
		*status = classes[i].ask(token, info, length, needed);
		return 1;
	}
	return 0;
}

static unsigned int set_level(HANDLE token, const TOKEN_MANDATORY_LABEL *label)
{
	const SID *sid = label->Label.Sid;
	unsigned int status;

	if (sid->SubAuthorityCount != 1 ||
	    sid->IdentifierAuthority.Value[5] != 16) /* SECURITY_MANDATORY_LABEL_AUTHORITY */
		return STATUS_INVALID_SID;
	SERVER_START_REQ(tb_set_token_level)
	{
		req->handle = wine_server_obj_handle(token);
		req->level = sid->SubAuthority[0];
		status = wine_server_call(req);
	}
	SERVER_END_REQ;
	return status;
}

int tb_set_token(void *token, unsigned int class, void *info, unsigned int length,
		 unsigned int *status)
{
	if (class != TokenIntegrityLevel)
		return 0;
	*status = length < sizeof(TOKEN_MANDATORY_LABEL) ? STATUS_INFO_LENGTH_MISMATCH
							 : set_level(token, info);
	return 1;
}

static unsigned int gather(const TOKEN_GROUPS *groups, char *sids, unsigned int *size)
{
	for (unsigned int i = 0; groups && i < groups->GroupCount; i++) {
		const SID *sid = groups->Groups[i].Sid;

		if (*size + sid_size(sid) > MAX_SIDS_SIZE)
			return STATUS_INVALID_PARAMETER;
		memcpy(sids + *size, sid, sid_size(sid));
		*size += sid_size(sid);
	}
	return STATUS_SUCCESS;
}

/* The second half of NtFilterToken: what Wine leaves out. A failure closes the new token. */
unsigned int tb_restrict(void **token, unsigned int flags, const void *groups)
{
	char *sids = malloc(MAX_SIDS_SIZE);
	unsigned int size = 0;
	unsigned int status = sids ? gather(groups, sids, &size) : STATUS_NO_MEMORY;

	if (!status) {
		SERVER_START_REQ(tb_restrict_token)
		{
			req->handle = wine_server_obj_handle(*token);
			req->flags = flags;
			wine_server_add_data(req, sids, size);
			status = wine_server_call(req);
		}
		SERVER_END_REQ;
	}
	free(sids);
	if (status)
		NtClose(*token);
	return status;
}

/* Before Wine's own half sets the flags. */
unsigned int tb_limit_job(void *job, const void *limits)
{
	const JOBOBJECT_BASIC_LIMIT_INFORMATION *basic = limits;
	unsigned int status;

	SERVER_START_REQ(tb_limit_job)
	{
		req->handle = wine_server_obj_handle(job);
		req->active = basic->LimitFlags & JOB_OBJECT_LIMIT_ACTIVE_PROCESS
				      ? basic->ActiveProcessLimit
				      : 0;
		status = wine_server_call(req);
	}
	SERVER_END_REQ;
	return status;
}
