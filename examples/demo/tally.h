/*
 * tally.h - counts lines, words and letters of a text, and how often each word occurs.
 *
 * A word is a run of ASCII letters and apostrophes inside it; case does not matter.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>
#include <stdio.h>

#define TALLY_WORD_MAX 64

struct tally_word {
	char text[TALLY_WORD_MAX];
	size_t count;
};

struct tally {
	size_t lines;
	size_t words;
	size_t letters;
	struct tally_word *table; /* owned; sorted by tally_sort */
	size_t distinct;
	size_t capacity;
};

/* Adds everything in `file` to *tally (zeroed before the first use). 0, or -1 with errno. */
int tally_file(struct tally *tally, FILE *file);

/* Puts the commonest words first; equals in alphabetical order. */
void tally_sort(struct tally *tally);

/* How often `word` (lower case) was seen. */
size_t tally_count(const struct tally *tally, const char *word);

void tally_free(struct tally *tally);

#endif
