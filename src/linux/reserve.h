/* reserve.h - how a reserved name looks to who meets it on the host; see reserve.c. */
#ifndef CR_RESERVE_H
#define CR_RESERVE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory of our own user with the sticky bit, writable by nobody else. It counts only while
 * it is empty. */
static inline bool cr_is_reservation(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) && st->st_uid == geteuid() &&
	       !(st->st_mode & (S_ISUID | S_ISGID | S_IWGRP | S_IWOTH));
}

#endif
