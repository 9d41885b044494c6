/*
 * socks.c - greeting, login and request of SOCKS5, and the answers to them.
 *
 * Must never hand on a host in two spellings, nor read behind the message that is at the front:
 * what follows a request is the connection's own.
 */
#include <stdio.h>
#include <string.h>

#include "proxyauth.h"
#include "socks.h"

#define VERSION_4       4
#define VERSION_5       5
#define METHOD_NONE     0
#define METHOD_PASSWORD 2
#define METHOD_REFUSED  0xff
#define LOGIN_VERSION   1
#define LOGIN_GOOD      0
#define LOGIN_BAD       1
#define COMMAND_CONNECT 1
#define TYPE_ADDR4      1
#define TYPE_NAME       3
#define TYPE_ADDR6      4
#define REQUEST_HEADER  4

void cr_socks_init(struct cr_socks *socks, const char *user, const char *password)
{
	*socks = (struct cr_socks){.state = CR_SOCKS_GREETING, .user = user, .password = password};
}

size_t cr_socks_reply(int code, uint8_t out[CR_SOCKS_REPLY_MAX])
{
	memset(out, 0, CR_SOCKS_REPLY_MAX);
	out[0] = VERSION_5;
	out[1] = (uint8_t)code;
	out[3] = TYPE_ADDR4;
	return CR_SOCKS_REPLY_MAX;
}

static enum cr_look bad(struct cr_socks *socks, const char *why)
{
	socks->why = why;
	return CR_LOOK_BAD;
}

static enum cr_look refuse(struct cr_socks *socks, enum cr_socks_code code, const char *why)
{
	socks->reply_len = cr_socks_reply((int)code, socks->reply);
	return bad(socks, why);
}

static void answer(struct cr_socks *socks, uint8_t version, uint8_t code)
{
	socks->reply[0] = version;
	socks->reply[1] = code;
	socks->reply_len = 2;
}

static enum cr_look choose_method(struct cr_socks *socks, const uint8_t *methods, size_t count)
{
	const uint8_t wanted = socks->user ? METHOD_PASSWORD : METHOD_NONE;

	if (!memchr(methods, wanted, count)) {
		answer(socks, VERSION_5, METHOD_REFUSED);
		return bad(socks, socks->user ? "no password was offered"
					      : "no method without a password was offered");
	}
	answer(socks, VERSION_5, wanted);
	socks->state = socks->user ? CR_SOCKS_LOGIN : CR_SOCKS_REQUEST;
	return CR_LOOK_MORE;
}

/* RFC 1928, 3: version, how many methods, the methods. */
static enum cr_look read_greeting(struct cr_socks *socks, const uint8_t *data, size_t len,
				  size_t *used)
{
	if (data[0] == VERSION_4)
		return bad(socks, "SOCKS4");
	if (data[0] != VERSION_5)
		return CR_LOOK_OTHER;
	if (len < 2 || len < 2u + data[1])
		return CR_LOOK_MORE;
	*used = 2u + data[1];
	return choose_method(socks, data + 2, data[1]);
}

/* RFC 1929, 2: version, length and bytes of the user, of the password. */
static enum cr_look read_login(struct cr_socks *socks, const uint8_t *data, size_t len,
			       size_t *used)
{
	if (data[0] != LOGIN_VERSION)
		return bad(socks, "the login is of another version");
	if (len < 2 || len < 3u + data[1])
		return CR_LOOK_MORE;

	const uint8_t *user = data + 2, *password = user + data[1] + 1;
	const size_t user_len = data[1], password_len = password[-1];

	if (len < 3 + user_len + password_len)
		return CR_LOOK_MORE;
	*used = 3 + user_len + password_len;

	const bool user_is = cr_secret_is(user, user_len, socks->user);
	const bool password_is = cr_secret_is(password, password_len, socks->password);

	answer(socks, LOGIN_VERSION, user_is && password_is ? LOGIN_GOOD : LOGIN_BAD);
	if (!user_is || !password_is)
		return bad(socks, "a wrong user or password");
	socks->state = CR_SOCKS_REQUEST;
	return CR_LOOK_MORE;
}

