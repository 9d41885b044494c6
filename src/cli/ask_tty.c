/*
 * ask_tty.c - asks on the terminal that the box shares with us.
 *
 * The box is stopped there (ask_freeze.c), and a child of ours takes the terminal as a foreground
 * process group of its own: Ctrl-C reaches nobody else. It throws away what was typed before,
 * takes one line, and hands over what it means. What the terminal was like is put back by us,
 * however the child ends, and the box is continued.
 *
 * Who can write to a terminal can make it type: terminals answer queries, and the answer of one
 * sent before the box was stopped may come now. So a yes is a word that nobody but a reader of the
 * screen knows (ask_word.c), the question is written anew every second, and nothing typed in the
 * first half second counts. The launcher itself never waits for the terminal: the box may have
 * stopped its output.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "asker_impl.h"
#include "lib/sys.h"

#define GUARD_MS 500 /* a key pressed for the command must not be taken for an answer */

/* Our own group, or one that the box has made. */
static bool is_ours(pid_t group)
{
	return group == getpgrp() || ask_depth(group) > 0;
}

/* What cannot be written at once to a descriptor that does not wait is left out. */
static void say(int tty, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = write(tty, text, len);

		if (n < 0 && errno != EINTR)
			return;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

static void say_question(int tty, const struct ask_tty_text *text, const struct ask_line *line)
{
	char how[160];

	snprintf(
		how, sizeof(how),
		"        type '%s' and Enter to allow it now, '%s!' for as long as this box runs;\n"
		"        n, or anything else, refuses it\n",
		line->word, line->word);
	say(tty, "\r\n");
	say(tty, text->question);
	say(tty, how);
}

static void say_prompt(int tty, const struct ask_tty_text *text, const struct ask_line *line,
		       uint64_t seconds)
{
	char shown[256];

	snprintf(shown, sizeof(shown), "\r%s %s: now, %s!: this box, n: no (no in %u s) %s\033[K",
		 text->prompt, line->word, line->word, (unsigned)seconds, line->typed);
	say(tty, shown);
}

/* Keys are read one by one, without echo, and none of them is a signal. */
static int set_mode(int tty, const struct termios *saved)
{
	struct termios mode = *saved;

	mode.c_iflag &= ~(tcflag_t)(IGNCR | INLCR);
	mode.c_oflag |= OPOST | ONLCR;
	mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	/* also throws away what was typed before */
	return tcsetattr(tty, TCSAFLUSH, &mode);
}

/* EIO: we are in the background, or the terminal has gone. */
static int read_keys(int tty, struct ask_line *line, bool guarded)
{
	char keys[64];
	ssize_t len = read(tty, keys, sizeof(keys));

	if (len < 0 && errno == EINTR)
		return 0;
	if (len < 0)
		return ASK_TTY_GONE;
	return len == 0 ? ASK_TTY_NO : ask_word_type(line, keys, (size_t)len, guarded);
}

static int await_answer(int tty, const struct ask_tty_text *text, struct ask_line *line)
{
	const uint64_t shown = cr_sys_tick_ms(), due = shown + text->seconds * UINT64_C(1000);
	struct pollfd polled = {.fd = tty, .events = POLLIN};
	int answer = 0;

	while (!answer) {
		const uint64_t now = cr_sys_tick_ms();
		const bool guarded = now < shown + GUARD_MS;

		if (now >= due)
			return ASK_TTY_NONE;
		if (tcgetpgrp(tty) != getpid())
			return ASK_TTY_GONE;
		if (!guarded)
			say_prompt(tty, text, line, (due - now + 999) / 1000);

		const int wait =
			guarded ? (int)(shown + GUARD_MS - now) : (int)((due - now - 1) % 1000 + 1);

		if (poll(&polled, 1, wait) > 0)
			answer = read_keys(tty, line, guarded);
	}
	return answer;
}

static const char *words_of(int answer)
{
	switch (answer) {
	case ASK_TTY_MOMENT:
		return "yes, now\n";
	case ASK_TTY_BOX:
		return "yes, for this box\n";
	case ASK_TTY_NO:
		return "no\n";
	default:
		return "no answer\n";
	}
}

/* Nothing of the launcher's but these two. */
static void keep_only(int one, int other)
{
	const unsigned low = (unsigned)(one < other ? one : other);
	const unsigned high = (unsigned)(one < other ? other : one);

	if (low > 0)
		syscall(SYS_close_range, 0u, low - 1, 0u);
	if (high > low + 1)
		syscall(SYS_close_range, low + 1, high - 1, 0u);
	syscall(SYS_close_range, high + 1, ~0u, 0u);
}

/* Neither stopped for want of the terminal, nor by a key: those come as errors and bytes. */
static void set_signals(void)
{
	static const int ended_by[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	sigset_t blocked;

	for (size_t i = 0; i < CR_COUNT_OF(ended_by); i++)
		signal(ended_by[i], SIG_DFL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTTIN);
	sigaddset(&blocked, SIGTTOU);
	sigaddset(&blocked, SIGTSTP);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

/* Output that a process of the box has stopped goes on. */
static void restart_output(int tty)
{
	ioctl(tty, TCXONC, TCOON);
}

static char ask(const struct ask_tty *asked, int tty, const struct ask_tty_text *text,
		struct ask_line *line)
{
	char answer;

	if (tcsetpgrp(tty, getpid()) < 0 || set_mode(tty, &asked->saved) < 0)
		return ASK_TTY_GONE;
	restart_output(tty);
	say_question(tty, text, line);
	answer = (char)await_answer(tty, text, line);
	say(tty, words_of(answer));
	return answer;
}

static void __attribute__((noreturn)) run(const struct ask_tty *asked, int answers,
					  const struct ask_tty_text *text, struct ask_line *line)
{
	/* our own, that waits: the launcher's does not */
	const int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	char answer = ASK_TTY_GONE;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_NAME, "carrel-ask", 0, 0, 0);
	set_signals();
	if (tty >= 0) {
		keep_only(tty, answers);
		setpgid(0, 0);
		answer = ask(asked, tty, text, line);
	}
	(void)!write(answers, &answer, 1);
	_exit(0);
}

static bool start(struct ask_tty *asked, const struct ask_tty_text *text)
{
	struct ask_line line;
	int answers[2];

	if (!ask_word_make(&line) || pipe2(answers, O_CLOEXEC) < 0)
		return false;
	asked->child = fork();
	if (asked->child == 0)
		run(asked, answers[1], text, &line);
	close(answers[1]);
	if (asked->child < 0) {
		close(answers[0]);
		return false;
	}
	setpgid(asked->child, asked->child); /* whoever of us is first */
	asked->source.fd = answers[0];
	return true;
}

bool ask_tty_begin(struct ask_tty *asked, const struct ask_tty_text *text)
{
	asked->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (asked->tty < 0)
		return false;
	asked->why = "";
	asked->group = tcgetpgrp(asked->tty);
	if (asked->group > 0 && is_ours(asked->group)) {
		if (ask_freeze(&asked->frozen) && tcgetattr(asked->tty, &asked->saved) == 0 &&
		    start(asked, text))
			return true;
		ask_thaw(&asked->frozen);
	}
	close(asked->tty);
	return false;
}

static void say_over(const struct ask_tty *asked)
{
	say(asked->tty, "\r\033[Kcarrel: not asked any more");
	say(asked->tty, asked->why);
	say(asked->tty, "\n");
}

/* We are in the background, and would be stopped for touching the terminal. */
static void give_back(struct ask_tty *asked, bool answered)
{
	sigset_t touching, old;
	pid_t owner;

	sigemptyset(&touching);
	sigaddset(&touching, SIGTTOU);
	sigprocmask(SIG_BLOCK, &touching, &old);
	owner = tcgetpgrp(asked->tty);
	if (owner == asked->child || is_ours(owner)) {
		restart_output(asked->tty);
		tcflush(asked->tty, TCIFLUSH); /* keys meant for us */
		if (!answered)
			say_over(asked);
		tcsetattr(asked->tty, TCSANOW, &asked->saved);
	}
	if (owner == asked->child && tcsetpgrp(asked->tty, asked->group) < 0)
		tcsetpgrp(asked->tty, getpgrp());
	sigprocmask(SIG_SETMASK, &old, NULL);
	kill(-asked->group, SIGCONT); /* others, outside the box, that read meanwhile */
	ask_thaw(&asked->frozen);
	kill(-asked->group, SIGWINCH); /* it may have been resized, and it was written on */
}

enum ask_tty_answer ask_tty_end(struct ask_tty *asked)
{
	struct pollfd polled = {.fd = asked->source.fd, .events = POLLIN};
	const bool ended = poll(&polled, 1, 0) > 0;
	char key = ASK_TTY_GONE; /* it is still asking, and need not */

	if (ended && read(asked->source.fd, &key, 1) != 1)
		key = ASK_TTY_NO; /* it was interrupted, or killed */
	kill(asked->child, SIGKILL);
	give_back(asked, ended); /* before it is reaped: its number is its own as long */
	while (waitpid(asked->child, NULL, 0) < 0 && errno == EINTR)
		;
	close(asked->source.fd);
	close(asked->tty);
	asked->source.fd = -1;
	return (enum ask_tty_answer)key;
}
