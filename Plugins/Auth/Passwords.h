/* The users and the hashes of their passwords. SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTH_PASSWORDS_H
#define AUTH_PASSWORDS_H

#include <asgi.h>

typedef struct passwords passwords;

/* Reads a JSON object of names and hashes as of crypt(3). Returns NULL, and the reason, if one is malformed. It lives as
 * long as the process. */
passwords *passwords_read(asgi_string json, const char **reason);

/* Returns whether the password is right. Takes long: for threads that may block. [any] */
int passwords_check(passwords *p, const char *name, const char *password);

/* Returns whether passwords_check has found the password to be right before. Does not block. [any] */
int passwords_is_known(passwords *p, const char *name, const char *password);

#endif
