/*
 * sddl.c - SDDL to descriptors and back.
 *
 * Must never guess: a word that is not in a table here is an error with its place, because an
 * entry that is left out changes what the rest of a list means. Sections are of [MS-DTYP].
 */
#include "sddl.h"

#include <inttypes.h>
#include <string.h>

#include "limits.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct word {
	const char *text;
	uint32_t value;
};

/* 2.5.1.1: ace-type. The others carry what this reader does not know. */
static const struct word ace_types[] = {
	{"A", CR_WIN_ACE_ALLOW},
	{"D", CR_WIN_ACE_DENY},
	{"AU", CR_WIN_ACE_AUDIT},
	{"ML", CR_WIN_ACE_LABEL},
};

/* 2.5.1.1: ace-flag-string */
static const struct word ace_flags[] = {
	{"OI", CR_WIN_ACE_OBJECT_INHERIT}, {"CI", CR_WIN_ACE_CONTAINER_INHERIT},
	{"NP", CR_WIN_ACE_NO_PROPAGATE},   {"IO", CR_WIN_ACE_INHERIT_ONLY},
	{"ID", CR_WIN_ACE_INHERITED},      {"SA", CR_WIN_ACE_AUDIT_SUCCESS},
	{"FA", CR_WIN_ACE_AUDIT_FAILURE},
};

/* 2.5.1.1: generic, standard, object-specific, file and registry rights */
static const struct word rights[] = {
	{"GA", CR_WIN_GENERIC_ALL},
	{"GR", CR_WIN_GENERIC_READ},
	{"GW", CR_WIN_GENERIC_WRITE},
	{"GX", CR_WIN_GENERIC_EXECUTE},
	{"RC", CR_WIN_READ_CONTROL},
	{"SD", CR_WIN_DELETE},
	{"WD", CR_WIN_WRITE_DAC},
	{"WO", CR_WIN_WRITE_OWNER},
	{"CC", 0x1},
	{"DC", 0x2},
	{"LC", 0x4},
	{"SW", 0x8},
	{"RP", 0x10},
	{"WP", 0x20},
	{"DT", 0x40},
	{"LO", 0x80},
	{"CR", 0x100},
	{"FA", CR_WIN_FILE_ALL_ACCESS},
	{"FR", CR_WIN_FILE_GENERIC_READ},
	{"FW", CR_WIN_FILE_GENERIC_WRITE},
	{"FX", CR_WIN_FILE_GENERIC_EXECUTE},
	{"KA", 0xf003f},
	{"KR", 0x20019},
	{"KW", 0x20006},
	{"KX", 0x20019},
};

/* 2.5.1.1: the rights of a mandatory label */
static const struct word label_rights[] = {
	{"NW", CR_WIN_LABEL_NO_WRITE_UP},
	{"NR", CR_WIN_LABEL_NO_READ_UP},
	{"NX", CR_WIN_LABEL_NO_EXECUTE_UP},
};

/* 2.5.1.1: acl-flag-string; the first column of values is of a DACL, the second of a SACL. */
static const struct {
	const char *text;
	uint32_t dacl, sacl;
} list_flags[] = {
	{"P", CR_WIN_SD_DACL_PROTECTED, CR_WIN_SD_SACL_PROTECTED},
	{"AR", CR_WIN_SD_DACL_AUTO_INHERIT_REQ, CR_WIN_SD_SACL_AUTO_INHERIT_REQ},
	{"AI", CR_WIN_SD_DACL_AUTO_INHERITED, CR_WIN_SD_SACL_AUTO_INHERITED},
};

