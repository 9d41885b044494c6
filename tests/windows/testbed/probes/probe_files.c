/*
 * Files: who may open, make, rename, link, delete and re-describe what; labels set and inherited.
 *
 * A case answers the error of the operation, 0 for success. Every case has fresh files.
 */
#include "probe.h"

#include <stdlib.h>

enum op {
	READ,
	WRITE,
	OVERWRITE,
	CREATE,
	MAKE_DIR,
	RENAME,
	RENAME_OVER,
	MOVE_OUT, /* to a directory next to it, as protected as its own */
	LINK,
	REMOVE,
	REMOVE_DIR,
	ON_CLOSE,
	CHANGE_DACL,
	TAKE,
	RELABEL_LOW,
	RELABEL_MEDIUM,
	ATTRIBUTES,
	EXTEND, /* copy a handle with more rights */
	REOPEN,
};

#define OK     ERROR_SUCCESS
#define DENIED ERROR_ACCESS_DENIED
#define HELD   ERROR_PRIVILEGE_NOT_HELD

#define FSAR  "File Security and Access Rights"
#define MIC   "Windows Integrity Mechanism Design"
#define CRT   "CreateRestrictedToken"
#define KB    "KB 238018"
#define FSA   "[MS-FSA] 2.1.5.14.11, 2.1.5.14.6"
#define ACES  "ACE Inheritance Rules"
#define HANDS "SetNamedSecurityInfo; Automatic Propagation of Inheritable ACEs"

#define MINE  "D:(A;OICI;FA;;;{U})"
#define BOTH  "D:(A;OICI;FA;;;{U})(A;OICI;0x1301bf;;;{S})"
#define OURS  "D:(A;OICI;FA;;;{U})(A;OICI;FA;;;{S})"
#define NODEL "D:(A;OICI;0x1301bf;;;{U})"
#define RO    "D:(A;OICI;FRFX;;;{U})"
#define WORLD "D:(A;OICI;FA;;;WD)"
#define KEEP  ""

