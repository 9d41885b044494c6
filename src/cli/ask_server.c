/*
 * ask_server.c - the launcher's side of the approvals interface (docs/approvals.md).
 *
 * Clients are programs of the user outside every box; who is not is told nothing. What they send is
 * bounded and read strictly, and one that does not read what it is sent is dropped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asker_impl.h"
#include "core/json_text.h"
#include "core/netevent.h"
#include "lib/sys.h"

/* Before its memory goes: closing it is not enough while a child of ours, just forked to ask on the
 * terminal, still has a copy of the descriptor. */
static void forget(const struct cr_asker *asker, const struct ask_client *client)
{
	epoll_ctl(asker->epoll, EPOLL_CTL_DEL, client->source.fd, NULL);
}

static void end_client(struct cr_asker *asker, struct ask_client *client)
{
	for (size_t i = 0; i < ASK_MAX_CLIENTS; i++)
		if (asker->server.clients[i] == client)
			asker->server.clients[i] = NULL;
	forget(asker, client);
	close(client->source.fd);
	free(client);
}

/* Takes the reference. 0, or -1: it does not listen, or memory is out. */
static int send_json(const struct ask_client *client, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	size_t len = text ? strlen(text) : 0;
	ssize_t sent = -1;

	json_decref(json);
	if (text) {
		text[len] = '\n'; /* in place of the NUL */
		sent = send(client->source.fd, text, len + 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	free(text);
	return sent == (ssize_t)len + 1 ? 0 : -1;
}

/* A copy for every client that watches; those who cannot keep up are dropped. Takes the reference.
 */
static void tell(struct cr_asker *asker, json_t *json)
{
	for (size_t i = 0; i < ASK_MAX_CLIENTS; i++) {
		struct ask_client *client = asker->server.clients[i];

		/* Shut down, not ended: it may be the one that is being served. */
		if (client && client->watches && send_json(client, json_incref(json)) < 0)
			shutdown(client->source.fd, SHUT_RDWR);
	}
	json_decref(json);
}

void ask_server_tell_new(struct cr_asker *asker, const struct cr_question *question)
{
	tell(asker, cr_question_json(question));
}

void ask_server_tell_answer(struct cr_asker *asker, const struct cr_question *question,
			    const struct cr_reply *answer)
{
	tell(asker, cr_answer_json(question, answer));
}

static int say_error(const struct ask_client *client, const char *text)
{
	send_json(client, json_pack("{s:s, s:s}", "event", "error", "text", text));
	return -1;
}

/* Every question there is. */
static int list(struct cr_asker *asker, struct ask_client *client, const json_t *request)
{
	(void)request;
	for (size_t i = 0; i < CR_QUESTIONS; i++)
		if (asker->questions.pending[i].id[0] &&
		    send_json(client, cr_question_json(&asker->questions.pending[i])) < 0)
			return -1;
	return send_json(client, json_pack("{s:s}", "event", "listed"));
}

static int watch(struct cr_asker *asker, struct ask_client *client, const json_t *request)
{
	client->watches = true;
	return list(asker, client, request);
}

/* Who is about to answer wants to know what has become of it. */
static int send_unknown(const struct cr_asker *asker, const struct ask_client *client,
			const char *id)
{
	json_t *unknown = json_pack("{s:s}", "event", "unknown");

	if (unknown && cr_questions_was_withdrawn(&asker->questions, id))
		json_object_set_new(unknown, "by", json_string("left"));
	return send_json(client, unknown);
}

static int answer(struct cr_asker *asker, struct ask_client *client, const json_t *request)
{
	json_int_t seconds = -1;
	const char *op, *id;
	int allow;

	/* jansson only reads through the pointer; its type predates const */
	if (json_unpack((json_t *)(uintptr_t)request, "{s:s, s:s, s:b, s?I !}", "op", &op, "id",
			&id, "allow", &allow, "seconds", &seconds) < 0 ||
	    (seconds != -1 && (seconds < 1 || seconds > CR_MAX_GRANT_SECS)))
		return say_error(client, "answer needs id, allow and perhaps seconds");

	struct cr_question *question = cr_questions_find(&asker->questions, id);

	if (!question)
		return send_unknown(asker, client, id);
	ask_answer(asker, question,
		   &(const struct cr_reply){
			   .allowed = allow != 0,
			   .seconds = seconds < 0 ? CR_FOR_THE_BOX : (uint32_t)seconds,
			   .by = "client",
			   .pid = client->pid,
		   });
	return send_json(client, json_pack("{s:s}", "event", "done"));
}

static const struct {
	const char *name;
	int (*serve)(struct cr_asker *asker, struct ask_client *client, const json_t *request);
} operations[] = {
	{"list", list},
	{"watch", watch},
	{"answer", answer},
};

/* One request. -1: the client is to go. */
static int serve_line(struct cr_asker *asker, struct ask_client *client, size_t len)
{
	json_t *request = json_loadb(client->line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *op = json_string_value(json_object_get(request, "op"));
	int served = -1;
	size_t i = 0;

	while (op && i < CR_COUNT_OF(operations) && strcmp(op, operations[i].name) != 0)
		i++;
	if (op && i < CR_COUNT_OF(operations))
		served = operations[i].serve(asker, client, request);
	else
		say_error(client, "this is no request");
	json_decref(request);
	return served;
}

static int serve_lines(struct cr_asker *asker, struct ask_client *client)
{
	char *end;

	while ((end = memchr(client->line, '\n', client->len))) {
		const size_t used = (size_t)(end - client->line) + 1;

		if (serve_line(asker, client, used - 1) < 0)
			return -1;
		client->len -= used;
		memmove(client->line, client->line + used, client->len);
	}
	return client->len < sizeof(client->line) ? 0 : say_error(client, "this line is too long");
}

static void on_client(struct cr_asker *asker, struct ask_source *source)
{
	struct ask_client *client = (struct ask_client *)source; /* its first member */
	const ssize_t len = recv(source->fd, client->line + client->len,
				 sizeof(client->line) - client->len, MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	client->len += len > 0 ? (size_t)len : 0;
	if (len <= 0 || serve_lines(asker, client) < 0)
		end_client(asker, client);
}

static json_t *hello_json(const struct cr_asker *asker)
{
	const char *const *argv = (const char *const *)asker->asking.cli->words.argv;
	json_t *words = json_array();
	char box[CR_APPROVAL_NAME];

	for (int i = 0; i < asker->asking.cli->words.argc && i < 16; i++)
		json_array_append_new(words, cr_json_text(argv[i]));
	snprintf(box, sizeof(box), "%.32s", asker->server.name);
	return json_pack("{s:s, s:i, s:s, s:I, s:o}", "event", "hello", "version",
			 CR_APPROVALS_VERSION, "box", box, "pid", (json_int_t)getpid(), "command",
			 words);
}

static int take_client(struct cr_asker *asker, int fd)
{
	struct ask_client **place = asker->server.clients;
	struct ask_client *client;
	long long pid;
	size_t i = 0;

	while (i < ASK_MAX_CLIENTS && place[i])
		i++;
	if (i == ASK_MAX_CLIENTS || !cr_approvals_peer_is_ours(fd, &pid))
		return -1;
	client = calloc(1, sizeof(*client));
	if (!client)
		return -1;
	client->source = (struct ask_source){fd, on_client};
	client->pid = pid;
	if (ask_add(asker, &client->source) < 0 || send_json(client, hello_json(asker)) < 0) {
		forget(asker, client);
		free(client);
		return -1;
	}
	place[i] = client;
	return 0;
}

static void on_connect(struct cr_asker *asker, struct ask_source *source)
{
	const int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0 && take_client(asker, fd) < 0)
		close(fd);
}

static int open_in(struct cr_asker *asker, const char *path)
{
	struct ask_server *server = &asker->server;
	char random[CR_RANDOM_TEXT];
	struct cr_err ignored;

	server->dir = cr_approvals_open(path, 0, &ignored);
	if (server->dir < 0) {
		server->dir = cr_approvals_open(path, 1, &ignored);
		asker->has_made_place = server->dir >= 0;
	}
	if (server->dir < 0)
		return -1;
	cr_approvals_sweep(server->dir);
	if (cr_sys_random(random, &ignored) == 0) {
		snprintf(server->name, sizeof(server->name), "%s.sock", random);
		server->source.fd = cr_approvals_listen(server->dir, server->name);
	}
	if (server->source.fd >= 0 && ask_add(asker, &server->source) == 0)
		return 0;
	ask_server_close(asker);
	return -1;
}

int ask_server_open(struct cr_asker *asker)
{
	const char *paths[CR_APPROVALS_PLACES];
	struct cr_err ignored;
	const int count = cr_approvals_places(asker->asking.cli->arena, paths, &ignored);

	asker->server.source = (struct ask_source){-1, on_connect};
	for (int i = 0; i < count; i++)
		if (open_in(asker, paths[i]) == 0)
			return 0;
	return -1;
}

void ask_server_close(struct cr_asker *asker)
{
	struct ask_server *server = &asker->server;

	for (size_t i = 0; i < ASK_MAX_CLIENTS; i++)
		if (server->clients[i])
			end_client(asker, server->clients[i]);
	if (server->source.fd >= 0) {
		unlinkat(server->dir, server->name, 0);
		close(server->source.fd);
	}
	if (server->dir >= 0)
		close(server->dir);
	server->dir = server->source.fd = -1;
}
