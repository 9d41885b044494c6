/*
 * policy_parts.h - what the files of the policy parser share. Internal to policy*.c.
 */
#ifndef CR_POLICY_PARTS_H
#define CR_POLICY_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy.h"

/* One word of the line being read. */
struct cr_lexeme {
	const char *text; /* unquoted, unescaped, NUL-terminated */
	unsigned column;
	bool quoted;
};

/* What is remembered of an env word: the whole glob, or the name that is set. */
struct cr_env_seen {
	const char *text;
	size_t len;
	enum cr_env_op op;
};

struct cr_parser {
	struct cr_arena *arena;
	struct cr_diags *diags;
	struct cr_origin at; /* layer, file and the line being read */
	bool no_memory;

	struct cr_lexeme *words; /* of the line being read */
	size_t n_words, cap_words;

	struct cr_item *items;
	size_t n_items, cap_items;

	bool limit_seen[CR_LIMIT_COUNT];
	bool expire_seen;
	struct cr_env_seen *env_seen;
	size_t n_env_seen, cap_env_seen;
};

/* Reports an error of the current line at `column`. */
void cr_parser_fail(struct cr_parser *parser, unsigned column, const char *hint, const char *fmt,
		    ...) CR_PRINTF(4, 5);

/*
 * Splits the line text[0..len), which may be overwritten and has a spare byte at its end, into
 * parser->words. 0, or -1 when an error has been reported or memory is out.
 */
int cr_parser_split(struct cr_parser *parser, char *text, size_t len);

/* `text` cut to what a message can hold, in the arena; "" when memory is out. */
const char *cr_parser_show(struct cr_parser *parser, const char *text);

/* A hint for the unknown `word`: "did you mean ...", else "<intro> a, b or c". */
const char *cr_parser_suggest(struct cr_parser *parser, const char *word, const char *const *known,
			      const char *intro);

/* Checks one object of a rule; reports what is wrong. */
void cr_parser_check_object(struct cr_parser *parser, const struct cr_item *item,
			    const struct cr_lexeme *word);

/* Checks one word of an `env` line; reports what is wrong. */
void cr_parser_check_env(struct cr_parser *parser, enum cr_env_op op, const struct cr_lexeme *word);

/* The value of a limit, the duration of `expire`. 0, or -1 when an error has been reported. */
int cr_parser_limit(struct cr_parser *parser, enum cr_limit_name name, const struct cr_lexeme *word,
		    uint64_t *value);
int cr_parser_expire(struct cr_parser *parser, const struct cr_lexeme *word, uint64_t *value);

/* Checks the name of a profile. 0, or -1 when an error has been reported. */
int cr_parser_profile(struct cr_parser *parser, const struct cr_lexeme *word);

#endif
