/*
 * gen.c - runs on the build machine: turns the tables of rules.h into C source with the finished
 * filters as plain numbers.
 *
 * usage: gen ARCH > seccomp_filters.c          ARCH: x86_64 or aarch64
 *
 * libseccomp does the translation, so that carrel at run time needs neither the library nor the
 * time it takes. Every rule that cannot be added ends the build: a filter is never smaller than
 * its tables. Calls the architecture never had (open on aarch64) are left out.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rules.h"
#include "shrink.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* BPF_MAXINSNS; the kernel refuses longer programs. */
#define MAX_CODE 4096

static void die(const char *what, const char *name, int code)
{
	fprintf(stderr, "seccomp gen: %s '%s': %s\n", what, name,
		strerror(code < 0 ? -code : code));
	exit(1);
}

/* The number of a call; below -1 when the architecture does not have it. */
static int call_number(uint32_t arch, const char *name)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, name);

	if (nr != __NR_SCMP_ERROR)
		return nr;
	for (size_t i = 0; i < COUNT(young_calls); i++)
		if (strcmp(young_calls[i].call, name) == 0)
			return young_calls[i].nr;
	die("unknown call", name, ENOSYS);
	return nr;
}

/* The box's kind must match; reports only go where reporting is wanted. */
static int belongs(const struct rule *rule, unsigned in)
{
	if (rule->in == in)
		return 1;
	return (rule->in & in & IN_KINDS) &&
	       (!(rule->in & IN_VARIANTS) || (rule->in & in & IN_VARIANTS));
}

static void add_rules(scmp_filter_ctx ctx, uint32_t arch, unsigned in, const struct rule *rules,
		      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct rule *rule = &rules[i];
		int nr = call_number(arch, rule->call);
		int code;

		if (nr < 0 || !belongs(rule, in))
			continue;
		code = seccomp_rule_add_exact_array(ctx, rule->action, nr, rule->n_tests,
						    rule->tests);
		if (code < 0)
			die("cannot add a rule for", rule->call, code);
	}
}

static scmp_filter_ctx new_filter(const struct filter *filter, uint32_t arch)
{
	const char *name = filter->name;
	scmp_filter_ctx ctx = seccomp_init(filter->in ? SCMP_ACT_ALLOW : REFUSE);
	int code;

	if (!ctx)
		die("cannot start filter", name, ENOMEM);
	if (arch != seccomp_arch_native()) {
		code = seccomp_arch_add(ctx, arch);
		if (code == 0)
			code = seccomp_arch_remove(ctx, seccomp_arch_native());
		if (code < 0)
			die("cannot set the architecture of", name, code);
	}
	/* another ABI numbers its calls differently: every rule here would be about other calls */
	code = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (code == 0)
		code = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (code < 0)
		die("cannot configure", name, code);
	return ctx;
}

/* What the kernel is to answer where libseccomp was given a stand-in: see PASS in rules.h. */
static uint32_t final_action(uint32_t action, unsigned in)
{
	if (action == PASS)
		return SECCOMP_RET_ALLOW;
	if (action == PASS_ON)
		return in & IN_NOTIFY ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW;
	return action;
}

/* The finished program; returns its length in instructions. */
static size_t export_code(scmp_filter_ctx ctx, const struct filter *filter,
			  struct sock_filter *code)
{
	FILE *file = tmpfile();
	size_t len;
	int rc;

	if (!file)
		die("no temporary file for", filter->name, errno);
	rc = seccomp_export_bpf(ctx, fileno(file));
	if (rc < 0)
		die("cannot export", filter->name, rc);
	rewind(file);
	len = fread(code, sizeof(*code), MAX_CODE, file);
	if (len == 0 || len == MAX_CODE)
		die("bad length of", filter->name, E2BIG);
	fclose(file);
	for (size_t i = 0; i < len; i++)
		if (code[i].code == (BPF_RET | BPF_K))
			code[i].k = final_action(code[i].k, filter->in);
	return shrink(code, len);
}

static void print_code(size_t number, const struct sock_filter *code, size_t len)
{
	printf("static const struct sock_filter code_%zu[] = {\n", number);
	for (size_t i = 0; i < len; i++)
		printf("\t{0x%02x, %u, %u, 0x%08x},\n", code[i].code, code[i].jt, code[i].jf,
		       code[i].k);
	printf("};\n\n");
}

static void make_filter(size_t number, uint32_t arch)
{
	static struct sock_filter code[MAX_CODE];
	const struct filter *filter = &filters[number];
	scmp_filter_ctx ctx = new_filter(filter, arch);

	if (!filter->in)
		add_rules(ctx, arch, filter->in, broker_calls, COUNT(broker_calls));
	add_rules(ctx, arch, filter->in, denied_calls, COUNT(denied_calls));
	add_rules(ctx, arch, filter->in, denied_arguments, COUNT(denied_arguments));
	add_rules(ctx, arch, filter->in, reported_calls, COUNT(reported_calls));
	print_code(number, code, export_code(ctx, filter, code));
	seccomp_release(ctx);
}

static void print_table(void)
{
	printf("static const struct cr_seccomp_filter filters[] = {\n");
	for (size_t i = 0; i < COUNT(filters); i++)
		printf("\t{\"%s\", code_%zu, sizeof(code_%zu) / sizeof(code_%zu[0])},\n",
		       filters[i].name, i, i, i);
	printf("};\n\n"
	       "const struct cr_seccomp_filter *cr_seccomp_find(const char *name)\n"
	       "{\n"
	       "\tfor (unsigned i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)\n"
	       "\t\tif (strcmp(filters[i].name, name) == 0)\n"
	       "\t\t\treturn &filters[i];\n"
	       "\treturn 0;\n"
	       "}\n");
}

int main(int argc, char **argv)
{
	uint32_t arch = argc == 2 ? seccomp_arch_resolve_name(argv[1]) : 0;

	if (arch != SCMP_ARCH_X86_64 && arch != SCMP_ARCH_AARCH64) {
		fprintf(stderr, "usage: gen x86_64|aarch64\n");
		return 2;
	}
	/* the newest interface, whatever the kernel of the build machine supports */
	seccomp_api_set(6);
	printf("/* Generated by src/linux/seccomp/gen.c for %s; do not edit. */\n"
	       "#include <linux/filter.h>\n#include <string.h>\n\n"
	       "#include \"linux/seccomp_filters.h\"\n\n",
	       argv[1]);
	for (size_t i = 0; i < COUNT(filters); i++)
		make_filter(i, arch);
	print_table();
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
