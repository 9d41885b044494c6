/*
 * files.c - attacks on files: outside the workspace, what everybody may write, protected names,
 * what carrel keeps, in every spelling (threats 1 to 8, 11, 12, 16 to 19, 46, 53, 63).
 *
 * Only tables; what is done is in verbs.c. Gaps are those without the third lock (docs/windows.md).
 */
#include "verbs.h"

#define ROW(NAME, THREATS, TITLE, VERB, ARG, GAP)                                            \
	{                                                                                    \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = cr_win_try_##VERB,   \
		.arg = ARG, .tiers = CR_HOLDS_WINDOWS, .traits = CR_TRAIT_TRACE, .gap = GAP, \
	}
#define HELD(NAME, THREATS, TITLE, VERB, ARG) ROW(NAME, THREATS, TITLE, VERB, ARG, NULL)
#define OUTSIDE(NAME, THREATS, TITLE, VERB, ARG) \
	ROW(NAME, THREATS, TITLE, VERB, ARG, "delete-outside")
#define DACL(NAME, THREATS, TITLE, ARG) ROW(NAME, THREATS, TITLE, open_dacl, ARG, "change-entries")
#define EVERY(NAME, THREATS, TITLE, VERB, ARG) \
	ROW(NAME, THREATS, TITLE, VERB, ARG, "world-writable")
#define GIT(NAME, THREATS, TITLE, VERB, ARG) \
	ROW(NAME, THREATS, TITLE, VERB, ARG, "rename-protected")

static const struct cr_attack outside[] = {
	HELD("write", "53", "write to a file outside", write, "out:f"),
	HELD("append", "53", "append to a file outside", append, "out:f"),
	HELD("truncate", "18", "truncate a file outside", truncate, "out:f"),
	HELD("overwrite", "18", "create over a file outside", overwrite, "out:f"),
	HELD("open-always", "18", "write to a file outside, made if need be", open_always, "out:f"),
	HELD("create", "53", "create a file outside", create, "out:new"),
	HELD("mkdir", "53", "make a directory outside", mkdir, "out:newdir"),
	OUTSIDE("delete", "63", "delete a file outside", delete, "out:f"),
	OUTSIDE("delete-on-close", "63", "have a file outside deleted as it is closed",
		delete_on_close, "out:f"),
	OUTSIDE("delete-by-handle", "63", "delete a file outside by a handle", delete_by_handle,
		"out:f"),
	OUTSIDE("rmdir", "63", "remove a directory outside", rmdir, "out:empty"),
	OUTSIDE("rename", "18", "rename a file outside", move, "out:f>out:f2"),
	OUTSIDE("rename-directory", "18", "rename a directory outside", move, "out:sub>out:sub2"),
	OUTSIDE("move-in", "18", "move a file from outside into the workspace", move,
		"out:f>ws:stolen"),
	HELD("move-out", "18", "move a file of the workspace outside", move, "ws:g>out:g"),
	HELD("copy-out", "18", "copy a file of the workspace outside", copy, "ws:g>out:g"),
	HELD("copy-over", "18", "copy over a file outside", copy_over, "ws:g>out:f"),
	HELD("replace", "18", "rename over a file outside", replace, "ws:g>out:f"),
	HELD("link-in", "12 63", "write to a file outside by a new hard link", link_and_write,
	     "out:f>ws:linked"),
	HELD("linked-before-write", "12", "write to a file outside by an old hard link", write,
	     "ws:hl"),
	HELD("link-out", "18", "make a hard link outside", link, "ws:g>out:linked"),
	HELD("attributes", "19", "make a file outside read-only", attributes, "out:f"),
	HELD("times", "19", "change the times of a file outside", times, "out:f"),
	HELD("extended-attributes", "19", "open extended attributes outside", write_ea, "out:f"),
	HELD("map", "18", "write to a file outside by a mapping", map, "out:f"),
	DACL("dacl", "63", "open a file outside to everyone", "out:f"),
	DACL("dacl-directory", "63", "open a directory outside to everyone", "out:"),
	HELD("owner", "63", "take ownership of a file outside", open_owner, "out:f"),
	HELD("label-down", "63", "lower the label of a file outside", label_low, "out:f"),
	OUTSIDE("delete-child", "63", "delete outside through the parent directory", open_child,
		"out:"),
	HELD("add-file", "53", "add to a directory outside", open_add, "out:"),
	HELD("dot", "16", "write outside, spelled with a dot", write, "out:.\\f"),
	HELD("dotdot", "16", "write outside by way of the workspace", write, "ws:..\\out\\f"),
	HELD("case", "16", "write outside, in capitals", write, "out:F"),
	HELD("verbatim", "16", "write outside, spelled \\\\?\\", write, "verbatim:out:f"),
	HELD("device-path", "16", "write outside, spelled \\\\.\\", write, "device:out:f"),
	HELD("trailing-dots", "16", "write outside, with dots and blanks behind", write,
	     "out:f. ."),
	HELD("short-name", "16", "write outside by 8.3 names", write_short, "out:f"),
	HELD("reserved-name", "16", "create a file outside that is called nul", create,
	     "verbatim:out:nul.txt"),
	HELD("stream", "16 63", "add a stream to a file outside", open_always, "out:f:hidden"),
	EVERY("everyone-write", "53", "write where everyone may", write, "out:everyone"),
	EVERY("everyone-delete", "53", "delete what everyone may", delete, "out:everyone"),
	EVERY("everyone-create", "53", "create where everyone may", create, "out:everyones\\new"),
	EVERY("everyone-rename", "53", "rename what everyone may", move,
	      "out:everyone>out:everyones\\e"),
};

