/*
 * httpproxy.c - one request to a proxy: where it wants to go, and its head as the origin gets it.
 *
 * Must never let the head say one host and the URL another, nor hand on what was meant for the
 * proxy itself.
 */
#include <stdio.h>
#include <string.h>

#include "httphead.h"
#include "httpreq.h"
#include "outbuf.h"

#define HTTP_PORT 80

static const char *read_authority(struct cr_http_text text, uint16_t default_port,
				  struct cr_http_proxy *out)
{
	struct cr_host_name host;

	if (memchr(text.at, '@', text.len))
		return "a user in the URL";
	if (cr_http_authority_read(text, &host, &out->port) < 0)
		return "a bad host or port";
	if (out->port == 0)
		out->port = default_port;
	if (out->port == 0)
		return "CONNECT without a port";
	out->kind = host.kind;
	memcpy(out->host, host.text, sizeof(out->host));
	memcpy(out->addr, host.addr, sizeof(out->addr));
	return NULL;
}

static const char *read_target(const char *start, const struct cr_http_head *head,
			       struct cr_http_proxy *out)
{
	struct cr_http_text authority, path;

	if (cr_http_text_is(head->method, "connect")) {
		/* a body of CONNECT has no meaning (RFC 9110, 9.3.6): is it the tunnel's? */
		if (head->has_length || head->chunked)
			return "CONNECT with a body";
		out->connect = true;
		return read_authority(head->target, 0, out);
	}
	if (!cr_http_url_split(head->target, &authority, &path))
		return "neither CONNECT nor an http:// URL";
	out->path_at = (size_t)(path.at - start);
	out->path_len = path.len;
	return read_authority(authority, HTTP_PORT, out);
}

static const char *read_head(const uint8_t *data, struct cr_http_proxy *out)
{
	struct cr_http_head head;
	const char *why = cr_http_head_read(data, out->head_len, &head);

	return why ? why : read_target((const char *)data, &head, out);
}

enum cr_look cr_http_proxy_read(const uint8_t *data, size_t len, struct cr_http_proxy *out)
{
	struct cr_http_proxy proxy = {.connect = false};
	struct cr_http_scan scan = {0, 0};
	enum cr_look look = cr_http_begins(data, len);

	if (look == CR_LOOK_BAD || (look == CR_LOOK_MORE && len >= CR_HTTP_HEAD_MAX)) {
		proxy.why = "no request line";
		look = CR_LOOK_BAD;
	}
	if (look == CR_LOOK_DONE)
		look = cr_http_scan(&scan, data, len, &proxy.why);
	if (look == CR_LOOK_DONE) {
		proxy.head_len = scan.seen;
		proxy.why = read_head(data, &proxy);
		look = proxy.why ? CR_LOOK_BAD : CR_LOOK_DONE;
	}
	if (look == CR_LOOK_BAD)
		*out = (struct cr_http_proxy){.why = proxy.why};
	if (look == CR_LOOK_DONE)
		*out = proxy;
	return look;
}

static void put_text(struct cr_out *out, const char *text)
{
	cr_out_put(out, text, strlen(text));
}

static void put_request(struct cr_out *out, struct cr_http_text line, const uint8_t *data,
			const struct cr_http_proxy *proxy)
{
	const char *blank = memchr(line.at, ' ', line.len);
	const uint8_t *path = data + proxy->path_at;

	cr_out_put(out, line.at, (size_t)(blank - line.at) + 1);
	if (proxy->path_len == 0 || path[0] != '/')
		put_text(out, "/");
	cr_out_put(out, path, proxy->path_len);
	cr_out_put(out, line.at + line.len - 9, 9); /* the blank and the version */
	put_text(out, "\r\n");
}

static void put_host(struct cr_out *out, const struct cr_http_proxy *proxy)
{
	const bool six = proxy->kind == CR_HOST_ADDR6;
	char port[8] = "";

	if (proxy->port != HTTP_PORT)
		snprintf(port, sizeof(port), ":%u", proxy->port);
	put_text(out, six ? "Host: [" : "Host: ");
	put_text(out, proxy->host);
	put_text(out, six ? "]" : "");
	put_text(out, port);
	put_text(out, "\r\n");
}

/* RFC 9110, 7.6.1: of this hop alone. */
static bool is_left_out(struct cr_http_text name)
{
	return cr_http_text_is(name, "host") || cr_http_text_is(name, "connection") ||
	       cr_http_text_is(name, "keep-alive") || cr_http_text_is(name, "te") ||
	       cr_http_text_begins(name, "proxy-");
}

size_t cr_http_proxy_rewrite(const uint8_t *data, const struct cr_http_proxy *proxy, uint8_t *out,
			     size_t size)
{
	struct cr_http_text rest = {(const char *)data, proxy->head_len}, line;
	struct cr_out to = {out, out + size, false};
	struct cr_http_field field;

	if (proxy->connect || !cr_http_next_line(&rest, &line))
		return 0;
	put_request(&to, line, data, proxy);
	put_host(&to, proxy);
	while (cr_http_next_line(&rest, &line)) {
		if (cr_http_field_read(line, &field) || is_left_out(field.name))
			continue;
		cr_out_put(&to, line.at, line.len);
		put_text(&to, "\r\n");
	}
	put_text(&to, "Connection: close\r\n\r\n");
	return to.full ? 0 : (size_t)(to.at - out);
}
