/* publish.c - see publish.h. */
#include "publish.h"

#include <string.h>

#include "host.h"
#include "limits.h"

#define FIRST_BOX_PORT 1024 /* a box has no privilege to bind lower ones */

static int refuse(const char *text, const char *what, const char *hint, struct cr_err *err)
{
	cr_fail(err, CR_E_USAGE, "cannot publish '%.200s': %s", text, what);
	return cr_hint(err, "%s", hint);
}

/* Where the ports begin: behind the colon after an address, or at the start. */
static const char *find_ports(const char *text)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : text + strcspn(text, ":");

	if (text[0] == '[')
		return end && end[1] == ':' ? end + 2 : text;
	return *end && strspn(text, "0123456789") < (size_t)(end - text) ? end + 1 : text;
}

static int read_address(const char *text, size_t len, struct cr_net_addr *out, struct cr_err *err)
{
	struct cr_host_name host;

	if (cr_host_read(text, len, &host) < 0 || host.kind == CR_HOST_NAME)
		return refuse(text, "not an address of this host",
			      "write 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080", err);
	out->family = host.kind == CR_HOST_ADDR4 ? 4 : 6;
	memcpy(out->bytes, host.addr, sizeof(out->bytes));
	return 0;
}

int cr_publish_parse(const char *text, struct cr_publish *out, struct cr_err *err)
{
	struct cr_publish made = {.at = {.family = 4, .bytes = {127, 0, 0, 1}}};
	const char *ports = find_ports(text);
	size_t len = strcspn(ports, ":");
	const char *second = ports[len] ? ports + len + 1 : ports;
	int host_port = len == 1 && ports[0] == '0' ? 0 : cr_host_read_port(ports, len);
	int box_port = cr_host_read_port(second, strlen(second));

	if (ports > text && read_address(text, (size_t)(ports - text) - 1, &made.at, err) < 0)
		return -1;
	if (host_port == 0 && second == ports)
		return refuse(text, "the port of the box is missing",
			      "write 0:3000 for port 3000 of the box on a free port of the host",
			      err);
	if (host_port < 0 || box_port < 0)
		return refuse(text, "bad port",
			      "write [ADDRESS:]PORT[:PORT], ports from 1 to 65535", err);
	if (box_port < FIRST_BOX_PORT)
		return refuse(text, "no server of a box can listen on a port below 1024",
			      "let it listen elsewhere, and write 80:8080", err);
	made.at.port = (uint16_t)host_port;
	made.is_chosen = host_port == 0;
	made.box_port = (uint16_t)box_port;
	*out = made;
	return 0;
}

int cr_published_add(struct cr_arena *arena, struct cr_published *published, const char *text,
		     const char *file, struct cr_err *err)
{
	struct cr_publish one;

	if (cr_publish_parse(text, &one, err) < 0)
		return -1;
	if (published->count == CR_MAX_PUBLISHED)
		return cr_fail(err, CR_E_LIMIT, "more than %d ports are published",
			       CR_MAX_PUBLISHED);
	if (!published->items)
		published->items =
			cr_arena_alloc(arena, CR_MAX_PUBLISHED, sizeof(*published->items));
	if (!published->items)
		return cr_fail(err, CR_E_NOMEM, "out of memory");
	one.origin = (struct cr_origin){.layer = CR_LAYER_COMMAND,
					.file = file,
					.line = (unsigned)published->count + 1,
					.column = 1};
	published->items[published->count++] = one;
	return 0;
}
