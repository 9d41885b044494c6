/*
 * fixture_parts.h - the parts of a fixture on Windows. Internal to src/verify/windows.
 */
#ifndef CR_VERIFY_WINDOWS_FIXTURE_PARTS_H
#define CR_VERIFY_WINDOWS_FIXTURE_PARTS_H

#include <stdint.h>

#include <winsock2.h>

#include "tools.h"

struct cr_fixture_entry { /* one file or directory, as it was */
	char *path;       /* in the fixture's directory */
	uint64_t sum;
	bool seen;
};

struct cr_attack_fixture {
	char dir[256];
	struct cr_attack_env env;
	struct cr_win_objects objects;
	HANDLE release; /* lets go whoever outlived a box */
	ATOM atom;      /* a global one */
	ATOM kind;      /* the window's class */
	HWND window;
	SOCKET server;
	bool sockets; /* WSAStartup was called */
	struct cr_fixture_entry *entries;
	size_t n_entries, cap_entries;
};

/* fixture_check.c: what lies outside and in .git, as it is now. 0 or -1. */
int cr_fixture_remember(struct cr_attack_fixture *fixture, struct cr_err *err);
void cr_fixture_forget(struct cr_attack_fixture *fixture);

#endif
