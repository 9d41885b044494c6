/*
 * plan_print.c - a plan as text for people and as JSON for programs.
 *
 * It shows every field that takes effect and changes none. Whatever comes from
 * a file name goes through cr_text_safe or JSON's escapes: a name in the
 * agent's tree must not be able to drive the terminal of the person who reviews.
 */
#include "plan_print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "json_text.h"

#define MAX_ALIGN 56 /* columns; a longer path pushes its origin to the right */

const char *const cr_life_names[3] = {
	[CR_LIFE_NONE] = "none",
	[CR_LIFE_LIVE] = "live",
	[CR_LIFE_SNAPSHOT] = "snapshot",
};

const char *const cr_ftype_names[6] = {
	[CR_FT_NONE] = "none",       [CR_FT_FILE] = "file",     [CR_FT_DIR] = "dir",
	[CR_FT_SYMLINK] = "symlink", [CR_FT_SOCKET] = "socket", [CR_FT_OTHER] = "other",
};

/* Text that grows; after a failure it stays failed and finish gives NULL. */
struct out {
	char *text;
	size_t len, cap;
	int failed;
	struct cr_arena *arena; /* for escaped copies */
	enum cr_os os;
};

static void put_bytes(struct out *out, const char *bytes, size_t len)
{
	size_t cap = out->cap ? out->cap : 4096;

	if (out->failed)
		return;
	while (cap - out->len <= len)
		cap *= 2;
	if (cap != out->cap) {
		char *grown = realloc(out->text, cap);

		if (!grown) {
			out->failed = 1;
			return;
		}
		out->text = grown;
		out->cap = cap;
	}
	memcpy(out->text + out->len, bytes, len);
	out->len += len;
	out->text[out->len] = '\0';
}

static void put(struct out *out, const char *text)
{
	if (text)
		put_bytes(out, text, strlen(text));
	else
		out->failed = 1;
}

static void putf(struct out *out, const char *fmt, ...) CR_PRINTF(2, 3);

static void putf(struct out *out, const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	put(out, buf);
}

/* Blanks up to `column` of the line that began at `start`; at least two. */
static void put_column(struct out *out, size_t start, size_t column)
{
	put(out, "  ");
	while (!out->failed && out->len - start < column)
		put(out, " ");
}

/*
 * `text` made safe. Of a Windows plan the backslash is the separator and left as it is: a name
 * can then look like an escape, but not act as one.
 */
static const char *safe(struct out *out, const char *text)
{
	const char *escaped = out->arena ? cr_text_safe(out->arena, text ? text : "") : NULL;
	char *plain =
		escaped && out->os == CR_OS_WINDOWS ? cr_arena_strdup(out->arena, escaped) : NULL;

	for (char *at = plain ? strstr(plain, "\\x5c") : NULL; at; at = strstr(at, "\\x5c")) {
		at++;
		memmove(at, at + 3, strlen(at + 3) + 1);
	}
	return out->os == CR_OS_WINDOWS ? plain : escaped;
}

/* How `value` reads for a kind; by default as a number, and not at all when it is zero. */
static const char *const value_formats[CR_STEP_KIND_COUNT] = {
	[CR_STEP_EMPTY] = "[mode %" PRIo64 "]",
	[CR_STEP_LANDLOCK] = "[0x%" PRIx64 "]",
	[CR_STEP_LANDLOCK_ALLOW] = "[0x%" PRIx64 "]",
	[CR_STEP_TIMEOUT] = "[%" PRIu64 " ms]",
	[CR_STEP_TMPFS] = "[%" PRIu64 " bytes]",
	[CR_STEP_WIN_TOKEN] = "[0x%" PRIx64 "]",
	[CR_STEP_WIN_ALLOW] = "[0x%" PRIx64 "]",
	[CR_STEP_WIN_DENY] = "[0x%" PRIx64 "]",
	[CR_STEP_WIN_HIDE] = "[0x%" PRIx64 "]",
	[CR_STEP_READABLE] = "[0x%" PRIx64 "]",
	[CR_STEP_MAKE_DIR] = "[mode %" PRIo64 "]",
	[CR_STEP_WIN_READ] = "[0x%" PRIx64 "]",
	[CR_STEP_WIN_JOB] = "[0x%" PRIx64 "]",
	[CR_STEP_WIN_JOB_UI] = "[0x%" PRIx64 "]",
	[CR_STEP_WIN_JOB_MEMORY] = "[%" PRIu64 " bytes]",
};