/* 2.5.1.1 sid-token and 2.4.2.4, but for those whose SID depends on a domain. */
static const struct {
	char text[3];
	struct cr_win_sid sid;
} aliases[] = {
	{"WD", {.authority = 1, .n_subs = 1, .subs = {0}}},
	{"CO", {.authority = 3, .n_subs = 1, .subs = {0}}},
	{"CG", {.authority = 3, .n_subs = 1, .subs = {1}}},
	{"OW", {.authority = 3, .n_subs = 1, .subs = {4}}},
	{"NU", {.authority = 5, .n_subs = 1, .subs = {2}}},
	{"IU", {.authority = 5, .n_subs = 1, .subs = {4}}},
	{"SU", {.authority = 5, .n_subs = 1, .subs = {6}}},
	{"AN", {.authority = 5, .n_subs = 1, .subs = {7}}},
	{"ED", {.authority = 5, .n_subs = 1, .subs = {9}}},
	{"PS", {.authority = 5, .n_subs = 1, .subs = {10}}},
	{"AU", {.authority = 5, .n_subs = 1, .subs = {11}}},
	{"RC", {.authority = 5, .n_subs = 1, .subs = {12}}},
	{"SY", {.authority = 5, .n_subs = 1, .subs = {18}}},
	{"LS", {.authority = 5, .n_subs = 1, .subs = {19}}},
	{"NS", {.authority = 5, .n_subs = 1, .subs = {20}}},
	{"WR", {.authority = 5, .n_subs = 1, .subs = {33}}},
	{"BA", {.authority = 5, .n_subs = 2, .subs = {32, 544}}},
	{"BU", {.authority = 5, .n_subs = 2, .subs = {32, 545}}},
	{"BG", {.authority = 5, .n_subs = 2, .subs = {32, 546}}},
	{"PU", {.authority = 5, .n_subs = 2, .subs = {32, 547}}},
	{"AO", {.authority = 5, .n_subs = 2, .subs = {32, 548}}},
	{"SO", {.authority = 5, .n_subs = 2, .subs = {32, 549}}},
	{"PO", {.authority = 5, .n_subs = 2, .subs = {32, 550}}},
	{"BO", {.authority = 5, .n_subs = 2, .subs = {32, 551}}},
	{"RE", {.authority = 5, .n_subs = 2, .subs = {32, 552}}},
	{"RD", {.authority = 5, .n_subs = 2, .subs = {32, 555}}},
	{"AC", {.authority = 15, .n_subs = 2, .subs = {2, 1}}},
	{"LW", {.authority = 16, .n_subs = 1, .subs = {CR_WIN_IL_LOW}}},
	{"ME", {.authority = 16, .n_subs = 1, .subs = {CR_WIN_IL_MEDIUM}}},
	{"MP", {.authority = 16, .n_subs = 1, .subs = {CR_WIN_IL_MEDIUM + 0x100}}},
	{"HI", {.authority = 16, .n_subs = 1, .subs = {CR_WIN_IL_HIGH}}},
	{"SI", {.authority = 16, .n_subs = 1, .subs = {CR_WIN_IL_SYSTEM}}},
};

struct reader {
	const char *text, *at;
	struct cr_err *err;
};

static int fail(const struct reader *reader, const char *what)
{
	return cr_fail(reader->err, CR_E_SYNTAX, "security descriptor, byte %zu: %s",
		       (size_t)(reader->at - reader->text), what);
}

static int expect(struct reader *reader, char c)
{
	if (*reader->at != c) {
		const char what[] = {'\'', c, '\'', ' ', 'e', 'x', 'p', 'e', 'c', 't', 'e', 'd', 0};

		return fail(reader, what);
	}
	reader->at++;
	return 0;
}

/* The entry of `words` that `reader` is at, moved behind it; the longer of two that fit. */
static const struct word *read_word(struct reader *reader, const struct word *words, size_t count)
{
	const struct word *best = NULL;

	for (size_t i = 0; i < count; i++) {
		const size_t len = strlen(words[i].text);

		if (strncmp(reader->at, words[i].text, len) == 0 &&
		    (!best || len > strlen(best->text)))
			best = &words[i];
	}
	if (best)
		reader->at += strlen(best->text);
	return best;
}

