/*
 * dnsmsg.c - one DNS query in, one answer out.
 *
 * Must never take two spellings of bytes for one name, follow a compression pointer, or read
 * behind the length it was given: every byte comes from inside the box. Answers hold no byte that
 * the caller or the question did not give.
 */
#include <string.h>

#include "dnsmsg.h"
#include "host.h"
#include "inbuf.h"
#include "outbuf.h"

#define POINTER_Q 0xc00c /* to the question's name, right behind the header */

#define FLAG_QR      0x8000
#define FLAG_OPCODES 0x7800
#define FLAG_TC      0x0200
#define FLAG_RD      0x0100
#define FLAG_RA      0x0080
#define FLAG_CD      0x0010 /* to be copied: RFC 4035, 3.2.2 */

/* The labels of a question as text. False: well-formed, but no host name has such labels. */
struct labels {
	char text[CR_DNS_NAME_MAX];
	size_t len;
	bool usable;
};

static void add_label(struct labels *labels, const uint8_t *label, size_t len)
{
	const size_t dot = labels->len ? 1 : 0;

	if (labels->len + dot + len > CR_MAX_HOST || memchr(label, '.', len)) {
		labels->usable = false;
		return;
	}
	if (dot)
		labels->text[labels->len++] = '.';
	memcpy(labels->text + labels->len, label, len);
	labels->len += len;
}

/* Reads a name. A byte above 63 is a pointer or reserved: `in` is bad then. */
static void take_labels(struct cr_in *in, struct labels *labels)
{
	*labels = (struct labels){.usable = true};
	for (;;) {
		const unsigned len = cr_in_take8(in);

		if (len > CR_DNS_LABEL_MAX)
			in->bad = true;
		if (in->bad || len == 0)
			return;

		const uint8_t *label = cr_in_take(in, len);

		if (!label)
			return;
		add_label(labels, label, len);
	}
}

/* Types that ask for no record of a name: 128..255 (RFC 6895, 3.1), and OPT. */
static bool is_meta_type(uint16_t type)
{
	return type == 0 || type == CR_DNS_OPT || (type >= 128 && type <= 255);
}

static int parse_question(struct cr_in *in, struct cr_dns_query *out)
{
	const uint8_t *start = in->at;
	struct labels labels;

	take_labels(in, &labels);
	out->type = cr_in_take16(in);
	out->class_ = cr_in_take16(in);
	if (in->bad)
		return CR_DNS_FORMERR;
	out->question_len = (size_t)(in->at - start);
	if (out->class_ != CR_DNS_IN || is_meta_type(out->type))
		return CR_DNS_REFUSED;
	if (!labels.usable || cr_host_canonical_name(labels.text, labels.len, out->name) < 0)
		return CR_DNS_NXDOMAIN;
	return CR_DNS_NOERROR;
}

/* Options are only walked: their lengths have to agree (RFC 6891, 6.1.2). */
static bool options_agree(struct cr_in options)
{
	while (!options.bad && options.at < options.end) {
		cr_in_take16(&options);
		cr_in_take(&options, cr_in_take16(&options));
	}
	return !options.bad;
}

static void clamp_udp_size(struct cr_dns_query *out, uint16_t size)
{
	if (size < CR_DNS_UDP_MIN)
		size = CR_DNS_UDP_MIN;
	out->udp_size = size > CR_DNS_UDP_MAX ? CR_DNS_UDP_MAX : size;
}

/* The only record a query may have is one OPT of the root (RFC 6891, 6.1.1). */
static int parse_opt(struct cr_in *in, struct cr_dns_query *out)
{
	const unsigned owner = cr_in_take8(in);
	const uint16_t type = cr_in_take16(in), size = cr_in_take16(in);

	cr_in_take8(in); /* extended RCODE */

	const unsigned version = cr_in_take8(in);

	cr_in_take16(in); /* DO: we never sign */

	const uint16_t len = cr_in_take16(in);
	const uint8_t *data = cr_in_take(in, len);

	if (in->bad || owner != 0 || type != CR_DNS_OPT)
		return CR_DNS_FORMERR;
	out->edns = true;
	clamp_udp_size(out, size);
	if (version != 0)
		return CR_DNS_BADVERS;
	return options_agree((struct cr_in){data, data + len, false}) ? CR_DNS_NOERROR
								      : CR_DNS_FORMERR;
}

