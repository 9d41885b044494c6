/*
 * ask.c - ask.h: what `explain` and the library ask decide() about.
 *
 * Only understands the object; it must never decide, nor try the access.
 */
#include "ask.h"

#include <string.h>

#include "core/path.h"
#include "sys.h"

static const char *absolute(const struct cr_prepared *prepared, const char *object,
			    struct cr_err *err)
{
	const struct cr_context *ctx = &prepared->ctx;
	const char *base = ctx->workspace;

	if (object[0] == '~' && (object[1] == '\0' || object[1] == '/' || object[1] == '\\')) {
		base = ctx->home;
		object += object[1] == '\0' ? 1 : 2;
	} else if (ctx->os == cr_sys_os && !cr_path_is_absolute(ctx->os, object)) {
		base = cr_sys_cwd(prepared->arena, err);
	}
	if (!base)
		return NULL;
	return object[0] ? cr_path_resolve(prepared->arena, ctx->os, base, object, 0, err) : base;
}

static int ask_path(const struct cr_prepared *prepared, const char *object,
		    struct cr_access *access, struct cr_err *err)
{
	struct cr_resolved resolved;
	const char *path = absolute(prepared, object, err);

	if (!path || cr_resolve(prepared->rules->resolver, path, &resolved, err) < 0)
		return -1;
	access->path = resolved.path;
	return 0;
}

static int ask_host(const struct cr_prepared *prepared, const char *object,
		    struct cr_access *access, struct cr_err *err)
{
	const struct cr_host *host = &access->host;

	if (cr_host_parse(prepared->arena, object, &access->host, err) < 0)
		return -1;
	if (host->kind == CR_HOST_ANY || host->kind == CR_HOST_SUFFIX ||
	    host->port_lo != host->port_hi) {
		cr_fail(err, CR_E_USAGE, "'%.300s' is a pattern", object);
		return cr_hint(err, "ask about one host and one port");
	}
	return 0;
}

static int ask_git(const char *object, struct cr_access *access, struct cr_err *err)
{
	static const char *const modes[] = {
		[CR_GIT_READ_ONLY] = "read-only",
		[CR_GIT_OVERLAY] = "overlay",
		[CR_GIT_DESTRUCTIVE] = "destructive",
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(object, modes[i]) == 0) {
			access->git = (enum cr_git_mode)i;
			return 0;
		}
	}
	cr_fail(err, CR_E_USAGE, "unknown kind of git operation '%.100s'", object);
	return cr_hint(err, "one of read-only, overlay, destructive");
}

int cr_ask(const struct cr_prepared *prepared, const char *object, struct cr_access *access,
	   struct cr_err *err)
{
	if (object[0] == '\0')
		return cr_fail(err, CR_E_USAGE, "the object is empty");
	switch (access->cap) {
	case CR_CAP_READ:
	case CR_CAP_WRITE:
	case CR_CAP_UNIX:
		return ask_path(prepared, object, access, err);
	case CR_CAP_CONNECT:
		return ask_host(prepared, object, access, err);
	case CR_CAP_GIT:
		return ask_git(object, access, err);
	}
	return cr_fail(err, CR_E_INTERNAL, "unknown capability");
}