static int read_sid(struct reader *reader, struct cr_win_sid *out)
{
	const size_t len = cr_win_sid_parse(reader->at, out);

	for (size_t i = 0; len == 0 && i < COUNT(aliases); i++) {
		if (strncmp(reader->at, aliases[i].text, 2) == 0) {
			*out = aliases[i].sid;
			reader->at += 2;
			return 0;
		}
	}
	if (len == 0)
		return fail(reader, "no SID, or letters that are not known here");
	reader->at += len;
	return 0;
}

/* 2.5.1.1: a hexadecimal number */
static int read_hex(struct reader *reader, uint32_t *out)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *start = reader->at + 2;
	const size_t len = strspn(start, digits);
	uint64_t value = 0;

	for (size_t i = 0; i < len && value <= UINT32_MAX; i++) {
		const size_t digit = (size_t)(strchr(digits, start[i]) - digits);

		value = value * 16 + (digit > 15 ? digit - 6 : digit);
	}
	if (len == 0 || value > UINT32_MAX)
		return fail(reader, "no hexadecimal number of 32 bits");
	reader->at = start + len;
	*out = (uint32_t)value;
	return 0;
}

static int read_words(struct reader *reader, const struct word *words, size_t count, uint32_t *out)
{
	while (*reader->at != ';') {
		const struct word *word = read_word(reader, words, count);

		if (!word)
			return fail(reader, "a word that is not known here");
		*out |= word->value;
	}
	return 0;
}

static int read_mask(struct reader *reader, struct cr_win_ace *ace)
{
	if (reader->at[0] == '0' && (reader->at[1] == 'x' || reader->at[1] == 'X'))
		return read_hex(reader, &ace->mask);
	if (ace->type == CR_WIN_ACE_LABEL)
		return read_words(reader, label_rights, COUNT(label_rights), &ace->mask);
	return read_words(reader, rights, COUNT(rights), &ace->mask);
}

/* 2.4.4.13: the SID of a label is an integrity level. */
static int check_label(const struct reader *reader, const struct cr_win_ace *ace)
{
	if (ace->type == CR_WIN_ACE_LABEL && (ace->sid.authority != 16 || ace->sid.n_subs != 1))
		return fail(reader, "the SID of a label is no integrity level");
	return 0;
}

/* 2.5.1.1: (type;flags;rights;object;inherited object;SID) */
static int read_ace(struct reader *reader, struct cr_win_ace *out)
{
	const struct word *type;
	uint32_t flags = 0;

	*out = (struct cr_win_ace){0};
	if (expect(reader, '(') < 0)
		return -1;
	type = read_word(reader, ace_types, COUNT(ace_types));
	if (!type || *reader->at != ';')
		return fail(reader, "an entry of a type that is not known here");
	out->type = (uint8_t)type->value;
	if (expect(reader, ';') < 0 ||
	    read_words(reader, ace_flags, COUNT(ace_flags), &flags) < 0 ||
	    expect(reader, ';') < 0 || read_mask(reader, out) < 0 || expect(reader, ';') < 0 ||
	    expect(reader, ';') < 0 || expect(reader, ';') < 0 || read_sid(reader, &out->sid) < 0 ||
	    check_label(reader, out) < 0)
		return -1;
	out->flags = (uint8_t)flags;
	return expect(reader, ')');
}

static bool belongs(const struct cr_win_ace *ace, bool is_dacl)
{
	return is_dacl == (ace->type == CR_WIN_ACE_ALLOW || ace->type == CR_WIN_ACE_DENY);
}

static uint32_t read_list_flags(struct reader *reader, bool is_dacl)
{
	uint32_t control = 0;

	for (size_t i = 0; i < COUNT(list_flags); i++) {
		const size_t len = strlen(list_flags[i].text);

		if (strncmp(reader->at, list_flags[i].text, len) != 0)
			continue;
		control |= is_dacl ? list_flags[i].dacl : list_flags[i].sacl;
		reader->at += len;
		i = (size_t)-1; /* in any order, and again */
	}
	return control;
}

static int read_list(struct reader *reader, struct cr_arena *arena, bool is_dacl,
		     struct cr_win_acl *out)
{
	struct cr_win_ace *aces = NULL;
	size_t count = 0, cap = 0;

