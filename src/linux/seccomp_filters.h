/*
 * seccomp_filters.h - the system call filters of the box, as data.
 *
 * The programs are generated when carrel is built (seccomp/gen.c from the tables in
 * seccomp/rules.h) and are constant: nothing at run time can add, drop or reorder a rule.
 * Installing one is the enforcer's business, not this file's.
 */
#ifndef CR_SECCOMP_FILTERS_H
#define CR_SECCOMP_FILTERS_H

struct cr_seccomp_filter {
	const char *name;   /* of rules.h: "full", "full-notify", "landlock" ... */
	const void *code;   /* array of `struct sock_filter`, static */
	unsigned short len; /* in instructions, as struct sock_fprog has it */
};

/* The filter called `name`, static; NULL when there is none. */
const struct cr_seccomp_filter *cr_seccomp_find(const char *name);

#endif
