/* netmsg.c - see netmsg.h. Pure. */
#include "netmsg.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *text;
	bool refusal;
} ends[] = {
#define X(code, name, refusal, text) {name, text, refusal},
	CR_NET_ENDS(X)
#undef X
};

const char *cr_net_end_name(enum cr_net_end end)
{
	return ends[end].name;
}

const char *cr_net_end_text(enum cr_net_end end)
{
	return ends[end].text;
}

bool cr_net_end_is_refusal(enum cr_net_end end)
{
	return ends[end].refusal;
}

bool cr_net_end_is_about_asking(enum cr_net_end end)
{
	return end == CR_NET_DENIED || end == CR_NET_UNANSWERED || end == CR_NET_NOBODY;
}

bool cr_net_end_is_about_content(enum cr_net_end end)
{
	return end == CR_NET_TLS_NAME || end == CR_NET_TLS_NO_NAME || end == CR_NET_TLS_BAD ||
	       end == CR_NET_HTTP_BAD || end == CR_NET_PROTOCOL;
}

bool cr_net_same_addr(const struct cr_net_addr *a, const struct cr_net_addr *b)
{
	return a->family == b->family && a->port == b->port &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void cr_net_unmap(struct cr_net_addr *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct cr_net_addr four = {.family = 4, .port = addr->port};

	if (addr->family != 6 || memcmp(addr->bytes, mapped, sizeof(mapped)) != 0)
		return;
	memcpy(four.bytes, addr->bytes + sizeof(mapped), 4);
	*addr = four;
}

static bool has_family(const struct cr_net_addr *addr)
{
	return addr->family == 4 || addr->family == 6;
}

void cr_net_set_name(struct cr_net_msg *msg, const char *name)
{
	snprintf(msg->name, sizeof(msg->name), "%s", name);
}

const char *cr_net_msg_check(const struct cr_net_msg *msg)
{
	if (msg->kind >= CR_NET_KIND_COUNT || msg->end >= CR_NET_END_COUNT)
		return "unknown kind";
	if (!memchr(msg->program, '\0', sizeof(msg->program)) ||
	    !memchr(msg->name, '\0', sizeof(msg->name)))
		return "unending text";
	if (!has_family(&msg->addr) || (msg->dialled_any && !has_family(&msg->dialled)))
		return "unknown address family";
	return NULL;
}

/* RFC 5952: the longest run of zero groups, of at least two, is left out. */
static void longest_zeros(const uint16_t groups[8], int *start, int *length)
{
	*start = *length = 0;
	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && groups[i + n] == 0)
			n++;
		if (n >= 2 && n > *length) {
			*start = i;
			*length = n;
		}
	}
}

static void print_six(const uint8_t *bytes, char *out, size_t size)
{
	uint16_t groups[8];
	int start, length;
	size_t used = 0;

	for (int i = 0; i < 8; i++)
		groups[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
	longest_zeros(groups, &start, &length);
	for (int i = 0; i < 8 && used < size; i++) {
		if (length && i == start) {
			used += (size_t)snprintf(out + used, size - used, "::");
			i += length - 1;
			continue;
		}
		used += (size_t)snprintf(out + used, size - used, "%s%x",
					 i > 0 && i != start + length ? ":" : "", groups[i]);
	}
}

char *cr_net_object(const char *name, const struct cr_net_addr *addr, char *out, size_t size)
{
	const uint8_t *b = addr->bytes;
	char six[48];

	if (name[0]) {
		snprintf(out, size, "%s:%u", name, addr->port);
	} else if (addr->family == 4) {
		snprintf(out, size, "%u.%u.%u.%u:%u", b[0], b[1], b[2], b[3], addr->port);
	} else {
		print_six(b, six, sizeof(six));
		snprintf(out, size, "[%s]:%u", six, addr->port);
	}
	return out;
}
