/*
 * winsd.c - winsd.h: access lists taken apart into entries and put together
 * again.
 *
 * An entry is carried as a pointer into the bytes it came from, whatever its
 * kind: kinds carrel does not know survive an edit untouched. Must never read
 * past what it was given.
 */
#include "winsd.h"

#include <stdlib.h>
#include <string.h>

/* Offsets in a self-relative descriptor and in an ACL. */
#define SD_HEADER  20
#define ACL_HEADER 8
#define ACE_HEADER 4
#define ACE_SID    8 /* header and mask, in the kinds with a plain SID */

#define ACE_ALLOW 0u
#define ACE_DENY  1u
#define ACE_LABEL 17u

#define SELF_RELATIVE 0x8000u
#define DACL_PRESENT  0x0004u
#define SACL_PRESENT  0x0010u

#define LABEL_NO_WRITE_UP 1u
#define FILE_ALL_ACCESS   0x1f01ffu
#define GENERIC_RIGHTS    0x50000000u /* GENERIC_WRITE, GENERIC_ALL */

/* The entries of one list, pointers into somebody's bytes. */
struct list {
	const uint8_t **aces;
	size_t n;
	uint8_t revision;
	bool present; /* the list exists; a DACL that does not lets everybody in */
};

struct parts {
	uint16_t control;
	struct list dacl, sacl;
};

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) | get16(at + 2) << 16;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value);
	put16(at + 2, value >> 16);
}

static size_t ace_len(const uint8_t *ace)
{
	return get16(ace + 2);
}

/* Takes the number at *text and the '-' or the end after it. */
static int take_number(const char **text, uint64_t max, uint64_t *out)
{
	const char *at = *text;

	*out = 0;
	if (*at < '0' || *at > '9')
		return -1;
	for (; *at >= '0' && *at <= '9'; at++) {
		*out = *out * 10 + (uint64_t)(*at - '0');
		if (*out > max)
			return -1;
	}
	if (*at != '-' && *at != '\0')
		return -1;
	*text = *at == '-' ? at + 1 : at;
	return 0;
}

size_t cr_sid_parse(const char *text, uint8_t sid[CR_SID_MAX])
{
	uint64_t number;
	size_t count = 0;

	if (strncmp(text, "S-1-", 4) != 0)
		return 0;
	text += 4;
	if (take_number(&text, 0xffffffffffffull, &number) < 0)
		return 0;
	sid[0] = 1;
	for (size_t i = 0; i < 6; i++)
		sid[2 + i] = (uint8_t)(number >> (40 - 8 * i));
	for (; *text; count++) {
		if (count == 15 || take_number(&text, UINT32_MAX, &number) < 0)
			return 0;
		put32(sid + 8 + 4 * count, (uint32_t)number);
	}
	sid[1] = (uint8_t)count;
	return count ? 8 + 4 * count : 0;
}

/* Copies the field up to ';' or ')' and steps behind it. */
static int take_field(const char **text, char *out, size_t size)
{
	const size_t len = strcspn(*text, ";)");

	if (len >= size || (*text)[len] == '\0')
		return -1;
	memcpy(out, *text, len);
	out[len] = '\0';
	*text += len + 1;
	return 0;
}

static int ace_type(const char *name)
{
	static const struct {
		const char *name;
		int type;
	} types[] = {{"A", ACE_ALLOW}, {"D", ACE_DENY}, {"ML", ACE_LABEL}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	}
	return -1;
}

/* Pairs of letters, as SDDL has them. */
static int ace_flags(const char *text)
{
	static const struct {
		char name[3];
		uint8_t flag;
	} flags[] = {{"OI", CR_ACE_OBJECT_INHERIT},
		     {"CI", CR_ACE_CONTAINER_INHERIT},
		     {"NP", 0x04},
		     {"IO", CR_ACE_INHERIT_ONLY},
		     {"ID", CR_ACE_INHERITED}};
	int all = 0;

	for (; *text; text += 2) {
		size_t i = 0;

		while (i < 5 && strncmp(flags[i].name, text, 2) != 0)
			i++;
		if (i == 5)
			return -1;
		all |= flags[i].flag;
	}
	return all;
}

