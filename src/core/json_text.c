/*
 * json_text.c - what carrel's JSON printers share.
 *
 * A text is never cut or replaced: what JSON cannot hold is spelled in
 * hexadecimal, so that two names never look the same.
 */
#include "json_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *hex_text(const char *text)
{
	static const char digits[] = "0123456789abcdef";
	const size_t len = strlen(text);
	char *hex = malloc(2 * len + 1);
	json_t *json;

	if (!hex)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[(unsigned char)text[i] >> 4];
		hex[2 * i + 1] = digits[(unsigned char)text[i] & 15];
	}
	hex[2 * len] = '\0';
	json = json_pack("{s:s}", "hex", hex);
	free(hex);
	return json;
}

json_t *cr_json_text(const char *text)
{
	json_t *json;

	if (!text)
		return json_null();
	json = json_string(text);
	return json ? json : hex_text(text);
}

json_t *cr_json_number(uint64_t value)
{
	char text[32];

	if (value <= UINT64_C(1) << 53)
		return json_integer((json_int_t)value);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return json_string(text);
}

json_t *cr_json_origin(const struct cr_origin *origin)
{
	return json_pack("{s:s, s:o, s:I}", "layer", cr_layer_name(origin->layer), "file",
			 cr_json_text(origin->file), "line", (json_int_t)origin->line);
}
