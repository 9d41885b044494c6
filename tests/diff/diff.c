/*
 * diff.c - the differential test: does the box do what decide() says?
 *
 * usage: diff [--seed N] [--cases N] [--phase NAME [--round N]] [--probe FILE]
 *
 * A round draws a tree and a policy, builds one box with cr_enforce, and lets the probe try many
 * things in it. What also fails outside says nothing; of the rest, what works in the box must be
 * what the model allows (model.c), neither more nor less. A phase is an account and a tier; run
 * by root, ordinary accounts are tried first. Speaks TAP; a difference prints all it takes to
 * see it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/event.h"
#include "core/path.h"
#include "diff.h"
#include "lib/where.h"

#define ORDINARY_ID   64321
#define PER_ROUND     60
#define MAX_REPORTS   5
#define DEFAULT_SEED  20240607
#define DEFAULT_CASES 16000
#define UNDO_FAILED   9999

static const struct phase {
	const char *name;
	bool as_root;
	enum cr_tier tier;
	unsigned share; /* percent of the cases */
} phases[] = {
	{"user-full", false, CR_TIER_FULL, 60},
	{"user-landlock", false, CR_TIER_LANDLOCK, 28},
	{"root-full", true, CR_TIER_FULL, 8},
	{"root-landlock", true, CR_TIER_LANDLOCK, 4},
};
#define N_PHASES (sizeof(phases) / sizeof(phases[0]))

struct options {
	uint64_t seed;
	unsigned cases;
	const char *phase; /* NULL: all */
	long round;        /* -1: all */
	const char *probe;
};

struct counts {
	unsigned rounds, rejected, cases, expected[EXPECTED_COUNT], control_failed, gap_worked;
	unsigned reports;             /* of refusals, all of them true */
	unsigned differences, broken; /* accesses; rounds without a box, or trees changed */
};

/* One run of a phase: where it works and how far it has come. */
struct session {
	const struct phase *phase;
	const struct options *options;
	const char *top;   /* empty directory between rounds */
	const char *fresh; /* likewise, below /tmp */
	const char *probe; /* a copy that every account may run */
	struct counts counts;
};

/* One round. All memory is the arena's. */
struct round {
	struct session *session;
	unsigned number;
	struct cr_arena *arena;
	struct rng rng;
	struct tree tree;
	struct policy_texts texts;
	struct cr_facts facts;
	struct cr_ruleset *rules;
	struct model model;
};

/* Takes the policies apart. 1 resolved; 0 the draw makes no sense and says so; -1. */
static int resolve(struct round *round, struct cr_err *err)
{
	const struct cr_policy *policies[TEXTS_MAX];
	struct cr_diags diags = {0};
	struct cr_rules_input input = {
		.ctx =
			{
				.os = CR_OS_LINUX,
				.tier = round->session->phase->tier,
				.home = round->tree.home,
				.workspace = round->tree.workspace,
				.state_dir = cr_arena_printf(round->arena, "%s/.local/state/carrel",
							     round->tree.home),
				.config_dir = cr_arena_printf(round->arena, "%s/.config/carrel",
							      round->tree.home),
			},
		.view = cr_host_fsview(),
		.policies = policies,
		.n_policies = round->texts.count,
	};

	if (cr_where_temp(round->arena, &input.ctx, err) < 0)
		return -1;
	for (size_t i = 0; i < round->texts.count; i++) {
		const struct policy_text *text = &round->texts.items[i];
		struct cr_policy *policy;

		if (cr_policy_parse(round->arena,
				    &(const struct cr_policy_source){cr_layer_name(text->layer),
								     text->layer, text->text,
								     strlen(text->text)},
				    &policy, &diags, err) < 0)
			return -1;
		policies[i] = policy;
	}
	if (cr_rules_resolve(round->arena, &input, &round->rules, &diags, err) == 0)
		return 1;
	return err->code == CR_E_SYNTAX ? 0 : -1;
}

static int make_plan(struct round *round, struct cr_err *err)
{
	struct cr_plan *plan;

	if (cr_probe(&round->facts, err) < 0 ||
	    cr_plan_make(round->arena, round->rules, &round->facts, &plan, err) < 0)
		return -1;
	round->model = (struct model){
		.arena = round->arena,
		.rules = round->rules,
		.plan = plan,
		.tree = &round->tree,
		.resolver = cr_resolver_new(round->arena, CR_OS_LINUX, cr_host_fsview()),
	};
	return round->model.resolver ? 0 : cr_fail(err, CR_E_NOMEM, "resolver");
}