static void put_value(struct out *out, const struct cr_step *step)
{
	const char *format = value_formats[step->kind];
	char buf[64];

	if (step->value == 0)
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the table above holds literals only */
	snprintf(buf, sizeof(buf), format ? format : "[%" PRIu64 "]", step->value);
#pragma GCC diagnostic pop
	put(out, step->path || step->detail ? "  " : "");
	put(out, buf);
}

static void put_origin(struct out *out, const struct cr_origin *origin)
{
	put(out, "# ");
	put(out, safe(out, origin->file ? origin->file : cr_layer_name(origin->layer)));
	if (origin->line > 0)
		putf(out, ":%u", origin->line);
	put(out, "\n");
}

static bool is_block(const char *detail)
{
	return detail && strchr(detail, '\n');
}

/* A detail of several lines, each indented under its step. */
static void put_block(struct out *out, const char *detail)
{
	while (*detail && !out->failed && out->arena) {
		const size_t len = strcspn(detail, "\n");

		put(out, "    ");
		put(out, safe(out, cr_arena_strndup(out->arena, detail, len)));
		put(out, "\n");
		detail += len + (detail[len] == '\n');
	}
}

/* "path detail  [value]" of one step, without its kind and origin. */
static void put_object(struct out *out, const struct cr_step *step)
{
	if (step->path)
		put(out, safe(out, step->path));
	if (step->detail && !is_block(step->detail)) {
		put(out, step->path ? "  " : "");
		put(out, safe(out, step->detail));
	}
	put_value(out, step);
	if (step->life == CR_LIFE_SNAPSHOT)
		put(out, "  (snapshot)");
}

/* The object of every step, rendered once for measuring and printing; NULL when memory is out. */
static const char **render_objects(struct out *out, const struct cr_plan *plan)
{
	const char **objects = cr_arena_alloc(out->arena, plan->n_steps + 1, sizeof(*objects));
	struct out scratch = {.arena = out->arena, .os = out->os};

	for (size_t i = 0; objects && i < plan->n_steps; i++) {
		scratch.len = 0;
		put(&scratch, "");
		put_object(&scratch, &plan->steps[i]);
		if (!scratch.failed)
			objects[i] = cr_arena_strndup(out->arena, scratch.text, scratch.len);
		if (!objects[i])
			objects = NULL;
	}
	free(scratch.text);
	return objects;
}

/* How wide the column of kinds must be, and that of objects. */
static void measure(const struct cr_plan *plan, const char *const *rendered, size_t *kinds,
		    size_t *objects)
{
	*kinds = *objects = 0;
	for (size_t i = 0; i < plan->n_steps; i++) {
		const size_t kind = strlen(cr_step_kind_name(plan->steps[i].kind));
		const size_t object = strlen(rendered[i]);

		*kinds = kind > *kinds ? kind : *kinds;
		if (object <= MAX_ALIGN && object > *objects)
			*objects = object;
	}
}

static void put_steps(struct out *out, const struct cr_plan *plan)
{
	const char **rendered = out->arena ? render_objects(out, plan) : NULL;
	bool snapshot = false;
	size_t kinds, objects;

	if (!rendered) {
		out->failed = 1;
		return;
	}
	measure(plan, rendered, &kinds, &objects);
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct cr_step *step = &plan->steps[i];
		const size_t start = out->len;

		put(out, cr_step_kind_name(step->kind));
		put_column(out, start, kinds + 2);
		put(out, rendered[i]);
		put_column(out, start, kinds + 2 + objects + 2);
		put_origin(out, &step->origin);
		if (is_block(step->detail))
			put_block(out, step->detail);
		snapshot |= step->life == CR_LIFE_SNAPSHOT;
	}
	if (snapshot)
		put(out, "\n(snapshot): expanded at start; does not hold for files that appear "
			 "later\n");
}

