/*
 * The AccessCheck API, case by case: DACLs, restricting SIDs, deny-only groups, labels.
 *
 * A case answers the granted rights, 0 for a refusal.
 */
#include "probe.h"

enum {
	R = FILE_GENERIC_READ,
	W = FILE_GENERIC_WRITE,
	NO = 0,
	YES = 1,
};

#define DTYP "[MS-DTYP] 2.5.3.2"
#define MIC  "[MS-DTYP] 2.5.3.3; Windows Integrity Mechanism Design"
#define CRT  "CreateRestrictedToken; Restricted Tokens"
#define OWN  "[MS-DTYP] 2.4.2.4, OWNER RIGHTS"
#define OFF  "SID Attributes in an Access Token"

static const struct {
	const char *name;
	const char *sddl;
	int level;
	enum actor who;
	DWORD mask;
	int windows;
	int stock;
	const char *source;
} cases[] = {
	{"allow", "D:(A;;FA;;;{U})", PROBE_NONE, USER, W, YES, YES, DTYP},
	{"deny first", "D:(D;;FW;;;{U})(A;;FA;;;{U})", PROBE_NONE, USER, W, NO, NO, DTYP},
	{"allow before deny", "D:(A;;FA;;;{U})(D;;FW;;;{U})", PROBE_NONE, USER, W, YES, YES, DTYP},
	{"empty DACL", "D:", PROBE_NONE, USER, R, NO, NO, DTYP},
	{"no DACL", "", PROBE_NONE, USER, R, YES, YES, DTYP},
	{"the owner may change the DACL", "D:", PROBE_NONE, USER, WRITE_DAC, YES, YES, DTYP},
	{"the owner may not delete", "D:", PROBE_NONE, USER, DELETE, NO, YES, DTYP},
	{"OWNER RIGHTS limit the owner", "D:(A;;FR;;;S-1-3-4)", PROBE_NONE, USER, WRITE_DAC, NO,
	 YES, OWN},
	{"OWNER RIGHTS give", "D:(A;;FR;;;S-1-3-4)", PROBE_NONE, USER, R, YES, NO, OWN},
	{"inherit-only is not meant", "D:(A;OICIIO;FA;;;{U})", PROBE_NONE, USER, R, NO, NO, DTYP},
	{"a stranger", "D:(A;;FA;;;S-1-5-21-9-9-9-9)", PROBE_NONE, USER, R, NO, NO, DTYP},

	{"restricted: the user alone", "D:(A;;FA;;;{U})", PROBE_NONE, RESTRICTED, R, NO, YES, CRT},
	{"restricted: the SID alone", "D:(A;;FA;;;{S})", PROBE_NONE, RESTRICTED, R, NO, NO, CRT},
	{"restricted: both", "D:(A;;FA;;;{U})(A;;FA;;;{S})", PROBE_NONE, RESTRICTED, W, YES, YES,
	 CRT},
	{"restricted: the owner needs the SID too", "D:", PROBE_NONE, RESTRICTED, WRITE_DAC, NO,
	 YES, CRT},
	{"restricted: no DACL", "", PROBE_NONE, RESTRICTED, R, YES, YES, DTYP},
	{"write-restricted: reading needs the user", "D:(A;;FA;;;{U})", PROBE_NONE, WRITER, R, YES,
	 YES, CRT},
	{"write-restricted: writing needs the SID", "D:(A;;FA;;;{U})", PROBE_NONE, WRITER, W, NO,
	 YES, CRT},
	{"write-restricted: one bit", "D:(A;;FA;;;{U})", PROBE_NONE, WRITER, FILE_WRITE_DATA, NO,
	 YES, CRT},
	{"write-restricted: both write", "D:(A;;FA;;;{U})(A;;FA;;;{S})", PROBE_NONE, WRITER, W, YES,
	 YES, CRT},
	{"write-restricted: the SID denied", "D:(D;;FW;;;{S})(A;;FA;;;{U})(A;;FA;;;{S})",
	 PROBE_NONE, WRITER, W, NO, YES, CRT},
	{"write-restricted: the SID denied, reading", "D:(D;;FW;;;{S})(A;;FA;;;{U})", PROBE_NONE,
	 WRITER, FILE_READ_DATA, YES, YES, CRT},
	{"write-restricted: the SID only writes, all is asked", "D:(A;;FA;;;{U})(A;;0x116;;;{S})",
	 PROBE_NONE, WRITER, R | W, YES, YES, CRT},
	{"write-restricted: deleting is no write", "D:(A;;FA;;;{U})", PROBE_NONE, WRITER, DELETE,
	 YES, YES, CRT},
	{"write-restricted: nor is delete-child", "D:(A;;FA;;;{U})", PROBE_NONE, WRITER,
	 FILE_DELETE_CHILD, YES, YES, CRT},

	{"deny-only: does not allow", "D:(A;;FA;;;BA)", PROBE_NONE, ADMINS_OFF, R, NO, NO, OFF},
	{"deny-only: denies", "D:(D;;FA;;;BA)(A;;FA;;;{U})", PROBE_NONE, ADMINS_OFF, R, NO, YES,
	 OFF},
	{"limited: Administrators only deny", "D:(A;;FA;;;BA)", PROBE_NONE, LIMITED, R, NO, YES,
	 CRT},
	{"the user only denies", "D:(A;;FA;;;{U})", PROBE_NONE, USER_OFF, R, NO, YES, OFF},

	{"low: reads what has no label", "D:(A;;FA;;;{U})", PROBE_NONE, LOW, R, YES, YES, MIC},
	{"low: does not write it", "D:(A;;FA;;;{U})", PROBE_NONE, LOW, FILE_WRITE_DATA, NO, YES,
	 MIC},
	{"low: does not delete it", "D:(A;;FA;;;{U})", PROBE_NONE, LOW, DELETE, NO, YES, MIC},
	{"low: does not delete in it", "D:(A;;FA;;;{U})", PROBE_NONE, LOW, FILE_DELETE_CHILD, NO,
	 YES, MIC},
	{"low: does not change its DACL", "D:(A;;FA;;;{U})", PROBE_NONE, LOW, WRITE_DAC, NO, YES,
	 MIC},
	{"low: does not take it", "D:(A;;FA;;;{U})", PROBE_NONE, LOW, WRITE_OWNER, NO, YES, MIC},
	{"low: not even without a DACL", "", PROBE_NONE, LOW, FILE_WRITE_DATA, NO, YES, MIC},
	{"low: writes what is low", "D:(A;;FA;;;{U})", PROBE_LOW, LOW, W, YES, YES, MIC},
	{"private: writes what is private", "D:(A;;FA;;;{U})", PROBE_PRIVATE, PRIVATE, W, YES, YES,
	 MIC},
	{"private: deletes it", "D:(A;;FA;;;{U})", PROBE_PRIVATE, PRIVATE, DELETE, YES, YES, MIC},
	{"private: writes what is low", "D:(A;;FA;;;{U})", PROBE_LOW, PRIVATE, W, YES, YES, MIC},
	{"private: does not write Medium", "D:(A;;FA;;;{U})", PROBE_MEDIUM, PRIVATE, W, NO, YES,
	 MIC},
	{"low: does not write private", "D:(A;;FA;;;{U})", PROBE_PRIVATE, LOW, W, NO, YES, MIC},
	{"low: reads private", "D:(A;;FA;;;{U})", PROBE_PRIVATE, LOW, R, YES, YES, MIC},
	{"a label gives nothing", "D:(A;;FR;;;{U})", PROBE_LOW, LOW, W, NO, NO, MIC},
	{"box: both SIDs and the level", "D:(A;;FA;;;{U})(A;;FA;;;{S})", PROBE_PRIVATE, BOX, W, YES,
	 YES, CRT "; " MIC},
	{"box: the level alone", "D:(A;;FA;;;{U})", PROBE_PRIVATE, BOX, W, NO, YES, CRT},
	{"box: both SIDs alone", "D:(A;;FA;;;{U})(A;;FA;;;{S})", PROBE_NONE, BOX, W, NO, YES, MIC},
	{"box: what everyone may write", "D:(A;;FA;;;WD)", PROBE_NONE, BOX, W, NO, YES, MIC},
	{"box without its level: what everyone may write", "D:(A;;FA;;;WD)", PROBE_NONE,
	 BOX_UNLABELED, W, YES, YES, CRT},
};

