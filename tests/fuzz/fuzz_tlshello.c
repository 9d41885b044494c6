/*
 * fuzz_tlshello.c - any bytes as the start of a TLS stream: what was decided stays decided when
 * more bytes come, and does not depend on how the hello is cut into records.
 */
#include <string.h>

#include "core/host.h"
#include "core/tlshello.h"
#include "fuzz.h"

static bool same(const struct cr_tls_hello *a, const struct cr_tls_hello *b)
{
	return strcmp(a->name, b->name) == 0 && a->has_name == b->has_name &&
	       a->has_ech == b->has_ech;
}

/* The hello's message out of its records, its length in *len; `out` has room for `size`. */
static void join(const uint8_t *data, size_t size, uint8_t *out, size_t *len)
{
	size_t want = 4;

	*len = 0;
	while (*len < want) {
		MUST(size >= 5);

		const size_t record = (size_t)(data[3] << 8 | data[4]);

		MUST(record <= size - 5);
		memcpy(out + *len, data + 5, record);
		*len += record;
		data += 5 + record;
		size -= 5 + record;
		if (*len >= 4)
			want = 4 + ((size_t)out[1] << 16 | (size_t)out[2] << 8 | out[3]);
	}
	MUST(*len == want);
}

static void check_recut(const uint8_t *data, size_t size, const struct cr_tls_hello *hello)
{
	uint8_t *message = malloc(size), *again = malloc(6 * size);
	size_t len, cut_len = 0;
	const size_t step = 1 + size % 7;

	if (message && again) {
		struct cr_tls_hello other = {.has_name = false};

		join(data, size, message, &len);
		for (size_t at = 0; at < len; at += step) {
			const size_t piece = len - at < step ? len - at : step;
			const uint8_t header[5] = {22, 3, 1, 0, (uint8_t)piece};

			memcpy(again + cut_len, header, 5);
			memcpy(again + cut_len + 5, message + at, piece);
			cut_len += 5 + piece;
		}

		const enum cr_look look = cr_tls_hello_read(again, cut_len, &other);

		if (cut_len <= CR_TLS_HELLO_MAX)
			MUST(look == CR_LOOK_DONE && same(hello, &other));
		else
			MUST(look == CR_LOOK_BAD);
	}
	free(message);
	free(again);
}

static void check_name(const struct cr_tls_hello *hello)
{
	char name[CR_MAX_HOST + 1];

	MUST(hello->has_name == (hello->name[0] != '\0'));
	if (!hello->has_name)
		return;
	MUST(cr_host_canonical_name(hello->name, strlen(hello->name), name) == 0);
	MUST(strcmp(name, hello->name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cr_tls_hello hello = {.has_name = false}, early;
	const enum cr_look look = cr_tls_hello_read(data, size, &hello);
	const size_t first = size < 4 ? size : 4;

	MUST(cr_tls_begins(data, size) == cr_tls_begins(data, first));
	for (size_t len = 0; len < size; len += 1 + size / 64) {
		const enum cr_look sooner = cr_tls_hello_read(data, len, &early);

		MUST(sooner == look || sooner == CR_LOOK_MORE);
		MUST(sooner != CR_LOOK_DONE || same(&hello, &early));
	}
	if (look == CR_LOOK_DONE) {
		check_name(&hello);
		check_recut(data, size, &hello);
		MUST(cr_tls_hello_size(data, size) > 0 && cr_tls_hello_size(data, size) <= size);
		MUST(cr_tls_hello_again(data, size, &early) == CR_LOOK_DONE &&
		     same(&hello, &early));
	} else {
		MUST(cr_tls_hello_size(data, size) == 0);
		MUST(cr_tls_hello_again(data, size, &early) != CR_LOOK_OTHER);
	}

	const enum cr_tls_answer answer = cr_tls_answer_read(data, size);

	for (size_t len = 0; len < size; len += 1 + size / 64) {
		const enum cr_tls_answer sooner = cr_tls_answer_read(data, len);

		MUST(sooner == answer || sooner == CR_TLS_ANSWER_MORE);
	}
	return 0;
}
