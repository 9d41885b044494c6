/*
 * escape_ops.c - the operations: files outside, what everybody may write, protected names,
 * carrel itself, the user's processes, our own token, and what must work.
 */
#include <stdlib.h>
#include <wchar.h>

#include <windows.h>
#include <sddl.h>

#include "escape_tools.h"

/* Files outside. */
static int o_write(void)
{
	return writes(out(L"\\f"));
}
static int o_append(void)
{
	return put_word(out(L"\\f"), FILE_APPEND_DATA, OPEN_EXISTING);
}
static int o_truncate(void)
{
	return done(get(out(L"\\f"), GENERIC_WRITE, TRUNCATE_EXISTING, 0));
}
static int o_overwrite(void)
{
	return put_word(out(L"\\f"), GENERIC_WRITE, CREATE_ALWAYS);
}
static int o_open_always(void)
{
	return put_word(out(L"\\f"), GENERIC_WRITE, OPEN_ALWAYS);
}
static int o_create(void)
{
	return creates(out(L"\\new"));
}
static int o_mkdir(void)
{
	return CreateDirectoryW(out(L"\\newdir"), NULL);
}
static int o_delete(void)
{
	return DeleteFileW(out(L"\\f"));
}
static int o_delete_handle(void)
{
	return delete_by_handle(out(L"\\f"));
}
static int o_rmdir(void)
{
	return RemoveDirectoryW(out(L"\\empty"));
}
static int o_rename(void)
{
	return MoveFileW(out(L"\\f"), out(L"\\f2"));
}
static int o_rename_dir(void)
{
	return MoveFileW(out(L"\\sub"), out(L"\\sub2"));
}
static int o_move_in(void)
{
	return MoveFileW(out(L"\\f"), ws(L"\\stolen"));
}
static int o_move_out(void)
{
	return MoveFileW(ws(L"\\g"), out(L"\\g"));
}
static int o_copy_out(void)
{
	return CopyFileW(ws(L"\\g"), out(L"\\g"), TRUE);
}
static int o_copy_over(void)
{
	return CopyFileW(ws(L"\\g"), out(L"\\f"), FALSE);
}
static int o_link_in(void)
{
	return link_and_write(ws(L"\\linked"), out(L"\\f"));
}
static int o_linked_before(void)
{
	return writes(ws(L"\\hl"));
}

static int o_link_out(void)
{
	return CreateHardLinkW(out(L"\\linked"), ws(L"\\g"), NULL);
}
static int o_attributes(void)
{
	return set_attributes(out(L"\\f"));
}
static int o_times(void)
{
	return set_times(out(L"\\f"));
}
static int o_ea(void)
{
	return may(out(L"\\f"), FILE_WRITE_EA);
}
static int o_map(void)
{
	return map_and_write(out(L"\\f"));
}
static int o_dacl(void)
{
	return everyone_all(out(L"\\f"));
}
static int o_dacl_dir(void)
{
	return everyone_all(out(L""));
}
static int o_owner(void)
{
	return may(out(L"\\f"), WRITE_OWNER);
}
static int o_delete_child(void)
{
	return may(out(L""), FILE_DELETE_CHILD);
}
static int o_add_file(void)
{
	return may(out(L""), FILE_ADD_FILE);
}
static int o_maximum(void)
{
	return writes(out(L"\\.\\f"));
}
static int o_dotdot(void)
{
	return writes(ws(L"\\..\\out\\f"));
}
static int o_case(void)
{
	return writes(_wcsupr(out(L"\\f")));
}
static int o_verbatim(void)
{
	return writes(join(L"\\\\?\\", out(L"\\f")));
}
static int o_device(void)
{
	return writes(join(L"\\\\.\\", out(L"\\f")));
}
static int o_trailing(void)
{
	return writes(out(L"\\f. ."));
}
static int o_stream(void)
{
	return put_word(out(L"\\f:hidden"), GENERIC_WRITE, OPEN_ALWAYS);
}

static int o_delete_on_close(void)
{
	return done(get(out(L"\\f"), DELETE, OPEN_EXISTING, FILE_FLAG_DELETE_ON_CLOSE));
}

static int o_replace(void)
{
	return MoveFileExW(ws(L"\\g"), out(L"\\f"), MOVEFILE_REPLACE_EXISTING);
}

static int o_label(void)
{
	return set_sd(out(L"\\f"), L"S:(ML;;NW;;;LW)", LABEL_SECURITY_INFORMATION);
}

