/*
 * fuzz_sddl.c - SDDL and the access check on any bytes: what is read is written and read again as
 * the same, and no restriction of a token ever gives it more. Input: a descriptor.
 */
#include <string.h>

#include "core/sddl.h"
#include "core/winaccess.h"
#include "core/winaccess_tree.h"
#include "fuzz.h"

/* A token whose SIDs are those that the descriptor speaks of, so that entries match. */
static struct cr_win_token token_for(const struct cr_win_sd *sd, struct cr_win_group groups[2],
				     const struct cr_win_sid *restricting)
{
	static const struct cr_win_sid everyone = {.authority = 1, .n_subs = 1};
	struct cr_win_token token = {
		.user = sd->owner.n_subs ? sd->owner : everyone,
		.groups = groups,
		.n_groups = 2,
		.restricting = restricting,
		.level = CR_WIN_IL_MEDIUM,
	};

	groups[0] = (struct cr_win_group){.sid = everyone, .attributes = CR_WIN_GROUP_ENABLED};
	groups[1] = (struct cr_win_group){
		.sid = sd->dacl.count ? sd->dacl.aces[sd->dacl.count / 2].sid : everyone,
		.attributes = CR_WIN_GROUP_DENY_ONLY,
	};
	return token;
}

static uint32_t most(const struct cr_win_token *token, const struct cr_win_sd *sd,
		     enum cr_win_reading reading)
{
	const struct cr_win_request request = {
		.token = token,
		.sd = sd,
		.mask = CR_WIN_MAXIMUM_ALLOWED,
		.reading = reading,
	};
	const struct cr_win_answer answer = cr_win_access(&request);

	MUST(answer.granted == (answer.lock == CR_WIN_LOCK_NONE));
	return answer.granted ? answer.mask : 0;
}

static void check_access(const struct cr_win_sd *sd)
{
	const struct cr_win_sid restricting =
		sd->dacl.count ? sd->dacl.aces[0].sid : (struct cr_win_sid){.authority = 1};
	struct cr_win_group groups[2];
	struct cr_win_token token = token_for(sd, groups, &restricting);
	const uint32_t plain = most(&token, sd, CR_WIN_WRITE_BITS);

	token.n_restricting = 1;
	const uint32_t full = most(&token, sd, CR_WIN_WRITE_BITS);

	token.write_restricted = true;
	const uint32_t bits = most(&token, sd, CR_WIN_WRITE_BITS);
	const uint32_t whole = most(&token, sd, CR_WIN_WHOLE_WRITE);
	const uint32_t standard = most(&token, sd, CR_WIN_STANDARD_WRITE);

	token.level = CR_WIN_IL_UNTRUSTED;
	MUST(!(most(&token, sd, CR_WIN_WRITE_BITS) & ~bits));
	MUST(!(full & ~whole) && !(whole & ~bits) && !(bits & ~plain));
	MUST(!(full & ~standard) && !(standard & ~bits));
}

/* What a child inherits is inherited, and no more than two entries from each. */
static void check_heirs(struct cr_arena *arena, const struct cr_win_sd *sd, bool is_dir)
{
	const struct cr_win_node heir = {.is_dir = is_dir, .own = *sd};
	struct cr_win_acl acl = {0};

	MUST(cr_win_inherit(arena, &sd->dacl, &heir, &acl) == 0);
	MUST(acl.count <= 2 * sd->dacl.count);
	for (size_t i = 0; i < acl.count; i++) {
		MUST(acl.aces[i].flags & CR_WIN_ACE_INHERITED);
		MUST(is_dir || !(acl.aces[i].flags & CR_WIN_ACE_INHERIT_ONLY));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cr_arena *arena = cr_arena_new();
	const char *text = arena ? cr_arena_strndup(arena, (const char *)data, size) : NULL;
	struct cr_err err = {.code = CR_E_NONE};
	struct cr_win_sd sd, again;

	if (text && cr_sddl_parse(arena, text, &sd, &err) == 0) {
		const char *printed = cr_sddl_print(arena, &sd);

		MUST(printed && cr_sddl_parse(arena, printed, &again, &err) == 0);
		MUST(strcmp(cr_sddl_print(arena, &again), printed) == 0);
		check_access(&sd);
		check_heirs(arena, &sd, true);
		check_heirs(arena, &sd, false);
	} else if (text) {
		MUST(err.code == CR_E_SYNTAX || err.code == CR_E_LIMIT);
		MUST(err.text[0]);
	}
	cr_arena_free(arena);
	return 0;
}
