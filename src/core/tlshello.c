/*
 * tlshello.c - the server name in a ClientHello that may be cut into any records.
 *
 * Must never answer with a name that a server might not see: what is not exactly one hello with at
 * most one name is BAD. A hello that is not yet whole is read from its start again at the next
 * call, so nothing is kept; extensions are passed over in steps, not byte by byte.
 */
#include <string.h>

#include "host.h"
#include "tlshello.h"

#define RECORD_HANDSHAKE 22
#define RECORD_FIRST     20 /* change_cipher_spec; then alert, handshake, data, heartbeat */
#define RECORD_LAST      24
#define RECORD_ALERT     21
#define ALERT_RECORD     7 /* bytes of one, header included */
#define RECORD_HEADER    5
#define RECORD_MAX       16384 /* RFC 8446, 5.1 */
#define MESSAGE_HEADER   4
#define CLIENT_HELLO     1
#define SERVER_HELLO     2
#define VERSION_MAJOR    3
#define VERSION_MINOR    4 /* nobody sends more than TLS 1.2 here, but 1.3 is meant */
#define RANDOM_BYTES     32
#define SESSION_ID_MAX   32

#define EXT_NAME      0
#define EXT_ECH_DRAFT 0xfe08 /* .. to the final number, one for each draft */
#define EXT_ECH       0xfe0d
#define EXT_OUTER     0xfd00 /* ech_outer_extensions: only ever inside an encrypted hello */
#define EXT_ESNI      0xffce /* what came before ECH */
#define NAME_HOST     0

struct in {
	const uint8_t *at, *end;
	size_t record;     /* bytes left of the record `at` is in */
	size_t left;       /* bytes left of the vector being read */
	bool full;         /* what has been given is all that is allowed */
	enum cr_look look; /* DONE as long as it is good; then it stays what it is */
};

static bool good(const struct in *in)
{
	return in->look == CR_LOOK_DONE;
}

static void stop(struct in *in, enum cr_look look)
{
	if (good(in))
		in->look = look;
}

static void need_more(struct in *in)
{
	stop(in, in->full ? CR_LOOK_BAD : CR_LOOK_MORE);
}

static void open_record(struct in *in)
{
	const size_t there = (size_t)(in->end - in->at);

	if ((there > 0 && in->at[0] != RECORD_HANDSHAKE) ||
	    (there > 1 && in->at[1] != VERSION_MAJOR) || (there > 2 && in->at[2] > VERSION_MINOR)) {
		stop(in, CR_LOOK_BAD);
		return;
	}
	if (there < RECORD_HEADER) {
		need_more(in);
		return;
	}
	in->record = (size_t)(in->at[3] << 8 | in->at[4]);
	in->at += RECORD_HEADER;
	if (in->record == 0 || in->record > RECORD_MAX)
		stop(in, CR_LOOK_BAD);
}

/* How many of the next `want` (> 0) bytes lie at `at` in one piece: 0 when it is not good. */
static size_t piece(struct in *in, size_t want)
{
	if (want > in->left)
		stop(in, CR_LOOK_BAD);
	if (good(in) && in->record == 0)
		open_record(in);
	if (good(in) && in->at == in->end)
		need_more(in);
	if (!good(in))
		return 0;

	const size_t there = (size_t)(in->end - in->at);
	const size_t most = in->record < there ? in->record : there;

	return want < most ? want : most;
}

static void pass(struct in *in, size_t len)
{
	in->at += len;
	in->record -= len;
	in->left -= len;
}

static unsigned take(struct in *in, int bytes)
{
	unsigned value = 0;

	while (bytes-- > 0) {
		if (piece(in, 1) == 0)
			return 0;
		value = value << 8 | *in->at;
		pass(in, 1);
	}
	return value;
}

static void skip(struct in *in, size_t len)
{
	while (len > 0) {
		const size_t step = piece(in, len);

		if (step == 0)
			return;
		pass(in, step);
		len -= step;
	}
}