/* A number, or the one right of labels the plan uses. */
static int ace_mask(const char *text, uint32_t *out)
{
	char *end;

	*out = LABEL_NO_WRITE_UP;
	if (strcmp(text, "NW") == 0)
		return 0;
	*out = (uint32_t)strtoul(text, &end, 16);
	return strncmp(text, "0x", 2) == 0 && *end == '\0' ? 0 : -1;
}

int cr_ace_parse(const char *sddl, struct cr_ace *out, struct cr_err *err)
{
	char fields[6][CR_SID_MAX * 3] = {{0}};
	const char *at = sddl + 1;
	int failed = sddl[0] != '(', type, flags;
	uint32_t mask;
	size_t sid;

	for (size_t i = 0; i < 6 && !failed; i++)
		failed = take_field(&at, fields[i], sizeof(fields[i])) < 0;
	type = failed ? -1 : ace_type(fields[0]);
	flags = failed ? -1 : ace_flags(fields[1]);
	*out = (struct cr_ace){{0}, 0};
	sid = failed ? 0 : cr_sid_parse(fields[5], out->bytes + ACE_SID);
	if (type < 0 || flags < 0 || sid == 0 || ace_mask(fields[2], &mask) < 0 || fields[3][0] ||
	    fields[4][0] || *at)
		return cr_fail(err, CR_E_INTERNAL, "'%.200s' is no entry", sddl);
	out->len = ACE_SID + sid;
	out->bytes[0] = (uint8_t)type;
	out->bytes[1] = (uint8_t)flags;
	put16(out->bytes + 2, (uint32_t)out->len);
	put32(out->bytes + 4, mask);
	return 0;
}

bool cr_ace_is_label(const struct cr_ace *ace)
{
	return ace->bytes[0] == ACE_LABEL;
}

bool cr_ace_is_deny(const struct cr_ace *ace)
{
	return ace->bytes[0] == ACE_DENY;
}

bool cr_ace_names(const struct cr_ace *ace, const char *sid)
{
	uint8_t bytes[CR_SID_MAX] = {0};
	const size_t len = cr_sid_parse(sid, bytes);

	return len > 0 && ace->len == ACE_SID + len &&
	       memcmp(ace->bytes + ACE_SID, bytes, len) == 0;
}

bool cr_ace_inherited(const struct cr_ace *ace, bool by_directory, struct cr_ace *out)
{
	const uint8_t kinds = CR_ACE_OBJECT_INHERIT | CR_ACE_CONTAINER_INHERIT;
	const uint8_t flags = ace->bytes[1];
	uint8_t kept = CR_ACE_INHERITED;

	*out = *ace;
	if (by_directory ? !(flags & kinds) : !(flags & CR_ACE_OBJECT_INHERIT))
		return false;
	if (by_directory)
		kept |= flags & kinds;
	if (by_directory && !(flags & CR_ACE_CONTAINER_INHERIT))
		kept |= CR_ACE_INHERIT_ONLY;
	out->bytes[1] = kept;
	return true;
}

static int damaged(struct cr_err *err)
{
	return cr_fail(err, CR_E_STATE, "a security descriptor is damaged");
}

/* Takes a list apart; `at` 0: there is none. The pointers are in `arena`, or not kept when NULL. */
static int read_list(struct cr_arena *arena, struct cr_sd sd, uint32_t at, struct list *out,
		     struct cr_err *err)
{
	size_t size, used = ACL_HEADER, count;

	*out = (struct list){.revision = 2, .present = at != 0};
	if (at == 0)
		return 0;
	if (at < SD_HEADER || at > sd.len || sd.len - at < ACL_HEADER)
		return damaged(err);
	size = get16(sd.bytes + at + 2);
	count = get16(sd.bytes + at + 4);
	if (size < ACL_HEADER || size > sd.len - at || count > size / ACE_HEADER)
		return damaged(err);
	out->revision = sd.bytes[at];
	out->aces = arena ? cr_arena_alloc(arena, count + 2, sizeof(*out->aces)) : NULL;
	if (arena && !out->aces)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	for (; out->n < count; out->n++) {
		const uint8_t *ace = sd.bytes + at + used;

		if (size - used < ACE_HEADER || ace_len(ace) < ACE_HEADER ||
		    ace_len(ace) > size - used)
			return damaged(err);
		if (out->aces)
			out->aces[out->n] = ace;
		used += ace_len(ace);
	}
	return 0;
}

