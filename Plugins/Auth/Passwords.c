/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "Passwords.h"
#include <crypt.h>
#include <pthread.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

typedef struct user {
    char *name;
    char *hash;
    int is_known;
    uint8_t known[SHA256_DIGEST_LENGTH]; /* of the right password, with the key of the process */
} user;

struct passwords {
    user *users;
    size_t count;
    pthread_mutex_t lock; /* of the remembered passwords */
    uint8_t key[32];
};

/* Reads a JSON text. Returns the end of it, and the text in `text`; NULL if it is malformed. An escape that a name or a
 * hash does not need is malformed here. */
static const char *read_text(const char *at, const char *end, char **text)
{
    if (at == end || *at != '"') return NULL;
    const char *start = ++at;
    while (at < end && *at != '"')
        if (*at++ == '\\') return NULL;
    if (at == end) return NULL;
    *text = strndup(start, (size_t)(at - start));
    return *text ? at + 1 : NULL;
}

static const char *skip_spaces(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n')) at++;
    return at;
}

passwords *passwords_read(asgi_string json, const char **reason)
{
    const char *at = json.data, *end = json.data + json.size;
    passwords *p = calloc(1, sizeof *p);
    *reason = "must be a map of names and hashes of crypt(3); make one with: openssl passwd -6";
    if (!p || at == end || *at++ != '{') return NULL;
    if (getrandom(p->key, sizeof p->key, 0) != sizeof p->key) return NULL;
    pthread_mutex_init(&p->lock, NULL);
    while ((at = skip_spaces(at, end)) < end && *at == '"') {
        user *users = reallocarray(p->users, p->count + 1, sizeof *users);
        if (!users) return NULL;
        p->users = users;
        user *u = memset(&users[p->count++], 0, sizeof *u);
        if (!(at = read_text(at, end, &u->name))) return NULL;
        at = skip_spaces(at, end);
        if (at == end || *at++ != ':') return NULL;
        if (!(at = read_text(skip_spaces(at, end), end, &u->hash))) return NULL;
        /* DES, the only kind without a $, is broken. */
        if (u->hash[0] != '$' || crypt_checksalt(u->hash) != CRYPT_SALT_OK) {
            *reason = "has a hash that crypt(3) does not know, or an old one; make one with: openssl passwd -6";
            return NULL;
        }
        at = skip_spaces(at, end);
        if (at == end || *at != ',') break;
        at++;
    }
    return at && at + 1 == end && *at == '}' ? p : NULL;
}

static user *find(passwords *p, const char *name)
{
    for (size_t at = 0; at < p->count; at++)
        if (strcmp(p->users[at].name, name) == 0) return &p->users[at];
    return NULL;
}

/* Compares without telling by its time where two values differ. */
static int is_same(const void *left, const void *right, size_t size)
{
    const volatile uint8_t *a = left, *b = right;
    uint8_t different = 0;
    for (size_t at = 0; at < size; at++) different |= a[at] ^ b[at];
    return different == 0;
}

static void digest(const passwords *p, const char *password, uint8_t result[SHA256_DIGEST_LENGTH])
{
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, p->key, sizeof p->key);
    SHA256Update(&context, (const uint8_t *)password, strlen(password));
    SHA256Final(result, &context);
}

int passwords_check(passwords *p, const char *name, const char *password)
{
    user *u = find(p, name);
    /* An unknown user takes as long as a known one. */
    const char *hash = u ? u->hash : p->count ? p->users[0].hash : NULL;
    struct crypt_data *data = hash ? calloc(1, sizeof *data) : NULL;
    const char *made = data ? crypt_r(password, hash, data) : NULL;
    int is_right = u && made && strlen(made) == strlen(hash) && is_same(made, hash, strlen(hash));
    if (data) explicit_bzero(data, sizeof *data);
    free(data);
    if (!is_right) return 0;
    pthread_mutex_lock(&p->lock);
    digest(p, password, u->known);
    u->is_known = 1;
    pthread_mutex_unlock(&p->lock);
    return 1;
}

int passwords_is_known(passwords *p, const char *name, const char *password)
{
    user *u = find(p, name);
    uint8_t given[SHA256_DIGEST_LENGTH];
    if (!u) return 0;
    digest(p, password, given);
    pthread_mutex_lock(&p->lock);
    int is_known = u->is_known && is_same(given, u->known, sizeof given);
    pthread_mutex_unlock(&p->lock);
    return is_known;
}
