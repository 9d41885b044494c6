/*
 * fuzz_httpproxy.c - any bytes as a request to a proxy: what is rewritten is a good request to the
 * host that was read, without a word for the proxy.
 */
#include <string.h>

#include "core/host.h"
#include "core/httpreq.h"
#include "core/proxyauth.h"
#include "fuzz.h"

static void check_host(const struct cr_http_proxy *proxy)
{
	struct cr_host_name host;
	char text[CR_MAX_HOST + 3];
	const bool six = proxy->kind == CR_HOST_ADDR6;
	const int len = snprintf(text, sizeof(text), six ? "[%s]" : "%s", proxy->host);

	MUST(proxy->port != 0 && len > 0 && (size_t)len < sizeof(text));
	MUST(cr_host_read(text, (size_t)len, &host) == 0);
	MUST(host.kind == proxy->kind && strcmp(host.text, proxy->host) == 0);
	MUST(memcmp(host.addr, proxy->addr, sizeof(host.addr)) == 0);
}

static bool speaks_to_proxy(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 7 <= len; i++)
		if (data[i] == '\n' && (data[i + 1] | 0x20) == 'p' && (data[i + 2] | 0x20) == 'r' &&
		    (data[i + 3] | 0x20) == 'o' && (data[i + 4] | 0x20) == 'x' &&
		    (data[i + 5] | 0x20) == 'y' && data[i + 6] == '-')
			return true;
	return false;
}

static void check_rewritten(const uint8_t *data, const struct cr_http_proxy *proxy)
{
	const size_t most = proxy->head_len + 64;
	uint8_t *out = malloc(most);
	struct cr_http http;
	size_t used;

	if (!out)
		return;

	const size_t len = cr_http_proxy_rewrite(data, proxy, out, most);

	if (proxy->connect) {
		MUST(len == 0);
	} else {
		MUST(len > 0 && len <= most);
		MUST(cr_http_proxy_rewrite(data, proxy, out, len - 1) == 0);
		MUST(cr_http_proxy_rewrite(data, proxy, out, len) == len);
		MUST(!speaks_to_proxy(out, len));
		cr_http_init(&http, proxy->host, proxy->port);
		MUST(cr_http_feed(&http, out, len, &used) == CR_LOOK_MORE);
		MUST(used == len);
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cr_http_proxy proxy = {.why = NULL}, early;
	const enum cr_look look = cr_http_proxy_read(data, size, &proxy);

	MUST((look == CR_LOOK_BAD) == (proxy.why != NULL));
	for (size_t len = 0; len < size; len += 1 + size / 64) {
		const enum cr_look sooner = cr_http_proxy_read(data, len, &early);

		MUST(sooner == look || sooner == CR_LOOK_MORE);
	}
	if (look == CR_LOOK_DONE) {
		MUST(proxy.head_len <= size && proxy.head_len <= CR_HTTP_HEAD_MAX);
		check_host(&proxy);
		check_rewritten(data, &proxy);
		MUST(!cr_proxy_login_is(data, proxy.head_len, "carrel", "a secret nobody has"));
	}
	return 0;
}