/* What everybody may write: the second lock does not hold there. */
static int e_write(void)
{
	return writes(out(L"\\everyone"));
}
static int e_delete(void)
{
	return DeleteFileW(out(L"\\everyone"));
}
static int e_create(void)
{
	return creates(out(L"\\everyones\\new"));
}
static int e_rename(void)
{
	return MoveFileW(out(L"\\everyone"), out(L"\\everyones\\e"));
}

/* Protected names in the workspace. */
static int p_write(void)
{
	return writes(ws(L"\\.git\\config"));
}
static int p_append(void)
{
	return put_word(ws(L"\\.git\\config"), FILE_APPEND_DATA, OPEN_EXISTING);
}
static int p_truncate(void)
{
	return done(get(ws(L"\\.git\\config"), GENERIC_WRITE, TRUNCATE_EXISTING, 0));
}
static int p_delete(void)
{
	return DeleteFileW(ws(L"\\.git\\config"));
}
static int p_rename(void)
{
	return MoveFileW(ws(L"\\.git"), ws(L"\\git2"));
}
static int p_rename_file(void)
{
	return MoveFileW(ws(L"\\.git\\config"), ws(L"\\config"));
}
static int p_hook(void)
{
	return creates(ws(L"\\.git\\hooks\\pre-commit"));
}
static int p_commondir(void)
{
	return creates(ws(L"\\.git\\commondir"));
}
static int p_mkdir(void)
{
	return CreateDirectoryW(ws(L"\\.git\\new"), NULL);
}
static int p_rmdir(void)
{
	return RemoveDirectoryW(ws(L"\\.git\\hooks"));
}
static int p_link(void)
{
	return link_and_write(ws(L"\\config"), ws(L"\\.git\\config"));
}
static int p_dacl(void)
{
	return everyone_all(ws(L"\\.git"));
}
static int p_dacl_file(void)
{
	return everyone_all(ws(L"\\.git\\config"));
}
static int p_case(void)
{
	return writes(ws(L"\\.GIT\\Config"));
}
static int p_attributes(void)
{
	return set_attributes(ws(L"\\.git\\config"));
}
static int p_times(void)
{
	return set_times(ws(L"\\.git\\config"));
}
static int p_stream(void)
{
	return put_word(ws(L"\\.git\\config:x"), GENERIC_WRITE, OPEN_ALWAYS);
}
static int p_delete_handle(void)
{
	return delete_by_handle(ws(L"\\.git\\config"));
}
static int p_absent_dir(void)
{
	return CreateDirectoryW(ws(L"\\.vscode"), NULL);
}
static int p_absent_file(void)
{
	return creates(ws(L"\\.envrc"));
}
static int p_absent_move(void)
{
	return MoveFileW(ws(L"\\d"), ws(L"\\.vscode"));
}
static int p_absent_in(void)
{
	return CreateDirectoryW(ws(L"\\.idea"), NULL) && creates(ws(L"\\.idea\\x"));
}
static int p_root_rename(void)
{
	return MoveFileW(ws(L""), ws(L"2"));
}

static int p_replace(void)
{
	return MoveFileExW(ws(L"\\g"), ws(L"\\.git\\config"), MOVEFILE_REPLACE_EXISTING);
}

static int p_label(void)
{
	return set_sd(ws(L"\\.git"), L"S:(ML;OICI;NW;;;S-1-16-6144)", LABEL_SECURITY_INFORMATION);
}

/* What carrel itself is and keeps. */
static int c_seed(void)
{
	return writes(join(var(L"T_STATE"), L"\\sid-seed"));
}
static int c_journal(void)
{
	return writes(join(var(L"T_STATE"), L"\\acl-journal"));
}
static int c_journal_delete(void)
{
	return DeleteFileW(join(var(L"T_STATE"), L"\\acl-journal"));
}
static int c_create(void)
{
	return creates(join(var(L"T_STATE"), L"\\new"));
}
static int c_program(void)
{
	return may(var(L"T_CARREL"), FILE_WRITE_DATA);
}
static int c_program_rename(void)
{
	return may(var(L"T_CARREL"), DELETE);
}

/* Processes and objects of the user. */
static int victim(DWORD right)
{
	return done(OpenProcess(right, FALSE, (DWORD)wcstoul(var(L"T_PID"), NULL, 10)));
}

static int v_vm_write(void)
{
	return victim(PROCESS_VM_WRITE);
}
static int v_vm_read(void)
{
	return victim(PROCESS_VM_READ);
}

static int v_terminate(void)
{
	return victim(PROCESS_TERMINATE);
}

