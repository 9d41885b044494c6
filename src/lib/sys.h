/*
 * sys.h - what carrel has to ask the system it is started on, besides the
 * backend: where it was started, who the user is, files the user names.
 *
 * One file per system implements it. UTF-8 at this border; all text lives in
 * the arena. Nothing here decides anything.
 */
#ifndef CR_LIB_SYS_H
#define CR_LIB_SYS_H

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/os.h"

/* The system this program was built for. */
extern const enum cr_os cr_sys_os;

/* The value of an environment variable; NULL when unset, empty or not UTF-8. */
const char *cr_sys_env(struct cr_arena *arena, const char *name);

/* The whole environment, NULL-terminated; NULL when memory is out. */
char **cr_sys_environ(struct cr_arena *arena);

/* The current directory, symlinks followed; NULL with CR_E_PATH, also when it was deleted. */
const char *cr_sys_cwd(struct cr_arena *arena, struct cr_err *err);

/* An existing directory, symlinks followed; NULL with CR_E_PATH. */
const char *cr_sys_real_dir(struct cr_arena *arena, const char *path, struct cr_err *err);

/*
 * The user's home directory, symlinks followed: $HOME (%USERPROFILE%), or what the user
 * database says when that is unset. NULL with CR_E_PATH when there is none.
 */
const char *cr_sys_home(struct cr_arena *arena, struct cr_err *err);

/* Default places of carrel's state and configuration, not checked; NULL when memory is out. */
const char *cr_sys_state_dir(struct cr_arena *arena, const char *home);
const char *cr_sys_config_dir(struct cr_arena *arena, const char *home);

/* Milliseconds of a clock that nobody sets, from a moment unknown. */
uint64_t cr_sys_tick_ms(void);

/* Milliseconds of Unix time. */
uint64_t cr_sys_time_ms(void);

/* 128 random bits as 32 hexadecimal digits and NUL. 0, or -1 with CR_E_IO. */
#define CR_RANDOM_TEXT 33
int cr_sys_random(char text[CR_RANDOM_TEXT], struct cr_err *err);

/*
 * A whole file of at most `limit` bytes, NUL added; also a pipe ("--policy <(...)"). NULL with
 * CR_E_IO or CR_E_LIMIT.
 */
char *cr_sys_read_file(struct cr_arena *arena, const char *path, size_t limit, size_t *len,
		       struct cr_err *err);

#endif
