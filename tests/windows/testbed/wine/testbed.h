/*
 * What the lines that are inserted into the wineserver and into ntdll's Unix half call.
 *
 * The test bed is a model in the place of a kernel. It is compiled together with Wine, never with
 * carrel; see docs/testbed.md. Names begin with tb_.
 */
#ifndef CARREL_TESTBED_H
#define CARREL_TESTBED_H

#include <stddef.h>
#include <sys/types.h>

struct fd;
struct job;
struct object;
struct process;
struct security_descriptor;
struct sid;
struct token;
struct tb_token;

/* PROTECTED_ and UNPROTECTED_DACL_SECURITY_INFORMATION ([MS-DTYP] 2.4.7), which Wine lacks */
#define TB_PROTECTED_DACL   0x80000000u
#define TB_UNPROTECTED_DACL 0x20000000u

/*
 * Ours, in the same word: what advapi.c adds to ask for what SetNamedSecurityInfo does and the
 * system call does not: to inherit anew, and to hand down.
 */
#define TB_INHERIT 0x00800000u

/* The generic mapping of an object's type. */
struct tb_map {
	unsigned int read;
	unsigned int write;
	unsigned int exec;
	unsigned int all;
};

/* Any struct with these four members, as a struct tb_map. */
#define TB_MAP(m) (&(struct tb_map){(m)->read, (m)->write, (m)->exec, (m)->all})

/* server_token.c: what a token carries beyond Wine's own */
void tb_token_init(struct token *token);
void tb_token_copy(struct token *token, const struct token *source);
void tb_token_free(struct token *token);
void tb_token_disable(struct token *token, const struct sid *sids, unsigned int count);
int tb_token_is_special(struct token *token);
unsigned int tb_token_level(const struct token *token);
const struct sid *tb_level_sid(const struct token *token);
struct token *tb_token_now(void);
/* Windows lets nobody start a process above itself. */
int tb_may_start(struct token *token);

/* server_access.c: the access check */
unsigned int tb_granted(struct token *token, const struct security_descriptor *sd,
			unsigned int wanted, const struct tb_map *map);
unsigned int tb_access_check(struct token *token, const struct security_descriptor *sd,
			     unsigned int wanted, const struct tb_map *map, unsigned int *granted);
unsigned int tb_label_of(const struct security_descriptor *sd);
int tb_may_label(const struct security_descriptor *sd, unsigned int info);
int tb_reading(const char *name);

/* server_files.c: descriptors of files. One opening, as create_file in file.c sees it. */
struct tb_open {
	struct fd *root;
	const char *name;
	int disposition;
	unsigned int options;
	unsigned int *access;
	mode_t *mode;
	const struct security_descriptor **sd;
};

/* realpath(path, NULL) in four system calls, not one for each name on the way */
char *tb_realpath(const char *path, char *none);
struct security_descriptor *tb_file_sd(int unix_fd);
int tb_file_store(int unix_fd, const struct security_descriptor *sd, unsigned int info);
int tb_file_open(const struct tb_open *open);
void tb_file_created(struct fd *fd, const struct security_descriptor *sd);
/* may a handle of the file be copied with these rights? */
int tb_file_may_extend(struct object *obj, unsigned int access);
int tb_file_may_rename(int unix_fd, const char *path, int link);

/* server_objects.c: everything that is no file */
int tb_object_check(struct token *token, struct object *obj, unsigned int *access);
void tb_object_created(struct object *obj);
void tb_object_control(struct object *obj, unsigned int info);
void tb_pipe_created(struct object *pipe);
int tb_pipe_may_open(struct object *pipe, unsigned int access);
int tb_key_may_create(struct object *parent);
struct security_descriptor *tb_key_sd(struct object *key);

/* server_job.c: the number of processes in a job */
int tb_job_has_room(struct job *job, struct job *below);
int tb_job_takes_child(struct process *parent, unsigned int flags);

/* server_exit.c: how long a process may take to end */
int tb_may_still_end(struct process *process);

/* client_token.c, in ntdll: 1 when the class is the test bed's, and then *status */
int tb_query_token(void *token, unsigned int class, void *info, unsigned int length,
		   unsigned int *needed, unsigned int *status);
int tb_set_token(void *token, unsigned int class, void *info, unsigned int length,
		 unsigned int *status);
unsigned int tb_restrict(void **token, unsigned int flags, const void *groups);
unsigned int tb_limit_job(void *job, const void *limits);

#endif
