/*
 * tally.c - the counting. Words longer than TALLY_WORD_MAX - 1 are cut; nothing is written
 * anywhere but to the caller's struct.
 */
#include "tally.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct tally_word *find(const struct tally *tally, const char *text)
{
	for (size_t i = 0; i < tally->distinct; i++)
		if (strcmp(tally->table[i].text, text) == 0)
			return &tally->table[i];
	return NULL;
}

static int grow(struct tally *tally)
{
	size_t capacity = tally->capacity ? tally->capacity * 2 : 64;
	struct tally_word *table = realloc(tally->table, capacity * sizeof(*table));

	if (!table)
		return -1;
	tally->table = table;
	tally->capacity = capacity;
	return 0;
}

static int add_word(struct tally *tally, const char *text)
{
	struct tally_word *word = find(tally, text);

	tally->words++;
	if (word) {
		word->count++;
		return 0;
	}
	if (tally->distinct == tally->capacity && grow(tally) < 0)
		return -1;
	word = &tally->table[tally->distinct++];
	memset(word, 0, sizeof(*word));
	memcpy(word->text, text, strlen(text) + 1);
	word->count = 1;
	return 0;
}

int tally_file(struct tally *tally, FILE *file)
{
	char word[TALLY_WORD_MAX];
	size_t len = 0;
	int c;

	do {
		c = getc(file);
		if (c == '\n')
			tally->lines++;
		if (c != EOF && (isalpha(c) || (c == '\'' && len > 0))) {
			tally->letters += isalpha(c) ? 1 : 0;
			if (len < sizeof(word) - 1)
				word[len++] = (char)tolower(c);
			continue;
		}
		while (len > 0 && word[len - 1] == '\'')
			len--;
		word[len] = '\0';
		if (len > 0 && add_word(tally, word) < 0)
			return -1;
		len = 0;
	} while (c != EOF);
	return ferror(file) ? -1 : 0;
}

static int by_count(const void *left, const void *right)
{
	const struct tally_word *a = left, *b = right;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return strcmp(a->text, b->text);
}

void tally_sort(struct tally *tally)
{
	if (tally->distinct > 0)
		qsort(tally->table, tally->distinct, sizeof(*tally->table), by_count);
}

size_t tally_count(const struct tally *tally, const char *word)
{
	const struct tally_word *found = find(tally, word);

	return found ? found->count : 0;
}

void tally_free(struct tally *tally)
{
	free(tally->table);
	memset(tally, 0, sizeof(*tally));
}
