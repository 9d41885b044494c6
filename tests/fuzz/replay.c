/*
 * replay.c - runs a fuzz target on every file of a directory: the seeds as a test.
 *
 * usage: fuzz_NAME DIRECTORY. TAP on standard output; a property that does not hold aborts.
 */
#include <dirent.h>
#include <string.h>

#include "fuzz.h"

#define MAX_SEED_BYTES (2u << 20)

static int run_file(const char *dir, const char *name)
{
	static uint8_t data[MAX_SEED_BYTES];
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return -1;

	FILE *file = fopen(path, "rb");

	if (!file)
		return -1;

	const size_t size = fread(data, 1, sizeof(data), file);
	const int failed = ferror(file);

	fclose(file);
	if (failed)
		return -1;

	/* A copy of the exact size, so that a sanitizer sees a read behind it. */
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		return -1;
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	return 0;
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	const struct dirent *entry;
	int count = 0, failed = 0;

	if (!dir) {
		printf("Bail out! usage: replay DIRECTORY\n");
		return 1;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;

		const int result = run_file(argv[1], entry->d_name);

		failed |= result < 0;
		printf("%sok %d - %s\n", result < 0 ? "not " : "", ++count, entry->d_name);
		fflush(stdout);
	}
	closedir(dir);
	printf("1..%d\n", count);
	return failed || count == 0;
}
