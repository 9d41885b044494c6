/*
 * carrel.h - run a command in a box: it reads broadly, writes narrowly, stays
 * offline, and no child of it leaves.
 *
 * The library prints nothing, never exits, keeps no global state and changes
 * nothing of the calling process but its children, and where a limit of a box needs it, the cgroup
 * it is in: it is moved one down, when it is alone in one that was delegated. carrel(3) is the
 * manual.
 *
 * Ownership. A `struct carrel` belongs to the caller and is freed with
 * carrel_free. Every string the library returns is borrowed: it is valid until
 * the next call with the same object, or carrel_free. Every string given to it
 * is copied, but for those of carrel_run, which are needed during the call only.
 *
 * Threads. One object is used by one thread at a time; different objects may
 * be used at once. The thread that called carrel_run must live until
 * carrel_wait has returned: the kernel ends the box when that thread ends.
 *
 * Callbacks. They are called from carrel_wait, on its thread, and what they are given is borrowed
 * for the call. The box waits meanwhile for what only carrel can give it, so they should be quick.
 * Of this library they may call carrel_kill and carrel_answer for the same object, and anything for
 * others.
 *
 * Errors. Functions return 0, or -1 and carrel_error says why. Fail closed: after
 * an error of carrel_run nothing of the command has been executed.
 */
#ifndef CARREL_H
#define CARREL_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(CARREL_BUILD) && defined(_WIN32)
#define CARREL_API __declspec(dllexport)
#elif defined(__GNUC__)
#define CARREL_API __attribute__((visibility("default")))
#else
#define CARREL_API
#endif

struct carrel;

/* How an access is decided. */
enum carrel_decision {
	CARREL_DENY = 0,
	CARREL_ASK = 1, /* somebody would be asked; without anybody to ask it is denied */
	CARREL_ALLOW = 2,
};

/* "0.1.0". Static. */
CARREL_API const char *carrel_version(void);

/*
 * A new object: workspace is the current directory, policy what the administrator, the user and
 * the project say. NULL when memory is out.
 */
CARREL_API struct carrel *carrel_new(void);

/* Ends the box if it still runs, and frees the object. NULL is a no-op. */
CARREL_API void carrel_free(struct carrel *carrel);

/* What went wrong in the last call that failed, perhaps with a second line "hint: ..."; "" at
 * first. */
CARREL_API const char *carrel_error(const struct carrel *carrel);

/* The directory the command works in and may write. 0 or -1. Not while a box runs. */
CARREL_API int carrel_set_workspace(struct carrel *carrel, const char *path);

/*
 * Adds policy text (carrel-policy(5)) in the layer of the command line. `name` is shown in
 * messages about it. 0, or -1 when it has errors; then nothing is added. Not while a box runs.
 */
CARREL_API int carrel_add_policy(struct carrel *carrel, const char *name, const char *text);

/*
 * Accepts that this host cannot enforce `gap`, a name that carrel_plan_json shows. 0, or -1 when no
 * system has a gap of that name. Not while a box runs.
 */
CARREL_API int carrel_accept_gap(struct carrel *carrel, const char *gap);

/*
 * Lets programs of this host connect to a server in the box: `port` is "[ADDR:]PORT[:PORT]" as in
 * carrel(1), --publish. Every user of the host can connect then. 0, or -1 when it is not
 * understood. The port must be free when the box starts; in a lesser tier than the full one of
 * Linux carrel_run fails. Not while a box runs.
 */
CARREL_API int carrel_publish(struct carrel *carrel, const char *port);

/*
 * The host's port of the `index`-th (from 0) carrel_publish: for port 0 the one the kernel chose
 * when the last box was started, 0 before. -1 when there is no such.
 */
CARREL_API int carrel_published_port(const struct carrel *carrel, unsigned index);

/* Called with one JSON line, without newline. */
typedef void (*carrel_event_fn)(void *arg, const char *json);

/*
 * From the next box on, calls `fn` for every refusal that carrel sees and every connection that has
 * ended, with what `carrel run --events` writes; carrel(1) has the members. A box can cause as many
 * as it likes, and names in them are chosen by it. NULL: tells nobody. 0, or -1. Not while a box
 * runs. On Windows nothing is told.
 */
CARREL_API int carrel_on_event(struct carrel *carrel, carrel_event_fn fn, void *arg);

/*
 * A connection waits for an answer, because an `ask connect` rule covers it: `object` is
 * "example.com:443", `json` one line with all there is to know, the "question" of
 * docs/approvals.md. `id` is for carrel_answer. Only name and port are certain; the rest is what
 * the process says of itself.
 */
typedef void (*carrel_asked_fn)(void *arg, const char *id, const char *object, const char *json);

/* It is over, whatever became of it: `json` is the "answered" of docs/approvals.md. */
typedef void (*carrel_answered_fn)(void *arg, const char *id, const char *json);

/*
 * From the next box on, asks by calling `asked`, and calls `answered` (which may be NULL) once for
 * each question. Who has not answered within `seconds` (at most 86400; 0: 120) has said no. A box
 * of the library asks nobody else: neither on the terminal nor by `carrel approvals`. `asked` NULL,
 * as at first: nobody is asked, and the answer is no at once. 0, or -1. Not while a box runs. On
 * Windows nothing is asked.
 */
CARREL_API int carrel_on_ask(struct carrel *carrel, unsigned seconds, carrel_asked_fn asked,
			     carrel_answered_fn answered, void *arg);

#define CARREL_MOMENT 0u    /* what waits and, for ten seconds, what goes to the same place */
#define CARREL_BOX    (~0u) /* as long as the box and its policy last */

/*
 * Answers question `id`: CARREL_DENY, or CARREL_ALLOW for `seconds` (at most 31622400, or one of
 * the above), never longer than the policy's `expire`. 0: handed to carrel_wait; -1: this is no
 * answer, or the box asks nobody. The first answer counts, and one to what is over does nothing;
 * `answered` tells. As carrel_kill it may be called from another thread, and leaves carrel_error
 * alone.
 */
CARREL_API int carrel_answer(struct carrel *carrel, const char *id, enum carrel_decision decision,
			     unsigned seconds);

/* The plan of the box as JSON text; starts nothing. NULL on failure. */
CARREL_API const char *carrel_plan_json(struct carrel *carrel);

/*
 * Whether `capability` ("read", "write", "connect", "unix", "git") on `object` (a path,
 * "host:port", or an effect on the repository) would be allowed. An enum carrel_decision, or -1.
 * When `rule` is not NULL, *rule is the line that decides with its origin, "" when no rule covers
 * the object.
 */
CARREL_API int carrel_explain(struct carrel *carrel, const char *capability, const char *object,
			      const char **rule);

/*
 * Starts argv[0] (searched in PATH) in a box. `argv` ends with NULL. 0 once it runs; one box at a
 * time for each object.
 */
CARREL_API int carrel_run(struct carrel *carrel, char *const argv[]);

/*
 * Waits until the box has ended: the command and everything it started. *exit_code (may be NULL)
 * is the command's own, 124 when the policy's time limit ended it, 128 + n when signal n did, 125
 * when the box was ended because the host replaced a protected name that cannot be covered again.
 */
CARREL_API int carrel_wait(struct carrel *carrel, int *exit_code);

/*
 * Sends signal `sig` to the command; when the command ends, so does its box. 0, or -1 when there
 * is none any more. As carrel_answer, and no other, it may be called from another thread while
 * carrel_wait is waiting; it leaves carrel_error alone.
 */
CARREL_API int carrel_kill(struct carrel *carrel, int sig);

#ifdef __cplusplus
}
#endif

#endif
