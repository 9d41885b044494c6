/*
 * impl.h - what the files of the broker share. Nothing here blocks; everything runs in one event
 * loop, and a callback that ends a connection returns at once.
 */
#ifndef CR_BROKER_IMPL_H
#define CR_BROKER_IMPL_H

#include <assert.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "broker/broker.h"
#include "core/decide.h"
#include "core/httpreq.h"
#include "core/names.h"
#include "core/socks.h"
#include "core/tlshello.h"

#define BR_MAX_QUEUED      4096 /* messages that one end has not taken yet */
#define BR_MAX_CACHED      256  /* names whose addresses are remembered */
#define BR_MAX_ADDRESS     16   /* addresses of one name that are tried */
#define BR_MAX_GRANTS      256
#define BR_MAX_LISTENER    4096
#define BR_MAX_RECENT      2048 /* calls of connect remembered, for who it was */
#define BR_MAX_SPARE       32   /* blocks of each kind that are kept */
#define BR_MAX_LARGE_PIPES 32   /* lent and kept */
#define BR_MAX_KEPT_PIPES  8    /* all the user's processes have 64 MiB for pipes together */
#define BR_MAX_HELD        2048 /* first bytes and requests being read: 64 MiB at the most */
#define BR_MAX_GUESTS      2048 /* of the proxy, who have not said yet where they want to go */
#define BR_MAX_ACCEPTS     64   /* connections taken before others have their turn */
#define BR_MAX_FETCHES     64   /* answers fetched by TCP at a time; others wait */
#define BR_MAX_ASKED       32   /* questions to init that it has not answered yet */
#define BR_MAX_RACING      256  /* attempts to dial beside the first of each connection */

struct broker;
struct br_conn;

/* One end of a conversation by struct cr_net_msg. What does not fit waits. */
struct br_channel {
	struct broker *broker;
	void (*on_message)(struct broker *, const struct cr_net_msg *, int fd);
	int fd;
	struct event readable, writable, writable_later;
	struct cr_net_msg *queue; /* a ring of `cap` */
	size_t head, count, cap;
	size_t asked, max_asked; /* sent and not answered; max 0: as many as one likes */
};

/* Where somebody wants to go. */
struct br_target {
	const char *name; /* of the table of names; "" when addressed by number */
	struct cr_net_addr addr;
};

struct br_listener {
	struct broker *broker;
	struct cr_net_addr addr; /* bytes zero: any address */
	bool any;
	int fd; /* -1: init has been asked for it */
	struct event readable;
};

/* A connect that the launcher told us of. */
struct br_want {
	uint64_t id;
	struct cr_net_addr addr;
	int32_t pid;
	char program[CR_NET_PROGRAM];
	bool waits; /* for a listener */
};

struct br_cached {
	const char *name; /* of the table of names, compared as pointer; NULL: empty */
	uint64_t until_ms;
	struct cr_net_addr addrs[BR_MAX_ADDRESS];
	size_t n_addrs;
};

/* Answers of the host's name servers that are fetched by TCP, the oldest first. */
struct br_fetches {
	struct br_fetch *first, *last;
	size_t n_begun;
};

/* The name servers of the host, and how they are to be asked. */
struct br_servers {
	struct {
		struct cr_net_addr addr;
		uint32_t scope;
	} list[CR_MAX_NAMESERVERS];
	size_t count;
	uint32_t seconds, attempts; /* for one answer; by UDP */
};

struct br_grant {
	struct br_target target;
	uint64_t until_ms;
};

struct br_pipe {
	int ends[2];
	bool is_large;
};

/* For boxes whose connections cannot be captured. */
struct br_proxy {
	int fd; /* the listener */
	struct event readable;
	uint16_t port;
	char secret[CR_PROXY_SECRET + 1];
	bool is_joined; /* its guests are those that br_join has brought, and nobody else */
	size_t n_guests;
};

/* Blocks of one size. */
struct br_spares {
	void *blocks[BR_MAX_SPARE];
	size_t count;
};

