/*
 * fd.h - descriptors owned by exactly one variable.
 *
 * `CR_AUTO_FD int fd = -1;` is closed when it leaves scope; `cr_steal_fd(&fd)`
 * hands it on.
 */
#ifndef CR_FD_H
#define CR_FD_H

#include <unistd.h>

static inline void cr_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline int cr_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#define CR_AUTO_FD __attribute__((cleanup(cr_close_fd)))

#endif