/* Enters a vector of `len` bytes; returns how many are left behind it, for leave(). */
static size_t enter(struct in *in, size_t len)
{
	if (len > in->left) {
		stop(in, CR_LOOK_BAD);
		return 0;
	}

	const size_t behind = in->left - len;

	in->left = len;
	return behind;
}

static void leave(struct in *in, size_t behind)
{
	if (in->left != 0)
		stop(in, CR_LOOK_BAD);
	in->left = behind;
}

/* RFC 6066, 3. Types of names other than host names were never defined. */
static void read_name(struct in *in, struct cr_tls_hello *out)
{
	const size_t behind_list = enter(in, take(in, 2));
	const unsigned type = take(in, 1);
	const size_t len = take(in, 2);
	const size_t behind = enter(in, len);
	char name[CR_MAX_HOST];

	if (good(in) && (type != NAME_HOST || len == 0 || len > sizeof(name)))
		stop(in, CR_LOOK_BAD);
	for (size_t i = 0; good(in) && i < len; i++)
		name[i] = (char)take(in, 1);
	if (!good(in))
		return;
	if (name[len - 1] == '.' || cr_host_canonical_name(name, len, out->name) < 0)
		stop(in, CR_LOOK_BAD);
	leave(in, behind);
	leave(in, behind_list);
}

static void once(struct in *in, bool *seen)
{
	if (*seen)
		stop(in, CR_LOOK_BAD);
	*seen = true;
}

static void read_extension(struct in *in, struct cr_tls_hello *out, bool *has_ech)
{
	const unsigned type = take(in, 2);
	const size_t behind = enter(in, take(in, 2));

	if (!good(in))
		return;
	if (type == EXT_ECH)
		once(in, has_ech);
	if ((type >= EXT_ECH_DRAFT && type <= EXT_ECH) || type == EXT_OUTER || type == EXT_ESNI)
		out->has_ech = true;
	if (type == EXT_NAME) {
		once(in, &out->has_name);
		read_name(in, out);
	} else {
		skip(in, in->left);
	}
	leave(in, behind);
}

/* A vector whose content does not matter, as long as its length is one it may have. */
static size_t pass_vector(struct in *in, int length_bytes, size_t min, size_t max)
{
	const size_t len = take(in, length_bytes);

	if (good(in) && (len < min || len > max))
		stop(in, CR_LOOK_BAD);
	if (good(in))
		skip(in, len);
	return len;
}

static void read_extensions(struct in *in, struct cr_tls_hello *out)
{
	const size_t behind = enter(in, take(in, 2));
	bool has_ech = false;

	while (good(in) && in->left > 0)
		read_extension(in, out, &has_ech);
	leave(in, behind);
}

/* RFC 8446, 4.1.2. */
static void read_hello(struct in *in, struct cr_tls_hello *out)
{
	const unsigned type = take(in, 1);

	if (good(in) && type != CLIENT_HELLO)
		stop(in, CR_LOOK_BAD);

	const size_t len = take(in, 3);

	if (!good(in))
		return;
	if (len > CR_TLS_HELLO_MAX - RECORD_HEADER - MESSAGE_HEADER)
		stop(in, CR_LOOK_BAD);
	in->left = len;
	if (take(in, 1) != VERSION_MAJOR)
		stop(in, CR_LOOK_BAD);
	skip(in, 1 + RANDOM_BYTES);
	pass_vector(in, 1, 0, SESSION_ID_MAX);
	if (pass_vector(in, 2, 2, 0xfffe) % 2 != 0)
		stop(in, CR_LOOK_BAD);
	pass_vector(in, 1, 1, 255);
	if (good(in) && in->left > 0)
		read_extensions(in, out);
	leave(in, 0);
	if (in->record != 0)
		stop(in, CR_LOOK_BAD);
}

/*
 * The first byte of a TLS record is its type. A server may pass over an alert that comes before the
 * hello, so every type counts; but 0x16 counts whatever follows, because not every server looks at
 * the version of the first record. SSLv2: a length with the highest bit set, then the message type
 * and the version.
 */
