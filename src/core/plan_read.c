/*
 * plan_read.c - reads back a plan that cr_plan_json printed.
 *
 * The text is an outsider's: its size, its counts and every name in it are
 * checked here, and what is not exactly as printed is refused. It must never
 * fill in a value that is missing.
 */
#include "plan_read.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "path.h"
#include "plan_print.h"

struct reader {
	struct cr_arena *arena;
	enum cr_os os;
	struct cr_err *err;
};

static int bad(struct reader *reader, const char *key, const char *what)
{
	return cr_fail(reader->err, CR_E_SYNTAX, "'%s': %s", key, what);
}

static int no_memory(struct reader *reader)
{
	return cr_fail(reader->err, CR_E_NOMEM, "plan");
}

/* An object with exactly `count` keys; each is then looked up by name, so none is unknown. */
static int check_object(struct reader *reader, const json_t *json, const char *what, size_t count)
{
	if (!json_is_object(json))
		return bad(reader, what, "expected an object");
	if (json_object_size(json) != count)
		return bad(reader, what, "a key is missing or unknown");
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_hex(struct reader *reader, const char *key, const char *hex, const char **out)
{
	const size_t len = strlen(hex);
	char *text;

	if (len == 0 || len % 2 != 0)
		return bad(reader, key, "bad hexadecimal text");
	text = cr_arena_alloc(reader->arena, len / 2 + 1, 1);
	if (!text)
		return no_memory(reader);
	for (size_t i = 0; i < len; i += 2) {
		const int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);

		if (high < 0 || low < 0 || high + low == 0)
			return bad(reader, key, "bad hexadecimal text");
		text[i / 2] = (char)(high << 4 | low);
	}
	*out = text;
	return 0;
}

/* A string, {"hex": ...} or null; NULL stands for null. */
static int read_text(struct reader *reader, const json_t *object, const char *key, const char **out)
{
	const json_t *json = json_object_get(object, key);
	const json_t *hex = json_is_object(json) ? json_object_get(json, "hex") : NULL;

	*out = NULL;
	if (json_is_null(json))
		return 0;
	if (json_is_string(hex) && json_object_size(json) == 1)
		return read_hex(reader, key, json_string_value(hex), out);
	if (!json_is_string(json))
		return bad(reader, key, "expected a string");
	*out = cr_arena_strdup(reader->arena, json_string_value(json));
	return *out ? 0 : no_memory(reader);
}

static int need_text(struct reader *reader, const json_t *object, const char *key, const char **out)
{
	if (read_text(reader, object, key, out) < 0)
		return -1;
	return *out ? 0 : bad(reader, key, "expected a string");
}

static int read_path(struct reader *reader, const json_t *object, const char *key, const char **out)
{
	if (read_text(reader, object, key, out) < 0)
		return -1;
	if (!*out)
		return 0;
	if (strlen(*out) >= CR_MAX_PATH)
		return cr_fail(reader->err, CR_E_LIMIT, "'%s': longer than %d bytes", key,
			       CR_MAX_PATH - 1);
	if (!cr_path_is_absolute(reader->os, *out))
		return bad(reader, key, "expected an absolute path");
	return 0;
}

/* A number, or its decimal digits as a string. */
static int read_number(struct reader *reader, const json_t *object, const char *key, uint64_t *out)
{
	const json_t *json = json_object_get(object, key);
	const char *digits = json_string_value(json);
	char *end;

	if (json_is_integer(json) && json_integer_value(json) >= 0) {
		*out = (uint64_t)json_integer_value(json);
		return 0;
	}
	if (!digits || *digits < '1' || *digits > '9')
		return bad(reader, key, "expected a number");
	errno = 0;
	*out = strtoull(digits, &end, 10);
	if (errno != 0 || *end)
		return bad(reader, key, "expected a number");
	return 0;
}

/* The index of a name in `names`. */
static int read_name(struct reader *reader, const json_t *object, const char *key,
		     const char *const *names, unsigned count)
{
	const char *name = json_string_value(json_object_get(object, key));

	for (unsigned i = 0; name && i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return (int)i;
	}
	return bad(reader, key, "unknown name");
}

static int read_origin(struct reader *reader, const json_t *object, struct cr_origin *out)
{
	const json_t *json = json_object_get(object, "origin");
	const char *layers[CR_LAYER_COUNT];
	uint64_t line;
	int layer;

	for (int i = 0; i < CR_LAYER_COUNT; i++)
		layers[i] = cr_layer_name((enum cr_layer)i);
	if (check_object(reader, json, "origin", 3) < 0 ||
	    (layer = read_name(reader, json, "layer", layers, CR_LAYER_COUNT)) < 0 ||
	    read_text(reader, json, "file", &out->file) < 0 ||
	    read_number(reader, json, "line", &line) < 0)
		return -1;
	if (line > UINT32_MAX)
		return bad(reader, "line", "too large");
	out->layer = (enum cr_layer)layer;
	out->line = (unsigned)line;
	return 0;
}