/* the directory, the file in it, and what is done by whom */
static const struct file_case {
	const char *name;
	const char *dir;
	int dir_level;
	const char *file; /* KEEP: what it inherits */
	int file_level;
	enum actor who;
	enum op op;
	unsigned long windows;
	unsigned long stock;
	const char *source;
} cases[] = {
	{"user: reads", MINE, -1, KEEP, -1, USER, READ, OK, OK, FSAR},
	{"user: writes", MINE, -1, KEEP, -1, USER, WRITE, OK, OK, FSAR},
	{"user: does not read what is SYSTEM's", MINE, -1, "D:(A;;FA;;;SY)", -1, USER, READ, DENIED,
	 OK, FSAR},
	{"user: does not write what may be read", MINE, -1, RO, -1, USER, WRITE, DENIED, OK, FSAR},
	{"user: a deny entry holds", MINE, -1, "D:(D;;0x2;;;{U})(A;;FA;;;{U})", -1, USER, WRITE,
	 DENIED, DENIED, FSAR},
	{"user: a strange SID gives nothing", MINE, -1, "D:(A;;FA;;;{S})", -1, USER, WRITE, DENIED,
	 OK, FSAR},
	{"user: makes no file where none may be added", RO, -1, KEEP, -1, USER, CREATE, DENIED, OK,
	 FSAR},
	{"user: deletes through the parent", MINE, -1, RO, -1, USER, REMOVE, OK, OK, KB},
	{"user: deletes nothing in a directory without that right", NODEL, -1, RO, -1, USER, REMOVE,
	 DENIED, OK, KB},
	{"user: an entry is inherited", RO, -1, KEEP, -1, USER, WRITE, DENIED, OK, ACES},

	{"restricted: reads what both may", OURS, -1, KEEP, -1, RESTRICTED, READ, OK, OK, CRT},
	{"restricted: does not read what the user may", MINE, -1, KEEP, -1, RESTRICTED, READ,
	 DENIED, OK, CRT},
	{"writer: reads what the user may", MINE, -1, KEEP, -1, WRITER, READ, OK, OK, CRT},
	{"writer: does not write it", MINE, -1, KEEP, -1, WRITER, WRITE, DENIED, OK, CRT},
	{"writer: writes what both may", BOTH, -1, KEEP, -1, WRITER, WRITE, OK, OK, CRT},
	{"writer: makes a file where both may", BOTH, -1, KEEP, -1, WRITER, CREATE, OK, OK, CRT},
	{"writer: makes none elsewhere", MINE, -1, KEEP, -1, WRITER, CREATE, DENIED, OK, CRT},
	{"writer: makes no directory elsewhere", MINE, -1, KEEP, -1, WRITER, MAKE_DIR, DENIED, OK,
	 CRT},
	{"writer: deletes elsewhere, the hole", MINE, -1, KEEP, -1, WRITER, REMOVE, OK, OK, CRT},
	{"writer: empties nothing elsewhere", MINE, -1, KEEP, -1, WRITER, OVERWRITE, DENIED, OK,
	 CRT},
	{"writer: moves nothing into a directory elsewhere", MINE, -1, KEEP, -1, WRITER, MOVE_OUT,
	 DENIED, OK, CRT},
	{"writer: a denied SID wins", "D:(D;OICI;0x116;;;{S})(A;OICI;FA;;;{U})(A;OICI;FA;;;{S})",
	 -1, KEEP, -1, WRITER, WRITE, DENIED, OK, CRT},
	{"deny-only user: does not read", MINE, -1, KEEP, -1, USER_OFF, READ, DENIED, OK,
	 "SID Attributes in an Access Token"},

	{"low: reads Medium", MINE, -1, KEEP, -1, LOW, READ, OK, OK, MIC},
	{"low: does not write Medium", MINE, -1, KEEP, -1, LOW, WRITE, DENIED, OK, MIC},
	{"low: sets no attributes of Medium", MINE, -1, KEEP, -1, LOW, ATTRIBUTES, DENIED, OK, MIC},
	{"low: does not empty Medium", MINE, -1, KEEP, -1, LOW, OVERWRITE, DENIED, OK, MIC},
	{"low: makes nothing in Medium", MINE, -1, KEEP, -1, LOW, CREATE, DENIED, OK, MIC},
	{"low: makes no directory in Medium", MINE, -1, KEEP, -1, LOW, MAKE_DIR, DENIED, OK, MIC},
	{"low: does not rename Medium", MINE, -1, KEEP, -1, LOW, RENAME, DENIED, OK, MIC},
	{"low: does not link Medium", MINE, -1, KEEP, -1, LOW, LINK, DENIED, OK, MIC "; " FSA},
	{"low: does not delete Medium", MINE, -1, KEEP, -1, LOW, REMOVE, DENIED, OK, MIC},
	{"low: deletes no Medium directory", MINE, -1, KEEP, -1, LOW, REMOVE_DIR, DENIED, OK, MIC},
	{"low: nor by closing it", MINE, -1, KEEP, -1, LOW, ON_CLOSE, DENIED, OK, MIC},
	{"low: does not change the DACL of Medium", MINE, -1, KEEP, -1, LOW, CHANGE_DACL, DENIED,
	 OK, MIC},
	{"low: does not take Medium", MINE, -1, KEEP, -1, LOW, TAKE, DENIED, OK, MIC},
	{"low: does not relabel Medium", MINE, -1, KEEP, -1, LOW, RELABEL_LOW, DENIED, DENIED, MIC},
	{"low: not even what the world may write", WORLD, -1, KEEP, -1, LOW, WRITE, DENIED, OK,
	 MIC},
	{"low: a copied handle has no more rights", MINE, -1, KEEP, -1, LOW, EXTEND, DENIED, OK,
	 "DuplicateHandle; " MIC},
	{"low: nor one opened from it", MINE, -1, KEEP, -1, LOW, REOPEN, DENIED, OK,
	 "ReOpenFile; " MIC},
	{"user: a copied handle may have more rights", MINE, -1, KEEP, -1, USER, EXTEND, OK, OK,
	 "DuplicateHandle"},
	{"low: writes low", MINE, PROBE_LOW, KEEP, -1, LOW, WRITE, OK, OK, MIC},
	{"low: makes a file in low", MINE, PROBE_LOW, KEEP, -1, LOW, CREATE, OK, OK, MIC},
	{"low: deletes in low", MINE, PROBE_LOW, KEEP, -1, LOW, REMOVE, OK, OK, MIC},
	{"low: does not write private", MINE, PROBE_PRIVATE, KEEP, -1, LOW, WRITE, DENIED, OK, MIC},
	{"low: does not delete private", MINE, PROBE_PRIVATE, KEEP, -1, LOW, REMOVE, DENIED, OK,
	 MIC},
	{"private: writes private", MINE, PROBE_PRIVATE, KEEP, -1, PRIVATE, WRITE, OK, OK, MIC},
	{"private: makes a directory there", MINE, PROBE_PRIVATE, KEEP, -1, PRIVATE, MAKE_DIR, OK,
	 OK, MIC},
	{"private: renames there", MINE, PROBE_PRIVATE, KEEP, -1, PRIVATE, RENAME, OK, OK, MIC},
	{"private: renames over another", MINE, PROBE_PRIVATE, KEEP, -1, PRIVATE, RENAME_OVER, OK,
	 OK, MIC},
	{"private: links there", MINE, PROBE_PRIVATE, KEEP, -1, PRIVATE, LINK, OK, OK, MIC},
	{"private: relabels to low", MINE, PROBE_PRIVATE, KEEP, -1, PRIVATE, RELABEL_LOW, OK,
	 DENIED, MIC},
	{"private: does not raise a label", MINE, PROBE_PRIVATE, KEEP, -1, PRIVATE, RELABEL_MEDIUM,
	 HELD, DENIED, MIC},
	{"private: does not write a Medium file there", MINE, PROBE_PRIVATE, MINE, PROBE_MEDIUM,
	 PRIVATE, WRITE, DENIED, OK, MIC},
	{"private: deletes it through the parent", MINE, PROBE_PRIVATE, MINE, PROBE_MEDIUM, PRIVATE,
	 REMOVE, OK, OK, KB},
	{"private: not without delete-child", NODEL, PROBE_PRIVATE, MINE, PROBE_MEDIUM, PRIVATE,
	 REMOVE, DENIED, OK, KB "; " MIC},
	{"private: does not overwrite it by a rename", NODEL, PROBE_PRIVATE, MINE, PROBE_MEDIUM,
	 PRIVATE, RENAME, DENIED, OK, KB "; " MIC},
	{"user: a label does not stop from above", MINE, PROBE_PRIVATE, KEEP, -1, USER, WRITE, OK,
	 OK, MIC},

	{"box: writes its root", BOTH, PROBE_PRIVATE, KEEP, -1, BOX, WRITE, OK, OK, CRT "; " MIC},
	{"box: makes a file there", BOTH, PROBE_PRIVATE, KEEP, -1, BOX, CREATE, OK, OK,
	 CRT "; " MIC},
	{"box: not with its SID alone", BOTH, -1, KEEP, -1, BOX, WRITE, DENIED, OK, MIC},
	{"box: not with its level alone", MINE, PROBE_PRIVATE, KEEP, -1, BOX, WRITE, DENIED, OK,
	 CRT},
	{"box: deletes nothing outside", MINE, -1, KEEP, -1, BOX, REMOVE, DENIED, OK, MIC},
	{"box: nothing the world may write", WORLD, -1, KEEP, -1, BOX, WRITE, DENIED, OK, MIC},
	{"lock 3 off: deletes outside", MINE, -1, KEEP, -1, BOX_UNLABELED, REMOVE, OK, OK, CRT},
	{"lock 3 off: writes what the world may", WORLD, -1, KEEP, -1, BOX_UNLABELED, WRITE, OK, OK,
	 CRT},
};

