/*
 * fixture_check.c - has an attack changed anything? Sums of the files outside and of the protected
 * names, and what has come to lie beside them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_parts.h"

#define FNV_START    14695981039346656037u
#define FNV_PRIME    1099511628211u
#define MAX_FILE     65536
#define MAX_SD       4096
#define MAX_DEPTH    16
#define MAX_PATIENCE 100 /* times 100 ms, for whoever still holds a file */

/* What is looked at; in a protected directory descriptors are carrel's to change. */
static const struct {
	const char *path;
	bool descriptors;
} watched[] = {
	{"home\\out", true},          {"home\\ws\\.git", false},  {"home\\.ssh", true},
	{"home\\ws\\.vscode", false}, {"home\\ws\\.idea", false}, {"home\\ws\\.claude", false},
	{"home\\ws\\.envrc", false},  {"home\\ws2", false},
};

typedef int (*visit_fn)(struct cr_attack_fixture *fixture, const char *path, uint64_t sum);

static uint64_t add(uint64_t sum, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ byte[i]) * FNV_PRIME;
	return sum;
}

static uint64_t add_descriptor(uint64_t sum, const wchar_t *path)
{
	static unsigned char sd[MAX_SD];
	DWORD len = 0;

	if (GetFileSecurityW(path,
			     OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION |
				     LABEL_SECURITY_INFORMATION,
			     sd, sizeof(sd), &len))
		sum = add(sum, sd, len);
	return sum;
}

static uint64_t add_content(uint64_t sum, const wchar_t *path)
{
	static unsigned char bytes[MAX_FILE];
	HANDLE file = cr_win_open(path, GENERIC_READ, OPEN_EXISTING, 0);
	DWORD n = 0;

	if (file && ReadFile(file, bytes, sizeof(bytes), &n, NULL))
		sum = add(sum, bytes, n);
	cr_win_done(file);
	return sum;
}

static uint64_t sum_of(const wchar_t *path, const WIN32_FIND_DATAW *found, bool descriptors)
{
	const bool is_file = !(found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY);
	/* indexers and backups change the others */
	const DWORD attributes =
		found->dwFileAttributes & (FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN |
					   FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT);
	uint64_t sum = add(FNV_START, &attributes, sizeof(attributes));

	if (is_file) {
		sum = add(sum, &found->ftLastWriteTime, sizeof(found->ftLastWriteTime));
		sum = add_content(sum, path);
	}
	return descriptors ? add_descriptor(sum, path) : sum;
}

static int walk(struct cr_attack_fixture *fixture, const char *path, bool descriptors,
		visit_fn visit, unsigned depth);

static int walk_entry(struct cr_attack_fixture *fixture, const char *path,
		      const WIN32_FIND_DATAW *found, bool descriptors, visit_fn visit)
{
	char full[CR_WIN_BIG];

	snprintf(full, sizeof(full), "%s\\%s", fixture->dir, path);
	return visit(fixture, path, sum_of(cr_win_verbatim(full), found, descriptors));
}

static int walk_children(struct cr_attack_fixture *fixture, const char *path, bool descriptors,
			 visit_fn visit, unsigned depth)
{
	char pattern[CR_WIN_BIG], name[MAX_PATH * 3];
	WIN32_FIND_DATAW found;
	HANDLE find;
	int rc = 0;

	snprintf(pattern, sizeof(pattern), "%s\\%s\\*", fixture->dir, path);
	find = FindFirstFileW(cr_win_verbatim(pattern), &found);
	if (find == INVALID_HANDLE_VALUE)
		return 0;
	do {
		char child[CR_WIN_BIG];

		if (!cr_win_utf8(found.cFileName, name, sizeof(name)) || strcmp(name, ".") == 0 ||
		    strcmp(name, "..") == 0)
			continue;
		snprintf(child, sizeof(child), "%s\\%s", path, name);
		rc = walk(fixture, child, descriptors, visit, depth + 1);
	} while (rc == 0 && FindNextFileW(find, &found));
	FindClose(find);
	return rc;
}

static int walk(struct cr_attack_fixture *fixture, const char *path, bool descriptors,
		visit_fn visit, unsigned depth)
{
	char full[CR_WIN_BIG];
	WIN32_FIND_DATAW found;
	HANDLE find;

	snprintf(full, sizeof(full), "%s\\%s", fixture->dir, path);
	find = FindFirstFileW(cr_win_verbatim(full), &found);
	if (find == INVALID_HANDLE_VALUE)
		return 0;
	FindClose(find);
	if (walk_entry(fixture, path, &found, descriptors, visit) < 0)
		return -1;
	if (!(found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) ||
	    found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT || depth >= MAX_DEPTH)
		return 0;
	return walk_children(fixture, path, descriptors, visit, depth);
}