const CR_ATTACK_TABLE(cr_win_outside, outside);

static const struct cr_attack protected_names[] = {
	HELD("git-write", "1", "write to .git\\config", write, "ws:.git\\config"),
	HELD("git-append", "1", "append to .git\\config", append, "ws:.git\\config"),
	HELD("git-truncate", "1", "truncate .git\\config", truncate, "ws:.git\\config"),
	GIT("git-delete", "1 63", "delete .git\\config", delete, "ws:.git\\config"),
	GIT("git-delete-by-handle", "1 63", "delete .git\\config by a handle", delete_by_handle,
	    "ws:.git\\config"),
	GIT("git-rename", "5 63", "rename .git away", move, "ws:.git>ws:git2"),
	GIT("git-rename-file", "5", "move .git\\config out of .git", move,
	    "ws:.git\\config>ws:config"),
	HELD("git-hook", "1", "create a git hook", create, "ws:.git\\hooks\\pre-commit"),
	HELD("git-commondir", "2", "create .git\\commondir", create, "ws:.git\\commondir"),
	HELD("git-mkdir", "2", "make a directory in .git", mkdir, "ws:.git\\new"),
	GIT("git-rmdir", "5", "remove .git\\hooks", rmdir, "ws:.git\\hooks"),
	GIT("git-replace", "5", "rename over .git\\config", replace, "ws:g>ws:.git\\config"),
	HELD("git-link", "63", "write to .git\\config by a new hard link", link_and_write,
	     "ws:.git\\config>ws:config"),
	DACL("git-dacl", "63", "open .git to everyone", "ws:.git"),
	DACL("git-dacl-file", "63", "open .git\\config to everyone", "ws:.git\\config"),
	HELD("git-owner", "63", "take ownership of .git\\config", open_owner, "ws:.git\\config"),
	HELD("git-label", "63", "lower the label of .git", label_box, "ws:.git"),
	HELD("git-case", "16", "write to .git\\config, in capitals", write, "ws:.GIT\\Config"),
	HELD("git-short-name", "16", "write to .git\\config by 8.3 names", write_short,
	     "ws:.git\\config"),
	HELD("git-verbatim", "16", "write to .git\\config, spelled \\\\?\\", write,
	     "verbatim:ws:.git\\config"),
	HELD("git-directory-stream", "16", "create a hook by the stream that .git is", create,
	     "ws:.git::$INDEX_ALLOCATION\\hooks\\pre-push"),
	HELD("git-attributes", "19", "make .git\\config read-only", attributes, "ws:.git\\config"),
	HELD("git-times", "19", "change the times of .git\\config", times, "ws:.git\\config"),
	HELD("git-stream", "63", "add a stream to .git\\config", open_always, "ws:.git\\config:x"),
	HELD("absent-directory", "6 8", "make .vscode, which is not there", mkdir, "ws:.vscode"),
	HELD("absent-file", "6 9", "create .envrc, which is not there", create, "ws:.envrc"),
	HELD("absent-agent", "6 7", "make .claude, which is not there", mkdir, "ws:.claude"),
	HELD("absent-move", "6", "rename a directory to .vscode", move, "ws:d>ws:.vscode"),
	HELD("absent-inside", "6", "make .idea and a file in it", mkdir_and_create, "ws:.idea"),
	HELD("root-rename", "5", "rename the workspace away", move, "ws:>ws:..\\ws2"),
};

const CR_ATTACK_TABLE(cr_win_protected, protected_names);

static const struct cr_attack own[] = {
	HELD("state-seed", "11", "write to the random numbers of carrel's SIDs", write,
	     "state:sid-seed"),
	HELD("state-journal", "11 46", "write to carrel's journal", write, "state:acl-journal"),
	OUTSIDE("state-journal-delete", "11 46", "delete carrel's journal", delete,
		"state:acl-journal"),
	HELD("state-create", "11", "create a file in carrel's state", create, "state:new"),
	HELD("program-write", "46", "write to carrel.exe", open_data, "carrel:"),
	OUTSIDE("program-rename", "46", "rename carrel.exe", open_delete, "carrel:"),
};

const CR_ATTACK_TABLE(cr_win_own, own);
