/*
 * samba_diff.c - answers access checks, one a line, for samba_diff.py to compare with Samba's.
 *
 * Input:  PRIVILEGES USER,GROUP... RESTRICTING,...|- MASK SDDL      (numbers hexadecimal)
 * Output: PLAIN RESTRICTED BITS WHOLE STANDARD
 * where each is the granted mask in hexadecimal or "-": the same token without restricting SIDs,
 * with them, and write-restricted in each reading. A line that cannot be read ends the program.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sddl.h"
#include "core/winaccess.h"

#define MAX_LINE 65536
#define MAX_SIDS 32

static void die(const char *what, const char *text)
{
	fprintf(stderr, "samba_diff: %s: '%s'\n", what, text);
	exit(2);
}

static size_t read_sids(char *text, struct cr_win_sid sids[MAX_SIDS])
{
	char *save = NULL;
	size_t count = 0;

	if (strcmp(text, "-") == 0)
		return 0;
	for (char *name = strtok_r(text, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		if (count == MAX_SIDS || cr_sddl_parse_sid(name, &sids[count++], NULL) < 0)
			die("SID", name);
	}
	return count;
}

static uint32_t read_number(const char *text)
{
	char *end;
	const unsigned long long value = strtoull(text, &end, 16);

	if (*end || end == text || value > UINT32_MAX)
		die("number", text);
	return (uint32_t)value;
}

struct question {
	struct cr_win_token token;
	struct cr_win_sd sd;
	uint32_t mask;
};

static void answer(const struct question *question, size_t n_restricting, bool write_restricted,
		   enum cr_win_reading reading)
{
	struct cr_win_token token = question->token;
	const struct cr_win_request request = {
		.token = &token,
		.sd = &question->sd,
		.mask = question->mask,
		.reading = reading,
	};
	struct cr_win_answer got;

	token.n_restricting = n_restricting;
	token.write_restricted = write_restricted;
	got = cr_win_access(&request);
	if (got.granted)
		printf("%" PRIx32 " ", got.mask);
	else
		printf("- ");
}

static void take_line(struct cr_arena *arena, char *line)
{
	struct cr_win_sid own[MAX_SIDS], restricting[MAX_SIDS];
	struct cr_win_group groups[MAX_SIDS];
	struct question question = {.token.level = CR_WIN_IL_MEDIUM};
	char *words[5], *save = NULL;
	struct cr_err err;

	for (size_t i = 0; i < 5; i++) {
		words[i] = strtok_r(i == 0 ? line : NULL, " \n", &save);
		if (!words[i])
			die("words are missing behind", i ? words[i - 1] : "");
	}
	question.token.privileges = read_number(words[0]);
	const size_t n_own = read_sids(words[1], own);
	const size_t n_restricting = read_sids(words[2], restricting);

	if (n_own == 0)
		die("user", words[1]);
	for (size_t i = 1; i < n_own; i++)
		groups[i - 1] = (struct cr_win_group){own[i], CR_WIN_GROUP_ENABLED};
	question.token.user = own[0];
	question.token.groups = groups;
	question.token.n_groups = n_own - 1;
	question.token.restricting = restricting;
	question.mask = read_number(words[3]);
	if (cr_sddl_parse(arena, words[4], &question.sd, &err) < 0)
		die(err.text, words[4]);
	answer(&question, 0, false, CR_WIN_WRITE_BITS);
	answer(&question, n_restricting, false, CR_WIN_WRITE_BITS);
	answer(&question, n_restricting, true, CR_WIN_WRITE_BITS);
	answer(&question, n_restricting, true, CR_WIN_WHOLE_WRITE);
	answer(&question, n_restricting, true, CR_WIN_STANDARD_WRITE);
	putchar('\n');
}

int main(void)
{
	static char line[MAX_LINE];

	while (fgets(line, sizeof(line), stdin)) {
		struct cr_arena *arena = cr_arena_new();

		if (!arena || !strchr(line, '\n'))
			die("too long or out of memory", "");
		take_line(arena, line);
		cr_arena_free(arena);
	}
	return fflush(stdout) != 0;
}
