/*
 * plan_windows_env.c - the directory made for the box, what lies in it, and the variables that
 * send programs there.
 *
 * Must never be mistaken for a boundary: variables and stubs are a courtesy, so that programs
 * fail at once and with a reason instead of waiting for a network that is not theirs.
 */
#include <string.h>

#include "path.h"
#include "plan_windows_impl.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Nothing answers there: port 9 is the discard service, which Windows does not have. */
#define DEAD_PROXY "http://127.0.0.1:9"

/* Each says to one tool that there is no network. */
static const char *const offline[] = {
	"HTTP_PROXY=" DEAD_PROXY,
	"HTTPS_PROXY=" DEAD_PROXY,
	"ALL_PROXY=" DEAD_PROXY,
	"NO_PROXY=localhost,127.0.0.1,::1",
	"GIT_SSH_COMMAND=false",
	"GIT_ALLOW_PROTOCOL=file",
	"PIP_NO_INDEX=1",
	"UV_OFFLINE=1",
	"CONDA_OFFLINE=true",
	"HF_HUB_OFFLINE=1",
	"npm_config_offline=true",
	"YARN_ENABLE_NETWORK=0",
	"CARGO_NET_OFFLINE=true",
	"GOPROXY=off",
	"GOSUMDB=off",
	"MAVEN_ARGS=--offline",
	"COMPOSER_DISABLE_NETWORK=1",
};

static const char *const stubs[] = {"ssh.cmd", "scp.cmd", "sftp.cmd"};

#define STUB_TEXT "@echo carrel: this box is offline 1>&2 & exit /b 255"

/* Where tools keep what they must be able to write; `usual` is beneath the home. */
struct cache {
	const char *name;
	const char *usual;
	const char *dir; /* beneath temp-dir */
};

static const struct cache caches[] = {
	{"XDG_CACHE_HOME", ".cache", "cache"},
	{"GOCACHE", "AppData/Local/go-build", "cache\\go-build"},
	{"PIP_CACHE_DIR", "AppData/Local/pip/Cache", "cache\\pip"},
	{"UV_CACHE_DIR", "AppData/Local/uv/cache", "cache\\uv"},
	{"npm_config_cache", "AppData/Local/npm-cache", "cache\\npm"},
	{"YARN_CACHE_FOLDER", "AppData/Local/Yarn/Cache", "cache\\yarn"},
	{"NUGET_HTTP_CACHE_PATH", "AppData/Local/NuGet/v3-cache", "cache\\nuget"},
	{"DOTNET_CLI_HOME", ".dotnet", "cache\\dotnet"},
	{"CCACHE_DIR", "AppData/Local/ccache", "cache\\ccache"},
	{"PSModuleAnalysisCachePath",
	 "AppData/Local/Microsoft/Windows/PowerShell/ModuleAnalysisCache", "cache\\powershell"},
};

static const char *temp_of(const struct cr_win_planner *planner)
{
	return planner->builder.rules->ctx.temp_dir;
}

static bool is_courteous(const struct cr_win_planner *planner)
{
	return !planner->account && !planner->online;
}

/* Nobody else's entries are inherited into it, and its label keeps Low programs out. */
static const char *temp_sddl(struct cr_win_planner *planner)
{
	const struct cr_facts *facts = planner->builder.facts;
	struct cr_arena *arena = planner->builder.arena;
	const char *account = "", *label = "";

	if (planner->account)
		account = cr_arena_printf(arena, "(A;OICI;0x%x;;;%s)", CR_WIN_ROOT_MASK,
					  planner->account);
	if (facts->integrity_labels)
		label = "S:(ML;OICI;NW;;;" CR_WIN_LEVEL_BOX ")";
	if (!account)
		return cr_win_keep(planner, NULL);
	return cr_win_keep(
		planner,
		cr_arena_printf(arena, "D:P(A;OICI;FA;;;%s)(A;OICI;FA;;;%s)(A;OICI;0x%x;;;%s)%s%s",
				CR_WIN_SYSTEM, facts->user_sid, CR_WIN_ROOT_MASK, planner->box_sid,
				account, label));
}

