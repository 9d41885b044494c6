/*
 * host.c - hosts of `connect` rules: one spelling each, and how specific one is for a target.
 *
 * Must never accept two spellings of one host, or a name that a resolver might take for an
 * address: a rule that reads as one thing and reaches another is worse than an error.
 */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "limits.h"
#include "text.h"

#define PORT_MAX  65535
#define LABEL_MAX 63 /* RFC 1035, 2.3.4 */
#define SHOWN_MAX 80

struct host_text {
	const char *at;
	size_t len;
};

static int refuse(struct cr_err *err, const char *what, const char *hint)
{
	cr_fail(err, CR_E_SYNTAX, "%s", what);
	return cr_hint(err, "%s", hint);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Decimal, no sign, no leading zero. Returns -1 when it is none or above `max`. */
static int parse_number(const char *text, size_t len, int max)
{
	int value = 0;

	if (len == 0 || len > 5 || (len > 1 && text[0] == '0'))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]))
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value <= max ? value : -1;
}

static int parse_ports(const char *text, struct cr_host *out, struct cr_err *err)
{
	const char *dash = strchr(text, '-');
	const size_t len = strlen(text);

	if (strcmp(text, "*") == 0) {
		out->port_lo = 0;
		out->port_hi = PORT_MAX;
		return 0;
	}

	const int low = parse_number(text, dash ? (size_t)(dash - text) : len, PORT_MAX);
	const int high = dash ? parse_number(dash + 1, strlen(dash + 1), PORT_MAX) : low;

	if (low < 1 || high < 1)
		return refuse(err, "bad port",
			      "write a number from 1 to 65535, a range 'low-high' or '*'");
	if (low > high)
		return refuse(err, "the range of ports is upside down",
			      "write the smaller port first");
	out->port_lo = (uint16_t)low;
	out->port_hi = (uint16_t)high;
	return 0;
}

/* inet_aton() and the WHATWG URL parser take a last part that is a number for an IPv4 address. */
static bool looks_like_address(struct host_text name)
{
	const char *end = name.at + name.len, *last = end;
	size_t digits = 0;

	while (last > name.at && last[-1] != '.')
		last--;
	if (end - last >= 2 && last[0] == '0' && (last[1] == 'x' || last[1] == 'X')) {
		last += 2;
		while (last < end && strchr("0123456789abcdefABCDEF", *last))
			last++;
		return last == end;
	}
	while (last + digits < end && is_digit(last[digits]))
		digits++;
	return digits > 0 && last + digits == end;
}

