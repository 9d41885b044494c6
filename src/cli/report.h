/*
 * report.h - what was refused, told once per object when the command has
 * ended, and at once as JSON lines when somebody asked for them.
 *
 * Everything counted or kept is bounded, because the boxed command decides how
 * much is refused.
 */
#ifndef CR_CLI_REPORT_H
#define CR_CLI_REPORT_H

#include <stdint.h>

#include "cli.h"
#include "core/event.h"

#define CR_REPORT_KEPT  1024  /* distinct objects remembered */
#define CR_REPORT_SHOWN 20    /* of them printed */
#define CR_REPORT_LINES 65536 /* JSON lines written by one run */

struct cr_report {
	struct cr_cli *cli;
	const struct cr_ruleset *rules; /* set before the box starts */
	int events_fd;                  /* -1: no JSON lines */
	int no_flags;                   /* the current directory is not what the rules start at */
	struct cr_event *events;
	uint32_t *hashes; /* of operation and object, same index */
	size_t count, cap_events, cap_hashes;
	uint64_t not_kept; /* refusals of further objects */
	uint64_t lines;    /* JSON lines written */
	uint64_t dropped;  /* not written, because there were too many */
};

/* A cr_denial_fn; `arg` is the report. */
void cr_report_denial(void *arg, const struct cr_denial *denial);

/* A cr_connection_fn, likewise: a JSON line for each. */
void cr_report_connection(void *arg, const struct cr_net_msg *event);

/* Ends the JSON lines: says how many are missing, when some are. */
void cr_report_end(struct cr_report *report);

/* Prints what was refused; nothing when nothing was. */
void cr_report_print(const struct cr_report *report);

#endif