struct broker {
	const struct cr_ruleset *rules;
	struct event_base *base;
	struct evdns_base *resolver;
	uint64_t resolver_asked_ms, resolver_told_ms; /* 0: no answer is waited for; never */
	char *hosts;                                  /* text of the host's file; NULL: none */
	size_t hosts_len;
	struct br_servers servers, told_servers; /* in use; what is being told */
	struct br_lookup *lookups;               /* that wait for the launcher's answer */
	struct br_asking *asking[BR_MAX_CACHED];
	struct br_fetches fetches;
	struct cr_names *names;
	struct br_channel talk, capture;
	struct br_proxy proxy;
	struct br_listener *listeners[BR_MAX_LISTENER];
	size_t n_listeners, max_listeners;
	struct br_want recent[BR_MAX_RECENT];
	size_t next_recent;
	struct br_cached cached[BR_MAX_CACHED];
	struct br_grant grants[BR_MAX_GRANTS];
	struct br_pipe pipes[BR_MAX_KEPT_PIPES]; /* large ones nobody uses */
	size_t n_pipes, n_large;                 /* large: all there are */
	struct br_spares spare_conns, spare_dials;
	struct br_entry *entries; /* the newest first */
	size_t n_incoming;
	struct br_conn *conns;                        /* the newest first */
	size_t n_conns, max_conns, n_held, n_streams; /* streams: name service by TCP */
	size_t n_racing;
	struct br_question *questions;
	uint64_t next_id;
	bool is_ending;
	uint32_t ask_seconds;
};

/* One direction of a connection. */
struct br_flow {
	struct br_conn *conn;
	int from, to;
	struct event readable, writable;
	struct br_pipe pipe; /* only while it holds something */
	size_t held;
	bool eof, shut;
	uint64_t bytes;
};

/* What the client has said and the broker has a copy of. */
struct br_held {
	struct cr_http http;
	size_t len, released; /* bytes in `buffer`; of them, those that may be sent */
	uint8_t buffer[CR_HTTP_HEAD_MAX];
};

static_assert(CR_HTTP_HEAD_MAX > CR_TLS_HELLO_MAX, "a hello fits as well");

/* How a connection came here: led by its address, asked for in one of three ways, or from the host
 * by a published port; the box is the server then. */
enum br_way { BR_WAY_CAPTURED, BR_WAY_CONNECT, BR_WAY_URL, BR_WAY_SOCKS, BR_WAY_PUBLISHED };

enum br_gate {
	BR_GATE_CLOSED, /* nothing of the client is passed on before its first bytes are known */
	BR_GATE_HTTP,   /* all is read */
	BR_GATE_ANSWER, /* nothing more is read before the server has answered the TLS hello */
	BR_GATE_SECOND, /* it asked for a second one */
	BR_GATE_DRAIN,  /* what is held is sent, and then: */
	BR_GATE_OPEN,   /* bytes are moved unseen */
};

struct br_dial;     /* dial.c: while there is no connection to the host yet */
struct br_entry;    /* publish.c: while there is none into the box yet */
struct br_lookup;   /* lookup.c: somebody waits for the addresses of a name */
struct br_asking;   /* lookup.c: a name that the servers are asked about */
struct br_fetch;    /* fetch.c: an answer that is fetched by TCP */
struct br_question; /* question.c: while somebody is asked about it */

struct br_conn {
	struct br_conn *next, *prev;
	struct broker *broker;
	struct br_target target;
	struct cr_net_addr dialled;
	bool has_dialled;
	bool unchecked; /* the rule says `notls`, or names an address */
	enum br_way way;
	bool is_answered; /* the one who asked the proxy has been told that it is done */
	uint64_t started_ms;
	int32_t pid;
	char program[CR_NET_PROGRAM];
	int client, server;
	enum br_gate gate;
	size_t looked; /* bytes of the server's answer seen by the last look */
	struct br_held *held;
	struct br_dial *dial;
	struct br_entry *entry;
	struct br_question *question; /* others may wait for it too */
	struct event leaving;         /* something happens to the client while it waits */
	bool is_probed;               /* the kernel asks every second whether it is there */
	struct br_flow up, down;
};

/* talk.c */
int br_channel_open(struct broker *b, struct br_channel *channel, int fd,
		    void (*on_message)(struct broker *, const struct cr_net_msg *, int fd));