static int parse_addr4(struct host_text text, struct cr_host_name *out, struct cr_err *err)
{
	const char *at = text.at, *end = text.at + text.len;

	for (int i = 0; i < 4; i++) {
		const char *stop = at;

		while (stop < end && *stop != '.')
			stop++;

		const int value = parse_number(at, (size_t)(stop - at), 255);

		if (value < 0 || (i < 3) != (stop < end))
			return refuse(
				err, "odd spelling of an IPv4 address",
				"write four decimal numbers without leading zeros: 192.0.2.1");
		out->addr[i] = (uint8_t)value;
		at = stop + 1;
	}
	out->kind = CR_HOST_ADDR4;
	return 0;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Up to four hexadecimal digits; returns how many, 0 when there are none or too many. */
static size_t parse_group(const char *at, const char *end, unsigned *value)
{
	size_t len = 0;

	*value = 0;
	while (at + len < end && hex_value(at[len]) >= 0) {
		if (len == 4)
			return 0;
		*value = *value << 4 | (unsigned)hex_value(at[len++]);
	}
	return len;
}

/* RFC 4291, 2.2, forms 1 and 2. Returns 0 or -1; `groups` are in host order. */
static int parse_groups(const char *at, const char *end, unsigned groups[8])
{
	unsigned tail[8];
	size_t n_head = 0, n_tail = 0;
	bool gap = false;

	if (end - at >= 2 && at[0] == ':' && at[1] == ':') {
		gap = true;
		at += 2;
	}
	while (at < end) {
		unsigned value;
		const size_t len = parse_group(at, end, &value);

		if (len == 0 || n_head + n_tail == 8)
			return -1;
		if (gap)
			tail[n_tail++] = value;
		else
			groups[n_head++] = value;
		at += len;
		if (at == end)
			break;
		if (*at++ != ':' || at == end)
			return -1;
		if (*at == ':') {
			if (gap)
				return -1;
			gap = true;
			at++;
		}
	}
	if (gap ? n_head + n_tail > 7 : n_head != 8)
		return -1;
	memset(groups + n_head, 0, (8 - n_head) * sizeof(*groups));
	for (size_t i = 0; i < n_tail; i++)
		groups[8 - n_tail + i] = tail[i];
	return 0;
}

/* ::a.b.c.d and ::ffff:a.b.c.d are other spellings of an IPv4 address. */
static bool embeds_addr4(const unsigned groups[8])
{
	for (int i = 0; i < 5; i++)
		if (groups[i])
			return false;
	return groups[5] == 0xffff || (groups[5] == 0 && groups[6] != 0);
}

static int parse_addr6(struct host_text text, struct cr_host_name *out, struct cr_err *err)
{
	unsigned groups[8];

	if (memchr(text.at, '.', text.len))
		return refuse(err, "odd spelling of an IPv6 address",
			      "write hexadecimal groups, or the IPv4 address alone");
	if (memchr(text.at, '%', text.len))
		return refuse(err, "an IPv6 address with a zone",
			      "write the address without '%...'");
	if (parse_groups(text.at, text.at + text.len, groups) < 0)
		return refuse(err, "not an IPv6 address", "write [2001:db8::1]:443");
	if (embeds_addr4(groups))
		return refuse(err, "an IPv4 address inside an IPv6 address",
			      "write the IPv4 address: 192.0.2.1");
	for (int i = 0; i < 8; i++) {
		out->addr[2 * i] = (uint8_t)(groups[i] >> 8);
		out->addr[2 * i + 1] = (uint8_t)groups[i];
	}
	out->kind = CR_HOST_ADDR6;
	return 0;
}

static bool is_name_char(char c)
{
	const char lower = (char)(c | 0x20);

	return is_digit(c) || c == '-' || c == '_' || (lower >= 'a' && lower <= 'z');
}

static int check_label(const char *at, size_t len, struct cr_err *err)
{
	if (len == 0)
		return refuse(err, "a host name with an empty label",
			      "write one dot between labels");
	if (len > LABEL_MAX)
		return refuse(err, "a label of a host name is longer than 63 bytes",
			      "labels stand between dots");
	for (size_t i = 0; i < len; i++)
		if (!is_name_char(at[i]))
			return refuse(err, "a character no host name can have",
				      at[i] == '*' ? "'*' stands alone or as '*.' before a name"
						   : "letters, digits, '-', '_' and '.'");
	if (at[0] == '-' || at[len - 1] == '-')
		return refuse(err, "a label of a host name begins or ends with '-'",
			      "remove the '-'");
	return 0;
}

static int check_name(struct host_text name, struct cr_err *err)
{
	const char *at = name.at, *end = name.at + name.len;

	if (name.len > CR_MAX_HOST)
		return refuse(err, "a host name is longer than 253 bytes", "no name is that long");
	if (looks_like_address(name))
		return refuse(err, "odd spelling of an IPv4 address",
			      "write four decimal numbers without leading zeros: 192.0.2.1");
	for (;;) {
		const char *dot = memchr(at, '.', (size_t)(end - at));

		if (check_label(at, (size_t)((dot ? dot : end) - at), err) < 0)
			return -1;
		if (!dot)
			return 0;
		at = dot + 1;
	}
}

static int canonical_name(struct host_text text, char out[CR_MAX_HOST + 1], struct cr_err *err)
{
	if (text.len > 1 && text.at[text.len - 1] == '.')
		text.len--;
	if (check_name(text, err) < 0)
		return -1;
	for (size_t i = 0; i < text.len; i++)
		out[i] = (char)cr_char_fold((unsigned char)text.at[i]);
	out[text.len] = '\0';
	return 0;
}

/* RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups. */
static void print_addr6(const uint8_t addr[16], char out[48])
{
	int best = 8, best_len = 1;
	size_t len = 0;

	for (int i = 0; i < 8; i++) {
		int run = 0;

		while (i + run < 8 && !addr[2 * (i + run)] && !addr[2 * (i + run) + 1])
			run++;
		if (run > best_len) {
			best = i;
			best_len = run;
		}
	}
	out[0] = '\0';
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			len += (size_t)snprintf(out + len, 48 - len,
						i + best_len == 8 ? "::" : ":");
			i += best_len - 1;
			continue;
		}
		len += (size_t)snprintf(out + len, 48 - len, "%s%x", i ? ":" : "",
					(unsigned)(addr[2 * i] << 8 | addr[2 * i + 1]));
	}
}

