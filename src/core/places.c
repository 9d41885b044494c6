/*
 * places.c - tables of the system rules, one per system and tier.
 *
 * Must never widen what the host would refuse: every writable place here is
 * fresh and private, or a device that holds nothing.
 */
#include <stddef.h>

#include "path.h"
#include "places.h"

enum source {
	FIXED,
	RUNTIME_DIR,
	STATE_DIR,
	CONFIG_DIR,
	APPROVALS_DIR,
	TEMP_DIR,
};

struct row {
	enum cr_decision decision;
	enum cr_capability cap;
	enum source source;
	const char *path; /* FIXED */
	enum cr_place place;
	enum cr_group group;
};

static const struct row linux_full[] = {
	{CR_ALLOW, CR_CAP_WRITE, FIXED, "/tmp", CR_PLACE_PRIVATE, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_WRITE, FIXED, "/var/tmp", CR_PLACE_PRIVATE, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_WRITE, FIXED, "/dev", CR_PLACE_DEV, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_WRITE, FIXED, "/dev/shm", CR_PLACE_PRIVATE, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_WRITE, FIXED, "/proc", CR_PLACE_PROC, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_READ, FIXED, "/run", CR_PLACE_EMPTY, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_READ, RUNTIME_DIR, NULL, CR_PLACE_EMPTY, CR_GROUP_MAIN},
};

/* Landlock makes nothing fresh: /tmp stays the host's, and only devices that hold nothing open. */
static const struct row linux_landlock[] = {
	{CR_ALLOW, CR_CAP_WRITE, TEMP_DIR, NULL, CR_PLACE_PRIVATE, CR_GROUP_MAIN},
	{CR_DENY, CR_CAP_READ, FIXED, "/run", CR_PLACE_HOST, CR_GROUP_MAIN},
	{CR_DENY, CR_CAP_READ, RUNTIME_DIR, NULL, CR_PLACE_HOST, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_READ, FIXED, "/proc", CR_PLACE_HOST, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_READ, FIXED, "/dev", CR_PLACE_HOST, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_WRITE, FIXED, "/dev/null", CR_PLACE_HOST, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_WRITE, FIXED, "/dev/zero", CR_PLACE_HOST, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_WRITE, FIXED, "/dev/full", CR_PLACE_HOST, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_WRITE, FIXED, "/dev/random", CR_PLACE_HOST, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_WRITE, FIXED, "/dev/urandom", CR_PLACE_HOST, CR_GROUP_MAIN},
	{CR_ALLOW, CR_CAP_WRITE, FIXED, "/dev/tty", CR_PLACE_HOST, CR_GROUP_MAIN},
	/* Other terminals of the user, and shared memory: one could read or type into them. */
	{CR_DENY, CR_CAP_READ, FIXED, "/dev/pts", CR_PLACE_HOST, CR_GROUP_MAIN},
	{CR_DENY, CR_CAP_READ, FIXED, "/dev/shm", CR_PLACE_HOST, CR_GROUP_MAIN},
};

static const struct row elsewhere[] = {
	{CR_ALLOW, CR_CAP_WRITE, TEMP_DIR, NULL, CR_PLACE_PRIVATE, CR_GROUP_MAIN},
};

/* Who can read the state can forge approvals; who can write the configuration, the next box. */
static const struct row everywhere[] = {
	{CR_DENY, CR_CAP_READ, STATE_DIR, NULL, CR_PLACE_HOST, CR_GROUP_SELF},
	{CR_DENY, CR_CAP_WRITE, CONFIG_DIR, NULL, CR_PLACE_HOST, CR_GROUP_SELF},
	{CR_DENY, CR_CAP_READ, APPROVALS_DIR, NULL, CR_PLACE_HOST, CR_GROUP_SELF},
	{CR_DENY, CR_CAP_UNIX, STATE_DIR, NULL, CR_PLACE_HOST, CR_GROUP_SELF},
	{CR_DENY, CR_CAP_UNIX, APPROVALS_DIR, NULL, CR_PLACE_HOST, CR_GROUP_SELF},
};

#define ROWS(table) (table), sizeof(table) / sizeof((table)[0])

static const char *row_path(const struct cr_context *ctx, const struct row *row)
{
	switch (row->source) {
	case FIXED:
		return row->path;
	case RUNTIME_DIR: /* covered by /run already in the usual case */
		if (!ctx->runtime_dir || cr_path_within(ctx->os, ctx->runtime_dir, "/run"))
			return NULL;
		return ctx->runtime_dir;
	case STATE_DIR:
		return ctx->state_dir;
	case CONFIG_DIR:
		return ctx->config_dir;
	case APPROVALS_DIR: /* the rest of them lies in the state directory */
		return ctx->approvals_dir;
	case TEMP_DIR:
		return ctx->temp_dir;
	}
	return NULL;
}

static size_t add_rows(const struct cr_context *ctx, const struct row *rows, size_t n_rows,
		       struct cr_place_rule *out)
{
	size_t count = 0;

	for (size_t i = 0; i < n_rows; i++) {
		const char *path = row_path(ctx, &rows[i]);

		if (!path)
			continue;
		out[count++] = (struct cr_place_rule){
			.decision = rows[i].decision,
			.cap = rows[i].cap,
			.path = path,
			.place = rows[i].place,
			.group = rows[i].group,
		};
	}
	return count;
}

_Static_assert(sizeof(linux_landlock) / sizeof(linux_landlock[0]) +
			       sizeof(everywhere) / sizeof(everywhere[0]) <=
		       CR_MAX_PLACES,
	       "cr_places has room");

size_t cr_places(const struct cr_context *ctx, struct cr_place_rule out[CR_MAX_PLACES])
{
	size_t count;

	if (ctx->os != CR_OS_LINUX)
		count = add_rows(ctx, ROWS(elsewhere), out);
	else if (ctx->tier == CR_TIER_LANDLOCK)
		count = add_rows(ctx, ROWS(linux_landlock), out);
	else
		count = add_rows(ctx, ROWS(linux_full), out);
	return count + add_rows(ctx, ROWS(everywhere), out + count);
}
