/*
 * fuzz_socks.c - any bytes as a client of a SOCKS proxy: it does not matter how they are cut, and a
 * host has one spelling.
 */
#include <string.h>

#include "core/socks.h"
#include "fuzz.h"

/* Feeds in steps up to `size`; *used is what was used up in all. `user`: of a proxy with one. */
static enum cr_look feed_all(struct cr_socks *socks, const char *user, const uint8_t *data,
			     size_t size, size_t step, size_t *used)
{
	enum cr_look look = CR_LOOK_MORE;
	size_t end = 0;

	cr_socks_init(socks, user, user ? "p" : NULL);
	*used = 0;
	while (look == CR_LOOK_MORE) {
		size_t now;

		look = cr_socks_feed(socks, data + *used, end - *used, &now);
		MUST(now <= end - *used && socks->reply_len <= sizeof(socks->reply));
		*used += now;
		MUST(look != CR_LOOK_MORE || now || end - *used < CR_SOCKS_INPUT_MAX);
		if (now)
			continue;
		if (end == size)
			break;
		end = size - end < step ? size : end + step;
	}
	return look;
}

static void check(const struct cr_socks *socks)
{
	struct cr_host_name host;
	char text[CR_MAX_HOST + 3];
	const bool six = socks->kind == CR_HOST_ADDR6;
	const int len = snprintf(text, sizeof(text), six ? "[%s]" : "%s", socks->host);

	MUST(socks->port != 0 && !socks->why && socks->reply_len == 0);
	MUST(len > 0 && (size_t)len < sizeof(text));
	MUST(cr_host_read(text, (size_t)len, &host) == 0);
	MUST(host.kind == socks->kind && strcmp(host.text, socks->host) == 0);
	MUST(memcmp(host.addr, socks->addr, sizeof(host.addr)) == 0);
}

static void try_all(const char *user, const uint8_t *data, size_t size)
{
	struct cr_socks whole, pieces;
	size_t used, pieces_used;
	const enum cr_look look = feed_all(&whole, user, data, size, size ? size : 1, &used);

	MUST(feed_all(&pieces, user, data, size, 1, &pieces_used) == look);
	MUST(pieces_used == used || look == CR_LOOK_BAD);
	MUST((look == CR_LOOK_BAD) == (whole.why != NULL));
	if (look == CR_LOOK_DONE) {
		check(&whole);
		MUST(strcmp(whole.host, pieces.host) == 0 && whole.port == pieces.port);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_all(NULL, data, size);
	try_all("u", data, size);
	return 0;
}
