/*
 * httphead.h - the parts of a head of HTTP/1.x, for the two readers of httpreq.h.
 *
 * Internal to the core, pure. Every text is borrowed from the bytes that were given.
 */
#ifndef CR_HTTPHEAD_H
#define CR_HTTPHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "httpreq.h"
#include "look.h"

struct cr_http_text {
	const char *at;
	size_t len;
};

struct cr_http_field {
	struct cr_http_text name, value; /* the value without blanks around it */
};

struct cr_http_head {
	struct cr_http_text method, target, version;
	struct cr_http_text host; /* the only Host; without has_host: none */
	bool has_host, has_length, chunked;
	uint64_t length; /* of the body, with has_length */
};

/*
 * Whether a stream begins as a request might, with a word and a blank: MORE, OTHER, DONE, or BAD:
 * blanks or empty lines before the word, or a word without end. Clear from at most 65 bytes.
 */
enum cr_look cr_http_first_word(const uint8_t *data, size_t len);

/*
 * Whether a stream begins with HTTP/1, from all it has so far: MORE, OTHER, BAD (as
 * cr_http_first_word), or DONE, which says only that the first line is one that some server might
 * take for a request.
 */
enum cr_look cr_http_begins(const uint8_t *data, size_t len);

/*
 * Looks for the empty line that ends a head (or trailers), from where *scan got to. MORE, DONE
 * with its length in scan->seen, or BAD with *why: a line that does not end in CR LF, a CR
 * elsewhere, more than CR_HTTP_HEAD_MAX bytes.
 */
enum cr_look cr_http_scan(struct cr_http_scan *scan, const uint8_t *data, size_t len,
			  const char **why);

/*
 * Reads a whole head, of which cr_http_scan found the end. Returns NULL with *out filled, or what
 * is wrong with it as static text. Whether the target and Host are right is the caller's question.
 */
const char *cr_http_head_read(const uint8_t *data, size_t len, struct cr_http_head *out);

/* The same for trailers, in which nothing may stand that a head decides. */
const char *cr_http_trailers_read(const uint8_t *data, size_t len);

/* Takes the line at the front of *rest away and gives it without CR LF; false: the empty line. */
bool cr_http_next_line(struct cr_http_text *rest, struct cr_http_text *line);

/* Splits a line of a header. NULL, or what is wrong with it. */
const char *cr_http_field_read(struct cr_http_text line, struct cr_http_field *out);

/* Whether `text` is `word` (in lower case), in any letter case. */
bool cr_http_text_is(struct cr_http_text text, const char *word);

/* Whether `text` begins with `word` (in lower case), in any letter case. */
bool cr_http_text_begins(struct cr_http_text text, const char *word);

/*
 * Reads host[:port]; *port is 0 when there is none. 0, or -1 (outputs undefined), also for a name
 * with a dot at its end: some servers take it for another site.
 */
int cr_http_authority_read(struct cr_http_text text, struct cr_host_name *host, uint16_t *port);

/* Splits http://authority[path]; false: it is not of that form. */
bool cr_http_url_split(struct cr_http_text target, struct cr_http_text *authority,
		       struct cr_http_text *path);

#endif