void cr_host_print_addr(int family, const uint8_t *addr, char out[48])
{
	if (family == 4)
		snprintf(out, 48, "%u.%u.%u.%u", addr[0], addr[1], addr[2], addr[3]);
	else
		print_addr6(addr, out);
}

/* One host, no pattern. *out is written, also in part, only for the caller to throw away. */
static int read_host(struct host_text text, struct cr_host_name *out, struct cr_err *err)
{
	if (text.len > 2 && text.at[0] == '[' && text.at[text.len - 1] == ']') {
		const struct host_text inside = {text.at + 1, text.len - 2};

		if (parse_addr6(inside, out, err) < 0)
			return -1;
		cr_host_print_addr(6, out->addr, out->text);
		return 0;
	}
	if (text.len > 0 && is_digit(text.at[0]) && looks_like_address(text)) {
		if (parse_addr4(text, out, err) < 0)
			return -1;
		cr_host_print_addr(4, out->addr, out->text);
		return 0;
	}
	out->kind = CR_HOST_NAME;
	return canonical_name(text, out->text, err);
}

int cr_host_read(const char *text, size_t len, struct cr_host_name *out)
{
	struct cr_host_name host = {.kind = CR_HOST_NAME};

	if (read_host((struct host_text){text, len}, &host, NULL) < 0)
		return -1;
	*out = host;
	return 0;
}

int cr_host_canonical_name(const char *text, size_t len, char out[CR_MAX_HOST + 1])
{
	return canonical_name((struct host_text){text, len}, out, NULL);
}

int cr_host_read_port(const char *text, size_t len)
{
	const int port = parse_number(text, len, PORT_MAX);

	return port > 0 ? port : -1;
}

/* A host or a pattern of hosts, as struct cr_host names it. */
static int parse_host(struct host_text text, struct cr_host_name *name, struct cr_err *err)
{
	if (text.len == 1 && text.at[0] == '*') {
		name->kind = CR_HOST_ANY;
		name->text[0] = '*';
		return 0;
	}
	if (text.len >= 2 && text.at[0] == '*' && text.at[1] == '.') {
		name->kind = CR_HOST_SUFFIX;
		return canonical_name((struct host_text){text.at + 2, text.len - 2}, name->text,
				      err);
	}
	return read_host(text, name, err);
}

/* Spellings that mean something else, each with the reason. */
static int check_spelling(const char *text, struct cr_err *err)
{
	for (const char *at = text; *at; at++) {
		const unsigned char c = (unsigned char)*at;

		if (c >= 0x80)
			return refuse(err, "a host that is not ASCII",
				      "write the name in its xn-- form");
		if (c <= ' ' || c == 0x7f)
			return refuse(err, "a blank or control character in a host",
				      "write 'name:port'");
	}
	if (strstr(text, "://"))
		return refuse(err, "a URL instead of a host", "write 'name:port'");
	if (strchr(text, '@'))
		return refuse(err, "a user name in a host", "write 'name:port'");
	if (strchr(text, '/'))
		return refuse(err, "a path or network mask in a host", "write 'name:port'");
	return 0;
}

