/* json_text.h - what carrel's JSON printers share. Internal to the core. */
#ifndef CR_JSON_TEXT_H
#define CR_JSON_TEXT_H

#include <jansson.h>
#include <stdint.h>

#include "policy.h"

/*
 * A string; null for NULL; {"hex": "..."} for what is no UTF-8, as a file name may be. A new
 * reference, NULL when memory is out.
 */
json_t *cr_json_text(const char *text);

/* A number; a decimal string over 2^53, which readers that keep numbers as doubles would spoil. */
json_t *cr_json_number(uint64_t value);

/* {"layer", "file", "line"} */
json_t *cr_json_origin(const struct cr_origin *origin);

#endif
