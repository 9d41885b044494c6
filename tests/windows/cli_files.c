/*
 * cli_files.c - which files of policies are believed on Windows: owners and
 * entries, put on real files in the test bed.
 */
#include <stdio.h>
#include <string.h>

#include <windows.h>
#include <aclapi.h>
#include <sddl.h>

#include "process_fixture.h"
#include "session/files.h"
#include "tap.h"

#define RX  "0x1200a9"
#define OWN "(A;;FA;;;%s)"

static char user[200];

static void find_user(void)
{
	char buffer[256], *text;
	DWORD size = sizeof(buffer);
	HANDLE token;

	OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token);
	GetTokenInformation(token, TokenUser, buffer, size, &size);
	ConvertSidToStringSidA(((TOKEN_USER *)(void *)buffer)->User.Sid, &text);
	snprintf(user, sizeof(user), "%s", text);
	LocalFree(text);
	CloseHandle(token);
}

/* Puts a DACL on a file of the test's directory; "%s" in it is the user. True when it stays. */
static bool set_dacl(const char *name, const char *entries)
{
	PSECURITY_DESCRIPTOR security;
	char sddl[600] = "D:P", path[700];
	BOOL present, defaulted;
	PACL dacl = NULL;
	DWORD failed;

	snprintf(sddl + 3, sizeof(sddl) - 3, entries, user, user);
	snprintf(path, sizeof(path), "%s", in_dir(name));
	if (!ConvertStringSecurityDescriptorToSecurityDescriptorA(sddl, SDDL_REVISION_1, &security,
								  NULL))
		return false;
	GetSecurityDescriptorDacl(security, &present, &dacl, &defaulted);
	failed = SetNamedSecurityInfoA(path, SE_FILE_OBJECT,
				       DACL_SECURITY_INFORMATION |
					       PROTECTED_DACL_SECURITY_INFORMATION,
				       NULL, NULL, dacl, NULL);
	LocalFree(security);
	return failed == 0;
}

static const struct {
	const char *what, *entries;
	int found;
} entries[] = {
	{"the user alone", OWN, 1},
	{"others read", OWN "(A;;" RX ";;;WD)", 1},
	{"SYSTEM and Administrators write", OWN "(A;;FA;;;SY)(A;;FA;;;BA)", 1},
	{"what others may write is inherited only", OWN "(A;OICIIO;FA;;;WD)", 1},
	{"others are denied writing", "(D;;0x2;;;WD)(A;;" RX ";;;%s)", 1},
	{"the owner by its rights", OWN "(A;;FA;;;OW)", 1},
	{"others write", OWN "(A;;0x2;;;WD)", -1},
	{"others append", OWN "(A;;0x4;;;BU)", -1},
	{"others delete", OWN "(A;;SD;;;WD)", -1},
	{"others change entries", OWN "(A;;WD;;;AU)", -1},
	{"others take ownership", OWN "(A;;WO;;;AU)", -1},
	{"others do all, generically", OWN "(A;;GA;;;WD)", -1},
	{"somebody nobody knows writes", OWN "(A;;0x2;;;S-1-5-21-1-2-3-4)", -1},
	{"writing is denied first and allowed then", "(D;;0x2;;;BG)(A;;FA;;;WD)" OWN, -1},
};

static void own_file(void)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		struct cr_arena *arena = cr_arena_new();
		struct cr_err err = {0};
		struct cr_file file;
		int found;

		write_file("policy", "allow read /\n");
		set_dacl("policy", entries[i].entries);
		found = cr_file_read_own(arena, in_dir("policy"), &file, &err);
		tap_check(found == entries[i].found && (found == 1 || err.code == CR_E_TRUST),
			  "the user's file, %s: %s", entries[i].what,
			  found == 1 ? "read" : "refused");
		if (found != entries[i].found)
			tap_note("%s", err.text);
		DeleteFileA(in_dir("policy"));
		cr_arena_free(arena);
	}
}

/* The directory, the one above it and each file are asked; `owner` 1 lets the user be the system.
 */
static void managed(const char *what, const char *name, const char *dacl, uint32_t owner,
		    int wanted)
{
	struct cr_arena *arena = cr_arena_new();
	struct cr_file *files;
	struct cr_err err = {0};
	int found;

	for (const char *const *dir = (const char *const[]){"pd", "pd\\d", NULL}; *dir; dir++) {
		CreateDirectoryA(in_dir(*dir), NULL);
		set_dacl(*dir, OWN);
	}
	write_file("pd\\d\\b.policy", "two");
	write_file("pd\\d\\a.policy", "one");
	write_file("pd\\d\\c.txt", "none");
	set_dacl("pd\\d\\a.policy", OWN);
	set_dacl("pd\\d\\b.policy", OWN);
	set_dacl(name, dacl);
	found = cr_files_read_system(arena, in_dir("pd\\d"), owner, &files, &err);
	tap_check(found == wanted, "the machine's policies, %s: %s", what,
		  found < 0 ? "refused" : "read");
	if (found == 2)
		tap_check(strcmp(files[0].text, "one") == 0 && strcmp(files[1].text, "two") == 0,
			  "in the order of their names");
	if (found != wanted)
		tap_note("%d: %s", found, err.text);
	set_dacl(name, OWN);
	cr_arena_free(arena);
}

int main(void)
{
	fixture_init();
	find_user();
	own_file();
	managed("all closed", "pd\\d", OWN, 1, 2);
	managed("which the user owns", "pd\\d", OWN, 0, -1);
	managed("others write a file", "pd\\d\\b.policy", OWN "(A;;0x2;;;WD)", 1, -1);
	managed("others make files", "pd\\d", OWN "(A;;0x2;;;BU)", 1, -1);
	managed("others rename the directory away", "pd", OWN "(A;;0x40;;;BU)", 1, -1);
	return tap_end();
}
