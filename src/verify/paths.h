/*
 * paths.h - attacks on one path, the row's argument: "BASE:path" or
 * "BASE:path>BASE:other". Internal to src/verify.
 */
#ifndef CR_ATTACK_PATHS_H
#define CR_ATTACK_PATHS_H

#include "attack.h"

enum cr_attack_outcome cr_path_create(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_overwrite(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_append(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_truncate(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_unlink(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_rmdir(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_mkdir(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_symlink(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_link_from_scratch(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_fifo(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_bind(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_rename_over(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_rename_away(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_exchange(const struct cr_attack_env *env);
enum cr_attack_outcome cr_path_tmpfile(const struct cr_attack_env *env);

/* "ws:a>ws:a/b/c": renames a away, makes a/b/c anew. */
enum cr_attack_outcome cr_path_parent_away(const struct cr_attack_env *env);
/* Hard link of the file in the scratch directory, then writes through it. */
enum cr_attack_outcome cr_path_link_and_write(const struct cr_attack_env *env);
/* Renames a directory of the workspace that was made for it over the path. */
enum cr_attack_outcome cr_path_rename_dir_in(const struct cr_attack_env *env);

#endif
