/*
 * resolvconf.c - see resolvconf.h. Pure; one pass over the text, and no memory but the caller's.
 */
#include <stdbool.h>
#include <string.h>

#include "host.h"
#include "resolvconf.h"

struct span {
	const char *at;
	size_t len;
};

/* The next line of `rest`, without its end. False: there is none. */
static bool take_line(struct span *rest, struct span *line)
{
	if (rest->len == 0)
		return false;

	const char *end = memchr(rest->at, '\n', rest->len);
	const size_t len = end ? (size_t)(end - rest->at) : rest->len;
	const size_t whole = end ? len + 1 : len;

	*line = (struct span){rest->at, len};
	rest->at += whole;
	rest->len -= whole;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line. False: there is none. */
static bool take_word(struct span *line, struct span *word)
{
	size_t len = 0;

	while (line->len > 0 && is_blank(line->at[0])) {
		line->at++;
		line->len--;
	}
	while (len < line->len && !is_blank(line->at[len]))
		len++;
	*word = (struct span){line->at, len};
	line->at += len;
	line->len -= len;
	return len > 0;
}

static bool is_word(struct span word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

/* An address without a zone; port 0. */
static bool read_address(struct span text, struct cr_net_addr *out)
{
	struct cr_host_name host;
	char bracketed[48];

	if (memchr(text.at, ':', text.len)) {
		if (text.len + 2 > sizeof(bracketed))
			return false;
		bracketed[0] = '[';
		memcpy(bracketed + 1, text.at, text.len);
		bracketed[text.len + 1] = ']';
		text = (struct span){bracketed, text.len + 2};
	}
	if (cr_host_read(text.at, text.len, &host) < 0 || host.kind == CR_HOST_NAME)
		return false;
	*out = (struct cr_net_addr){.family = host.kind == CR_HOST_ADDR4 ? 4 : 6};
	memcpy(out->bytes, host.addr, out->family == 4 ? 4 : sizeof(out->bytes));
	return true;
}

/* fe80::1%eth0 is how a server on the local link is named (RFC 4007, 11). */
static bool read_server(struct span word, struct cr_nameserver *out)
{
	const char *percent = memchr(word.at, '%', word.len);
	const size_t len = percent ? (size_t)(percent - word.at) : word.len;
	const size_t zone = percent ? word.len - len - 1 : 0;

	*out = (struct cr_nameserver){.zone = ""};
	if (zone >= sizeof(out->zone) || !read_address((struct span){word.at, len}, &out->addr))
		return false;
	if (zone > 0)
		memcpy(out->zone, percent + 1, zone);
	out->addr.port = CR_NET_DNS_PORT;
	return true;
}

/* "name:number", the number brought into 1..max. */
static void read_option(struct span word, const char *name, uint32_t max, uint32_t *out)
{
	const size_t skip = strlen(name);
	uint32_t value = 0;

	if (word.len <= skip || memcmp(word.at, name, skip) != 0)
		return;
	for (size_t i = skip; i < word.len; i++) {
		if (word.at[i] < '0' || word.at[i] > '9')
			return;
		value = value * 10 + (uint32_t)(word.at[i] - '0');
		if (value > max)
			value = max;
	}
	*out = value > 0 ? value : 1;
}

static void read_options(struct span line, struct cr_resolvconf *out)
{
	struct span word;

	while (take_word(&line, &word)) {
		read_option(word, "timeout:", 30, &out->timeout_s);
		read_option(word, "attempts:", 5, &out->attempts);
	}
}

void cr_resolvconf_read(const char *text, size_t len, struct cr_resolvconf *out)
{
	static const struct cr_net_addr local = {
		.family = 4, .bytes = {127, 0, 0, 1}, .port = CR_NET_DNS_PORT};
	struct span rest = {text, len}, line, word;

	*out = (struct cr_resolvconf){.timeout_s = CR_RESOLV_TIMEOUT,
				      .attempts = CR_RESOLV_ATTEMPTS};
	while (take_line(&rest, &line)) {
		if (!take_word(&line, &word))
			continue;
		if (is_word(word, "options"))
			read_options(line, out);
		else if (is_word(word, "nameserver") && out->n_servers < CR_MAX_NAMESERVERS &&
			 take_word(&line, &word) &&
			 read_server(word, &out->servers[out->n_servers]))
			out->n_servers++;
	}
	if (out->n_servers == 0)
		out->servers[out->n_servers++] = (struct cr_nameserver){.addr = local};
}

/* `name` is in lower case already. */
static bool is_name(struct span word, const char *name, size_t len)
{
	if (word.len != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		const char c = word.at[i];

		if ((c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c) != name[i])
			return false;
	}
	return true;
}

static bool has_name(struct span names, const char *name, size_t len)
{
	struct span word;

	while (take_word(&names, &word))
		if (is_name(word, name, len))
			return true;
	return false;
}

size_t cr_hosts_find(const char *text, size_t len, const char *name, struct cr_net_addr *out,
		     size_t max)
{
	struct span rest = {text, len}, line, word;
	const size_t name_len = strlen(name);
	size_t count = 0;

	while (count < max && take_line(&rest, &line)) {
		const char *comment = memchr(line.at, '#', line.len);

		if (comment)
			line.len = (size_t)(comment - line.at);
		if (take_word(&line, &word) && has_name(line, name, name_len) &&
		    read_address(word, &out[count]))
			count++;
	}
	return count;
}
