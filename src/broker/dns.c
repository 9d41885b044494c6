/*
 * dns.c - the name service of the box.
 *
 * A name that may be connected to gets an address of its own, any other does not exist. Nothing is
 * ever asked of another server here: a query is no way out.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/impl.h"
#include "core/dnsmsg.h"

#define TTL           60
#define MAX_AT_A_TIME 32 /* datagrams before others have their turn */
#define MAX_STREAMS   64
#define MAX_QUERY     4096 /* bytes of one query on a stream */
#define MOST_UNSENT   65536
#define STREAM_SECS   10

struct answer {
	struct cr_dns_record record;
	uint8_t data[256];
};

/* The synthetic address of a name, as record data. */
static uint16_t put_address(uint32_t index, uint16_t type, uint8_t *out)
{
	if (type == CR_DNS_A) {
		cr_names_addr4(index, out);
		return 4;
	}
	cr_names_addr6(index, out);
	return 16;
}

/* Fills `answer` with data of the kind asked for: 1, or 0 when the name has none. */
static size_t fill(uint32_t index, uint16_t type, struct answer *answer)
{
	answer->record = (struct cr_dns_record){.type = type, .ttl = TTL, .data = answer->data};
	if (type == CR_DNS_A || type == CR_DNS_AAAA)
		answer->record.len = put_address(index, type, answer->data);
	else if (type == CR_DNS_HTTPS || type == CR_DNS_SVCB)
		answer->record.len = (uint16_t)cr_dns_put_svcb(answer->data, sizeof(answer->data));
	return answer->record.len > 0;
}

/* The name behind one of our addresses; NULL name: behind none. */
static int answer_reverse(const char *name, const struct cr_dns_query *query, struct answer *answer,
			  size_t *count)
{
	if (!name)
		return CR_DNS_NXDOMAIN;
	if (query->type != CR_DNS_PTR)
		return CR_DNS_NOERROR;
	answer->record = (struct cr_dns_record){.type = CR_DNS_PTR, .ttl = TTL};
	answer->record.data = answer->data;
	answer->record.len = (uint16_t)cr_dns_put_name(name, answer->data, sizeof(answer->data));
	*count = 1;
	return CR_DNS_NOERROR;
}

static void tell_refused(struct broker *b, const char *name)
{
	struct cr_net_msg event = {.kind = CR_NET_EVENT, .end = CR_NET_LOOKUP, .addr.family = 4};

	cr_net_set_name(&event, name);
	br_tell(b, &event);
}

static int answer_name(struct broker *b, const struct cr_dns_query *query, struct answer *answer,
		       size_t *count)
{
	uint8_t addr[16];
	uint32_t index;
	int family;

	*count = 0;
	if (cr_dns_reverse(query->name, &family, addr))
		return answer_reverse(cr_names_find(b->names, family, addr), query, answer, count);
	if (!br_name_is_possible(b, query->name)) {
		tell_refused(b, query->name);
		return CR_DNS_NXDOMAIN;
	}
	if (cr_names_add(b->names, query->name, &index) < 0)
		return CR_DNS_REFUSED; /* there are too many */
	*count = fill(index, query->type, answer);
	return CR_DNS_NOERROR;
}

struct message {
	const uint8_t *data;
	size_t len;
	bool stream; /* by TCP: an answer may be as long as `out` */
};

/* The answer to one message; 0 bytes: none. */
static size_t answer_message(struct broker *b, const struct message *msg, uint8_t *out, size_t size)
{
	struct cr_dns_query query;
	struct answer answer;
	struct cr_dns_reply reply = {.records = &answer.record};

	reply.rcode = cr_dns_parse_query(msg->data, msg->len, &query);
	if (reply.rcode < 0)
		return 0;
	if (reply.rcode == CR_DNS_NOERROR)
		reply.rcode = answer_name(b, &query, &answer, &reply.n_records);
	if (!msg->stream && size > query.udp_size)
		size = query.udp_size;
	return cr_dns_answer(msg->data, &query, &reply, out, size);
}

/* One datagram socket of the box. */
struct service {
	struct broker *broker;
	struct event readable;
	int fd;
};

union packet_info {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* Answers come from the address that was asked: the kernel's note is sent back as it came, but
 * that an IPv4 answer has its source in another field. */
static void turn_round(struct msghdr *header)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(header);

	if (part && part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(part), sizeof(info));
		info.ipi_spec_dst = info.ipi_addr;
		info.ipi_ifindex = 0;
		memcpy(CMSG_DATA(part), &info, sizeof(info));
	}
}