/* Bytes of the address behind the header, a name's length included; 0: no such type. */
static size_t address_bytes(const uint8_t *request)
{
	switch (request[3]) {
	case TYPE_ADDR4:
		return 4;
	case TYPE_ADDR6:
		return 16;
	case TYPE_NAME:
		return 1u + request[REQUEST_HEADER];
	}
	return 0;
}

/* A client that knows only names sends addresses as such too; but in no odd spelling. */
static int take_name(struct cr_socks *socks, const char *name, size_t len)
{
	struct cr_host_name host;

	if (cr_host_read(name, len, &host) < 0)
		return -1;
	socks->kind = host.kind;
	memcpy(socks->host, host.text, sizeof(socks->host));
	memcpy(socks->addr, host.addr, sizeof(socks->addr));
	return 0;
}

/* Through its text, so that an IPv4 address inside an IPv6 address is refused here too. */
static int take_address(struct cr_socks *socks, int family, const uint8_t *addr)
{
	char plain[48], text[sizeof(plain) + 2];
	const bool six = family == 6;

	cr_host_print_addr(family, addr, plain);

	const int len = snprintf(text, sizeof(text), six ? "[%s]" : "%s", plain);

	return take_name(socks, text, (size_t)len);
}

static int take_host(struct cr_socks *socks, const uint8_t *request, size_t len)
{
	const uint8_t *at = request + REQUEST_HEADER;

	if (request[3] == TYPE_NAME)
		return take_name(socks, (const char *)at + 1, len - 1);
	return take_address(socks, request[3] == TYPE_ADDR4 ? 4 : 6, at);
}

static enum cr_look read_target(struct cr_socks *socks, const uint8_t *request, size_t len)
{
	const uint8_t *port = request + REQUEST_HEADER + len;

	if (take_host(socks, request, len) < 0)
		return refuse(socks, CR_SOCKS_NOT_ALLOWED, "a bad host");
	socks->port = (uint16_t)(port[0] << 8 | port[1]);
	if (socks->port == 0)
		return refuse(socks, CR_SOCKS_NOT_ALLOWED, "port 0");
	return CR_LOOK_DONE;
}

/* RFC 1928, 4: version, command, 0, type, address, port. */
static enum cr_look read_request(struct cr_socks *socks, const uint8_t *data, size_t len,
				 size_t *used)
{
	if (data[0] != VERSION_5)
		return bad(socks, "the request is of another version");
	if (len < REQUEST_HEADER)
		return CR_LOOK_MORE;
	if (data[1] != COMMAND_CONNECT)
		return refuse(socks, CR_SOCKS_BAD_COMMAND, "a command other than CONNECT");
	if (data[2] != 0)
		return refuse(socks, CR_SOCKS_FAILED, "a reserved byte is not 0");
	if (data[3] == TYPE_NAME && len == REQUEST_HEADER)
		return CR_LOOK_MORE;

	const size_t address = address_bytes(data);

	if (address == 0)
		return refuse(socks, CR_SOCKS_BAD_ADDRESS, "an unknown type of address");
	if (len < REQUEST_HEADER + address + 2)
		return CR_LOOK_MORE;
	*used = REQUEST_HEADER + address + 2;
	return read_target(socks, data, address);
}

enum cr_look cr_socks_feed(struct cr_socks *socks, const uint8_t *data, size_t len, size_t *used)
{
	*used = 0;
	socks->reply_len = 0;
	if (len == 0)
		return CR_LOOK_MORE;
	switch (socks->state) {
	case CR_SOCKS_GREETING:
		return read_greeting(socks, data, len, used);
	case CR_SOCKS_LOGIN:
		return read_login(socks, data, len, used);
	case CR_SOCKS_REQUEST:
		break;
	}
	return read_request(socks, data, len, used);
}
