/*
 * text.c - characters, and text made safe to show.
 *
 * Names of files and hosts come from whoever owns the box. Nothing here may let a byte of them
 * reach a terminal or a page that is not a visible character in its place.
 */
#include <string.h>

#include "casefold.h"
#include "event.h"
#include "text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* First bytes: how long the character is, its own bits, and the smallest code of that length. */
struct lead {
	unsigned char mask, bits;
	unsigned char len;
	uint32_t least;
};

static const struct lead leads[] = {
	{.mask = 0xe0, .bits = 0xc0, .len = 2, .least = 0x80},
	{.mask = 0xf0, .bits = 0xe0, .len = 3, .least = 0x800},
	{.mask = 0xf8, .bits = 0xf0, .len = 4, .least = 0x10000},
};

static size_t decode_long(const unsigned char *byte, size_t len, uint32_t *code)
{
	const struct lead *lead = NULL;

	for (size_t i = 0; i < COUNT(leads) && !lead; i++)
		if ((byte[0] & leads[i].mask) == leads[i].bits)
			lead = &leads[i];
	if (!lead || len < lead->len)
		return 0;

	uint32_t value = byte[0] & (unsigned char)~lead->mask;

	for (size_t i = 1; i < lead->len; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (byte[i] & 0x3f);
	}
	if (value < lead->least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return lead->len;
}

size_t cr_utf8_decode(const char *text, size_t len, uint32_t *code)
{
	const unsigned char *byte = (const unsigned char *)text;

	*code = byte[0];
	return byte[0] < 0x80 ? 1 : decode_long(byte, len, code);
}

uint32_t cr_char_fold(uint32_t code)
{
	size_t low = 0, high = COUNT(folds);

	if (code < 0x80)
		return code >= 'A' && code <= 'Z' ? code + 32 : code;
	/* The first run that does not end before the letter. */
	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (folds[middle].last < code)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == COUNT(folds) || code < folds[low].first ||
	    (code - folds[low].first) % folds[low].step != 0)
		return code;
	return (uint32_t)((int32_t)code + folds[low].delta);
}

static const struct range controls[] = {
	{0x00, 0x1f},
	{0x7f, 0x9f},
	{0x2028, 0x2029},
};

static const struct range deceptive[] = {
	{0x061c, 0x061c}, {0x200b, 0x200b}, {0x200e, 0x200f}, {0x202a, 0x202e},
	{0x2060, 0x2069}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

static bool is_in(const struct range *ranges, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count && code >= ranges[i].first; i++)
		if (code <= ranges[i].last)
			return true;
	return false;
}

bool cr_char_has_doubtful_case(uint32_t code)
{
	return is_in(doubtful, COUNT(doubtful), code);
}

bool cr_char_is_control(uint32_t code)
{
	return is_in(controls, COUNT(controls), code);
}

bool cr_char_is_deceptive(uint32_t code)
{
	return is_in(deceptive, COUNT(deceptive), code);
}

static char *put_hex(char *at, uint32_t value, int digits)
{
	for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[value >> shift & 0xf];
	return at;
}

static char *put_byte(char *at, uint32_t byte)
{
	*at++ = '\\';
	*at++ = 'x';
	return put_hex(at, byte, 2);
}

/* Above ASCII, so that U+0085 and the stray byte 0x85 do not look the same. */
static char *put_character(char *at, uint32_t code)
{
	int digits = 4;

	while (code >> digits * 4)
		digits++;
	*at++ = '\\';
	*at++ = 'u';
	*at++ = '{';
	at = put_hex(at, code, digits);
	*at++ = '}';
	return at;
}

static bool is_unsafe(enum cr_os os, uint32_t code)
{
	return (code == '\\' && os != CR_OS_WINDOWS) || cr_char_is_control(code) ||
	       cr_char_is_deceptive(code);
}

const char *cr_text_safe(struct cr_arena *arena, const char *text)
{
	return cr_text_safe_on(arena, CR_OS_LINUX, text);
}

const char *cr_text_safe_on(struct cr_arena *arena, enum cr_os os, const char *text)
{
	size_t len = strlen(text);
	/* Four times is the most it grows: one byte to \xNN, two to \u{NNNN}. */
	char *copy = cr_arena_alloc(arena, len + 1, 4);
	char *at = copy;

	if (!copy)
		return NULL;
	for (size_t i = 0, used; i < len; i += used) {
		uint32_t code;
		size_t valid = cr_utf8_decode(text + i, len - i, &code);

		used = valid ? valid : 1;
		if (valid && !is_unsafe(os, code)) {
			memcpy(at, text + i, used);
			at += used;
		} else {
			at = used == 1 ? put_byte(at, code) : put_character(at, code);
		}
	}
	return copy;
}
