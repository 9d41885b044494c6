/*
 * where.c - where.h: the user's directories, or those of a model user.
 *
 * Only asks and canonicalises; what may be done there is for rules. A place
 * that is set but unusable is an error: leaving it out would leave it open.
 */
#include "where.h"

#include <string.h>

#include "core/path.h"
#include "sys.h"

/* The places of somebody called "me", for planning on another system. */
static const struct cr_context models[] = {
	[CR_OS_LINUX] =
		{
			.home = "/home/me",
			.workspace = "/home/me/project",
			.runtime_dir = "/run/user/1000",
			.state_dir = "/home/me/.local/state/carrel",
			.config_dir = "/home/me/.config/carrel",
		},
	[CR_OS_WINDOWS] =
		{
			.home = "C:\\Users\\me",
			.workspace = "C:\\Users\\me\\project",
			.state_dir = "C:\\Users\\me\\AppData\\Local\\carrel",
			.config_dir = "C:\\Users\\me\\.config\\carrel",
		},
	[CR_OS_MACOS] =
		{
			.home = "/Users/me",
			.workspace = "/Users/me/project",
			.state_dir = "/Users/me/.local/state/carrel",
			.config_dir = "/Users/me/.config/carrel",
		},
};

/* What a model user's places lie in when --home moves it: "<home><rest of the model's path>". */
static const char *moved(struct cr_arena *arena, const char *home, const char *model_home,
			 const char *place)
{
	const size_t len = strlen(model_home);

	if (!place || strncmp(place, model_home, len) != 0)
		return place;
	return cr_arena_printf(arena, "%s%s", home, place + len);
}

static int find_model(struct cr_arena *arena, const struct cr_request *request,
		      struct cr_context *ctx, struct cr_err *err)
{
	const struct cr_context *model = &models[request->os];

	*ctx = *model;
	if (request->home) {
		ctx->home = cr_path_canonical(arena, request->os, request->home, 0, err);
		if (!ctx->home)
			return cr_wrap(err, "home");
		ctx->workspace = moved(arena, ctx->home, model->home, model->workspace);
		ctx->state_dir = moved(arena, ctx->home, model->home, model->state_dir);
		ctx->config_dir = moved(arena, ctx->home, model->home, model->config_dir);
		if (!ctx->workspace || !ctx->state_dir || !ctx->config_dir)
			return cr_fail(err, CR_E_NOMEM, "out of memory");
	}
	if (request->workspace) {
		ctx->workspace = cr_path_canonical(arena, request->os, request->workspace, 0, err);
		if (!ctx->workspace)
			return cr_wrap(err, "workspace");
	}
	return 0;
}

/* A place of our own choosing made canonical; NULL stays NULL. */
static int canonical(struct cr_arena *arena, const char *what, const char **place,
		     struct cr_err *err)
{
	if (!*place)
		return 0;
	*place = cr_path_canonical(arena, cr_sys_os, *place, 0, err);
	return *place ? 0 : cr_wrap(err, "%s", what);
}

/* The specification of XDG_RUNTIME_DIR says: absolute, or to be ignored. */
static const char *runtime_dir(struct cr_arena *arena)
{
	const char *dir = cr_sys_os == CR_OS_LINUX ? cr_sys_env(arena, "XDG_RUNTIME_DIR") : NULL;

	return dir && cr_path_is_absolute(cr_sys_os, dir) ? dir : NULL;
}

static int find_here(struct cr_arena *arena, const struct cr_request *request,
		     struct cr_context *ctx, struct cr_err *err)
{
	if (request->workspace)
		ctx->workspace = cr_sys_real_dir(arena, request->workspace, err);
	else
		ctx->workspace = cr_sys_cwd(arena, err);
	if (!ctx->workspace)
		return cr_wrap(err, "workspace");
	ctx->home = request->home ? cr_sys_real_dir(arena, request->home, err)
				  : cr_sys_home(arena, err);
	if (!ctx->home)
		return -1;
	ctx->runtime_dir = runtime_dir(arena);
	if (ctx->runtime_dir)
		ctx->approvals_dir = cr_arena_printf(arena, "%s/carrel", ctx->runtime_dir);
	ctx->state_dir = cr_sys_state_dir(arena, ctx->home);
	ctx->config_dir = cr_sys_config_dir(arena, ctx->home);
	if (!ctx->state_dir || !ctx->config_dir)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	if (canonical(arena, "workspace", &ctx->workspace, err) < 0 ||
	    canonical(arena, "home directory", &ctx->home, err) < 0 ||
	    canonical(arena, "XDG_RUNTIME_DIR", &ctx->runtime_dir, err) < 0 ||
	    canonical(arena, "the approvals directory", &ctx->approvals_dir, err) < 0 ||
	    canonical(arena, "carrel's state directory", &ctx->state_dir, err) < 0)
		return -1;
	return canonical(arena, "carrel's configuration directory", &ctx->config_dir, err);
}

int cr_where_find(struct cr_arena *arena, const struct cr_request *request, struct cr_context *ctx,
		  struct cr_err *err)
{
	int failed;

	*ctx = (struct cr_context){0};
	failed = request->os == cr_sys_os ? find_here(arena, request, ctx, err)
					  : find_model(arena, request, ctx, err);
	ctx->os = request->os;
	if (failed)
		return -1;
	if (cr_path_depth(ctx->os, ctx->workspace) == 0) {
		cr_fail(err, CR_E_PATH, "the workspace is '%s', the whole file system",
			ctx->workspace);
		return cr_hint(err, "go to a directory of your own, or name one with --workspace");
	}
	return 0;
}

/* The user's TMPDIR: inside another box of this tier /tmp itself cannot be written. */
static const char *temp_base(struct cr_arena *arena, const char *base)
{
	const char *named = cr_sys_env(arena, "TMPDIR");
	const char *real = named && named[0] == '/' ? cr_sys_real_dir(arena, named, NULL) : NULL;

	return real ? real : base;
}

int cr_where_temp(struct cr_arena *arena, struct cr_context *ctx, struct cr_err *err)
{
	/* the same for every plan that is only printed, so that plans can be compared */
	char name[CR_RANDOM_TEXT] = "00000000000000000000000000000000";
	const char *base = "/tmp";

	if (ctx->os == CR_OS_LINUX && ctx->tier != CR_TIER_LANDLOCK) {
		ctx->temp_dir = NULL;
		return 0;
	}
	if (ctx->os == CR_OS_MACOS)
		base = "/private/tmp";
	if (ctx->os == cr_sys_os && cr_sys_random(name, err) < 0)
		return -1;
	if (ctx->os == cr_sys_os && ctx->os == CR_OS_LINUX)
		base = temp_base(arena, base);
	if (ctx->os == CR_OS_WINDOWS)
		ctx->temp_dir = cr_arena_printf(arena, "%s\\AppData\\Local\\Temp\\carrel-%s",
						ctx->home, name);
	else
		ctx->temp_dir = cr_arena_printf(arena, "%s/carrel-%s", base, name);
	return ctx->temp_dir ? 0 : cr_fail(err, CR_E_NOMEM, "out of memory");
}
