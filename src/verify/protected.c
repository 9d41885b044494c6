/*
 * protected.c - attacks on names inside the workspace that the host trusts
 * later: git internals, agent and editor settings, carrel's own policy
 * (threats 1 to 8, 46, 47).
 *
 * Only a table: what is tried is in paths.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "paths.h"

/* Swaps `.git` as a whole for a copy that the agent controls: `mv .git x; cp -r x .git`. */
static enum cr_attack_outcome replace_git(const struct cr_attack_env *env)
{
	const char *git = cr_attack_path("%s/.git", env->workspace);

	if (rename(git, cr_attack_path("%s/x", env->workspace)) < 0)
		return cr_attack_refused(env, "rename .git");
	if (cr_attack_make_parents(cr_attack_path("%s/hooks/x", git)) < 0)
		return cr_attack_refused(env, "mkdir .git");
	return cr_attack_result(env, cr_attack_put(cr_attack_path("%s/config", git), O_CREAT),
				"write the config of a .git of our own");
}

/* The directory that holds everything: were it renamed, every protected path would be free. */
static enum cr_attack_outcome replace_workspace(const struct cr_attack_env *env)
{
	const char *ws = env->workspace;

	if (rename(ws, cr_attack_path("%s-away", ws)) < 0)
		return cr_attack_refused(env, "rename the workspace");
	if (cr_attack_make_parents(cr_attack_path("%s/.git/config", ws)) < 0)
		return cr_attack_refused(env, "mkdir a new workspace");
	return cr_attack_result(env, cr_attack_put(cr_attack_path("%s/.git/config", ws), O_CREAT),
				"write in its place");
}

/* `.git` as a symlink to a directory that the agent fills. */
static enum cr_attack_outcome symlink_git(const struct cr_attack_env *env)
{
	const char *git = cr_attack_path("%s/.git", env->workspace);

	if (rename(git, cr_attack_path("%s/scratch/git", env->workspace)) < 0)
		return cr_attack_refused(env, "rename .git");
	return cr_attack_result(env, symlink("scratch/git", git), "symlink");
}

#define ROW(NAME, THREATS, TITLE, FN, ARG)                                              \
	{                                                                               \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, .arg = ARG, \
		.tiers = CR_HOLDS_BOTH, .traits = CR_TRAIT_TRACE                        \
	}
/* Landlock cannot deny inside a directory that it allows. */
#define FULL(NAME, THREATS, TITLE, FN, ARG)                                                \
	{                                                                                  \
		.name = NAME, .threats = THREATS, .title = TITLE, .fn = FN, .arg = ARG,    \
		.tiers = CR_HOLDS_FULL, .traits = CR_TRAIT_TRACE, .gap = "protected-paths" \
	}