/* Everything behind the header. The question's own answer counts only if the rest is sound. */
static int parse_body(struct cr_in *in, const uint16_t counts[4], struct cr_dns_query *out)
{
	if (counts[0] != 1 || counts[1] || counts[2] || counts[3] > 1)
		return CR_DNS_FORMERR;

	const int rcode = parse_question(in, out);

	if (rcode == CR_DNS_FORMERR)
		return rcode;

	const int opt = counts[3] ? parse_opt(in, out) : CR_DNS_NOERROR;

	if (opt != CR_DNS_NOERROR)
		return opt;
	return in->at == in->end ? rcode : CR_DNS_FORMERR;
}

int cr_dns_parse_query(const uint8_t *msg, size_t len, struct cr_dns_query *out)
{
	struct cr_in in = {msg, msg + len, false};
	uint16_t counts[4];

	*out = (struct cr_dns_query){.udp_size = CR_DNS_UDP_MIN};
	if (len < CR_DNS_HEADER)
		return -1;
	out->id = cr_in_take16(&in);
	out->flags = cr_in_take16(&in);
	for (int i = 0; i < 4; i++)
		counts[i] = cr_in_take16(&in);
	if (out->flags & FLAG_QR)
		return -1;
	if (out->flags & FLAG_OPCODES)
		return CR_DNS_NOTIMP;

	const int rcode = parse_body(&in, counts, out);

	if (rcode != CR_DNS_NOERROR)
		out->name[0] = '\0';
	return rcode;
}

static void put8(struct cr_out *out, unsigned value)
{
	cr_out_put(out, &(uint8_t){(uint8_t)value}, 1);
}

static void put16(struct cr_out *out, unsigned value)
{
	put8(out, value >> 8 & 0xff);
	put8(out, value & 0xff);
}

static void put32(struct cr_out *out, uint32_t value)
{
	put16(out, value >> 16);
	put16(out, value & 0xffff);
}

static void put_record(struct cr_out *out, const struct cr_dns_record *record)
{
	put16(out, POINTER_Q);
	put16(out, record->type);
	put16(out, CR_DNS_IN);
	put32(out, record->ttl);
	put16(out, record->len);
	cr_out_put(out, record->data, record->len);
}

/*
 * RFC 2308, 3: what a resolver needs to keep a "no", for the lesser of the TTL and the last field.
 * It is the root's, because a SOA of the name itself would say that the name exists.
 */
static void put_soa(struct cr_out *out)
{
	put8(out, 0);
	put16(out, CR_DNS_SOA);
	put16(out, CR_DNS_IN);
	put32(out, CR_DNS_NEGATIVE_TTL);
	put16(out, 2 + 5 * 4);
	put16(out, 0); /* MNAME and RNAME: the root, twice */
	put32(out, 1); /* serial; then refresh, retry, expire, minimum */
	for (int i = 0; i < 4; i++)
		put32(out, CR_DNS_NEGATIVE_TTL);
}

static void put_opt(struct cr_out *out, int rcode)
{
	put8(out, 0);
	put16(out, CR_DNS_OPT);
	put16(out, CR_DNS_UDP_MAX);
	put8(out, (unsigned)rcode >> 4 & 0xff);
	put8(out, 0);  /* version */
	put16(out, 0); /* flags */
	put16(out, 0); /* no options */
}

struct sections {
	bool truncated, answers, soa, opt;
};

static struct sections whole(const struct cr_dns_query *query, const struct cr_dns_reply *reply)
{
	const bool good = reply->rcode == CR_DNS_NOERROR && query->question_len;
	const bool none = reply->n_records == 0;

	return (struct sections){
		.answers = good && !none,
		.soa = reply->rcode == CR_DNS_NXDOMAIN || (good && none),
		.opt = query->edns,
	};
}

