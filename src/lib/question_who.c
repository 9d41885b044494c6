/*
 * question_who.c - which program asks, as /proc tells it. The program chooses these words itself,
 * so they are a courtesy: nothing is decided by them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/event.h"
#include "core/json_text.h"
#include "questions.h"

#define MAX_SHOWN 16 /* words of the command line */

static size_t read_words(pid_t pid, char *words, size_t size)
{
	char path[64];
	ssize_t len = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, words, size - 1);
		close(fd);
	}
	len = len > 0 ? len : 0;
	words[len] = '\0';
	/* one word more when it was cut, or the program has no last NUL */
	return len > 0 && words[len - 1] ? (size_t)len + 1 : (size_t)len;
}

void cr_question_who(struct cr_question *question)
{
	char path[64];
	ssize_t len;

	if (question->msg.pid <= 0)
		return;
	question->words_len =
		read_words(question->msg.pid, question->words, sizeof(question->words));
	snprintf(path, sizeof(path), "/proc/%d/cwd", (int)question->msg.pid);
	len = readlink(path, question->cwd, sizeof(question->cwd) - 1);
	question->cwd[len > 0 ? len : 0] = '\0';
}

const char *cr_question_words(struct cr_arena *arena, const struct cr_question *question)
{
	const char *end = question->words + question->words_len;
	const char *line = "";
	int shown = 0;

	for (const char *word = question->words; word < end && line; word += strlen(word) + 1) {
		const char *safe = cr_text_safe(arena, word);

		if (shown++ == MAX_SHOWN)
			return cr_arena_printf(arena, "%s ...", line);
		line = safe ? cr_arena_printf(arena, "%s%s%s", line, line[0] ? " " : "", safe)
			    : NULL;
	}
	return line;
}

json_t *cr_question_words_json(const struct cr_question *question)
{
	const char *end = question->words + question->words_len;
	json_t *words = json_array();

	for (const char *word = question->words; word < end; word += strlen(word) + 1)
		if (json_array_append_new(words, cr_json_text(word)) < 0)
			break;
	return words;
}
