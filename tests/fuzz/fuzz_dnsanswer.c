/*
 * fuzz_dnsanswer.c - any bytes as the answer of a name server: addresses are of the family that was
 * asked for, bounded, and stand in the message as the data of a record.
 */
#include <string.h>

#include "core/dnsanswer.h"
#include "core/dnsmsg.h"
#include "fuzz.h"

#define MOST 4

static bool stands_in(const uint8_t *msg, size_t len, const struct cr_net_addr *addr, uint8_t size)
{
	for (size_t i = 0; i + 2 + size <= len; i++)
		if (msg[i] == 0 && msg[i + 1] == size &&
		    memcmp(msg + i + 2, addr->bytes, size) == 0)
			return true;
	return false;
}

/* The question that belongs to the answer reads as one for exactly this. */
static void check_question(const struct cr_dns_asked *asked)
{
	uint8_t wire[CR_DNS_QUESTION_MAX];
	struct cr_dns_query query;
	const size_t len = cr_dns_put_question(asked, wire, sizeof(wire));

	MUST(len > 0 && cr_dns_parse_query(wire, len, &query) == CR_DNS_NOERROR);
	MUST(query.id == asked->id && query.type == asked->type);
	MUST(strcmp(query.name, asked->name) == 0);
	MUST(cr_dns_put_question(asked, wire, len - 1) == 0);
}

/* The first byte: '6' asks for AAAA. The number is the message's own, so that it is looked at. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cr_dns_asked asked = {.type = CR_DNS_A, .name = "www.example.com"};
	struct cr_net_addr addrs[MOST + 1];

	if (size < 3)
		return 0;
	if (data[0] == '6')
		asked.type = CR_DNS_AAAA;
	asked.id = (uint16_t)(data[1] << 8 | data[2]);
	check_question(&asked);
	memset(addrs, 0x5a, sizeof(addrs));

	const struct cr_net_addr untouched = addrs[MOST];
	const int count = cr_dns_read_answer(data + 1, size - 1, &asked, addrs, MOST);
	const uint8_t bytes = asked.type == CR_DNS_A ? 4 : 16;

	MUST(count >= -1 && count <= MOST);
	MUST(memcmp(&addrs[MOST], &untouched, sizeof(untouched)) == 0);
	for (int i = 0; i < count; i++) {
		MUST(addrs[i].family == (bytes == 4 ? 4 : 6) && addrs[i].port == 0);
		MUST(stands_in(data + 1, size - 1, &addrs[i], bytes));
	}
	/* Another question has no part in it. */
	asked.id ^= 1;
	MUST(cr_dns_read_answer(data + 1, size - 1, &asked, addrs, MOST) == -1);
	return 0;
}