	while (*reader->at == '(') {
		struct cr_win_ace *grown = cr_arena_grow(arena, aces, count, &cap, sizeof(*aces));

		if (!grown)
			return cr_fail(reader->err, CR_E_NOMEM, "security descriptor");
		if (count == CR_MAX_ACES)
			return cr_fail(reader->err, CR_E_LIMIT,
				       "a security descriptor with more than %d entries",
				       CR_MAX_ACES);
		aces = grown;
		if (read_ace(reader, &aces[count]) < 0)
			return -1;
		if (!belongs(&aces[count], is_dacl))
			return fail(reader, "an entry of the other list");
		count++;
	}
	*out = (struct cr_win_acl){.aces = aces, .count = count};
	return 0;
}

static int read_dacl(struct reader *reader, struct cr_arena *arena, struct cr_win_sd *sd)
{
	static const char null_dacl[] = "NO_ACCESS_CONTROL";

	sd->control |= read_list_flags(reader, true);
	if (strncmp(reader->at, null_dacl, strlen(null_dacl)) == 0) {
		reader->at += strlen(null_dacl);
		return 0;
	}
	sd->has_dacl = true;
	return read_list(reader, arena, true, &sd->dacl);
}

static int read_sacl(struct reader *reader, struct cr_arena *arena, struct cr_win_sd *sd)
{
	sd->has_sacl = true;
	sd->control |= read_list_flags(reader, false);
	return read_list(reader, arena, false, &sd->sacl);
}

static int read_part(struct reader *reader, struct cr_arena *arena, char part, struct cr_win_sd *sd)
{
	switch (part) {
	case 'O':
		return read_sid(reader, &sd->owner);
	case 'G':
		return read_sid(reader, &sd->group);
	case 'D':
		return read_dacl(reader, arena, sd);
	default:
		return read_sacl(reader, arena, sd);
	}
}

static int check_length(const char *text, struct cr_err *err)
{
	if (strlen(text) >= CR_MAX_SDDL_BYTES)
		return cr_fail(err, CR_E_LIMIT, "a security descriptor of more than %d bytes",
			       CR_MAX_SDDL_BYTES);
	return 0;
}

int cr_sddl_parse(struct cr_arena *arena, const char *text, struct cr_win_sd *out,
		  struct cr_err *err)
{
	static const char parts[] = "OGDS";
	struct reader reader = {.text = text, .at = text, .err = err};
	unsigned seen = 0;

	*out = (struct cr_win_sd){0};
	if (check_length(text, err) < 0)
		return -1;
	while (*reader.at) {
		const char *part = strchr(parts, *reader.at);

		if (!part || reader.at[1] != ':')
			return fail(&reader, "'O:', 'G:', 'D:' or 'S:' expected");
		if (seen & 1u << (part - parts))
			return fail(&reader, "a part that was there before");
		seen |= 1u << (part - parts);
		reader.at += 2;
		if (read_part(&reader, arena, *part, out) < 0)
			return -1;
	}
	return 0;
}

int cr_sddl_parse_ace(const char *text, struct cr_win_ace *out, struct cr_err *err)
{
	struct reader reader = {.text = text, .at = text, .err = err};

	if (check_length(text, err) < 0 || read_ace(&reader, out) < 0)
		return -1;
	return *reader.at ? fail(&reader, "something behind the entry") : 0;
}

int cr_sddl_parse_sid(const char *text, struct cr_win_sid *out, struct cr_err *err)
{
	struct reader reader = {.text = text, .at = text, .err = err};

	if (read_sid(&reader, out) < 0)
		return -1;
	return *reader.at ? fail(&reader, "something behind the SID") : 0;
}

static const char *sid_text(const struct cr_win_sid *sid, char text[CR_WIN_SID_TEXT_MAX])
{
	for (size_t i = 0; i < COUNT(aliases); i++) {
		if (cr_win_sid_equal(sid, &aliases[i].sid))
			return aliases[i].text;
	}
	return cr_win_sid_print(sid, text);
}