static char *finish(struct out *out)
{
	cr_arena_free(out->arena);
	if (!out->failed)
		return out->text;
	free(out->text);
	return NULL;
}

char *cr_plan_text(const struct cr_plan *plan)
{
	struct out out = {.arena = cr_arena_new(), .os = plan->os};

	out.failed = !out.arena;
	putf(&out, "plan for %s, tier %s, workspace ", cr_os_name(plan->os),
	     cr_tier_name(plan->tier));
	put(&out, plan->workspace ? safe(&out, plan->workspace) : "none");
	put(&out, "\n\n");
	put_steps(&out, plan);
	if (plan->n_gaps > 0)
		put(&out, "\ngaps: the command does not run unless each is accepted by "
			  "--accept-gap=NAME\n");
	for (size_t i = 0; i < plan->n_gaps; i++) {
		put(&out, "  ");
		put(&out, safe(&out, plan->gaps[i].name));
		put(&out, ": ");
		put(&out, safe(&out, plan->gaps[i].text));
		put(&out, "  ");
		put_origin(&out, &plan->gaps[i].origin);
	}
	if (plan->n_notes > 0)
		put(&out, "\nnotes:\n");
	for (size_t i = 0; i < plan->n_notes; i++) {
		put(&out, "  ");
		put(&out, safe(&out, plan->notes[i].text));
		put(&out, "  ");
		put_origin(&out, &plan->notes[i].origin);
	}
	return finish(&out);
}

static json_t *json_step(const struct cr_step *step)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:{s:o, s:o}, s:o}", "kind",
			 cr_step_kind_name(step->kind), "path", cr_json_text(step->path), "detail",
			 cr_json_text(step->detail), "value", cr_json_number(step->value), "life",
			 cr_life_names[step->life], "type", cr_ftype_names[step->type], "id",
			 "volume", cr_json_number(step->id.volume), "file",
			 cr_json_number(step->id.file), "origin", cr_json_origin(&step->origin));
}

/* Takes over both; -1 (nothing leaks) when one is NULL. */
static int append(json_t *array, json_t *item)
{
	return array && item ? json_array_append_new(array, item) : (json_decref(item), -1);
}

char *cr_plan_json(const struct cr_plan *plan)
{
	json_t *steps = json_array(), *gaps = json_array(), *notes = json_array();
	json_t *root;
	char *text = NULL;
	int bad = 0;

	for (size_t i = 0; i < plan->n_steps; i++)
		bad |= append(steps, json_step(&plan->steps[i]));
	for (size_t i = 0; i < plan->n_gaps; i++) {
		const struct cr_gap *gap = &plan->gaps[i];

		bad |= append(gaps, json_pack("{s:o, s:o, s:o}", "name", cr_json_text(gap->name),
					      "text", cr_json_text(gap->text), "origin",
					      cr_json_origin(&gap->origin)));
	}
	for (size_t i = 0; i < plan->n_notes; i++) {
		const struct cr_note *note = &plan->notes[i];

		bad |= append(notes, json_pack("{s:o, s:o}", "text", cr_json_text(note->text),
					       "origin", cr_json_origin(&note->origin)));
	}
	root = json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:o}", "version", 1, "os",
			 cr_os_name(plan->os), "tier", cr_tier_name(plan->tier), "workspace",
			 cr_json_text(plan->workspace), "steps", steps, "gaps", gaps, "notes",
			 notes);
	if (root && !bad)
		text = json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	json_decref(root);
	return text;
}
