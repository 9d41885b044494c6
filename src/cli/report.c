/*
 * report.c - collects refusals while the command runs and prints them at the
 * end.
 *
 * It never guesses: what the backend did not see refused is not mentioned, and
 * what no rule explains says so. Object names come from the box and are made
 * safe before they reach the terminal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/decide.h"
#include "core/netevent.h"
#include "lib/sys.h"
#include "platform.h"
#include "report.h"

/* FNV-1a over the operation and the object. */
static uint32_t hash_of(const struct cr_denial *denial)
{
	uint32_t hash = (2166136261u ^ (uint32_t)denial->op) * 16777619u;

	for (const char *p = denial->object; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 16777619u;
	return hash;
}

static struct cr_event *find(const struct cr_report *report, const struct cr_denial *denial,
			     uint32_t hash)
{
	for (size_t i = 0; i < report->count; i++) {
		struct cr_event *event = &report->events[i];

		if (report->hashes[i] == hash && event->denial.op == denial->op &&
		    strcmp(event->denial.object, denial->object) == 0)
			return event;
	}
	return NULL;
}

/* Makes room for one more; -1 when the report is full or memory is out. */
static int make_room(struct cr_report *report)
{
	struct cr_arena *arena = report->cli->arena;
	void *events, *hashes;

	if (report->count >= CR_REPORT_KEPT)
		return -1;
	events = cr_arena_grow(arena, report->events, report->count, &report->cap_events,
			       sizeof(*report->events));
	if (events)
		report->events = events;
	hashes = cr_arena_grow(arena, report->hashes, report->count, &report->cap_hashes,
			       sizeof(*report->hashes));
	if (hashes)
		report->hashes = hashes;
	return events && hashes ? 0 : -1;
}

static struct cr_event *remember(struct cr_report *report, const struct cr_denial *denial,
				 uint32_t hash)
{
	struct cr_event *event;

	if (make_room(report) < 0)
		return NULL;
	event = &report->events[report->count];
	if (cr_event_explain(report->cli->arena, report->rules, denial, event, NULL) < 0)
		return NULL;
	event->count = 0;
	report->hashes[report->count++] = hash;
	return event;
}

/* Takes the text, from malloc; the NUL becomes a newline, so that a line is one write. */
static void write_line(struct cr_report *report, char *json)
{
	size_t len = json ? strlen(json) : 0;

	if (!json)
		return;
	json[len] = '\n';
	if (cr_platform_write(report->events_fd, json, len + 1) < 0)
		report->events_fd = -1; /* the reader is gone; the box goes on */
	report->lines++;
	free(json);
}

/* False when nobody reads, or has been written to often enough. */
static bool may_write(struct cr_report *report)
{
	if (report->events_fd < 0)
		return false;
	if (report->lines < CR_REPORT_LINES)
		return true;
	report->dropped++;
	return false;
}

/* One JSON line per refusal: the kept event with this refusal's own time and process. */
static void emit(struct cr_report *report, const struct cr_event *kept,
		 const struct cr_denial *denial)
{
	struct cr_event event;

	if (!may_write(report))
		return;
	if (!kept) {
		write_line(report, cr_denial_json(report->rules, denial));
		return;
	}
	event = *kept;
	event.denial = *denial;
	write_line(report, cr_event_json(&event));
}

void cr_report_denial(void *arg, const struct cr_denial *denial)
{
	struct cr_report *report = arg;
	const uint32_t hash = hash_of(denial);
	struct cr_event *event = find(report, denial, hash);

	if (!cr_denial_is_real(report->rules, denial))
		return;
	if (!event)
		event = remember(report, denial, hash);
	if (event)
		event->count++;
	else
		report->not_kept++;
	emit(report, event, denial);
}

void cr_report_connection(void *arg, const struct cr_net_msg *event)
{
	struct cr_report *report = arg;

	/* A name that was looked up in vain is a refusal, and told as one. */
	if (event->end != CR_NET_LOOKUP && may_write(report))
		write_line(report, cr_net_event_json(report->rules, event, cr_sys_time_ms()));
}

void cr_report_end(struct cr_report *report)
{
	char line[64];
	int len;

	if (report->events_fd < 0 || report->dropped == 0)
		return;
	len = snprintf(line, sizeof(line), "{\"dropped\":%" PRIu64 "}\n", report->dropped);
	if (cr_platform_write(report->events_fd, line, (size_t)len) < 0)
		report->events_fd = -1;
}

static void print_head(const struct cr_report *report, const struct cr_event *event)
{
	struct cr_cli *cli = report->cli;

	fprintf(stderr, "carrel: refused: %s '%s'", cr_op_name(event->denial.op),
		cr_cli_safe(cli, event->denial.object));
	if (event->count > 1 || event->denial.program[0] != '\0') {
		fputs(" (", stderr);
		if (event->count > 1)
			fprintf(stderr, "%" PRIu64 " times", event->count);
		if (event->denial.program[0] != '\0')
			fprintf(stderr, "%sby '%s'", event->count > 1 ? ", " : "",
				cr_cli_safe(cli, event->denial.program));
		fputc(')', stderr);
	}
	fputc('\n', stderr);
}

static void print_event(const struct cr_report *report, const struct cr_event *event)
{
	struct cr_cli *cli = report->cli;

	print_head(report, event);
	fprintf(stderr, "        boundary: %s; rule: ", event->denial.boundary);
	if (event->rule)
		fprintf(stderr, "%s: ", cr_cli_origin(cli, &event->rule->origin));
	fprintf(stderr, "%s\n", cr_cli_safe(cli, event->rule_text));
	const char *needs = event->remedy_needs[0] != '\0' ? "; " : "";

	if (event->remedy_rule[0] != '\0' && report->no_flags)
		fprintf(stderr, "        to allow, in a policy: %s%s%s\n",
			cr_cli_safe(cli, event->remedy_rule), needs, event->remedy_needs);
	else if (event->remedy_rule[0] != '\0')
		fprintf(stderr, "        to allow: %s   (policy: %s)%s%s\n",
			cr_cli_safe(cli, event->remedy_flag), cr_cli_safe(cli, event->remedy_rule),
			needs, event->remedy_needs);
	else if (event->remedy_why_not[0] != '\0')
		fprintf(stderr, "        cannot be allowed: %s\n",
			cr_cli_safe(cli, event->remedy_why_not));
}

void cr_report_print(const struct cr_report *report)
{
	const size_t shown = report->count < CR_REPORT_SHOWN ? report->count : CR_REPORT_SHOWN;

	for (size_t i = 0; i < shown; i++)
		print_event(report, &report->events[i]);
	if (report->not_kept > 0)
		fprintf(stderr, "carrel: and more than %zu others; --events has all\n",
			report->count - shown);
	else if (report->count > shown)
		fprintf(stderr, "carrel: and %zu more; --events has all\n", report->count - shown);
}