static int read_parts(struct cr_arena *arena, struct cr_sd sd, struct parts *out,
		      struct cr_err *err)
{
	*out = (struct parts){0};
	if (sd.len < SD_HEADER || sd.len > CR_SD_MAX || sd.bytes[0] != 1)
		return damaged(err);
	out->control = (uint16_t)get16(sd.bytes + 2);
	if (!(out->control & SELF_RELATIVE))
		return damaged(err);
	if (read_list(arena, sd, out->control & SACL_PRESENT ? get32(sd.bytes + 12) : 0, &out->sacl,
		      err) < 0)
		return -1;
	return read_list(arena, sd, out->control & DACL_PRESENT ? get32(sd.bytes + 16) : 0,
			 &out->dacl, err);
}

int cr_sd_check(struct cr_sd sd, struct cr_err *err)
{
	struct parts parts;

	return read_parts(NULL, sd, &parts, err);
}

static size_t list_len(const struct list *list)
{
	size_t len = ACL_HEADER;

	for (size_t i = 0; i < list->n; i++)
		len += ace_len(list->aces[i]);
	return list->present ? len : 0;
}

static void write_list(uint8_t *at, const struct list *list)
{
	uint8_t *ace = at + ACL_HEADER;

	at[0] = list->revision;
	put16(at + 2, (uint32_t)list_len(list));
	put16(at + 4, (uint32_t)list->n);
	for (size_t i = 0; i < list->n; i++) {
		memcpy(ace, list->aces[i], ace_len(list->aces[i]));
		ace += ace_len(list->aces[i]);
	}
}

/* The order of the parts is Windows' own: owner and group (none), SACL, DACL. */
static int write_parts(struct cr_arena *arena, const struct parts *parts, struct cr_sd *out,
		       struct cr_err *err)
{
	const size_t sacl = list_len(&parts->sacl), dacl = list_len(&parts->dacl);
	uint8_t *bytes;

	if (sacl > 65535 || dacl > 65535)
		return cr_fail(err, CR_E_LIMIT, "the access list is full");
	bytes = cr_arena_alloc(arena, SD_HEADER + sacl + dacl, 1);
	if (!bytes)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	bytes[0] = 1;
	put16(bytes + 2, (parts->control & ~(SACL_PRESENT | DACL_PRESENT)) |
				 (parts->sacl.present ? SACL_PRESENT : 0) |
				 (parts->control & DACL_PRESENT) |
				 (parts->dacl.present ? DACL_PRESENT : 0));
	put32(bytes + 12, parts->sacl.present ? SD_HEADER : 0);
	put32(bytes + 16, parts->dacl.present ? (uint32_t)(SD_HEADER + sacl) : 0);
	if (parts->sacl.present)
		write_list(bytes + SD_HEADER, &parts->sacl);
	if (parts->dacl.present)
		write_list(bytes + SD_HEADER + sacl, &parts->dacl);
	*out = (struct cr_sd){bytes, SD_HEADER + sacl + dacl};
	return 0;
}

static bool same_ace(const uint8_t *a, const uint8_t *b)
{
	return ace_len(a) == ace_len(b) && memcmp(a, b, ace_len(a)) == 0;
}

static bool list_has(const struct list *list, const uint8_t *ace)
{
	for (size_t i = 0; i < list->n; i++) {
		if (same_ace(list->aces[i], ace))
			return true;
	}
	return false;
}

static void list_take(struct list *list, size_t i)
{
	memmove(&list->aces[i], &list->aces[i + 1], (list->n - i - 1) * sizeof(list->aces[0]));
	list->n--;
}

static void list_put(struct list *list, size_t i, const uint8_t *ace)
{
	memmove(&list->aces[i + 1], &list->aces[i], (list->n - i) * sizeof(list->aces[0]));
	list->aces[i] = ace;
	list->n++;
}

