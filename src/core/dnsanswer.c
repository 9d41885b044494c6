/*
 * dnsanswer.c - one question out, the addresses in its answer in.
 *
 * Must never read behind the length it was given, follow a compression pointer forwards, or take a
 * record of a name that was not asked for: whoever answers may be anybody.
 */
#include <string.h>

#include "dnsanswer.h"
#include "dnsmsg.h"
#include "inbuf.h"
#include "outbuf.h"

#define FLAG_RD   0x0100
#define FLAG_TC   0x0200
#define OPCODE    0x7800
#define FLAG_QR   0x8000
#define RCODE     0x000f
#define POINTER   0xc0
#define MAX_JUMPS (CR_DNS_NAME_MAX / 2) /* as many as a name can have labels */

/* A name in wire form, without pointers and in lower case: equal names are equal bytes. */
struct wire {
	uint8_t bytes[CR_DNS_NAME_MAX];
	size_t len;
};

static bool is_same(const struct wire *a, const struct wire *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* False: the name is too long. */
static bool add_label(struct wire *wire, const uint8_t *label, size_t len)
{
	if (wire->len + 1 + len > sizeof(wire->bytes))
		return false;
	wire->bytes[wire->len++] = (uint8_t)len;
	for (size_t i = 0; i < len; i++)
		wire->bytes[wire->len++] =
			label[i] >= 'A' && label[i] <= 'Z' ? label[i] + 32 : label[i];
	return true;
}

/* Goes on at the name that a pointer, whose first byte has been taken, points to. Only names that
 * begin before the labels which lead there: so there is no way round. */
static void jump(struct cr_in *at, const uint8_t *msg, unsigned high, const uint8_t **labels)
{
	const size_t to = (high & ~(unsigned)POINTER) << 8 | cr_in_take8(at);

	if (to < CR_DNS_HEADER || to >= (size_t)(*labels - msg))
		at->bad = true;
	else
		at->at = *labels = msg + to;
}

/* Reads a name of `msg`. `in` stands behind it then, or is bad. */
static void take_name(struct cr_in *in, const uint8_t *msg, struct wire *out)
{
	struct cr_in at = *in;
	const uint8_t *labels = at.at, *behind = NULL, *label;
	unsigned len, jumps = 0;

	out->len = 0;
	do {
		len = cr_in_take8(&at);
		if (len >= POINTER) {
			behind = behind ? behind : at.at + 1;
			jump(&at, msg, len, &labels);
			if (++jumps > MAX_JUMPS)
				at.bad = true;
			continue;
		}
		label = cr_in_take(&at, len);
		if (!label || len > CR_DNS_LABEL_MAX || !add_label(out, label, len))
			at.bad = true;
	} while (!at.bad && len > 0);
	in->bad = at.bad;
	in->at = behind && !at.bad ? behind : at.at;
}

struct record {
	struct wire owner;
	uint16_t type, class_;
	struct cr_in data;
};

static void take_record(struct cr_in *in, const uint8_t *msg, struct record *out)
{
	const uint8_t *data;
	uint16_t len;

	take_name(in, msg, &out->owner);
	out->type = cr_in_take16(in);
	out->class_ = cr_in_take16(in);
	cr_in_take(in, 4); /* how long it may be kept: we keep it for moments */
	len = cr_in_take16(in);
	data = cr_in_take(in, len);
	if (data)
		out->data = (struct cr_in){data, data + len, false};
}

/* An answer as it is read. */
struct answer {
	const uint8_t *msg;
	const struct cr_dns_asked *asked;
	struct wire name; /* whose records are wanted */
	unsigned hops;    /* from the asked name to this */
	struct cr_net_addr *out;
	size_t max, count;
};

/* False: no name, or one too many. */
static bool follow(struct answer *answer, struct cr_in target)
{
	take_name(&target, answer->msg, &answer->name);
	return !target.bad && target.at == target.end && ++answer->hops <= CR_DNS_CHAIN_MAX;
}

static bool add_address(struct answer *answer, struct cr_in data)
{
	const size_t size = answer->asked->type == CR_DNS_A ? 4 : 16;
	struct cr_net_addr addr = {.family = size == 4 ? 4 : 6};

	if ((size_t)(data.end - data.at) != size)
		return false;
	memcpy(addr.bytes, data.at, size);
	if (answer->count < answer->max)
		answer->out[answer->count++] = addr;
	return true;
}

/* Takes what the records say of the name, which is another after a CNAME. False: malformed. */
static bool walk(struct answer *answer, struct cr_in records, unsigned n_records)
{
	struct record record;
	bool good = true;

	answer->count = 0;
	for (unsigned i = 0; good && i < n_records; i++) {
		take_record(&records, answer->msg, &record);
		if (records.bad)
			return false;
		if (record.class_ != CR_DNS_IN || !is_same(&record.owner, &answer->name))
			continue;
		if (record.type == CR_DNS_CNAME)
			good = follow(answer, record.data);
		else if (record.type == answer->asked->type)
			good = add_address(answer, record.data);
	}
	return good;
}

/* The records may stand in any order: what a walk takes counts when it follows no CNAME. */
static int read_records(struct answer *answer, struct cr_in records, unsigned n_records)
{
	unsigned hops;

	do {
		hops = answer->hops;
		if (!walk(answer, records, n_records))
			return -1;
	} while (answer->hops != hops);
	return (int)answer->count;
}

static bool is_asked(struct cr_in *in, struct answer *answer)
{
	struct wire asked;
	uint8_t bytes[CR_DNS_NAME_MAX];
	struct cr_in name = {bytes, bytes, false};

	name.end += cr_dns_put_name(answer->asked->name, bytes, sizeof(bytes));
	take_name(&name, bytes, &asked);
	take_name(in, answer->msg, &answer->name);
	return cr_in_take16(in) == answer->asked->type && cr_in_take16(in) == CR_DNS_IN &&
	       !in->bad && !name.bad && is_same(&asked, &answer->name);
}

int cr_dns_read_answer(const uint8_t *msg, size_t len, const struct cr_dns_asked *asked,
		       struct cr_net_addr *out, size_t max)
{
	struct cr_in in = {msg, msg + len, false};
	struct answer answer = {.msg = msg, .asked = asked, .out = out, .max = max};
	const uint16_t id = cr_in_take16(&in), flags = cr_in_take16(&in);
	const unsigned n_questions = cr_in_take16(&in), n_records = cr_in_take16(&in);

	cr_in_take(&in, 4); /* how many there are of what is not read */
	if (in.bad || id != asked->id || (flags & (FLAG_QR | OPCODE | FLAG_TC)) != FLAG_QR ||
	    n_questions != 1 || !is_asked(&in, &answer))
		return -1;
	if ((flags & RCODE) == CR_DNS_NXDOMAIN)
		return 0;
	return (flags & RCODE) == CR_DNS_NOERROR ? read_records(&answer, in, n_records) : -1;
}

size_t cr_dns_put_question(const struct cr_dns_asked *asked, uint8_t *out, size_t size)
{
	const uint8_t head[CR_DNS_HEADER] = {
		asked->id >> 8, asked->id & 0xff, FLAG_RD >> 8, 0, 0, 1};
	const uint8_t tail[] = {asked->type >> 8, asked->type & 0xff, 0, CR_DNS_IN};
	struct cr_out to = {out, out + size, false};
	uint8_t name[CR_DNS_NAME_MAX];
	const size_t len = cr_dns_put_name(asked->name, name, sizeof(name));

	cr_out_put(&to, head, sizeof(head));
	cr_out_put(&to, name, len);
	cr_out_put(&to, tail, sizeof(tail));
	return to.full || len == 0 ? 0 : (size_t)(to.at - out);
}