static void print_round(const struct round *round)
{
	const struct options *options = round->session->options;

	printf("# see it again: --seed %llu --phase %s --round %u\n",
	       (unsigned long long)options->seed, round->session->phase->name, round->number);
	printf("# workspace %s, home %s\n", round->tree.workspace, round->tree.home);
	for (size_t i = 0; i < round->texts.count; i++) {
		const char *text = round->texts.items[i].text;

		printf("# policy of layer '%s':\n", cr_layer_name(round->texts.items[i].layer));
		for (size_t len; *text; text += len + (text[len] == '\n')) {
			len = strcspn(text, "\n");
			printf("#     %.*s\n", (int)len, text);
		}
	}
	printf("# tree:\n");
	for (size_t i = 0; i < round->tree.count; i++) {
		const struct entry *entry = &round->tree.entries[i];

		printf("#     %s%s%s%s\n", entry->path, entry->type == CR_FT_DIR ? "/" : "",
		       entry->target ? " -> " : "", entry->target ? entry->target : "");
	}
}

static void print_plan(const struct round *round)
{
	const struct cr_plan *plan = round->model.plan;
	const struct options *options = round->session->options;

	printf("# plan:\n");
	for (size_t i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].path &&
		    (options->round >= 0 || strstr(plan->steps[i].path, round->tree.top)))
			printf("#     %s %s %llx\n", cr_step_kind_name(plan->steps[i].kind),
			       plan->steps[i].path, (unsigned long long)plan->steps[i].value);
	for (size_t i = 0; i < plan->n_gaps; i++)
		printf("#     gap %s\n", plan->gaps[i].name);
}

static int broken(struct round *round, const char *what, const struct cr_err *err)
{
	struct counts *counts = &round->session->counts;

	if (++counts->broken > MAX_REPORTS)
		return -1;
	printf("# BROKEN: %s: %s\n", what, err ? err->text : "");
	print_round(round);
	if (round->model.plan)
		print_plan(round);
	return -1;
}

static const char *reality(const struct answer *answer)
{
	if (answer->error >= UNDO_FAILED)
		return "worked, and could not be undone";
	return answer->error ? strerror(answer->error) : "worked";
}

static void difference(struct round *round, const struct access *access,
		       const struct answer *outside, const struct answer *inside)
{
	static const char *const texts[] = {
		[MUST_WORK] = "must work",
		[MUST_FAIL] = "must fail",
		[MAY_WORK_GAP] = "may work: a gap",
		[NOT_PROMISED] = "not promised",
	};

	if (++round->session->counts.differences > MAX_REPORTS)
		return;
	printf("# DIFFERENCE: %s '%s'\n", op_names[access->op], access->path);
	printf("#   model: %s: %s\n", texts[model_expects(&round->model, access)],
	       model_explains(&round->model, access));
	printf("#   in the box: %s%s; outside: %s%s\n", reality(inside), inside->text,
	       reality(outside), outside->text);
	print_round(round);
	print_plan(round);
}

static void compare(struct round *round, const struct access *access, const struct answer *outside,
		    const struct answer *inside)
{
	struct counts *counts = &round->session->counts;
	enum expected expected = model_expects(&round->model, access);
	bool works = inside->error == 0;
	bool same = true;

	if (outside->error) {
		counts->control_failed++;
		return;
	}
	counts->cases += expected != NOT_PROMISED;
	counts->expected[expected]++;
	counts->gap_worked += expected == MAY_WORK_GAP && works;
	if (expected == MUST_WORK)
		same = works && !strcmp(inside->text, outside->text);
	else if (expected == MUST_FAIL)
		same = !works && inside->error < UNDO_FAILED;
	if (!same)
		difference(round, access, outside, inside);
}

/* Did the access fail in the box, and is the report about what it tried? */
static bool is_about(const struct round *round, const struct report *report,
		     const struct access *access, const struct answer *inside)
{
	const char *object = model_object(&round->model, access);
	const char *parent = cr_path_parent(round->arena, CR_OS_LINUX, object);
	const char *beside = cr_path_join(round->arena, CR_OS_LINUX, parent, "~probe~");

	return inside->error &&
	       (!strcmp(report->object, object) || !strcmp(report->object, beside));
}

