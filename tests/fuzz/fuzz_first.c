/*
 * fuzz_first.c - any first bytes: an answer stays when more come, and agrees with the readers that
 * look further.
 */
#include <string.h>

#include "core/first.h"
#include "core/httpreq.h"
#include "core/tlshello.h"
#include "fuzz.h"

static void check_line(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);

	MUST(end && end - data < CR_FIRST_BYTES);
	for (const uint8_t *at = data; at < end; at++)
		MUST(*at != '/' && *at < 0x7f && (*at >= ' ' || (*at == '\r' && at + 1 == end)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const enum cr_first first = cr_first_bytes(data, size);
	struct cr_tls_hello hello;
	struct cr_http http;
	size_t used;

	for (size_t len = 0; len < size && len <= CR_FIRST_BYTES; len++) {
		const enum cr_first sooner = cr_first_bytes(data, len);

		MUST(sooner == first || sooner == CR_FIRST_MORE);
	}
	MUST(first != CR_FIRST_MORE || size < CR_FIRST_BYTES);
	if (first == CR_FIRST_SSH)
		check_line(data, size);

	const enum cr_look tls = cr_tls_hello_read(data, size, &hello);

	cr_http_init(&http, "a.com", 80);

	const enum cr_look http_look = cr_http_feed(&http, data, size, &used);

	if (first != CR_FIRST_MORE) {
		MUST((tls == CR_LOOK_OTHER) == (first != CR_FIRST_TLS));
		MUST(http_look != CR_LOOK_BAD || first != CR_FIRST_OTHER);
		MUST(used == 0 || first == CR_FIRST_HTTP || first == CR_FIRST_BAD);
	}
	return 0;
}
