/*
 * tools.h - what the attacks on Windows are made of: paths of the row's argument, one attempt
 * each, and what came of it. Nothing here judges.
 *
 * An attempt answers 1 when what an attacker wants has happened, else 0, and then GetLastError()
 * says why. Internal to src/verify and to the programs of its tests.
 */
#ifndef CR_VERIFY_WINDOWS_TOOLS_H
#define CR_VERIFY_WINDOWS_TOOLS_H

#include <stdbool.h>
#include <wchar.h>

#include <windows.h>

#include "verify/attack.h"

#define CR_WIN_BIG 1024 /* characters of a path */

extern const struct cr_attack_table cr_win_outside;   /* files outside the workspace */
extern const struct cr_attack_table cr_win_protected; /* names in it */
extern const struct cr_attack_table cr_win_own;       /* carrel's state and program */
extern const struct cr_attack_table cr_win_process;   /* processes, tokens, the job */
extern const struct cr_attack_table cr_win_session;   /* objects, registry, desktop, network */

/*
 * A path by its name in the tables, in one of a few buffers used in turn: "out:f" (also ws:,
 * home:, state:, tmp:, carrel:), with "verbatim:" or "device:" before it spelled with \\?\ or \\.\.
 */
const wchar_t *cr_win_path(const struct cr_attack_env *env, const char *name);
/* UTF-8 to UTF-16, in one of those buffers; what is no UTF-8 or too long is "". */
const wchar_t *cr_win_wide(const char *text);
/* The same with \\?\ before it: a path that is not read in any other way. */
const wchar_t *cr_win_verbatim(const char *path);
/* And back. False when it does not fit. */
bool cr_win_utf8(const wchar_t *textw, char *text, size_t size);
/* "<env->object_name>-<what>", in one of those buffers. */
const wchar_t *cr_win_object(const struct cr_attack_env *env, const wchar_t *what);

/* An attempt's answer as an outcome with a note. */
enum cr_attack_outcome cr_win_answer(const struct cr_attack_env *env, int worked, const char *what);

/* CreateFile that shares everything and opens directories too; NULL when it fails. */
HANDLE cr_win_open(const wchar_t *path, DWORD access, DWORD disposition, DWORD flags);
/* Closes it; 1 when there was one. */
int cr_win_done(HANDLE handle);
/* As cr_win_done, of what CreateFile and CreateNamedPipe give. */
int cr_win_done_file(HANDLE file);
/* An open with this right. */
int cr_win_may(const wchar_t *path, DWORD access);
/* Opens so and writes a word. */
int cr_win_put(const wchar_t *path, DWORD access, DWORD disposition);
int cr_win_write(const wchar_t *path);  /* into what exists */
int cr_win_create(const wchar_t *path); /* what does not */
int cr_win_read(const wchar_t *path);
int cr_win_set_times(const wchar_t *path);
int cr_win_map(const wchar_t *path); /* writes through a mapping */
/* Puts a descriptor given as text on a file; `what`: which part of it. */
int cr_win_set_sd(const wchar_t *path, const wchar_t *sddl, SECURITY_INFORMATION what);
/* Starts this program with these words and waits for its end. */
int cr_win_start_self(const wchar_t *words, DWORD flags, DWORD *code);

/* Removes all beneath `dir` (cr_win_verbatim), through no link, and `dir` itself when said so. */
void cr_win_remove_tree(const wchar_t *dir, bool itself);

/* Named objects that a process of the user has: an event, a mutex, a section, a pipe. */
struct cr_win_objects {
	HANDLE event, mutex, section, pipe;
};

/* Makes them. 0, or -1 with GetLastError() and nothing left behind. */
int cr_win_objects_make(const struct cr_attack_env *env, struct cr_win_objects *out);
/* A pipe that somebody has connected to serves nobody else: makes it anew. */
int cr_win_objects_renew(const struct cr_attack_env *env, struct cr_win_objects *objects);
void cr_win_objects_close(struct cr_win_objects *objects);

#endif
