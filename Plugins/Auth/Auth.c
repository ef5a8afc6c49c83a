/* Authentication for any application: HTTP Basic (RFC 7617), in an application that wraps another.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The settings have the password hashes. A request with a right password goes to the next application, with the user's
 * name in the header field `remote-user`; any other request gets 401. Checking a hash takes long by design, so it runs
 * on the thread pool, and its outcome is remembered. */
#define _DEFAULT_SOURCE
#include "Passwords.h"
#include <asgi.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    name_limit = 128,
    password_limit = 512,
    challenge_limit = 320,
    checks_limit = 4 /* passwords that are checked at the same time: others need the thread pool, too */
};

typedef struct auth {
    char challenge[challenge_limit]; /* of the header field www-authenticate */
    passwords *passwords;
    int checks; /* passwords that are being checked */
} auth;

/* A request whose password is being checked. */
typedef struct login {
    const asgi_scope *scope;
    asgi_send send;
    char name[name_limit];
    char password[password_limit];
    int is_right;
} login;

static asgi_result refuse(const asgi_scope *scope, asgi_send send, int32_t status, const char *text)
{
    const auth *a = scope->state;
    asgi_header headers[2] = {{ASGI_STRING("content-type"), ASGI_STRING("text/plain; charset=utf-8")},
                              {ASGI_STRING("retry-after"), ASGI_STRING("1")}};
    asgi_event event = asgi_event_of(ASGI_HTTP_RESPONSE);
    event.status = status;
    event.headers = headers;
    event.header_count = 2;
    if (status == 401) headers[1] = (asgi_header){ASGI_STRING("www-authenticate"), asgi_text(a->challenge)};
    event.body = asgi_text(text);
    if (scope->type == ASGI_HTTP) {
        send(scope->id, &event, NULL, NULL);
        return ASGI_DONE;
    }
    event.type = ASGI_WEBSOCKET_HTTP_RESPONSE_START;
    event.body = asgi_text("");
    if (send(scope->id, &event, NULL, NULL) < 0) return ASGI_DONE;
    event = asgi_event_of(ASGI_WEBSOCKET_HTTP_RESPONSE_BODY);
    event.body = asgi_text(text);
    send(scope->id, &event, NULL, NULL);
    return ASGI_DONE;
}

/* Calls the next application for a user. At its own mount there is none: then says who the user is. */
static asgi_result pass(const asgi_scope *scope, asgi_send send, const char *user)
{
    static const asgi_string name = ASGI_STRING("asgi.applications/1");
    const asgi_applications *applications = scope->host->extension(scope->id, &name);
    asgi_header headers[2] = {{ASGI_STRING("remote-user"), asgi_text(user)}, {ASGI_STRING("authorization"), {NULL, 0}}};
    asgi_call call = {0};
    asgi_result result;
    if (!applications) return refuse(scope, send, 500, "Internal Server Error: this host has no asgi.applications/1");
    call.size = sizeof call;
    call.headers = headers;
    call.header_count = 2;
    result = applications->call(scope->id, &call);
    if (result != ASGI_UNSUPPORTED) return result;
    if (scope->type != ASGI_HTTP) return ASGI_UNSUPPORTED;
    return asgi_respond(scope, send, 200, "text/plain; charset=utf-8", asgi_text(user));
}

static void forget(login *l)
{
    explicit_bzero(l, sizeof *l);
    free(l);
}

/* Answers a login whose password was checked. On the loop. */
static void answer(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    login *l = context;
    (void)event;
    if (result == ASGI_DONE) {
        result = l->is_right ? pass(l->scope, l->send, l->name) : refuse(l->scope, l->send, 401, "Unauthorized");
        if (result != ASGI_PENDING) l->scope->host->finish(id, result);
    }
    forget(l);
}

/* Checks the password of a login. On the thread pool. */
static void check(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    login *l = context;
    auth *a = l->scope->state;
    (void)event;
    if (result == ASGI_DONE) l->is_right = passwords_check(a->passwords, l->name, l->password);
    __atomic_fetch_sub(&a->checks, 1, __ATOMIC_RELAXED);
    if (result != ASGI_DONE || l->scope->host->post(id, answer, l) != ASGI_PENDING) forget(l);
}

/* Has the thread pool check a login. Returns ASGI_PENDING, or ASGI_FULL if too many are checked. */
static asgi_result begin_check(login *l)
{
    auth *a = l->scope->state;
    asgi_result result = ASGI_FULL;
    if (__atomic_add_fetch(&a->checks, 1, __ATOMIC_RELAXED) <= checks_limit)
        result = l->scope->host->spawn(l->scope->id, check, l);
    if (result != ASGI_PENDING) __atomic_fetch_sub(&a->checks, 1, __ATOMIC_RELAXED);
    return result;
}

