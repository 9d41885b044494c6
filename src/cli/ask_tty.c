/*
 * ask_tty.c - asks on the terminal that the box shares with us.
 *
 * The box is stopped there (ask_freeze.c), and a child of ours takes the terminal as a foreground
 * process group of its own: Ctrl-C reaches nobody else. It throws away what was typed before,
 * takes one key, and hands it over. What the terminal was like is put back by us, however the child
 * ends, and the box is continued.
 *
 * A process of the box that has left our session and kept the terminal open may still write there,
 * or take a key; it cannot type (TIOCSTI is refused). So the question is written anew every second,
 * no key counts in the first half second, and nothing but a single key means yes.
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

#define GUARD_MS 500 /* a key pressed for the command must not be taken for an answer */

/* Our own group, or one that the box has made. */
static bool is_ours(pid_t group)
{
	return group == getpgrp() || ask_depth(group) > 0;
}

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

static void say_prompt(int tty, const struct ask_tty_text *text, uint64_t seconds)
{
	char line[256];

	snprintf(line, sizeof(line), "\r%s y: now, a: for this box, n: no (no in %u s) \033[K",
		 text->prompt, (unsigned)seconds);
	say(tty, line);
}

/* Keys are read one by one, without echo, and none of them is a signal. */
static int set_mode(const struct ask_tty *asked)
{
	struct termios mode = asked->saved;

	mode.c_iflag &= ~(tcflag_t)(IGNCR | INLCR);
	mode.c_oflag |= OPOST | ONLCR;
	mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	/* also throws away what was typed before */
	return tcsetattr(asked->tty, TCSAFLUSH, &mode);
}

/* What one key means; 0: nothing. More than one byte at once is a paste, or a key with a name. */
static int meaning_of(const char *keys, ssize_t len, bool guarded)
{
	int key = keys[0];

	if (key == 3 || key == 4 || key == 26 || key == 28) /* Ctrl-C, -D, -Z, -\ */
		return ASK_TTY_NO;
	if (len != 1)
		return 0;
	if (key == 'n' || key == 'N')
		return ASK_TTY_NO;
	if (guarded)
		return 0;
	return key == 'y' || key == 'Y'   ? ASK_TTY_MOMENT
	       : key == 'a' || key == 'A' ? ASK_TTY_BOX
					  : 0;
}

/* EIO: we are in the background, or the terminal has gone. */
static int read_key(int tty, bool guarded)
{
	char keys[64];
	ssize_t len = read(tty, keys, sizeof(keys));

	if (len < 0 && errno == EINTR)
		return 0;
	if (len < 0)
		return ASK_TTY_GONE;
	return len == 0 ? ASK_TTY_NO : meaning_of(keys, len, guarded);
}

static int await_key(int tty, const struct ask_tty_text *text)
{
	const uint64_t shown = ask_now_ms(), due = shown + text->seconds * UINT64_C(1000);
	struct pollfd polled = {.fd = tty, .events = POLLIN};
	int key = 0;

	while (!key) {
		const uint64_t now = ask_now_ms();
		const bool guarded = now < shown + GUARD_MS;

		if (now >= due)
			return ASK_TTY_NONE;
		if (tcgetpgrp(tty) != getpid())
			return ASK_TTY_GONE;
		if (!guarded)
			say_prompt(tty, text, (due - now + 999) / 1000);

		const int wait =
			guarded ? (int)(shown + GUARD_MS - now) : (int)((due - now - 1) % 1000 + 1);

		if (poll(&polled, 1, wait) > 0)
			key = read_key(tty, guarded);
	}
	return key;
}

static const char *words_of(int key)
{
	switch (key) {
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

static void __attribute__((noreturn))
run(const struct ask_tty *asked, int answers, const struct ask_tty_text *text)
{
	char key = ASK_TTY_GONE;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_NAME, "carrel-ask", 0, 0, 0);
	set_signals();
	keep_only(asked->tty, answers);
	setpgid(0, 0);
	if (tcsetpgrp(asked->tty, getpid()) == 0 && set_mode(asked) == 0) {
		say(asked->tty, "\r\n");
		say(asked->tty, text->question);
		key = (char)await_key(asked->tty, text);
		say(asked->tty, words_of(key));
	}
	(void)!write(answers, &key, 1);
	_exit(0);
}

static bool start(struct ask_tty *asked, const struct ask_tty_text *text)
{
	int answers[2];

	if (pipe2(answers, O_CLOEXEC) < 0)
		return false;
	asked->child = fork();
	if (asked->child == 0)
		run(asked, answers[1], text);
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
	asked->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (asked->tty < 0)
		return false;
	asked->group = tcgetpgrp(asked->tty);
	if (asked->group > 0 && is_ours(asked->group)) {
		ask_freeze(&asked->frozen);
		if (tcgetattr(asked->tty, &asked->saved) == 0 && start(asked, text))
			return true;
		ask_thaw(&asked->frozen);
	}
	close(asked->tty);
	return false;
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
		tcflush(asked->tty, TCIFLUSH); /* keys meant for us */
		if (!answered)
			say(asked->tty, "\r\033[Kcarrel: not asked any more\n");
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