enum cr_look cr_tls_begins(const uint8_t *data, size_t len)
{
	if (len == 0)
		return CR_LOOK_MORE;
	if (data[0] == RECORD_HANDSHAKE)
		return CR_LOOK_DONE;
	if (data[0] >= RECORD_FIRST && data[0] <= RECORD_LAST) {
		if (len < 2)
			return CR_LOOK_MORE;
		return data[1] == VERSION_MAJOR ? CR_LOOK_DONE : CR_LOOK_OTHER;
	}
	if (!(data[0] & 0x80) || (len > 2 && data[2] != CLIENT_HELLO))
		return CR_LOOK_OTHER;
	if (len < 4)
		return CR_LOOK_MORE;
	return data[3] <= VERSION_MAJOR ? CR_LOOK_DONE : CR_LOOK_OTHER;
}

/* A reader at the start of a stream, of the four bytes that every message begins with. */
static struct in start(const uint8_t *data, size_t len)
{
	return (struct in){
		.at = data,
		.end = data + (len < CR_TLS_HELLO_MAX ? len : CR_TLS_HELLO_MAX),
		.left = MESSAGE_HEADER,
		.full = len >= CR_TLS_HELLO_MAX,
		.look = CR_LOOK_DONE,
	};
}

enum cr_look cr_tls_hello_read(const uint8_t *data, size_t len, struct cr_tls_hello *out)
{
	struct cr_tls_hello hello = {.has_name = false};
	const enum cr_look begins = cr_tls_begins(data, len);
	struct in in = start(data, len);

	if (begins != CR_LOOK_DONE)
		return begins;
	read_hello(&in, &hello);
	if (good(&in))
		*out = hello;
	return in.look;
}

size_t cr_tls_hello_size(const uint8_t *data, size_t len)
{
	struct cr_tls_hello hello = {.has_name = false};
	struct in in = start(data, len);

	read_hello(&in, &hello);
	return good(&in) ? (size_t)(in.at - data) : 0;
}

/* An alert of two bytes in one record: a warning may come before the answer. */
static bool is_alert(const uint8_t *data, size_t len)
{
	static const uint8_t length[2] = {0, 2};

	return len >= ALERT_RECORD && data[0] == RECORD_ALERT &&
	       memcmp(data + 3, length, sizeof(length)) == 0;
}

enum cr_tls_answer cr_tls_answer_read(const uint8_t *data, size_t len)
{
	/* SHA-256 of "HelloRetryRequest", in the place of the random bytes (RFC 8446, 4.1.3) */
	static const uint8_t retry[RANDOM_BYTES] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
		0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
		0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
	};
	bool same = true;

	while (is_alert(data, len)) {
		data += ALERT_RECORD;
		len -= ALERT_RECORD;
	}
	if (len == 0 || (data[0] == RECORD_ALERT && len < ALERT_RECORD))
		return CR_TLS_ANSWER_MORE;

	struct in in = start(data, len);
	const unsigned type = take(&in, 1);

	if (good(&in) && type != SERVER_HELLO)
		return CR_TLS_ANSWER_FINAL;
	in.left = take(&in, 3);
	take(&in, 2);
	for (size_t i = 0; i < RANDOM_BYTES && same && good(&in); i++)
		same = take(&in, 1) == retry[i] || !good(&in);
	if (in.look == CR_LOOK_MORE)
		return CR_TLS_ANSWER_MORE;
	return good(&in) && same ? CR_TLS_ANSWER_RETRY : CR_TLS_ANSWER_FINAL;
}

enum cr_look cr_tls_hello_again(const uint8_t *data, size_t len, struct cr_tls_hello *out)
{
	static const uint8_t change[] = {RECORD_FIRST, VERSION_MAJOR, 3, 0, 1, 1};
	const size_t there = len < sizeof(change) ? len : sizeof(change);

	if (memcmp(data, change, there) == 0) {
		if (there < sizeof(change))
			return CR_LOOK_MORE;
		data += there;
		len -= there;
	}

	const enum cr_look look = cr_tls_hello_read(data, len, out);

	return look == CR_LOOK_OTHER ? CR_LOOK_BAD : look;
}
