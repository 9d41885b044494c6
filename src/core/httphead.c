/*
 * httphead.c - lines, header fields and hosts of HTTP/1.x, as RFC 9112 has them and no other way.
 *
 * Must never accept what two servers might read in two ways: no line ends but CR LF, no folded
 * lines, no blank before a colon, one length. Leniency here is a hole behind the next server.
 */
#include <string.h>

#include "httphead.h"
#include "text.h"

#define METHOD_MAX 64

static struct cr_http_text text_of(const uint8_t *data, size_t len)
{
	return (struct cr_http_text){(const char *)data, len};
}

bool cr_http_text_begins(struct cr_http_text text, const char *word)
{
	size_t i = 0;

	while (word[i] && i < text.len && cr_char_fold((uint8_t)text.at[i]) == (uint8_t)word[i])
		i++;
	return !word[i];
}

bool cr_http_text_is(struct cr_http_text text, const char *word)
{
	return text.len == strlen(word) && cr_http_text_begins(text, word);
}

/* RFC 9110, 5.6.2. */
static bool is_token_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct cr_http_text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_token_char((uint8_t)text.at[i]))
			return false;
	return text.len > 0;
}

/*
 * A server of the last century takes `GET /` without a version; one behind a load balancer takes
 * HAProxy's PROXY line, and a request behind it.
 */
