/*
 * httpreq.c - every request of a connection carries the name the connection was made by.
 *
 * Must never release a byte of a head before all of it is good, nor lose count of a body: where
 * we and the server disagree about where a request ends, the next Host is a lie.
 */
#include <string.h>

#include "httphead.h"
#include "httpreq.h"

#define CHUNK_DIGITS 8 /* under 4 GiB: nobody sends chunks that need more */

void cr_http_init(struct cr_http *http, const char *name, uint16_t port)
{
	*http = (struct cr_http){.port = port, .state = CR_HTTP_HEAD};
	for (size_t i = 0; i < CR_MAX_HOST && name[i]; i++)
		http->name[i] = name[i];
}

static enum cr_look bad(struct cr_http *http, const char *why)
{
	http->why = why;
	http->state = CR_HTTP_BROKEN;
	return CR_LOOK_BAD;
}

static bool is_right_host(const struct cr_http *http, struct cr_http_text text)
{
	struct cr_host_name host;
	uint16_t port;

	return cr_http_authority_read(text, &host, &port) == 0 &&
	       (port == 0 || port == http->port) && strcmp(host.text, http->name) == 0;
}

/* RFC 9112, 3.2: a path, an http:// URL, or * for OPTIONS; a URL goes before Host. */
static const char *check_target(const struct cr_http *http, const struct cr_http_head *head)
{
	struct cr_http_text authority, path;

	if (cr_http_text_is(head->method, "connect"))
		return "CONNECT";
	if (head->target.at[0] == '/')
		return NULL;
	if (cr_http_text_is(head->target, "*") && cr_http_text_is(head->method, "options"))
		return NULL;
	if (!cr_http_url_split(head->target, &authority, &path))
		return "a bad target";
	return is_right_host(http, authority) ? NULL : "the URL's host differs";
}

static const char *check_head(const struct cr_http *http, const struct cr_http_head *head)
{
	const char *why = check_target(http, head);

	if (why)
		return why;
	if (!head->has_host)
		return "Host is missing";
	return is_right_host(http, head->host) ? NULL : "Host differs";
}

/*
 * Each step looks at what is at the front: it releases bytes (*used) and may change the state, or
 * wants more (MORE, *used 0), or refuses.
 */
static enum cr_look step_head(struct cr_http *http, const uint8_t *data, size_t len, size_t *used)
{
	struct cr_http_head head;
	enum cr_look look = http->begun ? CR_LOOK_DONE : cr_http_begins(data, len);

	if (look == CR_LOOK_OTHER) {
		http->other = true;
		http->state = CR_HTTP_BROKEN;
		return look;
	}
	if (look == CR_LOOK_BAD)
		return bad(http, "no request line");
	if (look == CR_LOOK_MORE)
		return len < CR_HTTP_HEAD_MAX ? look : bad(http, "the head is too large");
	look = cr_http_scan(&http->scan, data, len, &http->why);
	if (look != CR_LOOK_DONE)
		return look == CR_LOOK_BAD ? bad(http, http->why) : look;

	const char *why = cr_http_head_read(data, http->scan.seen, &head);

	if (!why)
		why = check_head(http, &head);
	if (why)
		return bad(http, why);
	*used = http->scan.seen;
	http->scan = (struct cr_http_scan){0, 0};
	http->begun = true;
	http->left = head.length;
	http->state = head.chunked ? CR_HTTP_CHUNK_SIZE : http->left ? CR_HTTP_BODY : CR_HTTP_HEAD;
	return CR_LOOK_DONE;
}

/* Bytes of a body or of one chunk; then comes `next`. */
static size_t pass(struct cr_http *http, size_t len, enum cr_http_state next)
{
	const size_t step = len < http->left ? len : (size_t)http->left;

	http->left -= step;
	if (http->left == 0)
		http->state = next;
	return step;
}

static enum cr_look step_body(struct cr_http *http, const uint8_t *data, size_t len, size_t *used)
{
	(void)data;
	*used = pass(http, len, CR_HTTP_HEAD);
	return CR_LOOK_DONE;
}

static enum cr_look step_chunk_data(struct cr_http *http, const uint8_t *data, size_t len,
				    size_t *used)
{
	(void)data;
	*used = pass(http, len, CR_HTTP_CHUNK_END);
	return CR_LOOK_DONE;
}

static enum cr_look step_chunk_end(struct cr_http *http, const uint8_t *data, size_t len,
				   size_t *used)
{
	if (data[0] != '\r' || (len > 1 && data[1] != '\n'))
		return bad(http, "a chunk is longer than it said");
	if (len < 2)
		return CR_LOOK_MORE;
	*used = 2;
	http->state = CR_HTTP_CHUNK_SIZE;
	return CR_LOOK_DONE;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Digits and CR LF: extensions of chunks are used by smugglers only. */
static enum cr_look step_chunk_size(struct cr_http *http, const uint8_t *data, size_t len,
				    size_t *used)
{
	size_t digits = 0;
	uint64_t size = 0;

	while (digits < len && digits <= CHUNK_DIGITS && hex_value(data[digits]) >= 0)
		size = size << 4 | (uint64_t)hex_value(data[digits++]);
	if (digits > CHUNK_DIGITS)
		return bad(http, "a chunk is too large");
	if (digits == len)
		return CR_LOOK_MORE;
	if (digits == 0 || data[digits] != '\r' || (digits + 1 < len && data[digits + 1] != '\n'))
		return bad(http, "a bad size of a chunk");
	if (digits + 1 == len)
		return CR_LOOK_MORE;
	*used = digits + 2;
	http->left = size;
	http->state = size ? CR_HTTP_CHUNK_DATA : CR_HTTP_TRAILERS;
	return CR_LOOK_DONE;
}

static enum cr_look step_trailers(struct cr_http *http, const uint8_t *data, size_t len,
				  size_t *used)
{
	const enum cr_look look = cr_http_scan(&http->scan, data, len, &http->why);

	if (look != CR_LOOK_DONE)
		return look == CR_LOOK_BAD ? bad(http, http->why) : look;

	const char *why = cr_http_trailers_read(data, http->scan.seen);

	if (why)
		return bad(http, why);
	*used = http->scan.seen;
	http->scan = (struct cr_http_scan){0, 0};
	http->state = CR_HTTP_HEAD;
	return CR_LOOK_DONE;
}

enum cr_look cr_http_feed(struct cr_http *http, const uint8_t *data, size_t len, size_t *used)
{
	static enum cr_look (*const steps[])(struct cr_http * http, const uint8_t *data, size_t len,
					     size_t *used) = {
		[CR_HTTP_HEAD] = step_head,
		[CR_HTTP_BODY] = step_body,
		[CR_HTTP_CHUNK_SIZE] = step_chunk_size,
		[CR_HTTP_CHUNK_DATA] = step_chunk_data,
		[CR_HTTP_CHUNK_END] = step_chunk_end,
		[CR_HTTP_TRAILERS] = step_trailers,
	};

	*used = 0;
	if (http->state == CR_HTTP_BROKEN)
		return http->other ? CR_LOOK_OTHER : CR_LOOK_BAD;
	while (*used < len) {
		size_t released = 0;
		const enum cr_look look =
			steps[http->state](http, data + *used, len - *used, &released);

		*used += released;
		if (look != CR_LOOK_DONE)
			return look;
	}
	return CR_LOOK_MORE;
}
