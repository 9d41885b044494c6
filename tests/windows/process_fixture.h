/* process_fixture.h - the child of the process tests, started through src/windows/process.h. */
#ifndef CR_TESTS_WINDOWS_PROCESS_FIXTURE_H
#define CR_TESTS_WINDOWS_PROCESS_FIXTURE_H

#include <stdbool.h>

#include <windows.h>

#include "core/err.h"
#include "windows/process.h"

/* UTF-8 paths in the directory of the test program, which is where it runs. */
struct fixture {
	char dir[512];
	char probe[600];
};
extern struct fixture fixture;

/* Finds the directory. Call first. */
void fixture_init(void);

/* What a command did. */
struct ran {
	int status; /* of cr_process_start */
	struct cr_err err;
	DWORD code;
	size_t len;
	char out[262144]; /* standard output and error, NUL added */
};
extern struct ran ran; /* of the last run */

/*
 * Starts *start with its output on a pipe (unless it has stdio of its own) in the test's directory
 * (unless it has one), waits and fills `ran`. True when it ran.
 */
bool run(struct cr_process_start *start);

/* Runs the probe with these words (the verb first, NULL last). */
bool run_probe(const char *const *words);
#define RUN_PROBE(...) run_probe((const char *const[]){__VA_ARGS__, NULL})

/* The next line of ran.out, "" at the end; `tag` is taken off, lines without it are skipped. */
const char *next_line(const char **cursor, const char *tag);

/* UTF-8 as the probe prints it: hexadecimal UTF-16. Static, of four at a time. */
const char *hex_of(const char *text);

/* The test's directory + name, static, of four at a time. */
const char *in_dir(const char *name);

/* Writes a file there. */
void write_file(const char *name, const char *text);

#endif