static int v_vm_operation(void)
{
	return victim(PROCESS_VM_OPERATION);
}
static int v_thread(void)
{
	return victim(PROCESS_CREATE_THREAD);
}
static int v_dup(void)
{
	return victim(PROCESS_DUP_HANDLE);
}
static int v_set(void)
{
	return victim(PROCESS_SET_INFORMATION);
}
static int v_child(void)
{
	return victim(PROCESS_CREATE_PROCESS);
}
static int v_dac(void)
{
	return victim(WRITE_DAC);
}
static int v_suspend(void)
{
	return victim(PROCESS_SUSPEND_RESUME);
}
static int v_event(void)
{
	return done(OpenEventW(EVENT_MODIFY_STATE, FALSE, L"carrel-victim-event"));
}
static int v_mutex(void)
{
	return done(OpenMutexW(MUTEX_ALL_ACCESS, FALSE, L"carrel-victim-mutex"));
}
static int v_section(void)
{
	return done(OpenFileMappingW(FILE_MAP_WRITE, FALSE, L"carrel-victim-map"));
}

static int v_pipe(void)
{
	HANDLE pipe = CreateFileW(L"\\\\.\\pipe\\carrel-victim", GENERIC_READ | GENERIC_WRITE, 0,
				  NULL, OPEN_EXISTING, 0, NULL);

	return done(pipe == INVALID_HANDLE_VALUE ? NULL : pipe);
}

static int v_token(void)
{
	HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE,
				     (DWORD)wcstoul(var(L"T_PID"), NULL, 10));
	HANDLE token = NULL;
	int good = process &&
		   OpenProcessToken(process, TOKEN_QUERY | TOKEN_DUPLICATE | TOKEN_IMPERSONATE,
				    &token) &&
		   ImpersonateLoggedOnUser(token) && writes(out(L"\\f"));

	RevertToSelf();
	done(token);
	done(process);
	return good;
}

/* Our own token, made wider. */
static int t_level(void)
{
	TOKEN_MANDATORY_LABEL label = {.Label.Attributes = SE_GROUP_INTEGRITY};
	HANDLE token = NULL;
	int good =
		ConvertStringSidToSidW(L"S-1-16-8192", &label.Label.Sid) &&
		OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_DEFAULT | TOKEN_QUERY, &token) &&
		SetTokenInformation(token, TokenIntegrityLevel, &label, sizeof(label)) &&
		writes(out(L"\\everyone"));

	LocalFree(label.Label.Sid);
	done(token);
	return good;
}

static int t_restrict_again(void)
{
	SID_AND_ATTRIBUTES user = {0};
	HANDLE token = NULL, made = NULL, copy = NULL;
	BYTE buf[256];
	DWORD len;
	int good;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token) ||
	    !GetTokenInformation(token, TokenUser, buf, sizeof(buf), &len))
		return 0;
	user.Sid = ((TOKEN_USER *)(void *)buf)->User.Sid;
	good = CreateRestrictedToken(token, 0, 0, NULL, 0, NULL, 1, &user, &made) &&
	       DuplicateTokenEx(made, MAXIMUM_ALLOWED, NULL, SecurityImpersonation,
				TokenImpersonation, &copy) &&
	       SetThreadToken(NULL, copy) && writes(out(L"\\f"));
	RevertToSelf();
	done(copy);
	done(made);
	done(token);
	return good;
}

static int t_privilege(void)
{
	TOKEN_PRIVILEGES privilege = {.PrivilegeCount = 1};
	HANDLE token = NULL;
	int good;

	privilege.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
	good = LookupPrivilegeValueW(NULL, L"SeRestorePrivilege", &privilege.Privileges[0].Luid) &&
	       OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token) &&
	       AdjustTokenPrivileges(token, FALSE, &privilege, 0, NULL, NULL) &&
	       GetLastError() == ERROR_SUCCESS;
	done(token);
	return good;
}

/* Out of the job: what is started then outlives the box. */
static int j_breakaway(void)
{
	DWORD code = 1;

	return start(L"list", CREATE_BREAKAWAY_FROM_JOB | CREATE_NO_WINDOW, &code);
}

/* What must work. */
static int w_write(void)
{
	return writes(ws(L"\\f"));
}
static int w_append(void)
{
	return put_word(ws(L"\\f"), FILE_APPEND_DATA, OPEN_EXISTING);
}
static int w_create(void)
{
	return creates(ws(L"\\made")) && DeleteFileW(ws(L"\\made"));
}
static int w_deep(void)
{
	return writes(ws(L"\\d\\deep\\f"));
}
static int w_read_outside(void)
{
	return reads(out(L"\\f"));
}
static int w_list_outside(void)
{
	return lists(out(L"\\*"));
}
static int w_read_protected(void)
{
	return reads(ws(L"\\.git\\config"));
}
static int w_attributes(void)
{
	return SetFileAttributesW(ws(L"\\f"), FILE_ATTRIBUTE_NORMAL) != 0;
}
static int w_times(void)
{
	return set_times(ws(L"\\f"));
}
static int w_map(void)
{
	return map_and_write(ws(L"\\f"));
}
static int w_nul(void)
{
	return put_word(L"NUL", GENERIC_WRITE, OPEN_EXISTING);
}

