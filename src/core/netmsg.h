/*
 * netmsg.h - what launcher, init and broker of one box say to each other about its network.
 *
 * All three are one build of carrel on one machine, so the message is the struct itself
 * (SOCK_SEQPACKET, cr_net_send, cr_net_receive). The broker reads what strangers send: launcher and
 * init take no pointer from it, and cr_net_msg_check every message before they look at it.
 */
#ifndef CR_NETMSG_H
#define CR_NETMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"

#define CR_NET_DNS_PORT 53 /* in the box it is the broker's name service */

struct cr_net_addr {
	uint8_t family;    /* 4 or 6 */
	uint8_t bytes[16]; /* network order; 4: the first four */
	uint16_t port;     /* host order */
};

enum cr_net_kind {
	/* init to broker, each with a socket of the box's network */
	CR_NET_DNS_UDP,
	CR_NET_DNS_TCP,
	CR_NET_LISTENER,  /* addr: all zero for any address */
	CR_NET_LISTENING, /* as asked for by LISTEN; error: errno, and no socket */
	CR_NET_CONNECTED, /* as asked for by CONNECT, id: a socket that connects; error: likewise */
	CR_NET_READY,     /* no more of them will come by themselves; launcher: start */
	/* broker to init */
	CR_NET_LISTEN,  /* addr: make a listener there */
	CR_NET_CONNECT, /* id; addr: loopback, and a port that is published */
	/* launcher to broker, when it asks: what has changed of the host's /etc/resolv.conf and
	   /etc/hosts since it last did; LOOK_UP comes last */
	CR_NET_RESOLVER,   /* seconds, attempts: the servers known so far are no more */
	CR_NET_NAMESERVER, /* addr, scope: one to ask from now on */
	CR_NET_HOSTS,      /* with the file; allowed false: there is none */
	/* both ways: the broker is about to look up a name; that was all, go on */
	CR_NET_LOOK_UP,
	/* launcher to broker */
	/* id, addr, program, pid: somebody is about to connect; allowed: and was let go on
	   already, no VERDICT is wanted */
	CR_NET_WANT,
	CR_NET_JOIN,   /* likewise, with the caller's socket: connect it to the proxy */
	CR_NET_ANSWER, /* id: of an ASK; allowed, seconds: from now on; or end: why not */
	/* broker to launcher */
	CR_NET_VERDICT, /* id; error: what the caller is told, 0: let it go on; allowed: the broker
			 * listens there from now on */
	CR_NET_EVENT,   /* the rest of the struct: one decision */
	CR_NET_ASK,     /* id, seconds, and as EVENT: may this connection be made? An EVENT with the
			 * same id tells that the question is over */
	CR_NET_WITHDRAWN, /* id: of an ASK: whoever waited for the answer has left */
	CR_NET_KIND_COUNT
};

/*
 * How a connection, or the look-up of a name, ended. Code, name in JSON, the words for people; a
 * refusal is the box's doing, the others are the network's.
 */
#define CR_NET_ENDS(X)                                                                    \
	X(CR_NET_DONE, "done", false, "closed by its ends")                               \
	X(CR_NET_FAILED, "failed", false, "the host could not be reached")                \
	X(CR_NET_NO_NAME, "no-name", false, "the name leads to no address")               \
	X(CR_NET_LEFT, "left", false, "the program left before it was connected")         \
	X(CR_NET_BY_RULES, "rules", true, "broker")                                       \
	X(CR_NET_LOOKUP, "lookup", true, "name service of the box")                       \
	X(CR_NET_DENIED, "denied", true, "broker: somebody was asked and said no")        \
	X(CR_NET_UNANSWERED, "unanswered", true,                                          \
	  "broker: nobody answered in time when it was asked for")                        \
	X(CR_NET_NOBODY, "nobody", true,                                                  \
	  "broker: it has to be asked for, and nobody can be asked")                      \
	X(CR_NET_SPECIAL, "special-address", true,                                        \
	  "broker: the name leads to a special-purpose address, which no rule names")     \
	X(CR_NET_TLS_NAME, "tls-name", true, "broker: the TLS hello names another host")  \
	X(CR_NET_TLS_NO_NAME, "tls-no-name", true, "broker: the TLS hello names no host") \
	X(CR_NET_TLS_BAD, "tls-bad", true, "broker: the TLS hello cannot be read")        \
	X(CR_NET_HTTP_BAD, "http-bad", true,                                              \
	  "broker: the HTTP request is not plainly for this host")                        \
	X(CR_NET_PROTOCOL, "protocol", true,                                              \
	  "broker: neither TLS, HTTP nor SSH, so nothing tells which host is meant")      \
	X(CR_NET_LIMIT, "limit", true, "broker: too many at once")

enum cr_net_end {
#define X(code, name, refusal, text) code,
	CR_NET_ENDS(X)
#undef X
		CR_NET_END_COUNT
};

#define CR_NET_PROGRAM 32

struct cr_net_msg {
	uint8_t kind; /* enum cr_net_kind */
	uint8_t end;  /* enum cr_net_end */
	bool allowed;
	bool dialled_any; /* dialled holds something */
	bool incoming;    /* EVENT: from the host, to a port of the box */
	int32_t error;
	uint64_t id;
	struct cr_net_addr addr;    /* where the program meant to go; incoming: published as */
	struct cr_net_addr dialled; /* where the broker went; incoming: in the box */
	int32_t pid;                /* in the launcher's numbering; 0: unknown */
	uint32_t seconds;
	uint32_t attempts;
	uint32_t scope; /* NAMESERVER: the interface that a link-local address is on; 0: none */
	char program[CR_NET_PROGRAM];    /* NUL-terminated; "" unknown */
	char name[CR_MAX_HOST + 1];      /* the host's; "": addressed by number */
	uint64_t up, down, milliseconds; /* bytes from and to the box; how long */
};

/* `name` is canonical, or "": at most CR_MAX_HOST bytes. */
void cr_net_set_name(struct cr_net_msg *msg, const char *name);

/* What is wrong with *msg, NULL when nothing: kind and end known, strings ended, families 4 or 6.
 */
const char *cr_net_msg_check(const struct cr_net_msg *msg);

bool cr_net_same_addr(const struct cr_net_addr *a, const struct cr_net_addr *b);

/* An IPv6 address that stands for an IPv4 one (::ffff:1.2.3.4) becomes that. */
void cr_net_unmap(struct cr_net_addr *addr);

/* Of an enum cr_net_end: the name in JSON; the words for people; is it a refusal? */
const char *cr_net_end_name(enum cr_net_end end);
const char *cr_net_end_text(enum cr_net_end end);
bool cr_net_end_is_refusal(enum cr_net_end end);
/* Refused because whoever was to be asked said no, or nothing, or was nobody? */
bool cr_net_end_is_about_asking(enum cr_net_end end);
/* Refused for what was said, which a rule with `notls` would let pass? */
bool cr_net_end_is_about_content(enum cr_net_end end);

/* "name:port" or "1.2.3.4:port" or "[::1]:port"; cut when it does not fit (300 bytes are enough).
 * Returns `out`. */
char *cr_net_object(const char *name, const struct cr_net_addr *addr, char *out, size_t size);

#endif
