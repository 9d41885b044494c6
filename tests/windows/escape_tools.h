/* escape_tools.h - what the operations of escape_probe are made of. Yes is 1, no is 0. */
#ifndef ESCAPE_TOOLS_H
#define ESCAPE_TOOLS_H

#include <wchar.h>

#include <windows.h>

#define BIG 1024 /* characters of a path */

extern wchar_t escape_program[BIG]; /* this program */

/* The rows; threats are the numbers of the threat model's list. */
struct escape_row {
	const char *name, *wanted, *threats;
	int (*fn)(void);
};

extern const struct escape_row escape_rows[];
extern const size_t escape_n_rows;

const wchar_t *var(const wchar_t *name);
wchar_t *join(const wchar_t *base, const wchar_t *rest);
wchar_t *out(const wchar_t *rest);
wchar_t *ws(const wchar_t *rest);
HANDLE get(const wchar_t *path, DWORD access, DWORD disposition, DWORD flags);
int done(HANDLE handle);
int may(const wchar_t *path, DWORD access);
int put_word(const wchar_t *path, DWORD access, DWORD disposition);
int writes(const wchar_t *path);
int creates(const wchar_t *path);
int set_attributes(const wchar_t *path);
int delete_by_handle(const wchar_t *path);
int set_times(const wchar_t *path);
int map_and_write(const wchar_t *path);
int set_sd(const wchar_t *path, const wchar_t *sddl, SECURITY_INFORMATION what);
int everyone_all(const wchar_t *path);
int link_and_write(const wchar_t *name, const wchar_t *target);
int reads(const wchar_t *path);
int lists(const wchar_t *pattern);
int start(const wchar_t *words, DWORD flags, DWORD *code);

#endif
