/* talk.c - conversations with the launcher and with init; see impl.h. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "broker/impl.h"

#define TELL_USEC 10000
#define MOST_TOLD 64

uint64_t br_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* False when there was none. */
static bool take_one(struct br_channel *channel)
{
	struct cr_net_msg msg;
	int received = -1;
	int got = cr_net_receive(channel->fd, &msg, &received);

	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0 || cr_net_msg_check(&msg)) {
		if (received >= 0)
			close(received);
		br_end(channel->broker);
		return false;
	}
	channel->on_message(channel->broker, &msg, received);
	return true;
}

void br_channel_take(struct br_channel *channel)
{
	while (!channel->broker->is_ending && take_one(channel))
		;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	br_channel_take(arg);
}

/* Not more questions than the answers to which fit the other end's socket: it does not wait. */
static bool has_room(const struct br_channel *channel)
{
	return channel->max_asked == 0 || channel->asked < channel->max_asked;
}

static void flush(struct br_channel *channel)
{
	while (channel->count > 0 && has_room(channel)) {
		if (cr_net_send(channel->fd, &channel->queue[channel->head], -1) < 0)
			break;
		channel->head = (channel->head + 1) % channel->cap;
		channel->count--;
		channel->asked++;
	}
	if (channel->count > 0 && has_room(channel))
		event_add(&channel->writable, NULL);
	else
		event_del(&channel->writable);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush(arg);
}

int br_channel_open(struct broker *b, struct br_channel *channel, int fd,
		    void (*on_message)(struct broker *, const struct cr_net_msg *, int fd))
{
	channel->broker = b;
	channel->on_message = on_message;
	channel->fd = fd;
	event_assign(&channel->readable, b->base, fd, EV_READ | EV_PERSIST, on_readable, channel);
	event_assign(&channel->writable, b->base, fd, EV_WRITE | EV_PERSIST, on_writable, channel);
	evtimer_assign(&channel->writable_later, b->base, on_writable, channel);
	return event_add(&channel->readable, NULL);
}

static int grow(struct br_channel *channel)
{
	size_t cap = channel->cap ? 2 * channel->cap : 16;
	struct cr_net_msg *queue;

	if (channel->count < channel->cap)
		return 0;
	if (cap > BR_MAX_QUEUED || !(queue = malloc(cap * sizeof(*queue))))
		return -1;
	for (size_t i = 0; i < channel->count; i++)
		queue[i] = channel->queue[(channel->head + i) % channel->cap];
	free(channel->queue);
	channel->queue = queue;
	channel->head = 0;
	channel->cap = cap;
	return 0;
}

static int enqueue(struct br_channel *channel, const struct cr_net_msg *msg)
{
	if (grow(channel) < 0)
		return -1;
	channel->queue[(channel->head + channel->count++) % channel->cap] = *msg;
	return 0;
}

int br_channel_send(struct br_channel *channel, const struct cr_net_msg *msg)
{
	if (channel->count > 0)
		flush(channel);
	if (channel->count > 0 || !has_room(channel))
		return enqueue(channel, msg);
	if (cr_net_send(channel->fd, msg, -1) == 0) {
		channel->asked++;
		return 0;
	}
	/* Otherwise the reading side will see the end. */
	return errno == EAGAIN && enqueue(channel, msg) == 0 ? event_add(&channel->writable, NULL)
							     : -1;
}

void br_channel_answered(struct br_channel *channel)
{
	if (channel->asked > 0)
		channel->asked--;
	if (channel->count > 0)
		flush(channel);
}

/* What nobody waits for is told together: it would wake the launcher for every connection. */
void br_tell(struct broker *b, const struct cr_net_msg *event)
{
	const struct timeval later = {.tv_usec = TELL_USEC};

	/* The rest is for those that somebody waits for. */
	if (b->talk.count >= BR_MAX_QUEUED / 2 || enqueue(&b->talk, event) < 0)
		return;
	if (b->talk.count >= MOST_TOLD)
		flush(&b->talk);
	else if (b->talk.count == 1)
		event_add(&b->talk.writable_later, &later);
}

/* The launcher reads until we close: what it has not been told yet it gets now. */
static void say_the_rest(struct br_channel *channel)
{
	for (int tries = 0; channel->count > 0 && tries < 100; tries++) {
		flush(channel);
		if (channel->count > 0 && errno != EAGAIN)
			return;
		if (channel->count > 0)
			usleep(1000);
	}
}

void br_end(struct broker *b)
{
	if (b->is_ending)
		return;
	b->is_ending = true;
	while (b->conns)
		br_conn_end(b->conns, CR_NET_DONE);
	say_the_rest(&b->talk);
	event_base_loopbreak(b->base);
}