/* The ':' before the port, or NULL. */
static const char *find_port(const char *text, struct cr_err *err)
{
	const char *colon = strrchr(text, ':');
	const char *bracket = strchr(text, ']');

	if (text[0] == '[' && !bracket) {
		refuse(err, "'[' without ']'", "write [2001:db8::1]:443");
		return NULL;
	}
	if (text[0] == '[' && bracket[1] != '\0' && bracket[1] != ':') {
		refuse(err, "text after ']'", "write [2001:db8::1]:443");
		return NULL;
	}
	if (!colon || (bracket && colon < bracket)) {
		refuse(err, "a host without port", "write 'name:443', or 'name:*' for every port");
		return NULL;
	}
	if (text[0] != '[' && strchr(text, ':') != colon) {
		refuse(err, "more than one ':'", "write an IPv6 address as [2001:db8::1]:443");
		return NULL;
	}
	return colon;
}

int cr_host_parse(struct cr_arena *arena, const char *text, struct cr_host *out, struct cr_err *err)
{
	struct cr_host host = {.kind = CR_HOST_ANY};
	struct cr_host_name name = {.kind = CR_HOST_ANY};

	if (check_spelling(text, err) < 0)
		return -1;

	const char *colon = find_port(text, err);

	if (!colon)
		return -1;
	if (colon == text)
		return refuse(err, "a port without host",
			      "write 'name:port', or '*:port' for every host");
	if (parse_ports(colon + 1, &host, err) < 0)
		return -1;
	if (parse_host((struct host_text){text, (size_t)(colon - text)}, &name, err) < 0)
		return -1;
	host.kind = name.kind;
	memcpy(host.addr, name.addr, sizeof(host.addr));
	host.name = cr_arena_strdup(arena, name.text);
	if (!host.name)
		return cr_fail(err, CR_E_NOMEM, "no memory for a host");
	*out = host;
	return 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
	const size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len + 1 && name[len - suffix_len - 1] == '.' &&
	       strcmp(name + len - suffix_len, suffix) == 0;
}

static const uint8_t loopback4[4] = {127, 0, 0, 1};
static const uint8_t loopback6[16] = {[15] = 1};

bool cr_host_is_loopback(int family, const uint8_t *addr)
{
	return family == 4 ? addr[0] == loopback4[0]
			   : memcmp(addr, loopback6, sizeof(loopback6)) == 0;
}

bool cr_host_is_localhost(const struct cr_host *host)
{
	return host->kind == CR_HOST_NAME && strcmp(host->name, "localhost") == 0;
}

bool cr_host_names_address(const struct cr_host *pattern)
{
	return pattern->kind == CR_HOST_ADDR4 || pattern->kind == CR_HOST_ADDR6 ||
	       cr_host_is_localhost(pattern);
}

/* What "localhost" means in every hosts file. */
static bool is_localhost_address(const struct cr_host *target)
{
	return target->kind == CR_HOST_ADDR4
		       ? memcmp(target->addr, loopback4, sizeof(loopback4)) == 0
		       : target->kind == CR_HOST_ADDR6 && cr_host_is_loopback(6, target->addr);
}

/* Any: 0; a suffix: its length; exact: more than any suffix. -1: no match. */
static int host_rank(const struct cr_host *pattern, const struct cr_host *target)
{
	const int exact = CR_MAX_HOST + 1;

	switch (pattern->kind) {
	case CR_HOST_ANY:
		return 0;
	case CR_HOST_SUFFIX:
		if (target->kind != CR_HOST_NAME || !has_suffix(target->name, pattern->name))
			return -1;
		return (int)strlen(pattern->name);
	case CR_HOST_NAME:
		if (cr_host_is_localhost(pattern) && is_localhost_address(target))
			return exact;
		if (target->kind != CR_HOST_NAME || strcmp(target->name, pattern->name) != 0)
			return -1;
		return exact;
	case CR_HOST_ADDR4:
	case CR_HOST_ADDR6:
		if (target->kind != pattern->kind ||
		    memcmp(target->addr, pattern->addr, sizeof(target->addr)) != 0)
			return -1;
		return exact;
	}
	return -1;
}

int cr_host_covers(const struct cr_host *pattern, const struct cr_host *target)
{
	const int rank = host_rank(pattern, target);

	if (rank < 0 || target->port_lo < pattern->port_lo || target->port_hi > pattern->port_hi)
		return -1;
	return rank * (PORT_MAX + 1) + PORT_MAX - (pattern->port_hi - pattern->port_lo);
}