static void add_in_temp(struct cr_win_planner *planner, enum cr_step_kind kind, const char *name,
			const char *detail)
{
	cr_win_add(planner,
		   &(struct cr_step){
			   .kind = kind,
			   .path = cr_win_keep(planner,
					       cr_arena_printf(planner->builder.arena, "%s\\%s",
							       temp_of(planner), name)),
			   .detail = detail,
			   .origin = cr_origin_system,
		   });
}

void cr_win_add_temp(struct cr_win_planner *planner)
{
	if (!temp_of(planner) || !planner->box_sid)
		return;
	cr_win_add(planner, &(struct cr_step){
				    .kind = CR_STEP_TEMP_DIR,
				    .path = temp_of(planner),
				    .detail = temp_sddl(planner),
				    .origin = cr_origin_system,
			    });
	add_in_temp(planner, CR_STEP_MAKE_DIR, "cache", NULL);
	if (!is_courteous(planner))
		return;
	add_in_temp(planner, CR_STEP_MAKE_DIR, "stubs", NULL);
	for (size_t i = 0; i < COUNT(stubs); i++)
		add_in_temp(planner, CR_STEP_WIN_STUB,
			    cr_win_keep(planner, cr_arena_printf(planner->builder.arena,
								 "stubs\\%s", stubs[i])),
			    STUB_TEXT);
}

static void add_variable(struct cr_win_planner *planner, enum cr_step_kind kind, const char *name,
			 const char *value)
{
	cr_win_bare(
		planner, kind,
		cr_win_keep(planner, cr_arena_printf(planner->builder.arena, "%s=%s", name, value)),
		0);
}

static void add_directory(struct cr_win_planner *planner, enum cr_step_kind kind, const char *name,
			  const char *dir)
{
	add_variable(planner, kind, name,
		     cr_win_keep(planner, cr_arena_printf(planner->builder.arena, "%s\\%s",
							  temp_of(planner), dir)));
}

static bool is_in_root(const struct cr_win_planner *planner, const char *path)
{
	for (size_t i = 0; i < planner->n_points; i++) {
		if (planner->sids[i] &&
		    cr_path_within(CR_OS_WINDOWS, path, planner->points[i].path))
			return true;
	}
	return false;
}

/* Where the policy lets a tool write its usual cache, that is what is meant; if it is there. */
static bool may_write_usual(const struct cr_win_planner *planner, const struct cache *cache)
{
	const struct cr_ruleset *rules = planner->builder.rules;
	const char *path = rules->ctx.home ? cr_path_resolve(planner->builder.arena, CR_OS_WINDOWS,
							     rules->ctx.home, cache->usual, 0, NULL)
					   : NULL;

	return path && cr_decide_view(rules, path, NULL) == CR_VIEW_WRITABLE &&
	       is_in_root(planner, path);
}

static void add_courtesy(struct cr_win_planner *planner)
{
	for (size_t i = 0; i < COUNT(offline); i++)
		cr_win_bare(planner, CR_STEP_ENV_SET, offline[i], 0);
	if (temp_of(planner))
		add_directory(planner, CR_STEP_ENV_PREPEND, "PATH", "stubs");
	cr_build_note(&planner->builder, &cr_origin_system,
		      "proxy variables, offline switches and ssh stubs are a courtesy to programs "
		      "that obey them; they stop nobody");
}

/* What is said later wins: the policy may set a cache or a proxy, but not TEMP. */
void cr_win_add_env(struct cr_win_planner *planner)
{
	const char *temp = temp_of(planner);

	if (is_courteous(planner))
		add_courtesy(planner);
	for (size_t i = 0; temp && i < COUNT(caches); i++) {
		if (!may_write_usual(planner, &caches[i]))
			add_directory(planner, CR_STEP_ENV_SET, caches[i].name, caches[i].dir);
	}
	cr_build_env(&planner->builder);
	if (temp) {
		add_variable(planner, CR_STEP_ENV_SET, "TEMP", temp);
		add_variable(planner, CR_STEP_ENV_SET, "TMP", temp);
	}
}
