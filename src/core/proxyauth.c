/* proxyauth.c - see proxyauth.h. Must say yes only to what is whole and right. */
#include "proxyauth.h"

#include <stdio.h>
#include <string.h>

#include "httphead.h"

bool cr_secret_is(const void *given, size_t len, const char *secret)
{
	const uint8_t *bytes = given;
	const size_t wanted = strlen(secret);
	uint8_t differs = len != wanted;

	for (size_t i = 0; i < len; i++)
		differs |= (uint8_t)(bytes[i] ^ (uint8_t)secret[i < wanted ? i : wanted]);
	return !differs;
}

/* RFC 4648, 4. `out` has room for four characters for every three bytes begun, and a NUL. */
static void encode(const char *text, size_t len, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3, out += 4) {
		uint32_t three = (uint32_t)(uint8_t)text[i] << 16;

		three |= i + 1 < len ? (uint32_t)(uint8_t)text[i + 1] << 8 : 0;
		three |= i + 2 < len ? (uint8_t)text[i + 2] : 0;
		out[0] = digits[three >> 18];
		out[1] = digits[three >> 12 & 63];
		out[2] = i + 1 < len ? digits[three >> 6 & 63] : '=';
		out[3] = i + 2 < len ? digits[three & 63] : '=';
	}
	*out = '\0';
}

/* "Basic", at least one blank, and the rest is `login`. */
static bool is_basic(struct cr_http_text value, const char *login)
{
	const struct cr_http_text scheme = {value.at, value.len < 5 ? value.len : 5};
	size_t at = 5;

	if (!cr_http_text_is(scheme, "basic") || value.len < 6 || value.at[5] != ' ')
		return false;
	while (at < value.len && value.at[at] == ' ')
		at++;
	return cr_secret_is(value.at + at, value.len - at, login);
}

bool cr_proxy_login_is(const uint8_t *head, size_t len, const char *user, const char *password)
{
	struct cr_http_text rest = {(const char *)head, len}, line;
	struct cr_http_field field;
	char plain[CR_PROXY_LOGIN_MAX + 2], login[(CR_PROXY_LOGIN_MAX / 3 + 1) * 4 + 1];
	const int plain_len = snprintf(plain, sizeof(plain), "%s:%s", user, password);
	size_t found = 0;
	bool right = false;

	if (plain_len < 0 || (size_t)plain_len >= sizeof(plain) ||
	    !cr_http_next_line(&rest, &line)) /* the request line */
		return false;
	encode(plain, (size_t)plain_len, login);
	while (cr_http_next_line(&rest, &line)) {
		if (cr_http_field_read(line, &field) ||
		    !cr_http_text_is(field.name, "proxy-authorization"))
			continue;
		found++;
		right = is_basic(field.value, login);
	}
	return found == 1 && right;
}