static int read_step(struct reader *reader, const json_t *json, void *item)
{
	struct cr_step *step = item;
	const json_t *id = json_object_get(json, "id");
	const char *kind = json_string_value(json_object_get(json, "kind"));
	int life, type;

	if (check_object(reader, json, "step", 8) < 0 || check_object(reader, id, "id", 2) < 0)
		return -1;
	if (!kind || cr_step_kind_parse(kind, &step->kind) < 0)
		return bad(reader, "kind", "unknown step");
	if (read_path(reader, json, "path", &step->path) < 0 ||
	    read_text(reader, json, "detail", &step->detail) < 0 ||
	    read_number(reader, json, "value", &step->value) < 0 ||
	    (life = read_name(reader, json, "life", cr_life_names, 3)) < 0 ||
	    (type = read_name(reader, json, "type", cr_ftype_names, 6)) < 0 ||
	    read_number(reader, id, "volume", &step->id.volume) < 0 ||
	    read_number(reader, id, "file", &step->id.file) < 0)
		return -1;
	step->life = (enum cr_life)life;
	step->type = (enum cr_ftype)type;
	return read_origin(reader, json, &step->origin);
}

static int read_gap(struct reader *reader, const json_t *json, void *item)
{
	struct cr_gap *gap = item;

	if (check_object(reader, json, "gap", 3) < 0 ||
	    need_text(reader, json, "name", &gap->name) < 0 ||
	    need_text(reader, json, "text", &gap->text) < 0)
		return -1;
	return read_origin(reader, json, &gap->origin);
}

static int read_note(struct reader *reader, const json_t *json, void *item)
{
	struct cr_note *note = item;

	if (check_object(reader, json, "note", 2) < 0 ||
	    need_text(reader, json, "text", &note->text) < 0)
		return -1;
	return read_origin(reader, json, &note->origin);
}

typedef int (*item_fn)(struct reader *reader, const json_t *json, void *item);

/* One of the three arrays of a plan; the items in the arena, or NULL. */
static void *read_array(struct reader *reader, const json_t *json, size_t size, item_fn read_item,
			size_t *count)
{
	const size_t n = json_array_size(json); /* 0 when it is none */
	char *items;

	if (!json_is_array(json)) {
		bad(reader, "plan", "expected steps, gaps and notes to be arrays");
		return NULL;
	}
	if (n > CR_MAX_STEPS) {
		cr_fail(reader->err, CR_E_LIMIT, "more than %d steps", CR_MAX_STEPS);
		return NULL;
	}
	items = cr_arena_alloc(reader->arena, n + 1, size);
	if (!items) {
		no_memory(reader);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		if (read_item(reader, json_array_get(json, i), items + i * size) < 0) {
			cr_wrap(reader->err, "item %u", (unsigned)i + 1);
			return NULL;
		}
	}
	*count = n;
	return items;
}

static int read_head(struct reader *reader, const json_t *root, struct cr_plan *plan)
{
	const json_t *version = json_object_get(root, "version");
	const char *os = json_string_value(json_object_get(root, "os"));
	const char *tier = json_string_value(json_object_get(root, "tier"));

	if (check_object(reader, root, "plan", 7) < 0)
		return -1;
	if (!json_is_integer(version) || json_integer_value(version) != 1)
		return bad(reader, "version", "expected 1");
	if (!os || cr_os_parse(os, &plan->os) < 0)
		return bad(reader, "os", "unknown system");
	if (!tier || cr_tier_parse(tier, &plan->tier) < 0)
		return bad(reader, "tier", "unknown tier");
	reader->os = plan->os;
	return read_path(reader, root, "workspace", &plan->workspace);
}

static int read_plan(struct reader *reader, const json_t *root, struct cr_plan *plan)
{
	if (read_head(reader, root, plan) < 0)
		return -1;
	plan->steps = read_array(reader, json_object_get(root, "steps"), sizeof(*plan->steps),
				 read_step, &plan->n_steps);
	if (!plan->steps)
		return cr_wrap(reader->err, "steps");
	plan->gaps = read_array(reader, json_object_get(root, "gaps"), sizeof(*plan->gaps),
				read_gap, &plan->n_gaps);
	if (!plan->gaps)
		return cr_wrap(reader->err, "gaps");
	plan->notes = read_array(reader, json_object_get(root, "notes"), sizeof(*plan->notes),
				 read_note, &plan->n_notes);
	return plan->notes ? 0 : cr_wrap(reader->err, "notes");
}

int cr_plan_read(struct cr_arena *arena, const char *text, size_t len, struct cr_plan **out,
		 struct cr_err *err)
{
	struct reader reader = {.arena = arena, .err = err};
	struct cr_plan *plan = cr_arena_alloc(arena, 1, sizeof(*plan));
	json_error_t where;
	json_t *root;
	int result;

	if (!plan)
		return no_memory(&reader);
	if (len > CR_MAX_PLAN_JSON)
		return cr_fail(err, CR_E_LIMIT, "a plan over %d bytes", CR_MAX_PLAN_JSON);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	if (!root)
		return cr_fail(err, CR_E_SYNTAX, "line %d, column %d: %s", where.line, where.column,
			       where.text);
	result = read_plan(&reader, root, plan);
	json_decref(root);
	if (result == 0)
		*out = plan;
	return result;
}