/* Reads name and password of an `authorization` field. Returns 0 if it has none. */
static int read_credentials(asgi_string field, login *l)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[name_limit + password_limit];
    size_t size = 0, at = 6;
    uint32_t bits = 0;
    unsigned count = 0;
    int is_read = 0;
    if (field.size < at || strncasecmp(field.data, "Basic ", at) != 0) return 0;
    while (at < field.size && field.data[at] == ' ') at++;
    for (; at < field.size && field.data[at] != '='; at++) {
        const char *digit = field.data[at] ? strchr(digits, field.data[at]) : NULL;
        if (!digit) goto end;
        bits = bits << 6 | (uint32_t)(digit - digits);
        if ((count += 6) < 8) continue;
        count -= 8;
        if (size == sizeof text - 1) goto end;
        text[size++] = (char)(bits >> count & 0xff);
    }
    for (; at < field.size; at++)
        if (field.data[at] != '=') goto end;
    text[size] = 0;
    /* The name ends at the first colon; neither part may have control characters (RFC 7617 §2). */
    for (at = 0; at < size; at++)
        if ((unsigned char)text[at] < 0x20 || text[at] == 0x7f) goto end;
    char *colon = strchr(text, ':');
    is_read = colon && colon > text && colon - text < name_limit && strlen(colon + 1) < password_limit;
    if (is_read) {
        *colon = 0;
        strcpy(l->name, text);
        strcpy(l->password, colon + 1);
    }
end:
    explicit_bzero(text, sizeof text);
    return is_read;
}

static asgi_result fail(const asgi_scope *scope, asgi_send send, const char *reason, const char *key)
{
    asgi_event event = asgi_event_of(ASGI_LIFESPAN_STARTUP_FAILED);
    event.text = asgi_text(reason);
    event.body = asgi_text(key);
    send(scope->id, &event, NULL, NULL);
    return ASGI_DONE;
}

static asgi_result lifespan(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    asgi_event event = {.size = sizeof event};
    asgi_string realm = asgi_setting(scope, "realm", "Restricted");
    const char *reason = NULL;
    auth *a;
    receive(scope->id, &event, NULL, NULL);
    for (size_t at = 0; at < realm.size; at++)
        if ((unsigned char)realm.data[at] < 0x20 || realm.data[at] == '"' || realm.data[at] == '\\')
            return fail(scope, send, "has a control character, a quote or a backslash", "realm");
    if (realm.size > 200) return fail(scope, send, "is longer than 200 bytes", "realm");
    /* Never freed: a job may still read it when the scope that started it has ended. */
    a = calloc(1, sizeof *a);
    if (!a) return fail(scope, send, "no memory", "");
    strcpy(a->challenge, "Basic realm=\"");
    strncat(a->challenge, realm.data ? realm.data : "", realm.size);
    strcat(a->challenge, "\", charset=\"UTF-8\"");
    a->passwords = passwords_read(asgi_setting(scope, "passwords", "{}"), &reason);
    if (!a->passwords) {
        free(a);
        return fail(scope, send, reason, "passwords");
    }
    event = asgi_event_of(ASGI_LIFESPAN_STARTUP_COMPLETE);
    event.state = a;
    send(scope->id, &event, NULL, NULL);
    event = asgi_event_of(0);
    receive(scope->id, &event, NULL, NULL);
    event = asgi_event_of(ASGI_LIFESPAN_SHUTDOWN_COMPLETE);
    send(scope->id, &event, NULL, NULL);
    return ASGI_DONE;
}

asgi_result application(const asgi_scope *scope, asgi_receive receive, asgi_send send)
{
    const asgi_header *field;
    const auth *a = scope->state;
    login *l;
    asgi_result result;
    if (scope->type == ASGI_LIFESPAN) return lifespan(scope, receive, send);
    field = asgi_find_header(scope, "authorization");
    l = malloc(sizeof *l);
    if (!l) return ASGI_FAILED;
    l->scope = scope;
    l->send = send;
    l->is_right = 0;
    if (!field || !read_credentials(field->value, l)) {
        forget(l);
        return refuse(scope, send, 401, "Unauthorized");
    }
    if (passwords_is_known(a->passwords, l->name, l->password)) result = pass(scope, send, l->name);
    else if ((result = begin_check(l)) == ASGI_PENDING) return ASGI_PENDING;
    else if (result == ASGI_FULL) result = refuse(scope, send, 503, "Service Unavailable: too many logins at once");
    forget(l);
    return result;
}

const asgi_module *asgi_module_info(void)
{
    static const asgi_module module = {.size = sizeof module,
                                       .abi = ASGI_ABI,
                                       .draft = ASGI_DRAFT,
                                       .name = ASGI_STRING("auth"),
                                       .version = ASGI_STRING("1.0.0")};
    return &module;
}