/* Takes what has come until now. */
void br_channel_take(struct br_channel *channel);
/* Queues what cannot be sent at once. -1: too much is waiting. */
int br_channel_send(struct br_channel *channel, const struct cr_net_msg *msg);
/* One of the questions sent has been answered: there is room for another. */
void br_channel_answered(struct br_channel *channel);
uint64_t br_now_ms(void);
/* Tells the launcher, some time soon; when it does not keep up, events are lost and nothing else.
 */
void br_tell(struct broker *b, const struct cr_net_msg *event);
/* Ends everything: the box has ended, or the broker cannot go on. */
void br_end(struct broker *b);
bool br_same_target(const struct br_target *a, const struct br_target *b);

/* judge.c */
bool br_target_find(const struct broker *b, const struct cr_net_addr *addr,
		    struct br_target *target);
struct cr_verdict br_decide(const struct broker *b, const struct br_target *target);
/* Gives those names their addresses that the rules have, so that no others can take their room. */
int br_add_names(struct broker *b);
/* May a connection to this name be allowed on some port? */
bool br_name_is_possible(const struct broker *b, const char *name);
/* CR_NET_DONE when this address may be dialled for the target; else why not: a rule denies it, or
 * it has a special purpose and no rule names it. */
enum cr_net_end br_may_dial(const struct broker *b, const struct br_target *target,
			    const struct cr_net_addr *addr);
/* For an address that a rule calls localhost: the other one it has by that rule. */
bool br_localhost_other(const struct broker *b, const struct br_target *target,
			struct cr_net_addr *other);
bool br_grant_holds(const struct broker *b, const struct br_target *target);
void br_grant_add(struct broker *b, const struct br_target *target, uint32_t seconds);

/* dns.c: serves on a socket of the box, which is its own from now on. */
int br_dns_udp(struct broker *b, int fd);
int br_dns_tcp(struct broker *b, int fd);

/* listen.c */
int br_listen(struct broker *b, const struct cr_net_addr *addr, int fd);
void br_want(struct broker *b, const struct cr_net_msg *msg);
void br_listening(struct broker *b, const struct cr_net_msg *msg, int fd);

/* Remembers who connects from `source`; gives it back once, false: nobody known. */
void br_remember(struct broker *b, const struct cr_net_msg *msg, const struct cr_net_addr *source);
bool br_recall(struct broker *b, const struct cr_net_addr *source, struct br_want *out);
void br_give_verdict(struct broker *b, uint64_t id, const struct cr_net_addr *addr, int error);

/* join.c: connects a socket of the box (owned from now on) to the proxy, and says how that went. */
void br_join(struct broker *b, const struct cr_net_msg *msg, int fd);

/* proxy.c */
/* Takes in those who have come. */
void br_proxy_accept(struct broker *b);
int br_proxy_open(struct broker *b, int fd, uint16_t port, const char *secret);
/* The host is reached: tells who asked for it. False: that cannot be told. */
bool br_proxy_answer(const struct br_conn *conn);
/* Says why not, and takes the client over. */
void br_proxy_refuse(const struct br_conn *conn, enum cr_net_end end);

/* conn.c: the first begins the life of a connection (`by` may be NULL); NULL: no memory, and
 * `client` is closed. */
struct br_conn *br_conn_new(struct broker *b, int client, const struct cr_net_addr *local,
			    const struct br_want *by);
/* A connection that was asked for. `held`, owned from now on: the first request, when that was it.
 */
struct br_request {
	enum br_way way;
	struct br_target target;
	struct br_want by;
	struct br_held *held;
};
void br_conn_request(struct broker *b, int client, const struct br_request *request);
void br_conn_accept(struct broker *b, int client, const struct cr_net_addr *local,
		    const struct br_want *by);
/* What is known of it now; the kind is the caller's to say. */
void br_conn_fill(const struct br_conn *conn, struct cr_net_msg *event);
/* Ends a connection; a refusal or failure resets the client. The connection is gone. */
void br_conn_end(struct br_conn *conn, enum cr_net_end end);
/* dial.c has reached the host. */
void br_conn_dialled(struct br_conn *conn, int server, const struct cr_net_addr *addr);

/* question.c: the connection waits until somebody has said whether it may be made; it may be gone
 * already. */
void br_question_ask(struct br_conn *conn);
/* It waits no longer. The question is withdrawn a moment after the last has left. */
void br_question_leave(struct br_conn *conn);
/* 0: it waits for none. */
uint64_t br_question_id(const struct br_conn *conn);
void br_question_answer(struct broker *b, const struct cr_net_msg *answer);

