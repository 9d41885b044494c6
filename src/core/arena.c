/*
 * arena.c - bump allocation in blocks.
 *
 * Must never hand out memory that overlaps, nor grow past CR_MAX_ARENA.
 */
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "limits.h"

#define BLOCK_BYTES ((size_t)32 * 1024)

struct block {
	struct block *next;
	size_t used;
	size_t size;
	alignas(max_align_t) unsigned char data[];
};

struct cr_arena {
	struct block *head;
	size_t total; /* bytes in all blocks */
};

struct cr_arena *cr_arena_new(void)
{
	return calloc(1, sizeof(struct cr_arena));
}

void cr_arena_free(struct cr_arena *arena)
{
	if (!arena)
		return;

	struct block *next;

	for (struct block *block = arena->head; block; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

static struct block *add_block(struct cr_arena *arena, size_t need)
{
	size_t size = need > BLOCK_BYTES ? need : BLOCK_BYTES;

	if (size > CR_MAX_ARENA || arena->total > CR_MAX_ARENA - size)
		return NULL;

	struct block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		return NULL;
	block->size = size;
	block->next = arena->head;
	arena->head = block;
	arena->total += size;
	return block;
}

void *cr_arena_alloc(struct cr_arena *arena, size_t count, size_t size)
{
	if (size && count > CR_MAX_ARENA / size)
		return NULL;

	size_t align = alignof(max_align_t);
	size_t need = (count * size + align - 1) / align * align;
	struct block *block = arena->head;

	if (!block || block->size - block->used < need)
		block = add_block(arena, need);
	if (!block)
		return NULL;

	void *memory = block->data + block->used;

	block->used += need;
	return memory;
}

char *cr_arena_strndup(struct cr_arena *arena, const char *text, size_t len)
{
	char *copy = cr_arena_alloc(arena, len + 1, 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

char *cr_arena_strdup(struct cr_arena *arena, const char *text)
{
	return cr_arena_strndup(arena, text, strlen(text));
}

char *cr_arena_printf(struct cr_arena *arena, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return NULL;

	char *text = cr_arena_alloc(arena, (size_t)len + 1, 1);

	if (!text)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}

void *cr_arena_grow(struct cr_arena *arena, void *items, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return items;

	size_t new_cap = *cap ? *cap * 2 : 8;
	void *grown = cr_arena_alloc(arena, new_cap, size);

	if (!grown)
		return NULL;
	if (count)
		memcpy(grown, items, count * size);
	*cap = new_cap;
	return grown;
}
