/*
 * shrink.c - takes out of a finished filter what libseccomp writes without need.
 *
 * Every test of rules.h looks at the low half of an argument. libseccomp tests the upper half all
 * the same, against a mask of 0, and compares ANY number with 0: up to five instructions that
 * always go the same way. Installing costs the kernel time for each, and so does every call.
 * Must never change an answer: only tests that cannot go the other way are passed over, and a
 * pattern that is not recognised is left as it is.
 */
#include <linux/seccomp.h>
#include <stdbool.h>

#include "shrink.h"

#define MAX_CODE BPF_MAXINSNS

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define AND  (BPF_ALU | BPF_AND | BPF_K)
#define JEQ  (BPF_JMP | BPF_JEQ | BPF_K)
#define JGT  (BPF_JMP | BPF_JGT | BPF_K)
#define JGE  (BPF_JMP | BPF_JGE | BPF_K)
#define GOTO (BPF_JMP | BPF_JA)
#define RET  (BPF_RET | BPF_K)

static size_t if_true(const struct sock_filter *code, size_t at)
{
	return at + 1 + code[at].jt;
}

static bool is(const struct sock_filter *code, size_t at, unsigned op, unsigned k)
{
	return code[at].code == op && code[at].k == k;
}

/* load; and 0; is it 0? Yes. */
static bool masks_all(const struct sock_filter *code, size_t at, size_t len, size_t *to)
{
	if (at + 2 >= len || code[at].code != LOAD || !is(code, at + 1, AND, 0) ||
	    !is(code, at + 2, JEQ, 0))
		return false;
	*to = if_true(code, at + 2);
	return true;
}

/* Upper half greater than 0? Equal to 0, and the lower one not less than 0? One of them. */
static bool takes_any(const struct sock_filter *code, size_t at, size_t len, size_t *to)
{
	if (at + 4 >= len || code[at].code != LOAD || !is(code, at + 1, JGT, 0) ||
	    code[at + 1].jf != 0 || !is(code, at + 2, JEQ, 0) || code[at + 2].jt != 0 ||
	    code[at + 3].code != LOAD || !is(code, at + 4, JGE, 0))
		return false;
	*to = if_true(code, at + 4);
	return *to == if_true(code, at + 1);
}

/* Where one arrives who goes to `at`. All jumps lead forward, so this ends. */
static size_t arrives(const struct sock_filter *code, size_t at, size_t len)
{
	size_t to;

	for (;;) {
		if (code[at].code == GOTO) {
			at += 1 + code[at].k;
			continue;
		}
		if (!masks_all(code, at, len, &to) && !takes_any(code, at, len, &to))
			return at;
		/* what follows must not count on the value that is no longer loaded */
		if (code[to].code != LOAD && code[to].code != RET)
			return at;
		at = to;
	}
}

static bool is_test(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && insn->code != GOTO;
}

/* The new offset of a jump from `at`; the old one where the new one does not fit. */
static unsigned char shortcut(const struct sock_filter *code, size_t at, unsigned char old,
			      size_t len)
{
	size_t offset = arrives(code, at + 1 + old, len) - at - 1;

	return offset <= 255 ? (unsigned char)offset : old;
}

static void take_shortcuts(struct sock_filter *code, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (code[i].code == GOTO)
			code[i].k = (unsigned)(arrives(code, i, len) - i - 1);
		if (!is_test(&code[i]))
			continue;
		code[i].jt = shortcut(code, i, code[i].jt, len);
		code[i].jf = shortcut(code, i, code[i].jf, len);
	}
}

static void find_used(const struct sock_filter *code, size_t len, bool *used)
{
	used[0] = true;
	for (size_t i = 0; i < len; i++) {
		if (!used[i] || code[i].code == RET)
			continue;
		if (code[i].code == GOTO) {
			used[i + 1 + code[i].k] = true;
			continue;
		}
		/* of what is no jump, both offsets are 0 */
		used[i + 1 + code[i].jt] = true;
		used[i + 1 + code[i].jf] = true;
	}
}

size_t shrink(struct sock_filter *code, size_t len)
{
	static bool used[MAX_CODE];
	static size_t moved[MAX_CODE];
	size_t n = 0;

	take_shortcuts(code, len);
	for (size_t i = 0; i < len; i++)
		used[i] = false;
	find_used(code, len, used);
	for (size_t i = 0; i < len; i++) {
		moved[i] = n;
		n += used[i];
	}
	for (size_t i = 0; i < len; i++) {
		struct sock_filter insn = code[i];

		if (!used[i])
			continue;
		if (insn.code == GOTO)
			insn.k = (unsigned)(moved[i + 1 + insn.k] - moved[i] - 1);
		if (is_test(&insn)) {
			insn.jt = (unsigned char)(moved[i + 1 + insn.jt] - moved[i] - 1);
			insn.jf = (unsigned char)(moved[i + 1 + insn.jf] - moved[i] - 1);
		}
		code[moved[i]] = insn;
	}
	return n;
}
