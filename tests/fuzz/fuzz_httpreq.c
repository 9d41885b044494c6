/*
 * fuzz_httpreq.c - any bytes as a client of a.com: it does not matter how they are cut, nothing is
 * released without the name, and what was refused stays refused.
 *
 * The first byte of an input is the size of the pieces.
 */
#include <string.h>

#include "core/httpreq.h"
#include "fuzz.h"

static bool has_name(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 5 <= len; i++)
		if ((data[i] | 0x20) == 'a' && data[i + 1] == '.' && (data[i + 2] | 0x20) == 'c' &&
		    (data[i + 3] | 0x20) == 'o' && (data[i + 4] | 0x20) == 'm')
			return true;
	return false;
}

static enum cr_look feed_pieces(struct cr_http *http, const uint8_t *data, size_t size, size_t step,
				size_t *used)
{
	enum cr_look look = CR_LOOK_MORE;

	cr_http_init(http, "a.com", 80);
	*used = 0;
	for (size_t end = 0; look == CR_LOOK_MORE && end < size;) {
		size_t released;

		end = size - end < step ? size : end + step;
		look = cr_http_feed(http, data + *used, end - *used, &released);
		MUST(released <= end - *used);
		*used += released;
		MUST(end - *used < CR_HTTP_HEAD_MAX || look != CR_LOOK_MORE);
	}
	return look;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cr_http whole, pieces;
	size_t used, pieces_used, none;

	if (size == 0)
		return 0;

	const size_t step = 1 + data[0] % 64;

	data++;
	size--;
	cr_http_init(&whole, "a.com", 80);

	const enum cr_look look = cr_http_feed(&whole, data, size, &used);

	MUST(used <= size && look != CR_LOOK_DONE);
	MUST((look == CR_LOOK_BAD) == (whole.why != NULL));
	MUST(look != CR_LOOK_OTHER || used == 0);
	MUST(used == 0 || has_name(data, used));
	MUST(feed_pieces(&pieces, data, size, step, &pieces_used) == look);
	MUST(pieces_used == used);
	MUST(!whole.why == !pieces.why && (!whole.why || strcmp(whole.why, pieces.why) == 0));
	if (look != CR_LOOK_MORE) {
		MUST(cr_http_feed(&whole, data, size, &none) == look);
		MUST(none == 0);
	}
	return 0;
}
