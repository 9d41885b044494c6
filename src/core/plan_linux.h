/*
 * plan_linux.h - what the files of the Linux planner share. Pure, like all of core.
 */
#ifndef CR_PLAN_LINUX_H
#define CR_PLAN_LINUX_H

#include "plan_build.h"

/* Landlock rights of this kernel; `reading` adds those a plain read-only open asks for. */
uint64_t cr_linux_rights_write(int abi);
uint64_t cr_linux_rights_read(int abi);

/* A step without path or detail. */
void cr_linux_bare_step(struct cr_builder *builder, enum cr_step_kind kind, const char *detail,
			uint64_t value);

/* Can the box reach hosts through a proxy, although it has no network of its own? Then the rule
 * that asks for it; else NULL. */
const struct cr_rule *cr_linux_proxied(const struct cr_builder *builder);

/* The file view of each tier. */
void cr_linux_view_full(struct cr_builder *builder, const struct cr_point *points, size_t count);
void cr_linux_view_landlock(struct cr_builder *builder, const struct cr_point *points,
			    size_t count);

/* plan_linux_net.c: the way to the broker, for `rule` and all others about connections; the ports
 * the host can reach. */
void cr_linux_capture(struct cr_builder *builder, const struct cr_rule *rule);
void cr_linux_publish(struct cr_builder *builder);

/* `limit` lines. */
void cr_linux_limits(struct cr_builder *builder);

#endif
