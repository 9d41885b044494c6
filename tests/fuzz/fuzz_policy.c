/*
 * fuzz_policy.c - the policy parser on any bytes: it refuses with at least one error that has a
 * place, or returns a policy that, written down again, reads the same.
 */
#include <string.h>

#include "core/limits.h"
#include "core/policy.h"
#include "core/text.h"
#include "fuzz.h"

static const char *const env_ops[] = {"keep", "drop", "set"};

static struct cr_policy *parse(struct cr_arena *arena, const char *text, size_t len)
{
	struct cr_policy *policy = NULL;
	struct cr_diags diags = {.count = 0};
	struct cr_err err = {.code = CR_E_NONE};
	const int result = cr_policy_parse(
		arena, &(const struct cr_policy_source){"f", CR_LAYER_PROJECT, text, len}, &policy,
		&diags, &err);

	if (err.code == CR_E_NOMEM)
		return NULL;
	MUST((result == 0) == (policy != NULL));
	MUST((result == 0) == (diags.count + diags.dropped == 0));
	MUST(result == 0 || err.code == CR_E_SYNTAX);
	MUST(diags.count <= CR_MAX_DIAGS);
	for (size_t i = 0; i < diags.count; i++) {
		MUST(diags.items[i].text[0] && diags.items[i].hint[0]);
		MUST(diags.items[i].column <= CR_MAX_LINE_BYTES + 1);
		MUST(i == 0 || diags.items[i].line >= diags.items[i - 1].line);
		MUST(strlen(diags.items[i].text) < 500);
	}
	return policy;
}

/* A policy shows what it says: no word holds anything that is not seen. */
static void check_word(const struct cr_word *word)
{
	const size_t len = strlen(word->text);
	size_t used;

	MUST(word->column >= 1 && word->column + len <= CR_MAX_LINE_BYTES + 1);
	for (size_t i = 0; i < len; i += used) {
		uint32_t code;

		used = cr_utf8_decode(word->text + i, len - i, &code);
		MUST(used && !cr_char_is_deceptive(code));
		MUST(!cr_char_is_control(code) || code == '\t');
	}
}

struct out {
	char *text;
	size_t len, size;
};

static void put(struct out *out, const char *text)
{
	const size_t len = strlen(text);

	MUST(out->len + len < out->size);
	memcpy(out->text + out->len, text, len + 1);
	out->len += len;
}

static void put_number(struct out *out, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), " %llu", (unsigned long long)number);
	put(out, text);
}

static void put_words(struct out *out, const struct cr_item *item)
{
	for (size_t i = 0; i < item->n_words; i++) {
		put(out, " \"");
		for (const char *at = item->words[i].text; *at; at++)
			put(out, (char[]){*at == '"' || *at == '\\' ? '\\' : *at,
					  *at == '"' || *at == '\\' ? *at : '\0', '\0'});
		put(out, "\"");
	}
	put(out, "\n");
}

static void put_item(struct out *out, const struct cr_item *item)
{
	switch (item->kind) {
	case CR_ITEM_RULE:
		put(out, cr_decision_name(item->decision));
		put(out, " ");
		put(out, cr_capability_name(item->cap));
		break;
	case CR_ITEM_ENV:
		put(out, env_ops[item->env_op]);
		put(out, " env");
		break;
	case CR_ITEM_LIMIT:
		put(out, "limit ");
		put(out, cr_limit_name_text(item->limit));
		put_number(out, item->value);
		put(out, item->limit == CR_LIMIT_TIME ? "ms" : "");
		break;
	case CR_ITEM_EXPIRE:
		put(out, "expire");
		if (item->value)
			put_number(out, item->value);
		put(out, item->value ? "ms" : " session");
		break;
	case CR_ITEM_USE:
		put(out, "use");
		break;
	}
	put_words(out, item);
}

static void check_same(const struct cr_item *a, const struct cr_item *b)
{
	MUST(a->kind == b->kind && a->decision == b->decision && a->cap == b->cap);
	MUST(a->env_op == b->env_op && a->limit == b->limit && a->value == b->value);
	MUST(a->n_words == b->n_words);
	for (size_t i = 0; i < a->n_words; i++)
		MUST(strcmp(a->words[i].text, b->words[i].text) == 0);
}

/* Words in quotes are longer: only lines that still fit can be read again. */
static void check_again(struct cr_arena *arena, const struct cr_policy *policy, size_t size)
{
	struct out out = {.size = size * 8 + 1000};

	out.text = malloc(out.size);
	MUST(out.text);
	for (size_t i = 0; i < policy->n_items; i++) {
		out.len = 0;
		put_item(&out, &policy->items[i]);
		if (out.len > CR_MAX_LINE_BYTES)
			continue;

		const struct cr_policy *again = parse(arena, out.text, out.len);

		MUST(again && again->n_items == 1);
		check_same(&policy->items[i], &again->items[0]);
	}
	free(out.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_policy *policy = arena ? parse(arena, (const char *)data, size) : NULL;

	for (size_t i = 0; policy && i < policy->n_items; i++) {
		MUST(policy->items[i].origin.line >= 1);
		for (size_t j = 0; j < policy->items[i].n_words; j++)
			check_word(&policy->items[i].words[j]);
	}
	if (policy)
		check_again(arena, policy, size);
	cr_arena_free(arena);
	return 0;
}
