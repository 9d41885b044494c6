/*
 * journal_probe.c - for the tests of the undo journal: gives files odd descriptors, and says what
 * descriptors files have.
 *
 *   journal_probe dump PATH...       for each object beneath, a line "path<TAB>hex of its
 * descriptor" journal_probe set PATH SDDL...   DACL and label of each journal_probe count PATH N
 * makes N files in directories of a hundred beneath PATH journal_probe hold PATH   opens it for
 * deletion, says "ready", and keeps it until its standard input ends
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <windows.h>
#include <sddl.h>

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define PARTS     (DACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION)
#define BIG       2048

static HANDLE open_path(const wchar_t *path, DWORD access)
{
	return CreateFileW(path, access, SHARE_ALL, NULL, OPEN_EXISTING,
			   FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
}

static int dump_one(const wchar_t *path)
{
	static unsigned char sd[65536];
	HANDLE file = open_path(path, READ_CONTROL);
	DWORD len = 0;
	BOOL read = file != INVALID_HANDLE_VALUE &&
		    GetKernelObjectSecurity(file, PARTS, sd, sizeof(sd), &len);

	CloseHandle(file);
	if (!read)
		return 1;
	printf("%ls\t", path);
	for (DWORD i = 0; i < len; i++)
		printf("%02x", sd[i]);
	printf("\n");
	return 0;
}

static int dump(const wchar_t *path)
{
	wchar_t below[BIG];
	WIN32_FIND_DATAW found;
	HANDLE find;
	int failed = dump_one(path);

	_snwprintf(below, BIG - 1, L"%ls\\*", path);
	find = FindFirstFileW(below, &found);
	if (find == INVALID_HANDLE_VALUE)
		return failed;
	do {
		if (!wcscmp(found.cFileName, L".") || !wcscmp(found.cFileName, L".."))
			continue;
		_snwprintf(below, BIG - 1, L"%ls\\%ls", path, found.cFileName);
		failed |= found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? dump(below)
									    : dump_one(below);
	} while (FindNextFileW(find, &found));
	FindClose(find);
	return failed;
}

static int set(const wchar_t *path, const wchar_t *sddl)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	HANDLE file = open_path(path, READ_CONTROL | WRITE_DAC | WRITE_OWNER);
	SECURITY_INFORMATION parts = 0;
	BOOL done;

	if (wcsstr(sddl, L"D:"))
		parts |= DACL_SECURITY_INFORMATION;
	if (wcsstr(sddl, L"D:P"))
		parts |= PROTECTED_DACL_SECURITY_INFORMATION;
	if (wcsstr(sddl, L"S:"))
		parts |= LABEL_SECURITY_INFORMATION;
	done = file != INVALID_HANDLE_VALUE &&
	       ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &sd,
								    NULL) &&
	       SetKernelObjectSecurity(file, parts, sd);
	LocalFree(sd);
	CloseHandle(file);
	return !done;
}

static int count(const wchar_t *path, int n)
{
	wchar_t name[BIG];

	for (int i = 0; i < n; i++) {
		HANDLE file;

		_snwprintf(name, BIG - 1, L"%ls\\d%d", path, i / 100);
		if (i % 100 == 0)
			CreateDirectoryW(name, NULL);
		_snwprintf(name, BIG - 1, L"%ls\\d%d\\f%d", path, i / 100, i);
		file = CreateFileW(name, GENERIC_WRITE, SHARE_ALL, NULL, CREATE_NEW, 0, NULL);
		if (file == INVALID_HANDLE_VALUE)
			return 1;
		CloseHandle(file);
	}
	return 0;
}

static int wait_for_end(void)
{
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

int wmain(int argc, wchar_t **argv); /* no header declares it */

int wmain(int argc, wchar_t **argv)
{
	int failed = 0;

	if (argc < 3)
		return 2;
	if (!wcscmp(argv[1], L"wait"))
		return wait_for_end();
	if (!wcscmp(argv[1], L"hold"))
		return open_path(argv[2], DELETE) == INVALID_HANDLE_VALUE || wait_for_end();
	if (!wcscmp(argv[1], L"count") && argc == 4)
		return count(argv[2], (int)wcstol(argv[3], NULL, 10));
	for (int i = 2; i < argc; i++) {
		if (!wcscmp(argv[1], L"dump"))
			failed |= dump(argv[i]);
		else if (i + 1 < argc)
			failed |= set(argv[i], argv[i + 1]), i++;
	}
	return failed;
}