static const struct cr_attack rows[] = {
	FULL("git-hook-create", "1", "create a git hook", cr_path_create,
	     "ws:.git/hooks/pre-commit"),
	FULL("git-hook-overwrite", "1", "overwrite a git hook", cr_path_overwrite,
	     "ws:.git/hooks/post-checkout"),
	FULL("git-hook-rename-over", "1 18", "rename a file over a git hook", cr_path_rename_over,
	     "ws:.git/hooks/post-checkout"),
	FULL("git-hook-symlink", "1 18", "make a git hook a symlink", cr_path_symlink,
	     "ws:.git/hooks/pre-push"),
	FULL("git-hook-link", "1 18", "hard-link a file as a git hook", cr_path_link_from_scratch,
	     "ws:.git/hooks/pre-push"),
	FULL("git-hook-tmpfile", "1 18", "link an unnamed file as a git hook", cr_path_tmpfile,
	     "ws:.git/hooks/pre-push"),
	FULL("git-hooks-away", "1 5", "rename .git/hooks away and make it anew",
	     cr_path_parent_away, "ws:.git/hooks>ws:.git/hooks/pre-commit"),
	FULL("git-config-append", "1", "append to .git/config", cr_path_append, "ws:.git/config"),
	FULL("git-config-overwrite", "1", "overwrite .git/config", cr_path_overwrite,
	     "ws:.git/config"),
	FULL("git-config-truncate", "1 18", "truncate .git/config", cr_path_truncate,
	     "ws:.git/config"),
	FULL("git-config-unlink", "1 18", "delete .git/config", cr_path_unlink, "ws:.git/config"),
	FULL("git-config-rename-over", "1 18", "rename a file over .git/config",
	     cr_path_rename_over, "ws:.git/config"),
	FULL("git-config-exchange", "1 18", "exchange .git/config with another file",
	     cr_path_exchange, "ws:.git/config"),
	FULL("git-config-alias", "1 12", "write .git/config through a new hard link",
	     cr_path_link_and_write, "ws:.git/config"),
	FULL("git-config-lock", "1", "create .git/config.lock", cr_path_create,
	     "ws:.git/config.lock"),
	FULL("git-commondir-create", "2", "create .git/commondir", cr_path_create,
	     "ws:.git/commondir"),
	FULL("git-config-worktree-create", "2", "create .git/config.worktree", cr_path_create,
	     "ws:.git/config.worktree"),
	FULL("git-gitdir-create", "2", "create .git/gitdir", cr_path_create, "ws:.git/gitdir"),
	FULL("git-attributes-create", "1", "create .git/info/attributes (filters)", cr_path_create,
	     "ws:.git/info/attributes"),
	FULL("git-alternates-create", "2", "create .git/objects/info/alternates", cr_path_create,
	     "ws:.git/objects/info/alternates"),
	FULL("git-worktrees-create", "2 4", "create .git/worktrees/x/gitdir", cr_path_create,
	     "ws:.git/worktrees/x/gitdir"),
	FULL("git-modules-config", "1 4", "write the config of a submodule in .git/modules",
	     cr_path_append, "ws:.git/modules/sub/config"),
	FULL("git-modules-hook", "1 4", "create a hook of a submodule", cr_path_create,
	     "ws:.git/modules/sub/hooks/post-checkout"),
	FULL("git-rename-away", "5", "rename .git away", cr_path_rename_away, "ws:.git"),
	FULL("git-replace", "5", "rename .git away and replace it", replace_git, NULL),
	FULL("git-exchange", "5", "exchange .git with another directory", cr_path_exchange,
	     "ws:.git"),
	FULL("git-symlink", "5", "replace .git by a symlink", symlink_git, NULL),
	FULL("git-pointer-overwrite", "4", "rewrite the .git file of a submodule",
	     cr_path_overwrite, "ws:sub/.git"),
	FULL("git-pointer-rename-over", "4 18", "rename a file over the .git file of a submodule",
	     cr_path_rename_over, "ws:sub/.git"),
	FULL("git-pointer-unlink", "4 18", "delete the .git file of a submodule", cr_path_unlink,
	     "ws:sub/.git"),
	FULL("git-pointer-parent-away", "4 5", "rename the submodule away and make another",
	     cr_path_parent_away, "ws:sub>ws:sub/.git"),
	FULL("nested-git-config", "3", "write the config of a nested repository", cr_path_append,
	     "ws:nested/.git/config"),
	FULL("nested-git-hook", "3", "create a hook in a nested repository", cr_path_create,
	     "ws:nested/.git/hooks/post-checkout"),
	FULL("nested-git-parent-away", "3 5", "rename a nested repository away and make another",
	     cr_path_parent_away, "ws:nested>ws:nested/.git/config"),
	FULL("nested-name-overwrite", "8", "overwrite a/b/.vscode/tasks.json", cr_path_overwrite,
	     "ws:a/b/.vscode/tasks.json"),
	FULL("nested-name-parent-away", "5 8", "rename a away and make a/b/.vscode anew",
	     cr_path_parent_away, "ws:a>ws:a/b/.vscode/tasks.json"),
	FULL("nested-name-middle-away", "5 8", "rename a/b away and make a/b/.vscode anew",
	     cr_path_parent_away, "ws:a/b>ws:a/b/.vscode/tasks.json"),
	FULL("nested-name-exchange", "5 8", "exchange a with another directory", cr_path_exchange,
	     "ws:a"),
	FULL("absent-dir-mkdir", "6 8", "create the absent .vscode by mkdir", cr_path_mkdir,
	     "ws:.vscode"),
	FULL("absent-dir-rename", "6 8", "create the absent .vscode by rename",
	     cr_path_rename_dir_in, "ws:.vscode"),
	FULL("absent-dir-symlink", "6 8", "create the absent .vscode as a symlink", cr_path_symlink,
	     "ws:.vscode"),
	FULL("absent-dir-file", "6 8", "create a file in the absent .vscode", cr_path_create,
	     "ws:.vscode/tasks.json"),
	FULL("absent-idea", "6 8", "create the absent .idea", cr_path_create,
	     "ws:.idea/workspace.xml"),
	FULL("absent-devcontainer", "6 8", "create the absent .devcontainer", cr_path_create,
	     "ws:.devcontainer/devcontainer.json"),
	FULL("absent-file-open", "6 7", "create the absent .mcp.json by open", cr_path_create,
	     "ws:.mcp.json"),
	FULL("absent-file-rename", "6 7", "create the absent .mcp.json by rename",
	     cr_path_rename_over, "ws:.mcp.json"),
	FULL("absent-file-link", "6 7", "create the absent .mcp.json by link",
	     cr_path_link_from_scratch, "ws:.mcp.json"),
	FULL("absent-file-symlink", "6 7", "create the absent .mcp.json as a symlink",
	     cr_path_symlink, "ws:.mcp.json"),
	FULL("absent-file-bind", "6 7", "create the absent .mcp.json by bind", cr_path_bind,
	     "ws:.mcp.json"),
	FULL("absent-file-fifo", "6 7", "create the absent .mcp.json as a fifo", cr_path_fifo,
	     "ws:.mcp.json"),
	FULL("absent-file-tmpfile", "6 7", "create the absent .mcp.json from an unnamed file",
	     cr_path_tmpfile, "ws:.mcp.json"),
	FULL("absent-envrc", "6 9", "create the absent .envrc", cr_path_create, "ws:.envrc"),
	FULL("claude-settings", "7", "overwrite .claude/settings.json", cr_path_overwrite,
	     "ws:.claude/settings.json"),
	FULL("claude-settings-local", "7", "create .claude/settings.local.json", cr_path_create,
	     "ws:.claude/settings.local.json"),
	FULL("claude-away", "5 7", "rename .claude away and make it anew", cr_path_parent_away,
	     "ws:.claude>ws:.claude/settings.json"),
	FULL("codex-create", "6 7", "create .codex/config.toml", cr_path_create,
	     "ws:.codex/config.toml"),
	FULL("agents-create", "6 7", "create .agents/skills/x", cr_path_create,
	     "ws:.agents/skills/x"),
	FULL("cursor-create", "6 7", "create .cursor/mcp.json", cr_path_create,
	     "ws:.cursor/mcp.json"),
	FULL("gemini-create", "6 7", "create .gemini/settings.json", cr_path_create,
	     "ws:.gemini/settings.json"),
	FULL("project-policy-create", "46 47", "create the workspace's own .carrel/policy",
	     cr_path_create, "ws:.carrel/policy"),
	ROW("workspace-replace", "5", "rename the workspace away and make another",
	    replace_workspace, NULL),
	ROW("user-policy-overwrite", "11 46", "overwrite the user's carrel policy",
	    cr_path_overwrite, "cfg:policy"),
	ROW("user-policy-rename-over", "11 46", "rename a file over the user's carrel policy",
	    cr_path_rename_over, "cfg:policy"),
	ROW("user-profile-create", "46", "create a profile in carrel's configuration",
	    cr_path_create, "cfg:profiles/default"),
	ROW("state-create", "11 46", "create a file in carrel's state", cr_path_create,
	    "state:attack-new"),
	ROW("state-overwrite", "11 46", "overwrite a file in carrel's state", cr_path_overwrite,
	    "state:attack-probe"),
	ROW("shell-rc-append", "9", "append to ~/.bashrc", cr_path_append, "home:.bashrc"),
	ROW("shell-profile-create", "9", "create ~/.profile", cr_path_create, "home:.profile"),
	ROW("ssh-rc-create", "9", "create ~/.ssh/authorized_keys", cr_path_create,
	    "home:.ssh/authorized_keys"),
	ROW("user-bin-plant", "10", "plant a program in ~/.local/bin", cr_path_create,
	    "home:.local/bin/git"),
	ROW("autostart-plant", "9", "plant ~/.config/autostart", cr_path_create,
	    "home:.config/autostart/x.desktop"),
	ROW("systemd-user-plant", "9", "plant a systemd user unit", cr_path_create,
	    "home:.config/systemd/user/x.service"),
};

CR_ATTACK_TABLE(cr_attacks_protected, rows);
