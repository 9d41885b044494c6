/* test_tally.c - checks the library on the real texts. Run from this directory. */
#include <stdlib.h>
#include <string.h>

#include "tally.h"

static int failures;

static void check(const char *what, size_t got, size_t want)
{
	printf("%s %s: %zu\n", got == want ? "ok    " : "NOT OK", what, got);
	if (got != want) {
		printf("       wanted %zu\n", want);
		failures++;
	}
}

static struct tally count(const char *path)
{
	struct tally tally = {0};
	FILE *file = fopen(path, "r");

	if (!file || tally_file(&tally, file) < 0) {
		perror(path);
		exit(1);
	}
	fclose(file);
	tally_sort(&tally);
	return tally;
}

static void test_jabberwocky(void)
{
	struct tally tally = count("texts/jabberwocky.txt");

	check("jabberwocky: lines", tally.lines, 34);
	check("jabberwocky: 'the'", tally_count(&tally, "the"), 19);
	check("jabberwocky: 'vorpal'", tally_count(&tally, "vorpal"), 2);
	check("jabberwocky: 'he' or 'his'", tally_count(&tally, "he") + tally_count(&tally, "his"),
	      9);
	check("jabberwocky: 'the' is the commonest", strcmp(tally.table[0].text, "the") == 0, 1);
	tally_free(&tally);
}

static void test_gettysburg(void)
{
	struct tally tally = count("texts/gettysburg.txt");

	check("gettysburg: 'nation'", tally_count(&tally, "nation"), 5);
	check("gettysburg: 'people'", tally_count(&tally, "people"), 3);
	check("gettysburg: 'here'", tally_count(&tally, "here"), 8);
	tally_free(&tally);
}

int main(void)
{
	test_jabberwocky();
	test_gettysburg();
	return failures ? 1 : 0;
}
