/*
 * fuzz_plan.c - the plan reader on any bytes: it refuses or returns a plan, and a plan it returns
 * is printed to the same JSON when read and printed again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/plan_print.h"
#include "core/plan_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *read_and_print(const char *text, size_t len)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_plan *plan;
	struct cr_err err;
	char *json = NULL;

	if (arena && cr_plan_read(arena, text, len, &plan, &err) == 0) {
		json = cr_plan_json(plan);
		free(cr_plan_text(plan));
	}
	cr_arena_free(arena);
	return json;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first = read_and_print((const char *)data, size);
	char *second = first ? read_and_print(first, strlen(first)) : NULL;

	if (first && (!second || strcmp(first, second) != 0))
		abort();
	free(first);
	free(second);
	return 0;
}