static int walk_all(struct cr_attack_fixture *fixture, visit_fn visit)
{
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++) {
		if (walk(fixture, watched[i].path, watched[i].descriptors, visit, 0) < 0)
			return -1;
	}
	return 0;
}

static int remember_one(struct cr_attack_fixture *fixture, const char *path, uint64_t sum)
{
	if (fixture->n_entries == fixture->cap_entries) {
		const size_t cap = fixture->cap_entries ? 2 * fixture->cap_entries : 32;
		struct cr_fixture_entry *more =
			realloc(fixture->entries, cap * sizeof(*fixture->entries));

		if (!more)
			return -1;
		fixture->entries = more;
		fixture->cap_entries = cap;
	}
	fixture->entries[fixture->n_entries] =
		(struct cr_fixture_entry){.path = _strdup(path), .sum = sum};
	return fixture->entries[fixture->n_entries].path ? (fixture->n_entries++, 0) : -1;
}

int cr_fixture_remember(struct cr_attack_fixture *fixture, struct cr_err *err)
{
	if (walk_all(fixture, remember_one) < 0)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	return 0;
}

void cr_fixture_forget(struct cr_attack_fixture *fixture)
{
	for (size_t i = 0; i < fixture->n_entries; i++)
		free(fixture->entries[i].path);
	free(fixture->entries);
	fixture->entries = NULL;
	fixture->n_entries = fixture->cap_entries = 0;
}

/* The report of one look; there is one at a time. */
static struct {
	char *text;
	size_t size, used;
	int count;
} said;

static void say(const char *path, const char *what)
{
	const int n = snprintf(said.text + said.used, said.size - said.used, "%s %s\n", path, what);

	if (n > 0 && (size_t)n < said.size - said.used)
		said.used += (size_t)n;
	said.count++;
}

static int compare_one(struct cr_attack_fixture *fixture, const char *path, uint64_t sum)
{
	for (size_t i = 0; i < fixture->n_entries; i++) {
		struct cr_fixture_entry *entry = &fixture->entries[i];

		if (strcmp(entry->path, path) != 0)
			continue;
		entry->seen = true;
		if (entry->sum != sum)
			say(path, "has changed");
		return 0;
	}
	say(path, "has appeared");
	return 0;
}

int cr_attack_fixture_changes(struct cr_attack_fixture *fixture, char *text, size_t size)
{
	said.text = text;
	said.size = size;
	said.used = 0;
	said.count = 0;
	text[0] = '\0';
	for (size_t i = 0; i < fixture->n_entries; i++)
		fixture->entries[i].seen = false;
	walk_all(fixture, compare_one);
	for (size_t i = 0; i < fixture->n_entries; i++) {
		if (!fixture->entries[i].seen)
			say(fixture->entries[i].path, "is gone");
	}
	/* it is there only as long as somebody of the box holds it */
	if (GetFileAttributesW(cr_win_path(&fixture->env, "ws:alive")) != INVALID_FILE_ATTRIBUTES)
		say("a process of the box", "is still there");
	return said.count;
}

static void remove_one(const wchar_t *path, bool is_dir)
{
	for (unsigned i = 0; i < MAX_PATIENCE; i++) {
		SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
		if (is_dir ? RemoveDirectoryW(path) : DeleteFileW(path))
			return;
		if (GetLastError() != ERROR_SHARING_VIOLATION &&
		    GetLastError() != ERROR_DIR_NOT_EMPTY)
			return;
		Sleep(100);
	}
}

void cr_win_remove_tree(const wchar_t *dir, bool itself)
{
	wchar_t path[CR_WIN_BIG], pattern[CR_WIN_BIG];
	WIN32_FIND_DATAW found;
	HANDLE find;

	_snwprintf(pattern, CR_WIN_BIG - 1, L"%ls\\*", dir);
	pattern[CR_WIN_BIG - 1] = L'\0';
	find = FindFirstFileW(pattern, &found);
	if (find == INVALID_HANDLE_VALUE)
		return;
	do {
		const DWORD kind = found.dwFileAttributes;

		if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0)
			continue;
		_snwprintf(path, CR_WIN_BIG - 1, L"%ls\\%ls", dir, found.cFileName);
		path[CR_WIN_BIG - 1] = L'\0';
		if (kind & FILE_ATTRIBUTE_DIRECTORY && !(kind & FILE_ATTRIBUTE_REPARSE_POINT))
			cr_win_remove_tree(path, true);
		else
			remove_one(path, (kind & FILE_ATTRIBUTE_DIRECTORY) != 0);
	} while (FindNextFileW(find, &found));
	FindClose(find);
	if (itself)
		remove_one(dir, true);
}