#define TOP   L"C:\\testbed-probe"
#define DIR   TOP L"\\dir"
#define FILE_ DIR L"\\file"
#define OTHER DIR L"\\other"
#define NEW   DIR L"\\new"
#define SUB   DIR L"\\sub"
#define ASIDE TOP L"\\aside"

static unsigned long opened(const WCHAR *name, DWORD access, DWORD disposition, DWORD flags)
{
	HANDLE file = CreateFileW(name, access, 7, NULL, disposition,
				  flags | FILE_FLAG_BACKUP_SEMANTICS, NULL);

	if (file == INVALID_HANDLE_VALUE)
		return GetLastError();
	CloseHandle(file);
	return OK;
}

static unsigned long told(BOOL done)
{
	return done ? OK : GetLastError();
}

static unsigned long relabel(int level)
{
	return SetNamedSecurityInfoW((WCHAR *)FILE_, SE_FILE_OBJECT, LABEL_SECURITY_INFORMATION,
				     NULL, NULL, NULL, probe_label(level, 0));
}

static HANDLE open_to_read(void)
{
	return CreateFileW(FILE_, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
}

static unsigned long extend(void)
{
	HANDLE file = open_to_read(), copy;
	unsigned long error = told(DuplicateHandle(GetCurrentProcess(), file, GetCurrentProcess(),
						   &copy, DELETE | WRITE_DAC, FALSE, 0));

	CloseHandle(file);
	if (!error)
		CloseHandle(copy);
	return error;
}

static unsigned long reopen(void)
{
	HANDLE file = open_to_read(), other = ReOpenFile(file, GENERIC_WRITE, 7, 0);
	unsigned long error = told(other != INVALID_HANDLE_VALUE);

	CloseHandle(file);
	if (!error)
		CloseHandle(other);
	return error;
}

static unsigned long operate(enum op op)
{
	switch (op) {
	case READ:
		return opened(FILE_, GENERIC_READ, OPEN_EXISTING, 0);
	case WRITE:
		return opened(FILE_, GENERIC_WRITE, OPEN_EXISTING, 0);
	case OVERWRITE:
		return opened(FILE_, FILE_READ_DATA, CREATE_ALWAYS, 0);
	case CREATE:
		return opened(NEW, GENERIC_WRITE, CREATE_NEW, 0);
	case MAKE_DIR:
		return told(CreateDirectoryW(NEW, NULL));
	case RENAME:
		return told(MoveFileExW(FILE_, NEW, 0));
	case RENAME_OVER:
		return told(MoveFileExW(OTHER, FILE_, MOVEFILE_REPLACE_EXISTING));
	case MOVE_OUT:
		return told(MoveFileExW(FILE_, ASIDE L"\\file", 0));
	case LINK:
		return told(CreateHardLinkW(NEW, FILE_, NULL));
	case REMOVE:
		return told(DeleteFileW(FILE_));
	case REMOVE_DIR:
		return told(RemoveDirectoryW(SUB));
	case ON_CLOSE:
		return opened(FILE_, DELETE, OPEN_EXISTING, FILE_FLAG_DELETE_ON_CLOSE);
	case CHANGE_DACL:
		return opened(FILE_, WRITE_DAC, OPEN_EXISTING, 0);
	case TAKE:
		return opened(FILE_, WRITE_OWNER, OPEN_EXISTING, 0);
	case RELABEL_LOW:
		return relabel(PROBE_LOW);
	case RELABEL_MEDIUM:
		return relabel(PROBE_MEDIUM);
	case EXTEND:
		return extend();
	case REOPEN:
		return reopen();
	case ATTRIBUTES:
		return opened(FILE_, FILE_WRITE_ATTRIBUTES, OPEN_EXISTING, 0);
	}
	return ~0ul;
}

static void make_file(const WCHAR *name)
{
	if (opened(name, GENERIC_WRITE, CREATE_NEW, 0))
		probe_fail("making a file");
}

static void make_dir(const WCHAR *name)
{
	if (!CreateDirectoryW(name, NULL))
		probe_fail("making a directory");
}

static void clear(void)
{
	static const WCHAR *const names[] = {FILE_,           OTHER, NEW,   SUB,
					     ASIDE L"\\file", DIR,   ASIDE, TOP};
	SECURITY_DESCRIPTOR *open = probe_sd("D:(A;OICI;FA;;;WD)", PROBE_NONE, 0);

	for (size_t i = sizeof(names) / sizeof(names[0]); i-- > 0;)
		if (GetFileAttributesW(names[i]) != INVALID_FILE_ATTRIBUTES)
			probe_protect(names[i], SE_FILE_OBJECT, open);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!DeleteFileW(names[i]))
			RemoveDirectoryW(names[i]);
	if (GetFileAttributesW(TOP) != INVALID_FILE_ATTRIBUTES)
		probe_fail("clearing up");
}

