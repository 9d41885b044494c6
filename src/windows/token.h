/* token.h - what we know of our own token. */
#ifndef CR_WINDOWS_TOKEN_H
#define CR_WINDOWS_TOKEN_H

#define CR_SID_TEXT 184 /* of a SID: 15 sub-authorities of ten digits, and NUL */

/* The SID of this logon session; "" when there is none (a service). */
void cr_token_logon_sid(char out[CR_SID_TEXT]);

#endif