/* Appends the words of `value` to `text`, which has room for all of them. */
static void put_words(char *text, const struct word *words, size_t count, uint32_t value)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < count; i++) {
		if (!(value & words[i].value))
			continue;
		memcpy(text + len, words[i].text, strlen(words[i].text) + 1);
		len += strlen(words[i].text);
	}
}

static const char *type_text(uint8_t type)
{
	for (size_t i = 0; i < COUNT(ace_types); i++) {
		if (ace_types[i].value == type)
			return ace_types[i].text;
	}
	return "?"; /* refused when read back */
}

const char *cr_sddl_print_ace(struct cr_arena *arena, const struct cr_win_ace *ace)
{
	const uint32_t known =
		CR_WIN_LABEL_NO_WRITE_UP | CR_WIN_LABEL_NO_READ_UP | CR_WIN_LABEL_NO_EXECUTE_UP;
	char flags[2 * COUNT(ace_flags) + 1] = "", words[2 * COUNT(label_rights) + 1] = "";
	char sid[CR_WIN_SID_TEXT_MAX];

	put_words(flags, ace_flags, COUNT(ace_flags), ace->flags);
	if (ace->type == CR_WIN_ACE_LABEL && !(ace->mask & ~known)) {
		put_words(words, label_rights, COUNT(label_rights), ace->mask);
		return cr_arena_printf(arena, "(%s;%s;%s;;;%s)", type_text(ace->type), flags, words,
				       sid_text(&ace->sid, sid));
	}
	return cr_arena_printf(arena, "(%s;%s;0x%" PRIx32 ";;;%s)", type_text(ace->type), flags,
			       ace->mask, sid_text(&ace->sid, sid));
}

static const char *print_list(struct cr_arena *arena, const struct cr_win_acl *acl, char part,
			      uint32_t control)
{
	const char **entries = cr_arena_alloc(arena, acl->count + 1, sizeof(*entries));
	size_t len = 8;
	char *text;

	for (size_t i = 0; entries && i < acl->count; i++) {
		entries[i] = cr_sddl_print_ace(arena, &acl->aces[i]);
		if (!entries[i])
			return NULL;
		len += strlen(entries[i]);
	}
	text = entries ? cr_arena_alloc(arena, len, 1) : NULL;
	if (!text)
		return NULL;
	text[0] = part;
	text[1] = ':';
	for (size_t i = 0; i < COUNT(list_flags); i++) {
		if (control & (part == 'D' ? list_flags[i].dacl : list_flags[i].sacl))
			memcpy(text + strlen(text), list_flags[i].text, strlen(list_flags[i].text));
	}
	len = strlen(text);
	for (size_t i = 0; i < acl->count; i++) {
		memcpy(text + len, entries[i], strlen(entries[i]));
		len += strlen(entries[i]);
	}
	return text;
}

const char *cr_sddl_print(struct cr_arena *arena, const struct cr_win_sd *sd)
{
	const bool null_flags = !sd->has_dacl && sd->control & CR_WIN_SD_DACL_PROTECTED;
	const char *dacl = print_list(arena, &sd->dacl, 'D', sd->control);
	const char *sacl = sd->has_sacl ? print_list(arena, &sd->sacl, 'S', sd->control) : "";
	char owner[CR_WIN_SID_TEXT_MAX], group[CR_WIN_SID_TEXT_MAX];

	if (!dacl || !sacl)
		return NULL;
	if (!sd->has_dacl)
		dacl = null_flags ? "D:PNO_ACCESS_CONTROL" : "D:NO_ACCESS_CONTROL";
	return cr_arena_printf(arena, "%s%s%s%s%s%s", sd->owner.n_subs ? "O:" : "",
			       sd->owner.n_subs ? sid_text(&sd->owner, owner) : "",
			       sd->group.n_subs ? "G:" : "",
			       sd->group.n_subs ? sid_text(&sd->group, group) : "", dacl, sacl);
}