/* Nothing may be blamed on the box that it did not refuse. */
static void check_reports(struct round *round, const struct accesses *accesses,
			  const struct answer *inside, const struct reports *reports)
{
	struct counts *counts = &round->session->counts;

	counts->reports += (unsigned)reports->count;
	for (size_t i = 0; i < reports->count; i++) {
		const struct report *report = &reports->items[i];
		bool found = false;

		for (size_t k = 0; k < accesses->count && !found; k++)
			found = is_about(round, report, &accesses->items[k], &inside[k]);
		if (found || ++counts->differences > MAX_REPORTS)
			continue;
		printf("# DIFFERENCE: reported as refused, and was not: %s '%s'\n",
		       cr_op_name(report->op), report->object);
		print_round(round);
		print_plan(round);
	}
}

static int try_all(struct round *round)
{
	struct access items[PER_ROUND];
	struct answer outside[PER_ROUND], inside[PER_ROUND];
	struct reports reports = {.model = &round->model};
	struct accesses accesses = {.items = items, .count = PER_ROUND};
	const char *probe = round->session->probe;
	struct cr_err err = {0};

	for (size_t i = 0; i < PER_ROUND; i++)
		items[i] = access_draw(round->arena, &round->rng, &round->tree, round->rules);
	if (place_outside(round->arena, probe, &accesses, outside) < 0)
		return broken(round, "the probe does not run outside", NULL);
	if (tree_check(&round->tree) < 0)
		return broken(round, "the control changed the tree", NULL);
	if (rng_percent(&round->rng, 40))
		accesses.flags = CR_LAUNCH_EXPLAIN;
	if (place_box(probe, &accesses, inside, &reports, &err) < 0)
		return broken(round, "no box", &err);
	for (size_t i = 0; i < PER_ROUND; i++)
		compare(round, &items[i], &outside[i], &inside[i]);
	if (accesses.flags)
		check_reports(round, &accesses, inside, &reports);
	if (tree_check(&round->tree) < 0)
		return broken(round, "the box left something behind", NULL);
	return 0;
}

static int play(struct round *round)
{
	struct session *session = round->session;
	struct cr_err err = {0};
	int resolved;

	round->tree.top = session->top;
	if (rng_percent(&round->rng, 30))
		round->tree.fresh = session->fresh;
	if (tree_make(round->arena, &round->rng, &round->tree) < 0 ||
	    policy_draw(round->arena, &round->rng, &round->tree, session->probe, &round->texts) < 0)
		return broken(round, "cannot make the tree", NULL);
	resolved = resolve(round, &err);
	if (resolved < 0)
		return broken(round, "cannot resolve", &err);
	if (resolved == 0) {
		session->counts.rejected++;
		return 0;
	}
	if (make_plan(round, &err) < 0)
		return broken(round, "no plan", &err);
	session->counts.rounds++;
	return try_all(round);
}

static void play_round(struct session *session, unsigned number)
{
	const uint64_t phase = (uint64_t)(session->phase - phases);
	struct round round = {
		.session = session,
		.number = number,
		.arena = cr_arena_new(),
		.rng = {.state = session->options->seed + (phase << 56) + ((uint64_t)number << 24)},
	};

	if (!round.arena)
		return;
	play(&round);
	tree_remove(&round.tree);
	cr_arena_free(round.arena);
}

static void summary(const struct session *session)
{
	const struct counts *c = &session->counts;

	printf("# %s: %u boxes, %u cases: %u had to work, %u to fail, %u in a named gap (%u of "
	       "them "
	       "worked); %u more failed outside too, %u are not promised, %u policies refused; %u "
	       "reports\n",
	       session->phase->name, c->rounds, c->cases, c->expected[MUST_WORK],
	       c->expected[MUST_FAIL], c->expected[MAY_WORK_GAP], c->gap_worked, c->control_failed,
	       c->expected[NOT_PROMISED], c->rejected, c->reports);
	if (c->differences || c->broken)
		printf("# %u differences, %u broken rounds\n", c->differences, c->broken);
}

/* In a process of its own, with the account of the phase. The exit code. */
static int play_phase(struct session *session)
{
	const struct options *options = session->options;
	const unsigned wanted = options->cases * session->phase->share / 100;
	struct counts *counts = &session->counts;

	if (options->round >= 0) {
		play_round(session, (unsigned)options->round);
	} else {
		for (unsigned i = 0; counts->cases < wanted && counts->broken < 50; i++)
			play_round(session, i);
	}
	summary(session);
	fflush(stdout);
	return counts->differences || counts->broken || (!counts->cases && options->round < 0);
}

