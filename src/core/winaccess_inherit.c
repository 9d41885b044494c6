/*
 * winaccess_inherit.c - what an object takes from the lists of its directory.
 *
 * Must never hand an entry to a child that [MS-DTYP] 2.5.3.4.4 (ComputeInheritedACLfromParent)
 * and 2.5.3.4.7 (PostProcessACL) keep from it: the proof of a plan rests on it.
 */
#include "winaccess_tree.h"

#include <string.h>

#define HEIR_FLAGS  (CR_WIN_ACE_OBJECT_INHERIT | CR_WIN_ACE_CONTAINER_INHERIT)
#define AUDIT_FLAGS (CR_WIN_ACE_AUDIT_SUCCESS | CR_WIN_ACE_AUDIT_FAILURE)

/* 2.5.3.4.7: it cannot be in effect as it is, only after being made out to somebody. */
static bool is_template(const struct cr_win_ace *ace)
{
	return ace->mask & CR_WIN_GENERIC ||
	       cr_win_sid_equal(&ace->sid, &cr_win_sid_creator_owner) ||
	       cr_win_sid_equal(&ace->sid, &cr_win_sid_creator_group);
}

/* 2.5.3.4.7: generic rights are mapped, CREATOR OWNER and CREATOR GROUP become who they are. */
static struct cr_win_ace made_out(const struct cr_win_ace *ace, const struct cr_win_node *heir)
{
	struct cr_win_ace made = *ace;

	if (cr_win_sid_equal(&ace->sid, &cr_win_sid_creator_owner))
		made.sid = heir->own.owner;
	if (cr_win_sid_equal(&ace->sid, &cr_win_sid_creator_group))
		made.sid = heir->own.group;
	made.mask = cr_win_map_generic(&cr_win_file_mapping, ace->mask);
	made.flags = (ace->flags & AUDIT_FLAGS) | CR_WIN_ACE_INHERITED;
	return made;
}

/* 2.5.3.4.4, for a file: object-inherit entries, in effect and at their end. */
static size_t to_file(const struct cr_win_ace *ace, const struct cr_win_node *heir,
		      struct cr_win_ace out[2])
{
	if (!(ace->flags & CR_WIN_ACE_OBJECT_INHERIT))
		return 0;
	out[0] = made_out(ace, heir);
	return 1;
}

/*
 * 2.5.3.4.4, for a directory: container-inherit entries are in effect, others are only carried on;
 * with no-propagate nothing is carried on. A template in effect is made out, and also carried on.
 */
static size_t to_directory(const struct cr_win_ace *ace, const struct cr_win_node *heir,
			   struct cr_win_ace out[2])
{
	const bool in_effect = ace->flags & CR_WIN_ACE_CONTAINER_INHERIT;
	const bool carried_on = ace->flags & HEIR_FLAGS && !(ace->flags & CR_WIN_ACE_NO_PROPAGATE);
	struct cr_win_ace carried = *ace;
	size_t count = 0;

	carried.flags = (ace->flags & (HEIR_FLAGS | AUDIT_FLAGS)) | CR_WIN_ACE_INHERITED;
	if (in_effect && carried_on && !is_template(ace)) {
		out[0] = carried;
		return 1;
	}
	if (in_effect)
		out[count++] = made_out(ace, heir);
	carried.flags |= CR_WIN_ACE_INHERIT_ONLY;
	if (carried_on)
		out[count++] = carried;
	return count;
}

int cr_win_inherit(struct cr_arena *arena, const struct cr_win_acl *from,
		   const struct cr_win_node *heir, struct cr_win_acl *acl)
{
	struct cr_win_ace *aces;

	if (from->count == 0)
		return 0;
	aces = cr_arena_alloc(arena, acl->count + 2 * from->count, sizeof(*aces));
	if (!aces)
		return -1;
	if (acl->count > 0)
		memcpy(aces, acl->aces, acl->count * sizeof(*aces));
	acl->aces = aces;
	for (size_t i = 0; i < from->count; i++) {
		const struct cr_win_ace *ace = &from->aces[i];

		acl->count += heir->is_dir ? to_directory(ace, heir, aces + acl->count)
					   : to_file(ace, heir, aces + acl->count);
	}
	return 0;
}