static bool is_known_method(struct cr_http_text word)
{
	static const char *const methods[] = {
		"get",   "head",  "post",    "put", "delete", "options",
		"trace", "patch", "connect", "pri", "proxy",
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (cr_http_text_is(word, methods[i]))
			return true;
	return false;
}

static bool mentions_http(struct cr_http_text line)
{
	for (; line.len; line.at++, line.len--)
		if (cr_http_text_begins(line, "http/"))
			return true;
	return false;
}

enum cr_look cr_http_first_word(const uint8_t *data, size_t len)
{
	size_t word = 0;

	while (word < len && word <= METHOD_MAX && is_token_char(data[word]))
		word++;
	if (word > METHOD_MAX)
		return CR_LOOK_BAD;
	if (word == len)
		return CR_LOOK_MORE;
	if (word == 0 && data[0] && strchr("\r\n\t ", data[0]))
		return CR_LOOK_BAD;
	return word && (data[word] == ' ' || data[word] == '\t') ? CR_LOOK_DONE : CR_LOOK_OTHER;
}

/* NUL in the first line: no server takes that for a request, and git's own protocol has it. */
enum cr_look cr_http_begins(const uint8_t *data, size_t len)
{
	const enum cr_look look = cr_http_first_word(data, len);

	if (look != CR_LOOK_DONE)
		return look;

	const uint8_t *end = memchr(data, '\n', len);
	const struct cr_http_text line = text_of(data, end ? (size_t)(end - data) : len);
	struct cr_http_text word = {line.at, 0};

	if (memchr(line.at, '\0', line.len))
		return CR_LOOK_OTHER;
	if (!end)
		return CR_LOOK_MORE;
	while (is_token_char((uint8_t)word.at[word.len]))
		word.len++;
	return mentions_http(line) || is_known_method(word) ? CR_LOOK_DONE : CR_LOOK_OTHER;
}

/* True when the line up to the LF at `end` has its CR in front of that, and no other. */
static bool ends_well(const uint8_t *data, size_t line, size_t end)
{
	return end > line && data[end - 1] == '\r' && !memchr(data + line, '\r', end - 1 - line);
}

enum cr_look cr_http_scan(struct cr_http_scan *scan, const uint8_t *data, size_t len,
			  const char **why)
{
	const size_t limit = len < CR_HTTP_HEAD_MAX ? len : CR_HTTP_HEAD_MAX;

	while (scan->seen < limit) {
		const uint8_t *lf = memchr(data + scan->seen, '\n', limit - scan->seen);

		if (!lf) {
			scan->seen = limit;
			break;
		}

		const size_t end = (size_t)(lf - data);

		if (!ends_well(data, scan->line, end)) {
			*why = "a line does not end in CR LF";
			return CR_LOOK_BAD;
		}
		scan->seen = end + 1;
		if (end - 1 == scan->line)
			return CR_LOOK_DONE;
		scan->line = end + 1;
	}
	if (limit < CR_HTTP_HEAD_MAX)
		return CR_LOOK_MORE;
	*why = "the head is too large";
	return CR_LOOK_BAD;
}

bool cr_http_next_line(struct cr_http_text *rest, struct cr_http_text *line)
{
	const char *lf = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;

	if (!lf || lf - rest->at < 2)
		return false;
	*line = (struct cr_http_text){rest->at, (size_t)(lf - rest->at) - 1};
	rest->len -= line->len + 2;
	rest->at += line->len + 2;
	return true;
}

static struct cr_http_text trim(struct cr_http_text text)
{
	while (text.len && (text.at[0] == ' ' || text.at[0] == '\t')) {
		text.at++;
		text.len--;
	}
	while (text.len && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* Takes what stands before `by` away from the front; all of it when there is none. */
static struct cr_http_text cut(struct cr_http_text *rest, char by)
{
	const char *end = rest->len ? memchr(rest->at, by, rest->len) : NULL;
	const struct cr_http_text part = {rest->at, end ? (size_t)(end - rest->at) : rest->len};

	rest->at += part.len + (end ? 1 : 0);
	rest->len -= part.len + (end ? 1 : 0);
	return part;
}

const char *cr_http_field_read(struct cr_http_text line, struct cr_http_field *out)
{
	struct cr_http_text rest = line;

	if (line.at[0] == ' ' || line.at[0] == '\t')
		return "a folded line";
	out->name = cut(&rest, ':');
	if (out->name.len == line.len)
		return "a header without a colon";
	if (!is_token(out->name))
		return "a bad name of a header";
	out->value = trim(rest);
	for (size_t i = 0; i < out->value.len; i++) {
		const uint8_t c = (uint8_t)out->value.at[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return "a control character in a header";
	}
	return NULL;
}

static const char *on_host(struct cr_http_head *head, struct cr_http_text value)
{
	if (head->has_host)
		return "two Hosts";
	head->has_host = true;
	head->host = value;
	return NULL;
}

static const char *on_length(struct cr_http_head *head, struct cr_http_text value)
{
	if (head->has_length)
		return "two Content-Lengths";
	if (value.len == 0 || value.len > 18 || (value.len > 1 && value.at[0] == '0'))
		return "a bad Content-Length";
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return "a bad Content-Length";
		head->length = head->length * 10 + (uint64_t)(value.at[i] - '0');
	}
	head->has_length = true;
	return NULL;
}

static const char *on_encoding(struct cr_http_head *head, struct cr_http_text value)
{
	if (head->chunked)
		return "two Transfer-Encodings";
	if (value.len != 7 || memcmp(value.at, "chunked", 7) != 0)
		return "a Transfer-Encoding other than chunked";
	head->chunked = true;
	return NULL;
}

/* What a server in front removes: a header named here would not reach the one behind it. */
static const char *on_connection(struct cr_http_head *head, struct cr_http_text value)
{
	(void)head;
	while (value.len) {
		const struct cr_http_text word = trim(cut(&value, ','));

		if (cr_http_text_is(word, "upgrade") || cr_http_text_is(word, "http2-settings"))
			return "Upgrade";
		if (word.len && !cr_http_text_is(word, "close") &&
		    !cr_http_text_is(word, "keep-alive") && !cr_http_text_is(word, "te"))
			return "Connection names a header";
	}
	return NULL;
}

/* After an Upgrade the bytes are of another protocol, or of HTTP/2 with Hosts of its own. */
static const char *on_upgrade(struct cr_http_head *head, struct cr_http_text value)
{
	(void)head;
	(void)value;
	return "Upgrade";
}

static const struct {
	const char *name;
	const char *(*on)(struct cr_http_head *head, struct cr_http_text value);
} known[] = {
	{"host", on_host},
	{"content-length", on_length},
	{"transfer-encoding", on_encoding},
	{"connection", on_connection},
	{"upgrade", on_upgrade},
	{"http2-settings", on_upgrade},
};

static const char *read_fields(struct cr_http_text rest, struct cr_http_head *out)
{
	struct cr_http_text line;

	while (cr_http_next_line(&rest, &line)) {
		struct cr_http_field field;
		const char *why = cr_http_field_read(line, &field);

		for (size_t i = 0; !why && i < sizeof(known) / sizeof(known[0]); i++)
			if (cr_http_text_is(field.name, known[i].name))
				why = out ? known[i].on(out, field.value)
					  : "a header among the trailers that no trailer can be";
		if (why)
			return why;
	}
	return NULL;
}

const char *cr_http_trailers_read(const uint8_t *data, size_t len)
{
	return read_fields(text_of(data, len), NULL);
}

/* RFC 9112, 3: three words with one blank between them. */
static const char *read_request(struct cr_http_text line, struct cr_http_head *out)
{
	struct cr_http_text rest = line;

	out->method = cut(&rest, ' ');
	out->target = cut(&rest, ' ');
	out->version = rest;
	if (!is_token(out->method) || out->method.len > METHOD_MAX)
		return "a bad method";
	if (out->version.len == 8 && memcmp(out->version.at, "HTTP/2.0", 8) == 0)
		return "HTTP/2";
	if (out->version.len != 8 || (memcmp(out->version.at, "HTTP/1.1", 8) != 0 &&
				      memcmp(out->version.at, "HTTP/1.0", 8) != 0))
		return "neither HTTP/1.0 nor HTTP/1.1";
	for (size_t i = 0; i < out->target.len; i++)
		if (out->target.at[i] < '!' || out->target.at[i] > '~' || out->target.at[i] == '#')
			return "a bad character in the target";
	return out->target.len ? NULL : "no target";
}

const char *cr_http_head_read(const uint8_t *data, size_t len, struct cr_http_head *out)
{
	struct cr_http_text rest = text_of(data, len), line;

	*out = (struct cr_http_head){.length = 0};
	if (!cr_http_next_line(&rest, &line))
		return "an empty line before the request";

	const char *why = read_request(line, out);

	if (!why)
		why = read_fields(rest, out);
	if (why)
		return why;
	if (out->chunked && out->has_length)
		return "Content-Length and Transfer-Encoding";
	if (out->chunked && out->version.at[7] == '0')
		return "Transfer-Encoding in HTTP/1.0";
	return NULL;
}

int cr_http_authority_read(struct cr_http_text text, struct cr_host_name *host, uint16_t *port)
{
	const char *bracket = text.len && text.at[0] == '[' ? memchr(text.at, ']', text.len) : NULL;
	const size_t least = bracket ? (size_t)(bracket - text.at) + 1 : 0;
	size_t len = least;

	while (len < text.len && text.at[len] != ':')
		len++;
	*port = 0;
	if (len > 0 && text.at[len - 1] == '.')
		return -1;
	if (len < text.len) {
		const int read = cr_host_read_port(text.at + len + 1, text.len - len - 1);

		if (read < 0)
			return -1;
		*port = (uint16_t)read;
	}
	return cr_host_read(text.at, len, host);
}

bool cr_http_url_split(struct cr_http_text target, struct cr_http_text *authority,
		       struct cr_http_text *path)
{
	size_t len = 0;

	if (!cr_http_text_begins(target, "http://"))
		return false;
	target.at += 7;
	target.len -= 7;
	while (len < target.len && target.at[len] != '/' && target.at[len] != '?')
		len++;
	*authority = (struct cr_http_text){target.at, len};
	*path = (struct cr_http_text){target.at + len, target.len - len};
	return true;
}