static void prepare(const struct file_case *c)
{
	const DWORD both = OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE;
	SECURITY_DESCRIPTOR *sd = probe_sd(c->dir, c->dir_level, both);

	clear();
	make_dir(TOP);
	make_dir(DIR);
	make_dir(ASIDE);
	make_file(FILE_);
	make_file(OTHER);
	make_dir(SUB);
	probe_protect(DIR, SE_FILE_OBJECT, sd);
	probe_protect(ASIDE, SE_FILE_OBJECT, sd);
	if (*c->file)
		probe_protect(FILE_, SE_FILE_OBJECT, probe_sd(c->file, c->file_level, 0));
}

static void run_case(const struct file_case *c)
{
	unsigned long error;

	prepare(c);
	probe_act(c->who);
	error = operate(c->op);
	probe_act_end();
	probe_report(c->name, error, c->windows, c->stock, c->source);
}

static const struct file_case labelled = {.dir = BOTH, .dir_level = PROBE_PRIVATE, .file = KEEP};

/* Labels as they are read back: set, inherited, given by a low creator, kept by a move. */
static void labels(void)
{
	prepare(&labelled);
	probe_report("label: read back", (unsigned long)probe_level_of(DIR, SE_FILE_OBJECT),
		     PROBE_PRIVATE, (unsigned long)PROBE_NONE, MIC);
	probe_report("label: inherited", (unsigned long)probe_level_of(FILE_, SE_FILE_OBJECT),
		     PROBE_PRIVATE, (unsigned long)PROBE_NONE, MIC);
	probe_report("label: not set is none", (unsigned long)probe_level_of(TOP, SE_FILE_OBJECT),
		     (unsigned long)PROBE_NONE, (unsigned long)PROBE_NONE, MIC);
	make_file(TOP L"\\plain");
	MoveFileExW(TOP L"\\plain", NEW, 0);
	probe_report("label: a file moved in stays Medium",
		     (unsigned long)probe_level_of(NEW, SE_FILE_OBJECT), (unsigned long)PROBE_NONE,
		     (unsigned long)PROBE_NONE, "How Permissions Are Handled When You Move Files");
	probe_act(BOX);
	probe_report("label: a box does not write a file moved in",
		     opened(NEW, GENERIC_WRITE, OPEN_EXISTING, 0), DENIED, OK,
		     "How Permissions Are Handled When You Move Files");
	probe_act_end();
	DeleteFileW(NEW);
	make_file(TOP L"\\plain");
	CreateHardLinkW(NEW, TOP L"\\plain", NULL);
	probe_act(BOX);
	probe_report("label: a box does not write a hard link to outside",
		     opened(NEW, GENERIC_WRITE, OPEN_EXISTING, 0), DENIED, OK,
		     "Hard Links and Junctions: one descriptor for all names");
	probe_act_end();
	DeleteFileW(TOP L"\\plain");
}

