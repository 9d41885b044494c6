/*
 * dump_filter.c - writes one of carrel's own filters as raw instructions, which is what
 * `bwrap --seccomp FD` reads: both competitors then install the same program.
 *
 * usage: dump_filter NAME > FILE
 */
#include <linux/filter.h>
#include <stdio.h>

#include "linux/seccomp_filters.h"

int main(int argc, char **argv)
{
	const struct cr_seccomp_filter *filter = argc == 2 ? cr_seccomp_find(argv[1]) : NULL;

	if (!filter) {
		fprintf(stderr, "usage: dump_filter NAME\n");
		return 2;
	}
	if (fwrite(filter->code, sizeof(struct sock_filter), filter->len, stdout) != filter->len)
		return 1;
	return fflush(stdout) ? 1 : 0;
}
