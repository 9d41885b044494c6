/* main.c - `tally FILE...`: prints the sums and the ten commonest words. */
#include <errno.h>
#include <string.h>

#include "tally.h"

#define SHOWN 10

static int add_path(struct tally *tally, const char *path)
{
	FILE *file = fopen(path, "r");
	int result;

	if (!file) {
		fprintf(stderr, "tally: '%s': %s\n", path, strerror(errno));
		return -1;
	}
	result = tally_file(tally, file);
	fclose(file);
	return result;
}

int main(int argc, char **argv)
{
	struct tally tally = {0};
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= add_path(&tally, argv[i]) < 0;
	tally_sort(&tally);
	printf("%zu lines, %zu words, %zu letters, %zu different words\n", tally.lines, tally.words,
	       tally.letters, tally.distinct);
	for (size_t i = 0; i < tally.distinct && i < SHOWN; i++)
		printf("%6zu %s\n", tally.table[i].count, tally.table[i].text);
	tally_free(&tally);
	return failed;
}