static void creators(void)
{
	SECURITY_DESCRIPTOR *plain = probe_sd(MINE, PROBE_LOW, 0); /* not inherited */

	prepare(&labelled);
	probe_protect(DIR, SE_FILE_OBJECT, plain);
	DeleteFileW(FILE_);
	probe_act(LOW);
	make_file(FILE_);
	probe_act_end();
	probe_report("label: a low creator's file is low",
		     (unsigned long)probe_level_of(FILE_, SE_FILE_OBJECT), PROBE_LOW,
		     (unsigned long)PROBE_NONE, MIC);
	SetNamedSecurityInfoW((WCHAR *)FILE_, SE_FILE_OBJECT, LABEL_SECURITY_INFORMATION, NULL,
			      NULL, NULL, probe_label(PROBE_NONE, 0));
	probe_report("label: taken away", (unsigned long)probe_level_of(FILE_, SE_FILE_OBJECT),
		     (unsigned long)PROBE_NONE, (unsigned long)PROBE_NONE, MIC);
}

/* How many entries for the root's SID a file shows. */
static unsigned long entries(const WCHAR *name)
{
	unsigned long count = 0;
	PSECURITY_DESCRIPTOR sd = NULL;
	ACL *dacl = NULL;
	PSID sid;

	if (!ConvertStringSidToSidW(PROBE_SID, &sid) ||
	    GetNamedSecurityInfoW((WCHAR *)name, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL,
				  NULL, &dacl, NULL, &sd))
		return ~0ul;
	for (DWORD i = 0; dacl && i < dacl->AceCount; i++) {
		ACCESS_ALLOWED_ACE *ace;

		count += GetAce(dacl, i, (void **)&ace) && EqualSid(&ace->SidStart, sid);
	}
	LocalFree(sd);
	return count;
}