/* False: nothing is waiting. */
static bool serve_datagram(struct service *service)
{
	uint8_t query[CR_DNS_UDP_MAX], out[CR_DNS_UDP_MAX];
	union packet_info info;
	struct sockaddr_storage from;
	struct iovec io = {.iov_base = query, .iov_len = sizeof(query)};
	struct msghdr header = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = &info,
		.msg_controllen = sizeof(info),
	};
	ssize_t got = recvmsg(service->fd, &header, MSG_DONTWAIT);

	if (got < 0)
		return false;
	if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return true;

	const struct message msg = {.data = query, .len = (size_t)got};
	size_t len = answer_message(service->broker, &msg, out, sizeof(out));

	if (len == 0)
		return true;
	turn_round(&header);
	io = (struct iovec){.iov_base = out, .iov_len = len};
	sendmsg(service->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	return true;
}

static void on_datagram(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	for (int i = 0; i < MAX_AT_A_TIME && serve_datagram(arg); i++)
		;
}

int br_dns_udp(struct broker *b, int fd)
{
	struct service *service = calloc(1, sizeof(*service)); /* as long as the process */

	if (!service)
		return -1;
	*service = (struct service){.broker = b, .fd = fd};
	event_assign(&service->readable, b->base, fd, EV_READ | EV_PERSIST, on_datagram, service);
	return event_add(&service->readable, NULL);
}

static void stream_end(struct bufferevent *stream, struct broker *b)
{
	bufferevent_free(stream);
	b->n_streams--;
}

/* One message with its length before it; false when there is no whole one. */
static bool serve_message(struct bufferevent *stream, struct broker *b, bool *bad)
{
	struct evbuffer *in = bufferevent_get_input(stream);
	uint8_t out[2 + CR_DNS_UDP_MAX], head[2];
	size_t have = evbuffer_get_length(in);

	if (evbuffer_copyout(in, head, sizeof(head)) < (ssize_t)sizeof(head))
		return false;

	size_t len = (size_t)head[0] << 8 | head[1];

	*bad = len > MAX_QUERY;
	if (*bad || have < sizeof(head) + len)
		return false;

	const uint8_t *whole = evbuffer_pullup(in, (ssize_t)(sizeof(head) + len));

	*bad = !whole;
	if (*bad)
		return false;

	const struct message msg = {.data = whole + sizeof(head), .len = len, .stream = true};
	size_t answer = answer_message(b, &msg, out + 2, sizeof(out) - 2);

	evbuffer_drain(in, sizeof(head) + len);
	out[0] = (uint8_t)(answer >> 8);
	out[1] = (uint8_t)answer;
	/* One that asks and does not listen is not served. */
	*bad = answer == 0 || bufferevent_write(stream, out, answer + 2) < 0 ||
	       evbuffer_get_length(bufferevent_get_output(stream)) > MOST_UNSENT;
	return !*bad;
}

static void on_stream_read(struct bufferevent *stream, void *arg)
{
	bool bad = false;

	while (serve_message(stream, arg, &bad))
		;
	if (bad)
		stream_end(stream, arg);
}

static void on_stream_event(struct bufferevent *stream, short what, void *arg)
{
	(void)what; /* the end, an error, or no query for some time */
	stream_end(stream, arg);
}

static int stream_new(struct broker *b, int fd)
{
	const struct timeval limit = {.tv_sec = STREAM_SECS};
	struct bufferevent *stream = bufferevent_socket_new(b->base, fd, BEV_OPT_CLOSE_ON_FREE);

	if (!stream)
		return -1;
	b->n_streams++;
	bufferevent_setcb(stream, on_stream_read, NULL, on_stream_event, b);
	bufferevent_setwatermark(stream, EV_READ, 0, 2 + MAX_QUERY);
	bufferevent_set_timeouts(stream, &limit, &limit);
	if (bufferevent_enable(stream, EV_READ | EV_WRITE) < 0)
		stream_end(stream, b);
	return 0;
}

static void on_connection(evutil_socket_t listener, short what, void *arg)
{
	struct service *service = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (fd < 0)
		return;
	if (service->broker->n_streams >= MAX_STREAMS || stream_new(service->broker, fd) < 0)
		close(fd);
}

int br_dns_tcp(struct broker *b, int fd)
{
	struct service *service = calloc(1, sizeof(*service)); /* as long as the process */

	if (!service)
		return -1;
	*service = (struct service){.broker = b, .fd = fd};
	event_assign(&service->readable, b->base, fd, EV_READ | EV_PERSIST, on_connection, service);
	return event_add(&service->readable, NULL);
}
