/*
 * arena.h - memory of a policy, its rules and its plan: many small pieces,
 * one life, freed at once.
 *
 * Every pointer an arena returns is borrowed from it and lives until
 * cr_arena_free. Memory is zeroed. An arena refuses to grow past its limit
 * (CR_MAX_ARENA), so hostile input ends in CR_E_NOMEM, never in a dead machine.
 * Not for secrets: it does not wipe.
 */
#ifndef CR_ARENA_H
#define CR_ARENA_H

#include <stddef.h>

#include "attr.h"

struct cr_arena;

/* A new, empty arena, owned by the caller; NULL when memory is out. */
struct cr_arena *cr_arena_new(void);

/* Frees everything that came from the arena, and the arena. NULL is a no-op. */
void cr_arena_free(struct cr_arena *arena);

/* Zeroed memory for `count` objects of `size` bytes, aligned for any type; NULL when out. */
void *cr_arena_alloc(struct cr_arena *arena, size_t count, size_t size);

/* A copy of the first `len` bytes of `text`, NUL-terminated; NULL when out. */
char *cr_arena_strndup(struct cr_arena *arena, const char *text, size_t len);

/* A copy of `text`; NULL when out. */
char *cr_arena_strdup(struct cr_arena *arena, const char *text);

/* printf into the arena; NULL when out. */
char *cr_arena_printf(struct cr_arena *arena, const char *fmt, ...) CR_PRINTF(2, 3);

/*
 * Makes room for one more element in the array *items of *cap elements, `count`
 * of them used. Returns the (possibly moved) array and updates *cap, or NULL
 * when memory is out (the old array is still valid).
 */
void *cr_arena_grow(struct cr_arena *arena, void *items, size_t count, size_t *cap, size_t size);

#endif
