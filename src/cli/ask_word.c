/*
 * ask_word.c - the word that means yes to a question on the terminal.
 *
 * Not a key: a terminal answers queries of whoever writes to it, and a process of the box that
 * reads the rest of such an answer could leave the one letter that is wanted. Three random letters
 * and Enter, written by us where no process of the box can read them, come from a person. Whatever
 * else is typed means no, or nothing.
 */
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "asker_impl.h"

/* Without n, which means no, and without vowels: no words anybody minds. */
static const char letters[] = "bcdfghjkmpqrstvwxz";
#define N_LETTERS (sizeof(letters) - 1)

bool ask_word_make(struct ask_line *line)
{
	unsigned char random[64];
	size_t len = 0;

	*line = (struct ask_line){0};
	if (getentropy(random, sizeof(random)) < 0)
		return false;
	for (size_t i = 0; i < sizeof(random) && len < ASK_WORD - 1; i++)
		if (random[i] < 256 / N_LETTERS * N_LETTERS) /* each as likely as the others */
			line->word[len++] = letters[random[i] % N_LETTERS];
	return len == ASK_WORD - 1;
}

static bool is_no(char key)
{
	/* Ctrl-C, -D, -Z, -\ */
	return key == 'n' || key == 'N' || key == 3 || key == 4 || key == 26 || key == 28;
}

static int meaning_of(const struct ask_line *line)
{
	if (strncmp(line->typed, line->word, ASK_WORD - 1) != 0)
		return ASK_TTY_NO;
	if (!line->typed[ASK_WORD - 1])
		return ASK_TTY_MOMENT;
	return strcmp(line->typed + ASK_WORD - 1, "!") == 0 ? ASK_TTY_BOX : ASK_TTY_NO;
}

static void add(struct ask_line *line, char key)
{
	const size_t len = strlen(line->typed);

	if (len < sizeof(line->typed) - 1)
		line->typed[len] =
			isgraph((unsigned char)key) ? (char)tolower((unsigned char)key) : '?';
	else
		line->typed[len - 1] = '?'; /* longer than anything that means yes */
}

static void take_back(struct ask_line *line)
{
	const size_t len = strlen(line->typed);

	if (len > 0)
		line->typed[len - 1] = '\0';
}

int ask_word_type(struct ask_line *line, const char *keys, size_t len, bool guarded)
{
	if (is_no(keys[0]))
		return ASK_TTY_NO;
	for (size_t i = 0; !guarded && i < len; i++) {
		if (is_no(keys[i]))
			return ASK_TTY_NO;
		if (keys[i] == '\r' || keys[i] == '\n')
			return meaning_of(line);
		if (keys[i] == 127 || keys[i] == 8) {
			take_back(line);
		} else if (iscntrl((unsigned char)keys[i])) {
			/* a key with a name, a mouse, an answer of the terminal: all begins anew */
			memset(line->typed, 0, sizeof(line->typed));
			return 0;
		} else {
			add(line, keys[i]);
		}
	}
	return 0;
}