static int w_rename(void)
{
	return creates(ws(L"\\r1")) && MoveFileW(ws(L"\\r1"), ws(L"\\r2")) &&
	       MoveFileExW(ws(L"\\r2"), ws(L"\\r3"), MOVEFILE_REPLACE_EXISTING) &&
	       DeleteFileW(ws(L"\\r3"));
}

static int w_directories(void)
{
	return CreateDirectoryW(ws(L"\\n"), NULL) && creates(ws(L"\\n\\f")) &&
	       MoveFileW(ws(L"\\n"), ws(L"\\n2")) && DeleteFileW(ws(L"\\n2\\f")) &&
	       RemoveDirectoryW(ws(L"\\n2"));
}

static int w_link(void)
{
	return creates(ws(L"\\l1")) && CreateHardLinkW(ws(L"\\l2"), ws(L"\\l1"), NULL) &&
	       DeleteFileW(ws(L"\\l1")) && DeleteFileW(ws(L"\\l2"));
}

static int w_copy_in(void)
{
	return CopyFileW(out(L"\\f"), ws(L"\\copied"), TRUE) && writes(ws(L"\\copied")) &&
	       DeleteFileW(ws(L"\\copied"));
}

static int w_temp(void)
{
	wchar_t dir[BIG], name[MAX_PATH];

	return GetTempPathW(BIG, dir) && GetTempFileNameW(dir, L"prb", 0, name) && writes(name) &&
	       DeleteFileW(name);
}

static int w_pipe(void)
{
	HANDLE read = NULL, write = NULL;
	char buf[2];
	DWORD n = 0;
	int good = CreatePipe(&read, &write, NULL, 0) && WriteFile(write, "x", 1, &n, NULL) &&
		   ReadFile(read, buf, 1, &n, NULL) && n == 1;

	done(read);
	done(write);
	return good;
}

static int w_named_pipe(void)
{
	const wchar_t *name = L"\\\\.\\pipe\\carrel-probe-own";
	HANDLE server = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX, 0, 1, 64, 64, 0, NULL);
	HANDLE client;

	if (server == INVALID_HANDLE_VALUE)
		return 0;
	client = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
	done(server);
	return done(client == INVALID_HANDLE_VALUE ? NULL : client);
}

static int w_event(void)
{
	HANDLE event = CreateEventW(NULL, TRUE, FALSE, L"carrel-probe-event");
	HANDLE again = event ? OpenEventW(EVENT_MODIFY_STATE, FALSE, L"carrel-probe-event") : NULL;
	int good = again && SetEvent(again);

	done(again);
	done(event);
	return good;
}

static int w_process(void)
{
	DWORD code = 1;

	return start(L"list >NUL", CREATE_NO_WINDOW, &code) && code == 0;
}

static int w_own_process(void)
{
	return done(
		OpenProcess(PROCESS_VM_WRITE | PROCESS_DUP_HANDLE, FALSE, GetCurrentProcessId()));
}

#define R "refused"
#define W "works"