/* Walks the entries of one list in place; `fn` says which is wanted. */
static bool find_ace(struct cr_sd sd, bool in_sacl, bool (*fn)(const uint8_t *, const void *),
		     const void *arg)
{
	struct parts parts;
	uint32_t at;
	const uint8_t *ace;
	const struct list *list = in_sacl ? &parts.sacl : &parts.dacl;

	if (read_parts(NULL, sd, &parts, NULL) < 0 || !list->present)
		return false;
	at = get32(sd.bytes + (in_sacl ? 12 : 16));
	ace = sd.bytes + at + ACL_HEADER;
	for (size_t i = 0; i < list->n; i++, ace += ace_len(ace)) {
		if (fn(ace, arg))
			return true;
	}
	return false;
}

static bool is_this(const uint8_t *ace, const void *arg)
{
	return same_ace(ace, arg);
}

static bool is_label(const uint8_t *ace, const void *arg)
{
	(void)arg;
	return ace[0] == ACE_LABEL;
}

static bool is_own_label(const uint8_t *ace, const void *arg)
{
	(void)arg;
	return ace[0] == ACE_LABEL && !(ace[1] & CR_ACE_INHERITED);
}

static bool is_own_allow(const uint8_t *ace, const void *arg)
{
	(void)arg;
	return ace[0] == ACE_ALLOW && !(ace[1] & CR_ACE_INHERITED);
}

bool cr_sd_has(struct cr_sd sd, const struct cr_ace *ace)
{
	return find_ace(sd, cr_ace_is_label(ace), is_this, ace->bytes);
}

bool cr_sd_has_label(struct cr_sd sd)
{
	return find_ace(sd, true, is_label, NULL);
}

bool cr_sd_has_own_label(struct cr_sd sd)
{
	return find_ace(sd, true, is_own_label, NULL);
}

bool cr_sd_has_own_allow(struct cr_sd sd)
{
	return find_ace(sd, false, is_own_allow, NULL);
}

bool cr_sd_is_protected(struct cr_sd sd)
{
	return sd.len >= SD_HEADER && (get16(sd.bytes + 2) & CR_SD_DACL_PROTECTED);
}

static void drop_labels(struct list *sacl)
{
	for (size_t i = sacl->n; i-- > 0;) {
		if (sacl->aces[i][0] == ACE_LABEL)
			list_take(sacl, i);
	}
	sacl->present = sacl->n > 0;
}

/* Everyone, everything: what no DACL at all means. */
static const uint8_t everyone_all[20] = {ACE_ALLOW, 0, 20, 0, 0xff, 1, 0x1f, 0,
					 1,         1, 0,  0, 0,    0, 0,    1};

/* Before which entry of the list a new one stands. */
static size_t place_of(const struct list *list, const struct cr_ace *ace)
{
	size_t i = 0;

	if (ace->bytes[1] & CR_ACE_INHERITED) {
		while (i < list->n && !(list->aces[i][1] & CR_ACE_INHERITED))
			i++;
		return i;
	}
	if (ace->bytes[0] == ACE_DENY)
		return 0;
	while (i < list->n && list->aces[i][0] == ACE_DENY &&
	       !(list->aces[i][1] & CR_ACE_INHERITED))
		i++;
	return i;
}

static int have_list(struct cr_arena *arena, struct list *list, struct cr_err *err)
{
	if (!list->aces)
		list->aces = cr_arena_alloc(arena, 4, sizeof(*list->aces));
	return list->aces ? 0 : cr_fail(err, CR_E_NOMEM, "out of memory");
}

int cr_sd_add(struct cr_arena *arena, struct cr_sd sd, const struct cr_ace *ace, struct cr_sd *out,
	      struct cr_err *err)
{
	struct parts parts;