/* The system call: this object and nothing beneath it. */
static void set_by_handle(const WCHAR *name, SECURITY_INFORMATION info, const char *sddl, int level)
{
	const DWORD both = OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE;
	HANDLE file = CreateFileW(name, WRITE_DAC | WRITE_OWNER | READ_CONTROL, 7, NULL,
				  OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);

	if (file == INVALID_HANDLE_VALUE)
		probe_fail("opening for its descriptor");
	SetKernelObjectSecurity(file, info, probe_sd(sddl, level, both));
	CloseHandle(file);
}

static void level_is(const char *name, const WCHAR *file, int windows, const char *source)
{
	probe_report(name, (unsigned long)probe_level_of(file, SE_FILE_OBJECT),
		     (unsigned long)windows, (unsigned long)PROBE_NONE, source);
}

/* Who hands down, and to whom. */
static void inheritance(void)
{
	static const struct file_case plain = {.dir = MINE, .dir_level = PROBE_NONE, .file = KEEP};
	const DWORD both = OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE;

	prepare(&plain);
	set_by_handle(DIR, LABEL_SECURITY_INFORMATION, MINE, PROBE_PRIVATE);
	level_is("inheritance: the system call hands no label down", FILE_, PROBE_NONE, HANDS);
	make_file(NEW);
	level_is("inheritance: a new file takes it", NEW, PROBE_PRIVATE, ACES);
	set_by_handle(DIR, DACL_SECURITY_INFORMATION, BOTH, PROBE_NONE);
	probe_report("inheritance: nor an entry", entries(FILE_), 0, 0, HANDS);
	DeleteFileW(NEW);
	make_file(NEW);
	probe_report("inheritance: a new file takes that, too", entries(NEW), 1, 0, ACES);
	probe_protect(OTHER, SE_FILE_OBJECT, probe_sd(MINE, PROBE_LOW, 0));
	probe_protect(DIR, SE_FILE_OBJECT, probe_sd(BOTH, PROBE_PRIVATE, both));
	probe_report("inheritance: SetNamedSecurityInfo does", entries(FILE_), 1, 0, HANDS);
	level_is("inheritance: and the label", FILE_, PROBE_PRIVATE, HANDS);
	probe_report("inheritance: not to what is protected", entries(OTHER), 0, 0, HANDS);
	level_is("inheritance: not over another label", OTHER, PROBE_LOW, HANDS);
	probe_protect(DIR, SE_FILE_OBJECT, probe_sd(MINE, PROBE_NONE, 0));
	probe_report("inheritance: what goes above goes beneath", entries(FILE_), 0, 0, HANDS);
}

/* What a child started with the token finds, and that child's child. */
static unsigned long in_child(const WCHAR *words)
{
	if (!wcscmp(words, L"write"))
		return operate(WRITE);
	if (!wcscmp(words, L"create"))
		return operate(CREATE);
	if (!wcscmp(words, L"remove"))
		return operate(REMOVE);
	return probe_child(USER, words + 1); /* a grandchild, with the token of the child */
}

static void children(void)
{
	prepare(&labelled);
	probe_report("child: a box writes its root", probe_child(BOX, L"write"), OK, OK, CRT);
	probe_report("grandchild: writes it, too", probe_child(BOX, L"+write"), OK, OK, CRT);
	probe_report("child: low does not write private", probe_child(LOW, L"write"), DENIED, OK,
		     MIC);
	probe_protect(DIR, SE_FILE_OBJECT, probe_sd(MINE, PROBE_MEDIUM, 3));
	probe_report("child: a box does not write elsewhere", probe_child(BOX, L"write"), DENIED,
		     OK, MIC);
	probe_report("grandchild: makes nothing there", probe_child(BOX, L"+create"), DENIED, OK,
		     MIC);
	probe_report("grandchild: deletes nothing there", probe_child(BOX, L"+remove"), DENIED, OK,
		     MIC);
}

int wmain(int argc, WCHAR **argv)
{
	if (argc > 1)
		return (int)in_child(argv[1]);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(&cases[i]);
	labels();
	creators();
	inheritance();
	children();
	clear();
	return probe_end();
}
