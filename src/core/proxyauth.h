/*
 * proxyauth.h - who may use a proxy that listens where others can reach it too.
 *
 * Pure. The secret is made anew for every box and known to it alone; a comparison takes as long
 * wherever two texts differ.
 */
#ifndef CR_PROXYAUTH_H
#define CR_PROXYAUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Are the `len` bytes at `given`, which may hold anything, the text `secret`? */
bool cr_secret_is(const void *given, size_t len, const char *secret);

/*
 * Does the head of a request, which cr_http_proxy_read found good and of `len` bytes, carry exactly
 * one Proxy-Authorization, of scheme Basic (RFC 7617) and for this user and password? They are at
 * most CR_PROXY_LOGIN_MAX bytes together; longer ones are nobody's.
 */
bool cr_proxy_login_is(const uint8_t *head, size_t len, const char *user, const char *password);

#define CR_PROXY_LOGIN_MAX 126

#endif