	if (read_parts(arena, sd, &parts, err) < 0 || have_list(arena, &parts.sacl, err) < 0 ||
	    have_list(arena, &parts.dacl, err) < 0)
		return -1;
	if (cr_ace_is_label(ace)) {
		drop_labels(&parts.sacl);
		parts.sacl.present = true;
		list_put(&parts.sacl, 0, ace->bytes);
		return write_parts(arena, &parts, out, err);
	}
	if (!parts.dacl.present) {
		parts.dacl.present = true;
		list_put(&parts.dacl, 0, everyone_all);
	}
	list_put(&parts.dacl, place_of(&parts.dacl, ace), ace->bytes);
	return write_parts(arena, &parts, out, err);
}

int cr_sd_remove(struct cr_arena *arena, struct cr_sd sd, const struct cr_ace *ace,
		 struct cr_sd *out, struct cr_err *err)
{
	struct parts parts;
	struct list *list = cr_ace_is_label(ace) ? &parts.sacl : &parts.dacl;

	if (read_parts(arena, sd, &parts, err) < 0)
		return -1;
	for (size_t i = list->n; i-- > 0;) {
		if (same_ace(list->aces[i], ace->bytes))
			list_take(list, i);
	}
	parts.sacl.present = parts.sacl.n > 0;
	return write_parts(arena, &parts, out, err);
}

/* True for an allow, deny or label entry of this SID. */
static bool names_sid(const uint8_t *ace, const uint8_t *sid, size_t sid_len)
{
	return (ace[0] == ACE_ALLOW || ace[0] == ACE_DENY || ace[0] == ACE_LABEL) &&
	       ace_len(ace) == ACE_SID + sid_len && memcmp(ace + ACE_SID, sid, sid_len) == 0;
}

static void strip_list(struct list *list, const char *text, bool inherited, bool *changed)
{
	uint8_t sid[CR_SID_MAX] = {0};
	const size_t len = text ? cr_sid_parse(text, sid) : 0;

	for (size_t i = len ? list->n : 0; i-- > 0;) {
		if (!names_sid(list->aces[i], sid, len))
			continue;
		if (inherited && !(list->aces[i][1] & CR_ACE_INHERITED))
			continue;
		list_take(list, i);
		*changed = true;
	}
}

int cr_sd_strip(struct cr_arena *arena, struct cr_sd sd, const struct cr_sd_mine *mine,
		struct cr_sd *out, bool *changed, struct cr_err *err)
{
	struct parts parts;

	*changed = false;
	if (read_parts(arena, sd, &parts, err) < 0)
		return -1;
	strip_list(&parts.dacl, mine->sid, mine->inherited, changed);
	strip_list(&parts.sacl, mine->level, mine->inherited, changed);
	parts.sacl.present = parts.sacl.n > 0;
	return write_parts(arena, &parts, out, err);
}

/* As an entry of ours; longer ones, which we never write, by their flags alone. */
static void copy_ace(const uint8_t *ace, struct cr_ace *out)
{
	*out = (struct cr_ace){{ace[0], ace[1]}, 0};
	if (ace_len(ace) > CR_ACE_MAX)
		return;
	out->len = ace_len(ace);
	memcpy(out->bytes, ace, out->len);
}

struct search {
	struct cr_sd before; /* entries of it do not count; empty: all count */
	size_t left;
	struct cr_ace *out;
};

static bool is_nth(const uint8_t *ace, const void *arg)
{
	struct search *search = (struct search *)(uintptr_t)arg;

	copy_ace(ace, search->out);
	if (search->before.len && (!search->out->len || cr_sd_has(search->before, search->out)))
		return false;
	return search->left-- == 0;
}

static bool find_nth(struct search *search, struct cr_sd sd)
{
	return find_ace(sd, false, is_nth, search) || find_ace(sd, true, is_nth, search);
}

bool cr_sd_entry(struct cr_sd sd, size_t index, struct cr_ace *out)
{
	struct search search = {.left = index, .out = out};

	return find_nth(&search, sd);
}

bool cr_sd_added(struct cr_sd before, struct cr_sd after, size_t index, struct cr_ace *out)
{
	struct search search = {before, index, out};

	return find_nth(&search, after);
}

