/*
 * test_winaccess_random.c - the Windows plan does what decide() says, on random machines: trees,
 * descriptors and policies drawn from pools in which everything meets everything.
 *
 * One machine has some 14 objects, each asked for every right. The draw is the same in every run;
 * CARREL_SEED and CARREL_CASES change it. A difference prints its machine's number, and
 * CARREL_SEED=<number> CARREL_CASES=1 draws that one alone.
 */
#include "winaccess_world.h"

#ifdef __SANITIZE_ADDRESS__
#define CASES 3000u
#else
#define CASES 100000u
#endif
#define MAX_FILES 24
#define TEXT_MAX  1024

static uint64_t draw_state;

/* splitmix64 (Vigna, public domain): any seed is good. */
static uint64_t draw(void)
{
	uint64_t z = draw_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static unsigned below(unsigned n)
{
	return (unsigned)(draw() % n);
}

static bool chance(unsigned percent)
{
	return below(100) < percent;
}

#define PICK(array) ((array)[below(COUNT(array))])

struct text {
	char at[TEXT_MAX];
};

static void say(struct text *text, const char *what)
{
	const size_t len = strlen(text->at);

	snprintf(text->at + len, sizeof(text->at) - len, "%s", what);
}

struct drawn {
	struct world_file files[MAX_FILES];
	struct text paths[MAX_FILES], sddls[MAX_FILES], policy;
	size_t n_files;
};

#define OTHER "S-1-5-21-1000000001-1000000002-1000000003-1002"

static void draw_entry(struct text *text)
{
	static const char *const types[] = {"A", "A", "A", "A", "D"};
	static const char *const flags[] = {"",   "OICI", "OICI",   "OICI",
					    "CI", "OI",   "OICIIO", "CINP"};
	static const char *const masks[] = {"FA",    "FA", "0x1301bf", "FR", "FRFX",
					    "FW",    "SD", "0x40",     "WD", "WO",
					    "0x116", "GA", "DCLC",     "RC", "0x1200a9"};
	static const char *const sids[] = {"WD", "BU", "AU",       "BA",       "SY", "CO",
					   "OW", "IU", WORLD_USER, WORLD_USER, OTHER};

	say(text, "(");
	say(text, PICK(types));
	say(text, ";");
	say(text, PICK(flags));
	say(text, ";");
	say(text, PICK(masks));
	say(text, ";;;");
	say(text, PICK(sids));
	say(text, ")");
}

static void draw_sddl(struct text *text)
{
	static const char *const owners[] = {"O:" WORLD_USER, "O:BA", "O:SY", "O:" OTHER};
	static const char *const labels[] = {"S:(ML;OICI;NW;;;LW)", "S:(ML;;NW;;;ME)",
					     "S:(ML;OICI;NW;;;HI)", "S:(ML;CI;NW;;;S-1-16-6144)",
					     "S:(ML;OI;NWNR;;;ME)"};

	if (chance(30))
		say(text, PICK(owners));
	if (chance(3)) {
		say(text, "D:NO_ACCESS_CONTROL");
	} else if (chance(35)) {
		say(text, chance(40) ? "D:P" : "D:");
		for (unsigned i = below(4); i > 0; i--)
			draw_entry(text);
	}
	if (chance(6))
		say(text, PICK(labels));
}

static void add_file(struct drawn *drawn, const char *path, bool is_dir, const char *sddl)
{
	const size_t at = drawn->n_files++;

	say(&drawn->paths[at], path);
	say(&drawn->sddls[at], sddl);
	drawn->files[at] = (struct world_file){drawn->paths[at].at, is_dir, drawn->sddls[at].at};
}

static bool is_drawn(const struct drawn *drawn, const char *path)
{
	for (size_t i = 0; i < drawn->n_files; i++) {
		if (strcmp(drawn->files[i].path, path) == 0)
			return true;
	}
	return false;
}

/* A path in a directory that is there already, mostly in the workspace. */
static void draw_path(const struct drawn *drawn, struct text *path)
{
	static const char *const names[] = {"a", "b", "c", ".git", "x"};
	size_t at = below((unsigned)drawn->n_files);

	while (!drawn->files[at].is_dir || (chance(70) && !strstr(drawn->files[at].path, "/w")))
		at = below((unsigned)drawn->n_files);
	*path = drawn->paths[at];
	if (path->at[1])
		say(path, "/");
	say(path, PICK(names));
}

static void draw_files(struct drawn *drawn)
{
	static const char home[] = "O:" WORLD_USER "G:BUD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
				   "(A;OICI;FA;;;" WORLD_USER ")";
	struct text sddl = {""};

	add_file(drawn, "/", true,
		 "O:SYG:SYD:P(A;OICI;FA;;;BA)(A;OICI;FRFX;;;BU)(A;OICIIO;0x1301bf;;;AU)");
	add_file(drawn, "/Users", true, "D:P(A;OICI;FA;;;BA)(A;OICI;FRFX;;;WD)");
	add_file(drawn, "/Users/me", true, home);
	add_file(drawn, "/Users/me/AppData", true, "");
	add_file(drawn, "/Users/me/AppData/Local", true, "");
	add_file(drawn, "/Users/me/AppData/Local/Temp", true, "");
	draw_sddl(&sddl);
	add_file(drawn, "/Users/me/w", true, chance(50) ? "" : sddl.at);
	for (unsigned more = 3 + below(8); more > 0; more--) {
		struct text path, own = {""};

		draw_path(drawn, &path);
		if (chance(45))
			draw_sddl(&own);
		if (!is_drawn(drawn, path.at))
			add_file(drawn, path.at, chance(60), own.at);
	}
}

static void draw_policy(struct drawn *drawn)
{
	static const char *const heads[] = {"deny write",  "deny write",  "deny write",
					    "allow write", "allow write", "deny read",
					    "ask write",   "allow read"};

	say(&drawn->policy, chance(95) ? "allow read C:/\n" : "allow read C:/Users/me/w\n");
	if (chance(85))
		say(&drawn->policy, "allow write .\n");
	for (unsigned rules = below(5); rules > 0; rules--) {
		static const char *const patterns[] = {"/**/.git",         "/Users/me/w/**/x",
						       "/**/b*",           "/Users/me/w/*/a",
						       "/Users/me/*/.git", "/Users/me/w/?"};
		struct text path = {""};

		if (chance(20))
			say(&path, PICK(patterns));
		else if (chance(70))
			path = drawn->paths[1 + below((unsigned)drawn->n_files - 1)];
		else
			draw_path(drawn, &path);
		say(&drawn->policy, PICK(heads));
		say(&drawn->policy, " C:");
		say(&drawn->policy, path.at);
		say(&drawn->policy, "\n");
	}
}

static void draw_world(struct drawn *drawn, struct world_spec *spec)
{
	memset(drawn, 0, sizeof(*drawn));
	draw_files(drawn);
	draw_policy(drawn);
	*spec = (struct world_spec){
		.tier = chance(15) ? CR_TIER_ELEVATED : CR_TIER_UNELEVATED,
		.no_labels = chance(15),
		.is_admin = chance(15),
		.again = chance(30),
		.files = drawn->files,
		.n_files = drawn->n_files,
		.policy = drawn->policy.at,
	};
}

static void tell(const struct world *w, uint64_t number)
{
	print_error("^ world %llu, %s%s%s%s: %zu differences; files:\n", (unsigned long long)number,
		    cr_tier_name(w->spec->tier), w->spec->no_labels ? ", lock 3 off" : "",
		    w->spec->is_admin ? ", administrator" : "", w->spec->again ? ", again" : "",
		    w->n_differences);
	for (size_t i = 0; i < w->spec->n_files; i++)
		print_error("  %s%s %s\n", w->spec->files[i].path,
			    w->spec->files[i].is_dir ? "/" : "", w->spec->files[i].sddl);
}

struct sum {
	size_t objects, checks, granted, patterns, refused_plans, bad;
};

static void try_world(uint64_t number, struct sum *sum)
{
	static struct drawn drawn;
	struct world_spec spec;
	struct world w;

	draw_state = number;
	draw_world(&drawn, &spec);
	if (world_make(&w, &spec) < 0) {
		/* a whole drive, a home: what no plan makes writable */
		ROW_ASSERT(w.err.code == CR_E_USAGE, "world %llu: %s: %s",
			   (unsigned long long)number, spec.policy, w.err.text);
		sum->refused_plans++;
	} else if (world_check(&w) > 0) {
		tell(&w, number);
		sum->bad++;
	}
	for (size_t i = 0; w.views && i < w.after.count; i++)
		sum->patterns += w.views[i].by_pattern;
	sum->objects += w.views ? w.after.count : 0;
	sum->checks += w.n_checks;
	sum->granted += w.n_granted;
	world_free(&w);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void random_machines_hold(void **state)
{
	const uint64_t seed = setting("CARREL_SEED", 1), cases = setting("CARREL_CASES", CASES);
	struct sum sum = {0};

	(void)state;
	for (uint64_t i = 0; i < cases && sum.bad < 5; i++)
		try_world(seed + i, &sum);
	print_message("# %llu worlds from %llu: %zu refused, %zu objects, %zu checks, %zu allowed "
		      "and granted, "
		      "%zu objects under wildcards\n",
		      (unsigned long long)cases, (unsigned long long)seed, sum.refused_plans,
		      sum.objects, sum.checks, sum.granted, sum.patterns);
	assert_int_equal(sum.bad, 0);
	assert_true(sum.refused_plans < cases / 4 + 1);
	assert_true(cases < 1000 || (sum.granted > 5 * cases && sum.patterns > cases / 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_machines_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
