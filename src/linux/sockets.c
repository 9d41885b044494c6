/*
 * sockets.c - which AF_UNIX sockets of the host have a path (proc(5), /proc/net/unix).
 *
 * The list is what the kernel says at this moment; a path in it is a hint to
 * look at, not an identity.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/backend.h"
#include "core/limits.h"

/* "Num RefCount Protocol Flags Type St Inode Path": the path, or NULL when there is none. */
static const char *path_in(char *line)
{
	line[strcspn(line, "\n")] = '\0';
	for (int field = 0; field < 7; field++) {
		line += strspn(line, " ");
		line += strcspn(line, " ");
	}
	line += strspn(line, " ");
	return line[0] == '/' ? line : NULL;
}

static bool listed(const char *const *paths, size_t count, const char *path)
{
	/* Connected sockets repeat the path of the one they came from, as neighbours. */
	for (size_t i = count; i-- > 0 && count - i < 8;)
		if (!strcmp(paths[i], path))
			return true;
	return false;
}

int cr_probe_sockets(struct cr_arena *arena, struct cr_facts *facts, struct cr_err *err)
{
	const char **paths = NULL;
	size_t count = 0, cap = 0;
	char line[512];
	FILE *sockets = fopen("/proc/net/unix", "re");
	int result = 0;

	if (!sockets)
		return 0; /* no /proc: no full tier either */
	while (result == 0 && fgets(line, sizeof(line), sockets)) {
		const char *path = path_in(line);

		if (!path || listed(paths, count, path))
			continue;

		const char **grown = cr_arena_grow(arena, paths, count, &cap, sizeof(*paths));
		const char *copy = grown ? cr_arena_strdup(arena, path) : NULL;

		if (!copy)
			result = cr_fail(err, CR_E_NOMEM, "out of memory");
		else if (count == CR_MAX_SOCKETS)
			result = cr_fail(err, CR_E_LIMIT,
					 "more than %d AF_UNIX sockets on this host",
					 CR_MAX_SOCKETS);
		if (result == 0) {
			paths = grown;
			paths[count++] = copy;
		}
	}
	fclose(sockets);
	facts->unix_sockets = paths;
	facts->n_unix_sockets = count;
	return result;
}