bool cr_sd_offers(struct cr_sd sd, const char *sid, uint32_t rights)
{
	struct parts parts;
	struct cr_ace ace;

	if (read_parts(NULL, sd, &parts, NULL) < 0)
		return false;
	for (size_t i = 0; cr_sd_entry(sd, i, &ace); i++) {
		if (ace.bytes[0] == ACE_ALLOW && !(ace.bytes[1] & CR_ACE_INHERIT_ONLY) &&
		    cr_ace_names(&ace, sid) && (get32(ace.bytes + 4) & (rights | GENERIC_RIGHTS)))
			return true;
	}
	return !parts.dacl.present;
}

int cr_sd_only_sacl(struct cr_arena *arena, struct cr_sd sd, struct cr_sd *out, struct cr_err *err)
{
	struct parts parts;

	if (read_parts(arena, sd, &parts, err) < 0)
		return -1;
	parts.control = SELF_RELATIVE;
	parts.dacl = (struct list){0};
	parts.sacl.present = true;
	return write_parts(arena, &parts, out, err);
}

int cr_sd_with_sacl(struct cr_arena *arena, struct cr_sd sd, struct cr_sd *out, struct cr_err *err)
{
	struct parts parts;

	if (read_parts(arena, sd, &parts, err) < 0)
		return -1;
	parts.sacl.present = true;
	return write_parts(arena, &parts, out, err);
}

bool cr_sd_equal(struct cr_sd a, struct cr_sd b)
{
	return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

/* Takes from `list` what is in `after` and not in `before`; gives back what is only in `before`. */
static void undo_list(struct list *list, const struct list *before, const struct list *after)
{
	for (size_t i = list->n; i-- > 0;) {
		if (list_has(after, list->aces[i]) && !list_has(before, list->aces[i]))
			list_take(list, i);
	}
	for (size_t i = before->n; i-- > 0;) {
		if (!list_has(after, before->aces[i]) && !list_has(list, before->aces[i]))
			list_put(list, 0, before->aces[i]);
	}
}

/* Room in `list` for all of `more` too. */
static int grow_list(struct cr_arena *arena, struct list *list, size_t more, struct cr_err *err)
{
	const uint8_t **aces = cr_arena_alloc(arena, list->n + more + 2, sizeof(*aces));

	if (!aces)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	if (list->n)
		memcpy(aces, list->aces, list->n * sizeof(*aces));
	list->aces = aces;
	return 0;
}

int cr_sd_undo(struct cr_arena *arena, struct cr_sd before, struct cr_sd after,
	       struct cr_sd current, struct cr_sd *out, struct cr_err *err)
{
	struct parts was, set, now;

	if (cr_sd_equal(current, after) || cr_sd_equal(current, before)) {
		*out = before;
		return 0;
	}
	if (read_parts(arena, before, &was, err) < 0 || read_parts(arena, after, &set, err) < 0 ||
	    read_parts(arena, current, &now, err) < 0 ||
	    grow_list(arena, &now.dacl, was.dacl.n, err) < 0 ||
	    grow_list(arena, &now.sacl, was.sacl.n, err) < 0)
		return -1;
	undo_list(&now.sacl, &was.sacl, &set.sacl);
	now.sacl.present = now.sacl.n > 0;
	/* there was no DACL, and the entry that says so is all that is left: none again */
	if (now.dacl.present)
		undo_list(&now.dacl, &was.dacl, &set.dacl);
	if (!was.dacl.present && set.dacl.present && now.dacl.n == 0)
		now.dacl.present = false;
	return write_parts(arena, &now, out, err);
}

static bool same_list(const struct list *a, const struct list *b)
{
	if (a->present != b->present || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!same_ace(a->aces[i], b->aces[i]))
			return false;
	}
	return true;
}

unsigned cr_sd_differs(struct cr_sd a, struct cr_sd b)
{
	struct cr_arena *arena = cr_arena_new();
	unsigned differs = CR_SD_DACL | CR_SD_LABEL;
	struct parts x, y;

	if (arena && read_parts(arena, a, &x, NULL) == 0 && read_parts(arena, b, &y, NULL) == 0) {
		differs = same_list(&x.dacl, &y.dacl) ? 0 : CR_SD_DACL;
		differs |= same_list(&x.sacl, &y.sacl) ? 0 : CR_SD_LABEL;
	}
	cr_arena_free(arena);
	return differs;
}