static size_t write_answer(const uint8_t *msg, const struct cr_dns_query *query,
			   const struct cr_dns_reply *reply, struct sections sections,
			   struct cr_out out)
{
	const uint8_t *start = out.at;
	const size_t n_records = sections.answers ? reply->n_records : 0;

	put16(&out, query->id);
	put16(&out, FLAG_QR | (query->flags & (FLAG_OPCODES | FLAG_RD | FLAG_CD)) |
			    (sections.truncated ? FLAG_TC : 0) | FLAG_RA |
			    ((unsigned)reply->rcode & 0xf));
	put16(&out, query->question_len ? 1 : 0);
	put16(&out, (unsigned)n_records);
	put16(&out, sections.soa ? 1 : 0);
	put16(&out, sections.opt ? 1 : 0);
	cr_out_put(&out, msg + CR_DNS_HEADER, query->question_len);
	for (size_t i = 0; i < n_records; i++)
		put_record(&out, &reply->records[i]);
	if (sections.soa)
		put_soa(&out);
	if (sections.opt)
		put_opt(&out, reply->rcode);
	return out.full ? 0 : (size_t)(out.at - start);
}

size_t cr_dns_answer(const uint8_t *msg, const struct cr_dns_query *query,
		     const struct cr_dns_reply *reply, uint8_t *out, size_t size)
{
	const struct cr_out room = {out, out + size, false};
	struct sections sections = whole(query, reply);
	size_t len =
		reply->n_records > UINT16_MAX ? 0 : write_answer(msg, query, reply, sections, room);

	if (len)
		return len;
	/* A SOA may be left out without TC: only how long a "no" is kept depends on it. */
	sections.truncated = sections.answers;
	sections.answers = sections.soa = false;
	len = write_answer(msg, query, reply, sections, room);
	if (len || !sections.opt)
		return len;
	sections.opt = false;
	return write_answer(msg, query, reply, sections, room);
}

static bool reverse4(const char *name, size_t len, uint8_t addr[16])
{
	struct cr_host_name host;

	if (cr_host_read(name, len, &host) < 0 || host.kind != CR_HOST_ADDR4)
		return false;
	for (int i = 0; i < 4; i++)
		addr[i] = host.addr[3 - i];
	return true;
}

static bool reverse6(const char *name, size_t len, uint8_t addr[16])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t read[16] = {0};

	if (len != 63)
		return false;
	for (size_t i = 0; i < 32; i++) {
		const char *digit = memchr(digits, name[2 * i], 16);

		if (!digit || (i < 31 && name[2 * i + 1] != '.'))
			return false;
		read[15 - i / 2] |= (uint8_t)((digit - digits) << (i % 2 ? 4 : 0));
	}
	memcpy(addr, read, sizeof(read));
	return true;
}

static bool strip_suffix(const char *name, const char *suffix, size_t *len)
{
	const size_t all = strlen(name), end = strlen(suffix);

	if (all <= end || memcmp(name + all - end, suffix, end) != 0)
		return false;
	*len = all - end;
	return true;
}

bool cr_dns_reverse(const char *name, int *family, uint8_t addr[16])
{
	size_t len;

	if (strip_suffix(name, ".in-addr.arpa", &len) && reverse4(name, len, addr)) {
		*family = 4;
		return true;
	}
	if (strip_suffix(name, ".ip6.arpa", &len) && reverse6(name, len, addr)) {
		*family = 6;
		return true;
	}
	return false;
}

size_t cr_dns_put_name(const char *name, uint8_t *out, size_t size)
{
	struct cr_out to = {out, out + size, false};

	for (;;) {
		const size_t len = strcspn(name, ".");

		if (len == 0 || len > CR_DNS_LABEL_MAX)
			return 0;
		put8(&to, (unsigned)len);
		cr_out_put(&to, name, len);
		if (!name[len])
			break;
		name += len + 1;
	}
	put8(&to, 0);
	return to.full || to.at - out > CR_DNS_NAME_MAX ? 0 : (size_t)(to.at - out);
}

size_t cr_dns_put_svcb(uint8_t *out, size_t size)
{
	struct cr_out to = {out, out + size, false};

	put16(&to, 1);
	put8(&to, 0);
	return to.full ? 0 : 3;
}