/* leave.c: from now on, until br_leave_stop, the connection ends when its client has left. */
void br_leave_prepare(struct br_conn *conn);
void br_leave_watch(struct br_conn *conn);
void br_leave_stop(struct br_conn *conn);
/* The box's end of a connection to the proxy, before it is closed. */
void br_leave_soon(int fd);

/* dial.c: calls br_conn_dialled or br_conn_end, maybe before it returns. */
void br_dial(struct br_conn *conn);
void br_dial_free(struct br_dial *dial);

/* lookup.c: calls `found` once, with the addresses of a name of the table (port 0, none: it has
 * none or cannot be looked up), maybe before it returns: NULL then. They are borrowed for the call.
 */
struct br_lookup *br_lookup(struct broker *b, const char *name,
			    void (*found)(void *arg, const struct cr_net_addr *addrs, size_t count),
			    void *arg);
/* `found` will not be called. */
void br_lookup_cancel(struct br_lookup *lookup);
/* The launcher has answered: those who wait for it look up their names. */
void br_lookup_go_on(struct broker *b);

/* fetch.c: asks the servers by TCP, one after the other, for the A or AAAA of a name. Calls
 * `fetched` once, later; it is gone then. NULL: no memory. */
struct br_fetch *br_fetch(struct broker *b, const char *name, uint16_t type,
			  void (*fetched)(void *arg, const struct cr_net_addr *addrs, size_t count),
			  void *arg);
/* `fetched` will not be called. */
void br_fetch_free(struct br_fetch *fetch);
/* The servers are others now: what is being fetched begins anew. */
void br_fetch_anew(struct broker *b);

/* resolve.c */
int br_resolver_open(struct broker *b);
/* Does it know what the launcher knew a moment ago? */
bool br_resolver_is_fresh(const struct broker *b);
/* Asks the launcher, who answers with messages, the last of which is LOOK_UP. */
void br_resolver_ask(struct broker *b);
/* One of them; `fd` is borrowed. */
void br_resolver_told(struct broker *b, const struct cr_net_msg *msg, int fd);
/* The address of a server in use; its length. */
socklen_t br_server_address(const struct broker *b, size_t server, struct sockaddr_storage *out);

/* publish.c: listens, before the broker is forked: `doors` has a descriptor for each. */
int br_doors_open(const struct cr_published *published, int doors[CR_MAX_PUBLISHED],
		  struct cr_err *err);
void br_doors_close(int doors[CR_MAX_PUBLISHED], size_t count);
/* And accepts, in the broker. */
int br_doors_serve(struct broker *b, const struct cr_published *published, const int *doors);
void br_entered(struct broker *b, const struct cr_net_msg *msg, int fd);
void br_entry_free(struct br_entry *entry);

/* check.c: what is held, counted; NULL: there is too much of it, or no memory. */
struct br_held *br_held_new(struct broker *b);
void br_held_free(struct broker *b, struct br_held *held);
/* Moves what the client says as far as it is good; the connection may be gone after. */
void br_gate_pump(struct br_conn *conn);
/* The server says something while its answer is waited for. True: it may be moved, and the gate
 * pumped. */
bool br_gate_answer(struct br_conn *conn);
/* The same, but the first request is held already. */
void br_http_begin(struct br_conn *conn);

/* spare.c: zeroed memory for one, owned by the caller, NULL when there is none; and back. */
void *br_spare_take(struct br_spares *spares, size_t size);
void br_spare_give(struct br_spares *spares, void *block);

/* relay.c */
int br_flow_open(struct br_flow *flow, struct br_conn *conn, int from, int to);
void br_flow_close(struct br_flow *flow);
/* Moves what can be moved. False: the connection is gone. */
bool br_flow_pump(struct br_flow *flow);
/* Which of its two events the flow waits for. */
void br_flow_wait(struct br_flow *flow, bool readable, bool writable);
/* The socket is readable again only when there are `bytes`. */
void br_low_water(int fd, size_t bytes);
/* The other side is told that nothing more comes. False: that was all, the connection is gone. */
bool br_flow_shut(struct br_flow *flow);

#endif
