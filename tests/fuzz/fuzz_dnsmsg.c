/*
 * fuzz_dnsmsg.c - any bytes as a DNS query: names are canonical and come from the labels, answers
 * fit and belong to the question.
 */
#include <string.h>

#include "core/dnsmsg.h"
#include "core/host.h"
#include "fuzz.h"

/* Read back the question from the name that was found: it has to be the same but for its case. */
static void check_name(const uint8_t *msg, const struct cr_dns_query *query)
{
	char again[CR_MAX_HOST + 1];
	uint8_t wire[255];

	MUST(cr_host_canonical_name(query->name, strlen(query->name), again) == 0);
	MUST(strcmp(again, query->name) == 0);

	const size_t len = cr_dns_put_name(query->name, wire, sizeof(wire));

	MUST(len > 0 && query->question_len == len + 4);
	for (size_t i = 0; i < len; i++) {
		const uint8_t asked = msg[12 + i];

		MUST(wire[i] == (asked >= 'A' && asked <= 'Z' ? asked + 32 : asked));
	}
}

static void check_answer(const uint8_t *msg, const struct cr_dns_query *query, int rcode,
			 size_t room)
{
	static const uint8_t data[16] = {198, 18, 1, 1};
	const struct cr_dns_record records[] = {{CR_DNS_A, 1, data, 4}, {CR_DNS_AAAA, 1, data, 16}};
	const struct cr_dns_reply reply = {rcode, records, room % 3};
	uint8_t *out = malloc(room ? room : 1);

	if (!out)
		return;

	const size_t len = cr_dns_answer(msg, query, &reply, out, room);

	MUST(len <= room);
	if (len) {
		struct cr_dns_query again;

		MUST(len >= 12 + query->question_len && memcmp(out, msg, 2) == 0);
		MUST((out[2] & 0x80) && (out[3] & 0xf) == (rcode & 0xf));
		MUST(memcmp(out + 12, msg + 12, query->question_len) == 0);
		MUST(cr_dns_parse_query(out, len, &again) == -1);
	} else {
		MUST(room < 12 + query->question_len);
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cr_dns_query query;
	int family;
	uint8_t addr[16];

	if (size < 2)
		return 0;

	const size_t room = (size_t)(data[0] << 8 | data[1]) & 0x3ff;
	const uint8_t *msg = data + 2;
	const int rcode = cr_dns_parse_query(msg, size - 2, &query);

	MUST(rcode >= -1 && rcode <= CR_DNS_BADVERS);
	if (rcode < 0)
		return 0;
	MUST(12 + query.question_len <= size - 2);
	MUST(query.udp_size >= CR_DNS_UDP_MIN && query.udp_size <= CR_DNS_UDP_MAX);
	if (rcode == CR_DNS_NOERROR) {
		check_name(msg, &query);
		if (cr_dns_reverse(query.name, &family, addr))
			MUST(family == 4 || family == 6);
	} else {
		MUST(query.name[0] == '\0');
	}
	check_answer(msg, &query, rcode, room);
	return 0;
}