static DWORD check(enum actor who, SECURITY_DESCRIPTOR *sd, DWORD mask)
{
	GENERIC_MAPPING map = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
			       FILE_ALL_ACCESS};
	char privileges[512];
	DWORD size = sizeof(privileges), granted = 0;
	BOOL allowed = FALSE;
	HANDLE token;

	if (!DuplicateToken(probe_token(who), SecurityImpersonation, &token))
		probe_fail("DuplicateToken");
	if (!AccessCheck(sd, token, mask, &map, (PRIVILEGE_SET *)privileges, &size, &granted,
			 &allowed))
		probe_fail("AccessCheck");
	CloseHandle(token);
	return allowed ? granted : 0;
}

static void maximum(enum actor who, const char *name, DWORD windows, DWORD stock)
{
	SECURITY_DESCRIPTOR *sd = probe_sd("D:(D;;0x2;;;{U})(A;;FA;;;{U})", PROBE_NONE, 0);

	probe_report(name, check(who, sd, MAXIMUM_ALLOWED), windows, stock, DTYP);
}

int wmain(int argc, WCHAR **argv)
{
	(void)argc;
	(void)argv;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SECURITY_DESCRIPTOR *sd = probe_sd(cases[i].sddl, cases[i].level, 0);

		probe_report(cases[i].name, check(cases[i].who, sd, cases[i].mask) == cases[i].mask,
			     (unsigned long)cases[i].windows, (unsigned long)cases[i].stock,
			     cases[i].source);
	}
	maximum(USER, "everything there is", 0x1f01fd, 0x1f01fd);
	maximum(LOW, "everything there is, from below", FILE_GENERIC_READ | FILE_GENERIC_EXECUTE,
		0x1f01fd);
	return probe_end();
}