static int become_ordinary(void)
{
	if (setgroups(0, NULL) < 0 || setgid(ORDINARY_ID) < 0 || setuid(ORDINARY_ID) < 0)
		return -1;
	/* Changing the account closed /proc/self to it, and a box writes its own id maps there. */
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* 0, or -1 with a reason printed. */
static int run_phase(struct session *session)
{
	int status;

	fflush(stdout);

	pid_t pid = fork();

	if (pid == 0) {
		umask(022);
		if (geteuid() == 0 && !session->phase->as_root && become_ordinary() < 0)
			_exit(2);
		_exit(play_phase(session));
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	if (status != 0)
		printf("# the phase ended with status %x\n", (unsigned)status);
	return status == 0 ? 0 : -1;
}

static int copy_file(const char *from, const char *to)
{
	char buf[65536];
	ssize_t got;
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	int result = in < 0 || out < 0 ? -1 : 0;

	while (!result && (got = read(in, buf, sizeof(buf))) > 0)
		result = write(out, buf, (size_t)got) == got ? 0 : -1;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return result;
}

/* A directory for the whole run, where no box has a place of its own: not below /tmp or /run. */
static int make_base(const char *probe, char base[256], char copy[300])
{
	const char *home = geteuid() == 0 ? "/var/lib" : getenv("HOME");

	snprintf(base, 256, "%s/carrel-diff-XXXXXX", home ? home : "/");
	if (!mkdtemp(base) || chmod(base, 0755) < 0)
		return -1;
	snprintf(copy, 300, "%s/probe", base);
	return copy_file(probe, copy);
}

/* The two directories of a phase. */
static int make_places(const struct session *session)
{
	const bool ordinary = geteuid() == 0 && !session->phase->as_root;
	const char *const places[] = {session->top, session->fresh};

	for (size_t i = 0; i < 2; i++)
		if (mkdir(places[i], 0755) < 0 ||
		    (ordinary && chown(places[i], ORDINARY_ID, ORDINARY_ID) < 0))
			return -1;
	return 0;
}

/* 0 when it went well, or is not for this account. */
static int run_phase_in(const struct options *options, const struct phase *phase, const char *base,
			const char *probe)
{
	struct session session = {.phase = phase, .options = options, .probe = probe};
	size_t number = options->phase ? 1 : (size_t)(phase - phases) + 1;
	char top[300], fresh[300];

	if (geteuid() != 0 && phase->as_root) {
		printf("ok %zu - %s # SKIP not run by root\n", number, phase->name);
		return 0;
	}
	snprintf(top, sizeof(top), "%s/%s", base, phase->name);
	snprintf(fresh, sizeof(fresh), "/tmp/%s-%s", strrchr(base, '/') + 1, phase->name);
	session.top = top;
	session.fresh = fresh;

	bool worked = make_places(&session) == 0 && run_phase(&session) == 0;

	printf("%s %zu - decide() and the box agree: %s\n", worked ? "ok" : "not ok", number,
	       phase->name);
	rmdir(top);
	rmdir(fresh);
	return worked ? 0 : -1;
}

static int run_phases(const struct options *options, const char *base, const char *probe)
{
	int failed = 0;

	printf("1..%zu\n", options->phase ? 1 : N_PHASES);
	for (size_t i = 0; i < N_PHASES; i++)
		if (!options->phase || !strcmp(options->phase, phases[i].name))
			failed |= run_phase_in(options, &phases[i], base, probe) < 0;
	return failed;
}

static int parse(int argc, char **argv, struct options *options)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--seed"))
			options->seed = strtoull(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--cases"))
			options->cases = (unsigned)strtoul(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--phase"))
			options->phase = argv[i + 1];
		else if (!strcmp(argv[i], "--round"))
			options->round = strtol(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--probe"))
			options->probe = argv[i + 1];
		else
			return -1;
	}
	return argc % 2 && options->probe ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct options options = {.seed = DEFAULT_SEED, .cases = DEFAULT_CASES, .round = -1};
	char base[256], probe[300];
	int failed;

	if (parse(argc, argv, &options) < 0) {
		fprintf(stderr, "usage: diff --probe FILE [--seed N] [--cases N] [--phase NAME "
				"[--round N]]\n");
		return 2;
	}
	if (make_base(options.probe, base, probe) < 0) {
		printf("Bail out! cannot make a directory: %s\n", strerror(errno));
		return 1;
	}
	failed = run_phases(&options, base, probe);
	unlink(probe);
	if (rmdir(base) < 0)
		printf("# '%s' stays: %s\n", base, strerror(errno));
	return failed;
}
