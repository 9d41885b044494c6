/*
 * fake_fs.h - a file system that is a table, for tests of the core.
 *
 * Written as text, one entry a line, in the Linux way: "dir /a", "file /a/b TEXT", "link /a/c
 * TARGET", "socket PATH", "other PATH", "unlistable PATH" (a directory); a blank in a path is %20.
 * Parents are made. For Windows every path gets backslashes, and a drive unless it has one.
 * Identities are the order of the entries. Header only, so that a test is one file. It must never
 * look at a real file.
 */
#ifndef FAKE_FS_H
#define FAKE_FS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fsview.h"
#include "core/limits.h"
#include "core/path.h"

#define FAKE_FS_MAX 4096

struct fake_node {
	char *path;
	char *text; /* content or target */
	enum cr_ftype type;
	bool unlistable;
};

struct fake_fs {
	enum cr_os os;
	struct fake_node nodes[FAKE_FS_MAX];
	size_t count;
	bool endless; /* every directory has as many entries named *.key as somebody asks for */
	struct cr_fsview view;
};

/* "/a/b" as the system spells it, from malloc; relative paths keep their form. */
static inline char *fake_path(enum cr_os os, const char *path)
{
	char *out = malloc(strlen(path) + 4);

	if (!out)
		abort();
	out[0] = '\0';
	if (os == CR_OS_WINDOWS && path[0] == '/')
		memcpy(out, "C:", 3);
	memcpy(out + strlen(out), path, strlen(path) + 1);
	for (char *c = strstr(out, "%20"); c; c = strstr(c, "%20")) {
		*c = ' ';
		memmove(c + 1, c + 3, strlen(c + 3) + 1);
	}
	for (char *c = out; os == CR_OS_WINDOWS && *c; c++)
		*c = *c == '/' ? '\\' : *c;
	return out;
}

static inline struct fake_node *fake_find(struct fake_fs *fs, const char *path)
{
	for (size_t i = 0; i < fs->count; i++) {
		if (cr_path_cmp(fs->os, fs->nodes[i].path, path) == 0)
			return &fs->nodes[i];
	}
	return NULL;
}

static inline struct fake_node *fake_add(struct fake_fs *fs, enum cr_ftype type, const char *path,
					 const char *text)
{
	char *native = fake_path(fs->os, path);
	const char *slash = strrchr(path, '/');
	struct fake_node *node = fake_find(fs, native);

	if (!node && slash) {
		char parent[CR_MAX_PATH] = "/";

		if (slash != path)
			snprintf(parent, sizeof(parent), "%.*s%s", (int)(slash - path), path,
				 slash[-1] == ':' ? "/" : "");
		if (strcmp(parent, path) != 0 && path[1])
			fake_add(fs, CR_FT_DIR, parent, NULL);
	}
	if (!node && fs->count < FAKE_FS_MAX)
		node = &fs->nodes[fs->count++];
	if (!node)
		abort();
	if (node->path) {
		free(native);
	} else {
		node->path = native;
	}
	if (node->type == CR_FT_NONE || type != CR_FT_DIR)
		node->type = type;
	free(node->text);
	node->text = text ? fake_path(type == CR_FT_SYMLINK ? fs->os : CR_OS_LINUX, text) : NULL;
	return node;
}

static inline enum cr_fs_answer fake_stat(void *ctx, const char *path, struct cr_fstat *out)
{
	struct fake_fs *fs = ctx;
	const struct fake_node *node = fake_find(fs, path);

	if (!node && fs->endless && strstr(path, ".key"))
		node = &fs->nodes[0];
	if (!node)
		return CR_FS_ABSENT;
	*out = (struct cr_fstat){
		.type = node->type,
		.id = {.volume = 1, .file = (uint64_t)(node - fs->nodes) + 100},
	};
	return CR_FS_OK;
}

static inline enum cr_fs_answer fake_text(void *ctx, const char *path, enum cr_ftype type,
					  char *buf, size_t size)
{
	const struct fake_node *node = fake_find(ctx, path);

	if (!node)
		return CR_FS_ABSENT;
	if (node->type != type || strlen(node->text ? node->text : "") >= size)
		return CR_FS_FAILED;
	memcpy(buf, node->text ? node->text : "", strlen(node->text ? node->text : "") + 1);
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
	struct fake_fs *fs = ctx;
	const struct fake_node *dir = fake_find(fs, path);

	if (!dir || dir->type != CR_FT_DIR)
		return CR_FS_ABSENT;
	if (dir->unlistable)
		return CR_FS_DENIED;
	for (unsigned i = 0; fs->endless; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%u.key", i);
		if (fn(arg, name, CR_FT_FILE) < 0)
			return CR_FS_OK;
	}
	for (size_t i = 0; i < fs->count; i++) {
		const struct fake_node *node = &fs->nodes[i];

		if (cr_path_depth(fs->os, node->path) != cr_path_depth(fs->os, path) + 1 ||
		    !cr_path_within(fs->os, node->path, path))
			continue;
		if (fn(arg, cr_path_base(fs->os, node->path), node->type) < 0)
			break;
	}
	return CR_FS_OK;
}

static inline bool fake_is_read_only(void *ctx, const char *path)
{
	(void)ctx;
	(void)path;
	return false;
}

/* Adds the entries of one line; -1 when it is none. */
static inline int fake_line(struct fake_fs *fs, char *line)
{
	static const struct {
		const char *word;
		enum cr_ftype type;
	} types[] = {
		{"dir", CR_FT_DIR},       {"file", CR_FT_FILE},   {"link", CR_FT_SYMLINK},
		{"socket", CR_FT_SOCKET}, {"other", CR_FT_OTHER}, {"unlistable", CR_FT_DIR},
	};
	char *save = NULL;
	const char *word = strtok_r(line, " ", &save);
	const char *path = strtok_r(NULL, " ", &save);
	const char *text = strtok_r(NULL, "", &save);

	for (size_t i = 0; word && path && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].word, word) != 0)
			continue;
		fake_add(fs, types[i].type, path, text)->unlistable =
			strcmp(word, "unlistable") == 0;
		return 0;
	}
	return -1;
}

/* An empty one, from malloc. */
static inline struct fake_fs *fake_fs_new(enum cr_os os)
{
	struct fake_fs *fs = calloc(1, sizeof(*fs));

	if (!fs)
		abort();
	fs->os = os;
	fs->view = (struct cr_fsview){
		.ctx = fs,
		.stat = fake_stat,
		.readlink = fake_readlink,
		.list = fake_list,
		.read = fake_read,
		.is_read_only = fake_is_read_only,
	};
	return fs;
}

/* A file system from text; aborts on a line that is wrong. */
static inline struct fake_fs *fake_fs_parse(enum cr_os os, const char *text)
{
	struct fake_fs *fs = fake_fs_new(os);
	char *copy = malloc(strlen(text) + 1);
	char *save = NULL;

	if (!copy)
		abort();
	memcpy(copy, text, strlen(text) + 1);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (fake_line(fs, line) < 0)
			abort();
	}
	free(copy);
	return fs;
}

static inline void fake_fs_free(struct fake_fs *fs)
{
	for (size_t i = 0; fs && i < fs->count; i++) {
		free(fs->nodes[i].path);
		free(fs->nodes[i].text);
	}
	free(fs);
}

#endif
