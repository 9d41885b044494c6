/*
 * fuzz_host.c - hosts on any bytes: what is accepted has one spelling, and covers itself.
 */
#include <string.h>

#include "core/host.h"
#include "core/limits.h"
#include "fuzz.h"

static void print(const struct cr_host *host, char *text, size_t size)
{
	const bool six = host->kind == CR_HOST_ADDR6;
	const char *star = host->kind == CR_HOST_SUFFIX ? "*." : "";
	const bool any_port = host->port_lo == 0;
	const int len =
		snprintf(text, size, "%s%s%s%s:", star, six ? "[" : "", host->name, six ? "]" : "");

	MUST(len > 0 && (size_t)len < size);
	if (any_port)
		snprintf(text + len, size - (size_t)len, "*");
	else
		snprintf(text + len, size - (size_t)len, "%u-%u", host->port_lo, host->port_hi);
}

static void check_name(const char *name)
{
	MUST(strlen(name) <= CR_MAX_HOST && name[0]);
	MUST(name[strlen(name) - 1] != '.');
	for (const char *at = name; *at; at++)
		MUST(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.:*", *at));
}

static void check(struct cr_arena *arena, const struct cr_host *host)
{
	struct cr_host again, target = *host;
	char text[400];

	check_name(host->name);
	MUST(host->port_lo <= host->port_hi);
	print(host, text, sizeof(text));
	MUST(cr_host_parse(arena, text, &again, NULL) == 0);
	MUST(again.kind == host->kind && strcmp(again.name, host->name) == 0);
	MUST(memcmp(again.addr, host->addr, sizeof(host->addr)) == 0);
	MUST(again.port_lo == host->port_lo && again.port_hi == host->port_hi);

	target.port_lo = target.port_hi;
	if (host->kind == CR_HOST_NAME || host->kind == CR_HOST_ADDR4 ||
	    host->kind == CR_HOST_ADDR6) {
		const struct cr_host any = {.kind = CR_HOST_ANY, .name = "*", .port_hi = 65535};

		MUST(cr_host_covers(&any, &target) >= 0);
		MUST(cr_host_covers(host, &target) > cr_host_covers(&any, &target));
	}
	if (host->kind == CR_HOST_SUFFIX) {
		target.kind = CR_HOST_NAME;
		MUST(cr_host_covers(host, &target) == -1);
		target.name = cr_arena_printf(arena, "x.%s", host->name);
		MUST(cr_host_covers(host, &target) > 0);
		target.name = cr_arena_printf(arena, "x%s", host->name);
		MUST(cr_host_covers(host, &target) == -1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cr_arena *arena = cr_arena_new();
	const char *text =
		arena ? cr_arena_strndup(arena, size ? (const char *)data : "", size) : NULL;
	struct cr_err err = {.code = CR_E_NONE};
	struct cr_host host;

	if (text && cr_host_parse(arena, text, &host, &err) == 0)
		check(arena, &host);
	else if (text)
		MUST(err.code == CR_E_SYNTAX && err.text[0] && err.hint[0]);
	cr_arena_free(arena);
	return 0;
}
