/*
 * first.c - TLS, HTTP, SSH or something else, from the first bytes.
 *
 * Must never say SSH of bytes that lead an HTTP or TLS server anywhere: what is called SSH here is
 * moved on without a further look. TLS is judged by any byte that may begin it, HTTP by any word
 * with a blank behind it; and an SSH line must hold no '/', without which no line says "HTTP/1".
 */
#include <string.h>

#include "first.h"
#include "httphead.h"
#include "tlshello.h"

static const char ssh[] = "SSH-2.0-";

#define SSH_LEN (sizeof(ssh) - 1)

/* RFC 4253, 4.2: a version, perhaps comments, in printable ASCII; old clients leave out the CR. */
static enum cr_first judge_ssh(const uint8_t *data, size_t len)
{
	const size_t limit = len < CR_FIRST_BYTES ? len : CR_FIRST_BYTES;

	for (size_t i = SSH_LEN; i < limit; i++) {
		const uint8_t c = data[i];

		if (i == SSH_LEN && (c <= ' ' || c == 0x7f))
			return CR_FIRST_BAD;
		if (c == '\n')
			return CR_FIRST_SSH;
		if (c == '\r') {
			if (i + 1 == limit)
				break;
			return data[i + 1] == '\n' ? CR_FIRST_SSH : CR_FIRST_BAD;
		}
		if (c < ' ' || c > '~' || c == '/')
			return CR_FIRST_BAD;
	}
	return limit < CR_FIRST_BYTES ? CR_FIRST_MORE : CR_FIRST_BAD;
}

enum cr_first cr_first_bytes(const uint8_t *data, size_t len)
{
	const enum cr_look tls = cr_tls_begins(data, len);

	if (tls != CR_LOOK_OTHER)
		return tls == CR_LOOK_MORE ? CR_FIRST_MORE : CR_FIRST_TLS;
	if (memcmp(data, ssh, len < SSH_LEN ? len : SSH_LEN) == 0)
		return len < SSH_LEN ? CR_FIRST_MORE : judge_ssh(data, len);
	switch (cr_http_first_word(data, len)) {
	case CR_LOOK_MORE:
		return CR_FIRST_MORE;
	case CR_LOOK_OTHER:
		return CR_FIRST_OTHER;
	case CR_LOOK_DONE:
	case CR_LOOK_BAD:
		return CR_FIRST_HTTP;
	}
	return CR_FIRST_BAD;
}
