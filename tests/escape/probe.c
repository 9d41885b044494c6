/*
 * probe.c - the attacks as a program, for the harness: runs one attack, lists
 * them all, or keeps a fixture alive while somebody else runs them.
 *
 *   probe NAME --env-file FILE [--control | --grandchild] [--set KEY=VALUE]...
 *   probe list                                  a line each, fields separated by tabs
 *   probe serve DIR [--set KEY=VALUE]...        see serve()
 *   probe whoami                                for the setuid copy
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "verify/verify.h"

static int list(void)
{
	const struct cr_attack *attack;

	for (size_t i = 0; (attack = cr_attack_at(i)); i++)
		printf("%s\t%s\t%u\t%u\t%u\t%s\t%s\n", attack->name, attack->threats, attack->tiers,
		       attack->needs, attack->traits, attack->gap ? attack->gap : "-",
		       attack->title);
	return 0;
}

static int fail(const struct cr_err *err)
{
	printf("error %s\n", err->text);
	return 2;
}

static int write_policy(const struct cr_attack_fixture *fixture, const char *file)
{
	char *text = cr_attack_fixture_policy(fixture);
	FILE *out = text ? fopen(file, "we") : NULL;
	int rc = out && fputs(text, out) >= 0 ? 0 : -1;

	if (out && fclose(out) != 0)
		rc = -1;
	free(text);
	return rc;
}

/* Answers "check" with a line for each change and a full stop, until standard input ends. */
static void converse(struct cr_attack_fixture *fixture)
{
	static char changes[65536];
	char line[256];

	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "check\n") != 0)
			continue;
		cr_attack_fixture_changes(fixture, changes, sizeof(changes));
		printf("%s.\n", changes);
		fflush(stdout);
	}
}

/*
 * Makes a fixture in DIR, writes DIR/env and DIR/policy, says "ready", converses, cleans up. In
 * a process group of its own, so that an attack on the group of its starter hits the victim.
 */
static int serve(int argc, char **argv)
{
	struct cr_attack_fixture *fixture;
	struct cr_err err = {0};
	char file[512];
	int rc = 0;

	setpgid(0, 0);
	signal(SIGURG, SIG_IGN);
	if (cr_attack_fixture_make(argv[0], &fixture, &err) < 0)
		return fail(&err);
	for (int i = 1; rc == 0 && i + 1 < argc; i += 2)
		if (cr_attack_env_set(cr_attack_fixture_env(fixture), argv[i + 1]) < 0)
			rc = cr_fail(&err, CR_E_USAGE, "bad assignment '%s'", argv[i + 1]);
	snprintf(file, sizeof(file), "%.400s/env", argv[0]);
	if (rc == 0)
		rc = cr_attack_env_write(cr_attack_fixture_env(fixture), file, &err);
	snprintf(file, sizeof(file), "%.400s/policy", argv[0]);
	if (rc == 0 && write_policy(fixture, file) < 0)
		rc = cr_fail_os(&err, CR_E_IO, errno, "write '%s'", file);
	if (rc == 0)
		converse(fixture);
	else
		fail(&err);
	cr_attack_fixture_clean(fixture);
	return rc ? 2 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list();
	if (argc == 2 && strcmp(argv[1], "whoami") == 0) {
		printf("euid %u\n", geteuid());
		return 0;
	}
	if (argc >= 3 && strcmp(argv[1], "serve") == 0)
		return serve(argc - 2, argv + 2);
	if (argc < 2) {
		fprintf(stderr, "usage: probe list | serve DIR | whoami | NAME --env-file FILE\n");
		return 2;
	}
	return cr_attack_main(argc - 1, argv + 1, stdout);
}