const struct escape_row escape_rows[] = {
	{"write", R, "53", o_write},
	{"append", R, "53", o_append},
	{"truncate", R, "18", o_truncate},
	{"overwrite", R, "18", o_overwrite},
	{"open-always", R, "18", o_open_always},
	{"create", R, "53", o_create},
	{"mkdir", R, "53", o_mkdir},
	{"delete", R, "63", o_delete},
	{"delete-on-close", R, "63", o_delete_on_close},
	{"delete-by-handle", R, "63", o_delete_handle},
	{"rmdir", R, "63", o_rmdir},
	{"rename", R, "18", o_rename},
	{"rename-directory", R, "18", o_rename_dir},
	{"move-in", R, "18", o_move_in},
	{"move-out", R, "18", o_move_out},
	{"copy-out", R, "18", o_copy_out},
	{"copy-over", R, "18", o_copy_over},
	{"replace", R, "18", o_replace},
	{"link-in", R, "12 63", o_link_in},
	{"linked-before-write", R, "12", o_linked_before},
	{"link-out", R, "18", o_link_out},
	{"attributes", R, "19", o_attributes},
	{"times", R, "19", o_times},
	{"extended-attributes", R, "19", o_ea},
	{"map", R, "18", o_map},
	{"dacl", R, "63", o_dacl},
	{"dacl-directory", R, "63", o_dacl_dir},
	{"owner", R, "63", o_owner},
	{"label-down", R, "63", o_label},
	{"delete-child", R, "63", o_delete_child},
	{"add-file", R, "53", o_add_file},
	{"dot", R, "16", o_maximum},
	{"dotdot", R, "16", o_dotdot},
	{"case", R, "16", o_case},
	{"verbatim", R, "16", o_verbatim},
	{"device-path", R, "16", o_device},
	{"trailing-dots", R, "16", o_trailing},
	{"stream", R, "16 63", o_stream},
	{"everyone-write", R, "53", e_write},
	{"everyone-delete", R, "53", e_delete},
	{"everyone-create", R, "53", e_create},
	{"everyone-rename", R, "53", e_rename},
	{"git-write", R, "1", p_write},
	{"git-append", R, "1", p_append},
	{"git-truncate", R, "1", p_truncate},
	{"git-delete", R, "1 63", p_delete},
	{"git-delete-by-handle", R, "1 63", p_delete_handle},
	{"git-rename", R, "5 63", p_rename},
	{"git-rename-file", R, "5", p_rename_file},
	{"git-hook", R, "1", p_hook},
	{"git-commondir", R, "2", p_commondir},
	{"git-mkdir", R, "2", p_mkdir},
	{"git-rmdir", R, "5", p_rmdir},
	{"git-replace", R, "5", p_replace},
	{"git-link", R, "63", p_link},
	{"git-dacl", R, "63", p_dacl},
	{"git-dacl-file", R, "63", p_dacl_file},
	{"git-label", R, "63", p_label},
	{"git-case", R, "16", p_case},
	{"git-attributes", R, "19", p_attributes},
	{"git-times", R, "19", p_times},
	{"git-stream", R, "63", p_stream},
	{"absent-directory", R, "6", p_absent_dir},
	{"absent-file", R, "6", p_absent_file},
	{"absent-move", R, "6", p_absent_move},
	{"absent-inside", R, "6", p_absent_in},
	{"root-rename", R, "5", p_root_rename},
	{"state-seed", R, "11", c_seed},
	{"state-journal", R, "11 46", c_journal},
	{"state-journal-delete", R, "11 46", c_journal_delete},
	{"state-create", R, "11", c_create},
	{"program-write", R, "46", c_program},
	{"program-rename", R, "46", c_program_rename},
	{"process-vm-write", R, "62", v_vm_write},
	{"process-vm-read", R, "62", v_vm_read},
	{"process-vm-operation", R, "62", v_vm_operation},
	{"process-thread", R, "62", v_thread},
	{"process-duplicate", R, "62", v_dup},
	{"process-set", R, "62", v_set},
	{"process-parent", R, "57", v_child},
	{"process-dacl", R, "62", v_dac},
	{"process-suspend", R, "34", v_suspend},
	{"victim-token", R, "62", v_token},
	{"victim-event", R, "54", v_event},
	{"victim-mutex", R, "54", v_mutex},
	{"victim-section", R, "24", v_section},
	{"victim-pipe", R, "54", v_pipe},
	{"token-level", R, "62", t_level},
	{"token-restrict-again", R, "62", t_restrict_again},
	{"token-privilege", R, "62", t_privilege},
	{"job-breakaway", R, "57", j_breakaway},
	/* no lock holds it: ending a process is a right of executing, which labels do not keep */
	{"process-terminate", W, "34", v_terminate},
	{"work-write", W, "", w_write},
	{"work-append", W, "", w_append},
	{"work-create", W, "", w_create},
	{"work-deep", W, "", w_deep},
	{"work-rename", W, "", w_rename},
	{"work-directories", W, "", w_directories},
	{"work-link", W, "", w_link},
	{"work-copy-in", W, "", w_copy_in},
	{"work-read-outside", W, "", w_read_outside},
	{"work-list-outside", W, "", w_list_outside},
	{"work-read-protected", W, "", w_read_protected},
	{"work-attributes", W, "", w_attributes},
	{"work-times", W, "", w_times},
	{"work-map", W, "", w_map},
	{"work-temp", W, "", w_temp},
	{"work-nul", W, "", w_nul},
	{"work-pipe", W, "", w_pipe},
	{"work-named-pipe", W, "", w_named_pipe},
	{"work-event", W, "", w_event},
	{"work-process", W, "", w_process},
	{"work-own-process", W, "", w_own_process},
};

const size_t escape_n_rows = sizeof(escape_rows) / sizeof(escape_rows[0]);
