/*
 * rules_fixture.h - a file tree as a table, and policies as text: what the
 * tests of rules, decide, env, gitdir and places share.
 *
 * The tree is what its table says and nothing else; it counts what it is asked.
 */
#ifndef RULES_FIXTURE_H
#define RULES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/decide.h"
#include "core/limits.h"
#include "core/path.h"
#include "core/rules.h"

/* Directories above a file need no entry. `text`: what a file holds, where a link leads. */
struct fake_file {
	const char *path;
	enum cr_ftype type;
	const char *text;
};

struct fake_fs {
	const struct fake_file *files;
	size_t n_files;
	size_t n_stats;
};

static inline const struct fake_file *fake_find(struct fake_fs *fs, const char *path)
{
	for (size_t i = 0; i < fs->n_files; i++)
		if (!strcmp(fs->files[i].path, path))
			return &fs->files[i];
	return NULL;
}

static inline enum cr_fs_answer fake_stat(void *ctx, const char *path, struct cr_fstat *out)
{
	struct fake_fs *fs = ctx;
	const struct fake_file *file = fake_find(fs, path);
	size_t len = strlen(path);
	bool is_above = !strcmp(path, "/");

	fs->n_stats++;
	for (size_t i = 0; i < fs->n_files && !file; i++)
		is_above |= !strncmp(fs->files[i].path, path, len) &&
			    (fs->files[i].path[len] == '/' || fs->files[i].path[len] == '\\');
	if (!file && !is_above)
		return CR_FS_ABSENT;
	out->type = file ? file->type : CR_FT_DIR;
	out->id = (struct cr_fileid){1, 0};
	for (; *path; path++)
		out->id.file = out->id.file * 31 + (unsigned char)*path;
	return CR_FS_OK;
}

static inline enum cr_fs_answer fake_text(struct fake_fs *fs, const char *path, enum cr_ftype type,
					  char *buf, size_t size)
{
	const struct fake_file *file = fake_find(fs, path);

	if (!file)
		return CR_FS_ABSENT;
	if (file->type != type || !file->text || strlen(file->text) >= size)
		return CR_FS_FAILED;
	snprintf(buf, size, "%s", file->text);
	return CR_FS_OK;
}

static inline enum cr_fs_answer fake_readlink(void *ctx, const char *path, char *buf, size_t size)
{
	return fake_text(ctx, path, CR_FT_SYMLINK, buf, size);
}

static inline enum cr_fs_answer fake_read(void *ctx, const char *path, char *buf, size_t size)
{
	return fake_text(ctx, path, CR_FT_FILE, buf, size);
}

static inline enum cr_fs_answer fake_list(void *ctx, const char *path, cr_fs_entry_fn fn, void *arg)
{
	(void)ctx;
	(void)path;
	(void)fn;
	(void)arg;
	return CR_FS_ABSENT;
}

static inline bool fake_is_read_only(void *ctx, const char *path)
{
	(void)ctx;
	(void)path;
	return false;
}

struct fixture {
	struct cr_arena *arena;
	struct fake_fs fs;
	struct cr_fsview view;
	struct cr_rules_input input;
	const struct cr_policy *policies[8];
	struct cr_ruleset *set;
	struct cr_diags diags;
	struct cr_err err;
};

/* Linux, full tier, home /home/u, workspace /home/u/ws. */
static inline void fx_init(struct fixture *fx, const struct fake_file *files, size_t n_files)
{
	*fx = (struct fixture){.arena = cr_arena_new()};
	fx->fs = (struct fake_fs){.files = files, .n_files = n_files};
	fx->view = (struct cr_fsview){.stat = fake_stat,
				      .readlink = fake_readlink,
				      .list = fake_list,
				      .read = fake_read,
				      .is_read_only = fake_is_read_only};
	fx->input.ctx = (struct cr_context){
		.os = CR_OS_LINUX, .home = "/home/u", .workspace = "/home/u/ws"};
	assert_non_null(fx->arena);
}

static inline void fx_free(struct fixture *fx)
{
	cr_arena_free(fx->arena);
}

/* Parses and adds a policy. 0 or -1. */
static inline int fx_parse(struct fixture *fx, enum cr_layer layer, const char *text)
{
	static const char *const files[] = {"system",  "builtin", "user",   "command",
					    "session", "project", "managed"};
	struct cr_policy *policy;

	if (cr_policy_parse(
		    fx->arena,
		    &(const struct cr_policy_source){files[layer], layer, text, strlen(text)},
		    &policy, &fx->diags, &fx->err) < 0)
		return -1;
	fx->policies[fx->input.n_policies++] = policy;
	return 0;
}

/* Adds a policy; NULL is none. */
static inline void fx_policy(struct fixture *fx, enum cr_layer layer, const char *text)
{
	if (text && fx_parse(fx, layer, text) < 0)
		fail_msg("%s: %s", text, fx->err.text);
}

static inline int fx_try(struct fixture *fx)
{
	fx->view.ctx = &fx->fs;
	fx->input.view = &fx->view;
	fx->input.policies = fx->policies;
	return cr_rules_resolve(fx->arena, &fx->input, &fx->set, &fx->diags, &fx->err);
}

static inline void fx_resolve(struct fixture *fx)
{
	if (fx_try(fx) < 0)
		fail_msg("%s: %s", fx->err.text, fx->diags.count ? fx->diags.items[0].text : "-");
}

/* The first rule with this capability and path; NULL when there is none. */
static inline const struct cr_rule *fx_find(const struct fixture *fx, enum cr_decision decision,
					    enum cr_capability cap, const char *path)
{
	for (size_t i = 0; i < fx->set->n_rules; i++) {
		const struct cr_rule *rule = &fx->set->rules[i];

		if (rule->cap == cap && rule->decision == decision && rule->path &&
		    !strcmp(rule->path, path))
			return rule;
	}
	return NULL;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
