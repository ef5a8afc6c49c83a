/* asgi_pq.h: PostgreSQL for modules: a pool of libpq connections on the event loops of the host.
 * SPDX-License-Identifier: Apache-2.0
 *
 *     #include <asgi_pq.h>
 *
 *     asgi_pq_pool *pool = asgi_pq_open(scope, "default", 8, fault, sizeof fault);  // at lifespan.startup
 *     ...
 *     static void found(void *context, asgi_id id, asgi_result result, const PGresult *rows, const char *error)
 *     {
 *         // On the loop of the scope. PQgetvalue(rows, 0, 0) is the title; send the response, then host->finish.
 *     }
 *     const char *const values[] = {"42"};
 *     result = asgi_pq_query(pool, scope->id, "SELECT title FROM books WHERE id = $1", values, 1, found, context);
 *     if (result == ASGI_PENDING) return ASGI_PENDING;
 *     ...
 *     asgi_pq_close(pool);                                                          // at lifespan.shutdown
 *
 * Not part of the contract, and not included by asgi.h: everything here is compiled into the module, which links libpq
 * (`pkg-config --cflags --libs libpq`, version 12 or later). Needs asgi.loop/1 and asgi.json/1 of the host, and POSIX:
 * compile with -std=gnu11 (the default of compilers) or -D_POSIX_C_SOURCE=200809L. Names that end with an underscore are
 * private.
 *
 * SETTINGS. The pool NAME connects with the settings below `roost.databases.NAME`. A missing one, or null, has libpq's
 * default.
 *
 *   name       the database (dbname)
 *   host       a host name, an address, or the folder of a Unix socket; several with commas
 *   port       the port, or one for each host
 *   user       the role
 *   password   its password
 *   options    a map of further keywords of libpq, with strings or numbers: sslmode, connect_timeout, application_name
 *
 * connect_timeout is 10 s by default, client_encoding UTF8. For a network that loses packets set tcp_user_timeout, and
 * for long queries statement_timeout (options: {options: "-c statement_timeout=5000"}): a query that the database has
 * received has no other time limit.
 *
 * LOOPS. Each event loop has its own connections and its own queue. A query runs on the loop that calls asgi_pq_query,
 * and its completion is called there, so that `send` acts at once. No function for event loops blocks: names of hosts are
 * resolved on the host's thread pool. Nothing connects before the first query.
 *
 * QUEUE. A query waits in order of arrival until a connection is free, for at most 10 s (asgi_pq_limit). It then fails
 * with ASGI_FULL.
 *
 * OUTAGES. If a connection is lost, its query fails once with ASGI_FAILED; the module decides whether to try again.
 * Queries that wait remain in the queue. While there are any, the pool tries to connect, after 0.1 s, then after twice
 * the time, up to 5 s. For each outage the log has at most one line for a lost connection, one for a connection that
 * failed, and one when the pool is connected again. The server may close an idle connection, which is not logged.
 *
 * END OF A SCOPE. If the scope of a query has ended, its completion gets ASGI_CANCELLED, before the memory of the scope
 * becomes invalid. A transaction of the scope is rolled back, after the statement that the database is executing. A
 * client that disconnects does not end the scope: the module learns of it by `receive` or `send`, and ends the scope. The
 * pool uses timers of the scope for this, not host->ended.
 *
 * SESSIONS. A connection keeps its session: use SET LOCAL in a transaction instead of SET. COPY and LISTEN are not
 * supported. The rows of a result are in memory at once: use LIMIT. */
#ifndef ASGI_PQ_H
#define ASGI_PQ_H

#include "asgi.h"
#include "asgi_json.h"
#include <libpq-fe.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#ifndef AI_NUMERICHOST
#error "asgi_pq.h needs POSIX: compile with -std=gnu11 or -D_POSIX_C_SOURCE=200809L"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Types ----------------------------------------------------------------------------------------------------- */

/* A pool of connections, of one application in one worker process. */
typedef struct asgi_pq_pool asgi_pq_pool;

/* A transaction; not a pointer. 0 is none. Every function answers a transaction that has ended with ASGI_STALE, so a
 * module may keep it for any length of time. */
typedef uint64_t asgi_pq_transaction;

/* The completion of a query. Called once, on [loop] of the scope, never inside the call that it completes. It may call
 * every function of the pool.
 *
 *   context  The pointer that the module passed with the completion.
 *   id       The id of the scope.
 *   result   ASGI_DONE       The query was executed; `rows` is its result.
 *            ASGI_INVALID    The database refused the query; `rows` has the SQLSTATE (PQresultErrorField). Or the query
 *                            was a COPY: `rows` is NULL, and the connection was closed.
 *            ASGI_FAILED     The connection was lost. The database may have executed the query.
 *            ASGI_FULL       No connection was free within the waiting time. The query was not sent.
 *            ASGI_CANCELLED  The scope has ended, or the pool was closed. The query may have been sent.
 *   rows     Borrowed until the completion returns. NULL with the other results.
 *   error    The reason of a failure, on one line; valid until the completion returns. NULL with ASGI_DONE. */
typedef void (*asgi_pq_then)(void *context, asgi_id id, asgi_result result, const PGresult *rows, const char *error);

/* The completion of asgi_pq_begin; as asgi_pq_then.
 *
 *   transaction  The transaction with ASGI_DONE, otherwise 0. */
typedef void (*asgi_pq_begun)(void *context, asgi_id id, asgi_result result, asgi_pq_transaction transaction, const char *error);

enum {
    ASGI_PQ_ERROR_ = 512 /* the size of an error message, in bytes */
};

/* In microseconds. */
#define ASGI_PQ_SECOND_ UINT64_C(1000000)
#define ASGI_PQ_FIRST_DELAY_ UINT64_C(100000)
#define ASGI_PQ_LONGEST_DELAY_ (5 * ASGI_PQ_SECOND_)
#define ASGI_PQ_FOREVER_ (10 * 365 * 24 * 3600 * ASGI_PQ_SECOND_)

typedef enum asgi_pq_kind_ {
    ASGI_PQ_QUERY_,
    ASGI_PQ_BEGIN_,
    ASGI_PQ_STATEMENT_, /* of a transaction                                  */
    ASGI_PQ_COMMIT_,
    ASGI_PQ_ROLLBACK_
} asgi_pq_kind_;

typedef enum asgi_pq_progress_ {
    ASGI_PQ_WAITING_, /* in the queue                                        */
    ASGI_PQ_SENT_,    /* the slot executes it                                */
    ASGI_PQ_HOLDS_,   /* a BEGIN whose transaction has not ended             */
    ASGI_PQ_OVER_     /* waits for the completion of its timer, then freed   */
} asgi_pq_progress_;

typedef enum asgi_pq_phase_ {
    ASGI_PQ_EMPTY_,
    ASGI_PQ_RESOLVING_, /* a job resolves the names of the hosts             */
    ASGI_PQ_CONNECTING_,
    ASGI_PQ_IDLE_,
    ASGI_PQ_BUSY_,      /* a query is being executed                         */
    ASGI_PQ_HELD_       /* in a transaction, between two statements          */
} asgi_pq_phase_;

/* The state of the database, as far as the log has reported it. */
typedef enum asgi_pq_outage_ {
    ASGI_PQ_UP_,
    ASGI_PQ_LOST_,       /* a connection was lost      */
    ASGI_PQ_UNREACHABLE_ /* a new one failed           */
} asgi_pq_outage_;

struct asgi_pq_part_;
struct asgi_pq_slot_;

/* A query of a scope. */
typedef struct asgi_pq_call_ {
    struct asgi_pq_call_ *next; /* in the queue */
    struct asgi_pq_part_ *part;
    struct asgi_pq_slot_ *slot;
    asgi_pq_kind_ kind;
    asgi_pq_progress_ progress;
    asgi_id id;
    /* A timer of the scope: ends the wait in the queue, and is cancelled by the end of the scope. */
    uint64_t timer;
    int has_timer;
    asgi_pq_then then;
    asgi_pq_begun begun;
    void *context;
    int count;
    const char *sql;
    const char **parameters; /* behind the struct, with their bytes */
} asgi_pq_call_;

/* A place for a connection. */
typedef struct asgi_pq_slot_ {
    struct asgi_pq_part_ *part;
    PGconn *connection;
    asgi_pq_phase_ phase;
    asgi_pq_call_ *call;   /* that is being executed; NULL for the pool's own ROLLBACK, and after the end of the scope */
    asgi_pq_call_ *holder; /* the BEGIN of the transaction                                                             */
    PGresult *rows;        /* of the call                                                                              */
    uint32_t generation;   /* of the transaction                                                                       */
    uint32_t pending;      /* completions that will follow; the persistent watch is not counted                        */
    uint64_t reading, once, timer;   /* the numbers of the watches, and of the timer of the connection attempt         */
    int is_reading, is_watching_once, has_timer, is_rolling_back;
    char *hosts, *addresses, *ports; /* what the job has resolved                                                      */
    char error[ASGI_PQ_ERROR_];      /* why nothing was resolved                                                       */
} asgi_pq_slot_;

/* The connections of one event loop. Used on that loop only. */
typedef struct asgi_pq_part_ {
    asgi_pq_pool *pool;
    uint32_t loop, limit; /* limit: number of slots */
    asgi_pq_slot_ *slots;
    asgi_pq_call_ *first, *last; /* the queue */
    uint32_t waiting, max_waiting;
    uint64_t delay, retry; /* back-off after a failure, in microseconds, and its timer */
    int has_retry, is_probing, is_closing;
    uint64_t pending; /* completions of the host that will follow, of slots and of calls */
    char error[ASGI_PQ_ERROR_]; /* the last failure to connect; empty if the last attempt succeeded */
} asgi_pq_part_;

/* The settings of a database. All memory is owned. */
typedef struct asgi_pq_settings_ {
    char **keywords, **values; /* without host and port */
    size_t count, room;
    char *host, *port;         /* NULL for libpq's default */
    int has_hostaddr;
    uint64_t connect_time;     /* in microseconds */
} asgi_pq_settings_;

struct asgi_pq_pool {
    const asgi_host *host;
    const asgi_loop *loop;
    asgi_id id; /* of the lifespan scope */
    char *name;
    asgi_pq_settings_ settings;
    int has_names; /* whether a host is a name */
    uint64_t wait_time;
    uint32_t count; /* number of parts */
    asgi_pq_part_ *parts;
    /* The fields below are shared by the loops. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t uses; /* parts that are not closed, and posts to wake them */
    asgi_pq_outage_ outage;
    int is_awaited;
};

/* ---- Text ------------------------------------------------------------------------------------------------------ */

/* Returns an owned copy with a NUL at its end; NULL without memory. */
static inline char *asgi_pq_copy_(const char *bytes, size_t size)
{
    char *copy = (char *)malloc(size + 1);
    if (!copy) return NULL;
    if (size) memcpy(copy, bytes, size);
    copy[size] = 0;
    return copy;
}

/* Copies a message of libpq as one line: its lines with "; " between them. `room` is not 0. */
static inline void asgi_pq_line_(char *line, size_t room, const char *message)
{
    size_t size = 0;
    while (*message && size + 3 < room) {
        if (*message == '\n') {
            message += strspn(message, "\n\t ");
            if (!*message) break;
            line[size++] = ';';
            line[size++] = ' ';
        }
        line[size++] = *message++;
    }
    line[size] = 0;
}

/* Adds an item to a list with commas. Returns 0 without memory. */
static inline int asgi_pq_list_(char **list, const char *item, size_t size)
{
    size_t before = *list ? strlen(*list) + 1 : 0;
    char *grown = (char *)realloc(*list, before + size + 1);
    if (!grown) return 0;
    if (before) grown[before - 1] = ',';
    if (size) memcpy(grown + before, item, size);
    grown[before + size] = 0;
    *list = grown;
    return 1;
}

static inline void asgi_pq_log_(asgi_pq_pool *pool, int32_t level, const char *event, const char *reason)
{
    char line[2 * ASGI_PQ_ERROR_];
    asgi_string message;
    snprintf(line, sizeof line, "database %.100s: %s%s%s", pool->name, event, *reason ? ": " : "", reason);
    message = asgi_text(line);
    pool->host->log(pool->id, level, &message);
}

/* ---- Settings -------------------------------------------------------------------------------------------------- */

static inline void asgi_pq_free_settings_(asgi_pq_settings_ *settings)
{
    size_t at;
    for (at = 0; at < settings->count; at++) {
        free(settings->keywords[at]);
        free(settings->values[at]);
    }
    free(settings->keywords);
    free(settings->values);
    free(settings->host);
    free(settings->port);
    memset(settings, 0, sizeof *settings);
}

/* Adds a keyword; a later value replaces an earlier one, as in libpq. Returns 0 without memory. */
static inline int asgi_pq_add_(asgi_pq_settings_ *settings, const char *keyword, const char *value, size_t size)
{
    if (settings->count == settings->room) {
        size_t room = settings->room ? 2 * settings->room : 16;
        char **keywords = (char **)realloc(settings->keywords, room * sizeof *keywords);
        char **values;
        if (!keywords) return 0;
        settings->keywords = keywords;
        values = (char **)realloc(settings->values, room * sizeof *values);
        if (!values) return 0;
        settings->values = values;
        settings->room = room;
    }
    settings->keywords[settings->count] = asgi_pq_copy_(keyword, strlen(keyword));
    settings->values[settings->count] = asgi_pq_copy_(value, size);
    settings->count++;
    return settings->keywords[settings->count - 1] && settings->values[settings->count - 1];
}

/* Whether libpq knows a keyword for `options` of the settings. */
static inline int asgi_pq_knows_(const char *keyword)
{
    PQconninfoOption *all = PQconndefaults(), *at;
    int is_known = !all; /* without memory: the connection attempt reports it */
    for (at = all; at && at->keyword && !is_known; at++) is_known = !strcmp(at->keyword, keyword);
    PQconninfoFree(all);
    return is_known;
}

/* Adds a member of `options`. Returns 0 with a fault. */
static inline int asgi_pq_add_option_(asgi_pq_settings_ *settings, const char *name, const asgi_json *option, char *fault, size_t room)
{
    static const char *const own[] = {"dbname", "host", "port", "user", "password"};
    char keyword[64], number[32];
    asgi_string value = option->text;
    size_t at;
    snprintf(keyword, sizeof keyword, "%.*s", (int)(option->key.size < 63 ? option->key.size : 63), option->key.data);
    for (at = 0; at < sizeof own / sizeof *own; at++)
        if (!strcmp(keyword, own[at])) {
            snprintf(fault, room, "roost.databases.%s.options.%s: not allowed here; use roost.databases.%s.%s", name, keyword,
                     name, at ? keyword : "name");
            return 0;
        }
    if (!asgi_pq_knows_(keyword)) {
        snprintf(fault, room, "roost.databases.%s.options.%s: unknown keyword of libpq", name, keyword);
        return 0;
    }
    if (option->type == ASGI_JSON_NULL) return 1;
    if (option->type == ASGI_JSON_INTEGER || option->type == ASGI_JSON_NUMBER) {
        if (option->type == ASGI_JSON_INTEGER) snprintf(number, sizeof number, "%lld", (long long)option->integer);
        else snprintf(number, sizeof number, "%.17g", option->number);
        value = asgi_text(number);
    } else if (option->type != ASGI_JSON_STRING || (value.size && memchr(value.data, 0, value.size))) {
        snprintf(fault, room, "roost.databases.%s.options.%s: expected a string or a number", name, keyword);
        return 0;
    }
    settings->has_hostaddr |= !strcmp(keyword, "hostaddr");
    if (asgi_pq_add_(settings, keyword, value.data, value.size)) {
        /* libpq leaves the timeout to the caller of PQconnectPoll. 0 or less means none. */
        if (!strcmp(keyword, "connect_timeout")) {
            long long seconds = strtoll(settings->values[settings->count - 1], NULL, 10);
            settings->connect_time = seconds > 0 && seconds < 1000000 ? (uint64_t)seconds * ASGI_PQ_SECOND_ : ASGI_PQ_FOREVER_;
        }
        return 1;
    }
    snprintf(fault, room, "out of memory");
    return 0;
}

/* Reads a value below roost.databases.NAME. Returns 0 with a fault; a missing value has the data NULL. */
static inline int asgi_pq_read_setting_(const asgi_scope *scope, const char *name, const char *key, asgi_string *value, char *fault,
                                        size_t room)
{
    char whole[256];
    int size = snprintf(whole, sizeof whole, "roost.databases.%s.%s", name, key);
    *value = asgi_text(NULL);
    if (size < 0 || (size_t)size >= sizeof whole) {
        snprintf(fault, room, "the name of the database is too long");
        return 0;
    }
    *value = asgi_setting(scope, whole, NULL);
    if (value->data && asgi_equal(*value, "null")) *value = asgi_text(NULL);
    if (value->size && memchr(value->data, 0, value->size)) {
        snprintf(fault, room, "%s: contains a NUL byte", whole);
        return 0;
    }
    return 1;
}

/* Reads the options of the settings. Returns 0 with a fault. */
static inline int asgi_pq_read_options_(const asgi_scope *scope, const char *name, asgi_pq_settings_ *settings, char *fault, size_t room)
{
    const asgi_json_functions *json = asgi_json_of(scope);
    const asgi_json *options;
    asgi_string text, reason = asgi_text(NULL);
    size_t at;
    int is_read = 1;
    if (!asgi_pq_read_setting_(scope, name, "options", &text, fault, room)) return 0;
    if (!text.data) return 1;
    options = json ? json->parse(&text, &reason) : NULL;
    if (!options || options->type != ASGI_JSON_OBJECT) {
        snprintf(fault, room, "roost.databases.%s.options: expected a map of libpq keywords", name);
        is_read = 0;
    }
    for (at = 0; is_read && at < options->count; at++)
        is_read = asgi_pq_add_option_(settings, name, &options->items[at], fault, room);
    if (json) json->release(options);
    return is_read;
}

/* Reads the settings of a database. Returns 0 with a fault; the settings are empty then. */
static inline int asgi_pq_read_settings_(const asgi_scope *scope, const char *name, asgi_pq_settings_ *settings, char *fault, size_t room)
{
    static const char *const keys[] = {"name", "user", "password"};
    static const char *const keywords[] = {"dbname", "user", "password"};
    asgi_string value, host, port;
    size_t at;
    int is_read = 1;
    memset(settings, 0, sizeof *settings);
    settings->connect_time = 10 * ASGI_PQ_SECOND_;
    snprintf(fault, room, "out of memory");
    is_read = asgi_pq_add_(settings, "client_encoding", "UTF8", 4) &&
              asgi_pq_add_(settings, "fallback_application_name", "roost", 5) && asgi_pq_add_(settings, "connect_timeout", "10", 2);
    for (at = 0; is_read && at < sizeof keys / sizeof *keys; at++) {
        is_read = asgi_pq_read_setting_(scope, name, keys[at], &value, fault, room);
        if (is_read && value.data) is_read = asgi_pq_add_(settings, keywords[at], value.data, value.size);
    }
    is_read = is_read && asgi_pq_read_setting_(scope, name, "host", &host, fault, room) &&
              asgi_pq_read_setting_(scope, name, "port", &port, fault, room) &&
              asgi_pq_read_options_(scope, name, settings, fault, room);
    if (is_read) {
        /* libpq's own default would be resolved on the event loop. */
        if (!host.data && !settings->has_hostaddr) host = asgi_text(getenv("PGHOST"));
        if (host.size) is_read = (settings->host = asgi_pq_copy_(host.data, host.size)) != NULL;
        if (is_read && port.size) is_read = (settings->port = asgi_pq_copy_(port.data, port.size)) != NULL;
    }
    if (is_read) *fault = 0;
    else asgi_pq_free_settings_(settings);
    return is_read;
}

/* Whether any of the hosts is a name, neither an address nor the folder of a socket. */
static inline int asgi_pq_has_names_(const asgi_pq_settings_ *settings)
{
    const char *host = settings->host;
    if (settings->has_hostaddr) return 0;
    while (host && *host) {
        size_t size = strcspn(host, ",");
        char *one = asgi_pq_copy_(host, size);
        struct addrinfo hints, *found = NULL;
        int is_name;
        memset(&hints, 0, sizeof hints);
        hints.ai_flags = AI_NUMERICHOST;
        is_name = !one || (*one && *one != '/' && *one != '@' && getaddrinfo(one, NULL, &hints, &found) != 0);
        if (found) freeaddrinfo(found);
        free(one);
        if (is_name) return 1;
        host += size + (host[size] == ',');
    }
    return 0;
}

/* Notices of the database, such as "relation already exists, skipping", are ignored: libpq would write them to standard
 * error. */
static inline void asgi_pq_ignore_(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

/* Starts or makes a connection. `hosts`, `addresses`, `ports`: NULL for libpq's default. */
static inline PGconn *asgi_pq_connection_(const asgi_pq_settings_ *settings, const char *hosts, const char *addresses, const char *ports,
                                          int is_blocking)
{
    size_t at, count = settings->count;
    const char **keywords = (const char **)calloc(2 * (count + 4), sizeof *keywords);
    const char **values = keywords ? keywords + count + 4 : NULL;
    PGconn *connection = NULL;
    if (!keywords) return NULL;
    for (at = 0; at < count; at++) {
        keywords[at] = settings->keywords[at];
        values[at] = settings->values[at];
    }
    if (hosts) keywords[count] = "host", values[count++] = hosts;
    if (addresses) keywords[count] = "hostaddr", values[count++] = addresses;
    if (ports) keywords[count] = "port", values[count++] = ports;
    connection = is_blocking ? PQconnectdbParams(keywords, values, 0) : PQconnectStartParams(keywords, values, 0);
    free(keywords);
    if (connection) PQsetNoticeReceiver(connection, asgi_pq_ignore_, NULL);
    return connection;
}

/* ---- Lifetime of parts and calls ------------------------------------------------------------------------------- */

static inline void asgi_pq_dispatch_(asgi_pq_part_ *part);
static inline void asgi_pq_poll_(asgi_pq_slot_ *slot);

static inline void asgi_pq_free_(asgi_pq_pool *pool)
{
    uint32_t at;
    for (at = 0; pool->parts && at < pool->count; at++) free(pool->parts[at].slots);
    free(pool->parts);
    asgi_pq_free_settings_(&pool->settings);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    free(pool->name);
    free(pool);
}

/* Ends a use of the pool. The last one frees the pool, unless asgi_pq_close waits for it. */
static inline void asgi_pq_unuse_(asgi_pq_pool *pool)
{
    int is_last, is_awaited;
    pthread_mutex_lock(&pool->lock);
    is_last = --pool->uses == 0;
    is_awaited = pool->is_awaited;
    pthread_cond_signal(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    if (is_last && !is_awaited) asgi_pq_free_(pool);
}

/* Ends the completion of a host's call: the last statement of each, since the pool may be freed here. */
static inline void asgi_pq_completed_(asgi_pq_part_ *part)
{
    if (--part->pending == 0 && part->is_closing) asgi_pq_unuse_(part->pool);
}

/* Ends a call. It is freed when its timer has completed. */
static inline void asgi_pq_release_(asgi_pq_call_ *call)
{
    call->progress = ASGI_PQ_OVER_;
    if (call->has_timer) call->part->pool->host->cancel(call->id, call->timer);
    else free(call);
}

/* Calls the completion of a call, and ends it. Nothing of the part may be relied on afterwards, except that it exists. */
static inline void asgi_pq_complete_(asgi_pq_call_ *call, asgi_result result, const PGresult *rows, const char *error)
{
    asgi_pq_then then = call->then;
    asgi_pq_begun begun = call->begun;
    void *context = call->context;
    asgi_id id = call->id;
    /* Before the completion, which may end the scope. */
    asgi_pq_release_(call);
    if (begun) begun(context, id, result, 0, error);
    else if (then) then(context, id, result, rows, error);
}

/* Ends the transaction of a slot: its number is stale from here on. */
static inline void asgi_pq_end_hold_(asgi_pq_slot_ *slot)
{
    asgi_pq_call_ *holder = slot->holder;
    slot->holder = NULL;
    slot->generation++;
    if (holder) asgi_pq_release_(holder);
}

/* Closes the connection of a slot, if it has one. */
static inline void asgi_pq_disconnect_(asgi_pq_slot_ *slot)
{
    const asgi_pq_pool *pool = slot->part->pool;
    if (slot->phase == ASGI_PQ_RESOLVING_) return; /* the job cannot be interrupted */
    /* Watches are cancelled before the descriptor is closed. */
    if (slot->is_reading) pool->host->cancel(pool->id, slot->reading);
    if (slot->is_watching_once) pool->host->cancel(pool->id, slot->once);
    if (slot->has_timer) pool->host->cancel(pool->id, slot->timer);
    slot->is_reading = 0; /* a persistent watch is not called any more; the others still complete */
    PQclear(slot->rows);
    slot->rows = NULL;
    PQfinish(slot->connection);
    slot->connection = NULL;
    slot->phase = ASGI_PQ_EMPTY_;
    slot->is_rolling_back = 0;
}

/* ---- Outages --------------------------------------------------------------------------------------------------- */

/* Logs the begin of an outage, and its first failure to connect, which has the reason. */
static inline void asgi_pq_lost_(asgi_pq_pool *pool, asgi_pq_outage_ outage, const char *reason)
{
    int is_news;
    pthread_mutex_lock(&pool->lock);
    is_news = pool->outage < outage;
    if (is_news) pool->outage = outage;
    pthread_mutex_unlock(&pool->lock);
    if (!is_news) return;
    if (outage == ASGI_PQ_LOST_) asgi_pq_log_(pool, ASGI_LOG_WARNING, "connection lost", reason);
    else asgi_pq_log_(pool, ASGI_LOG_ERROR, "connection failed", reason);
}

/* Ends the back-off of a part: another one is connected. */
static inline void asgi_pq_wake_(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_pq_part_ *part = (asgi_pq_part_ *)context;
    (void)result;
    (void)event;
    if (part->has_retry) {
        part->delay = 0;
        part->pool->host->cancel(id, part->retry); /* its completion connects */
    }
    asgi_pq_unuse_(part->pool);
}

/* A part is connected. */
static inline void asgi_pq_restored_(asgi_pq_part_ *part)
{
    asgi_pq_pool *pool = part->pool;
    uint32_t at;
    int is_news;
    pthread_mutex_lock(&pool->lock);
    is_news = pool->outage != ASGI_PQ_UP_;
    pool->outage = ASGI_PQ_UP_;
    if (is_news) pool->uses += pool->count - 1;
    pthread_mutex_unlock(&pool->lock);
    if (!is_news) return;
    asgi_pq_log_(pool, ASGI_LOG_INFO, "connection restored", "");
    for (at = 0; at < pool->count; at++)
        if (at != part->loop && pool->loop->post(pool->id, at, asgi_pq_wake_, &pool->parts[at]) != ASGI_PENDING) asgi_pq_unuse_(pool);
}

static inline void asgi_pq_retry_(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_pq_part_ *part = (asgi_pq_part_ *)context;
    (void)id;
    (void)event;
    (void)result; /* cancelled if another attempt has succeeded meanwhile */
    part->has_retry = 0;
    asgi_pq_dispatch_(part);
    asgi_pq_completed_(part);
}

/* Delays the next connection attempt of the part. */
static inline void asgi_pq_back_off_(asgi_pq_part_ *part)
{
    const asgi_pq_pool *pool = part->pool;
    if (part->has_retry || part->is_closing) return;
    part->delay = part->delay ? 2 * part->delay : ASGI_PQ_FIRST_DELAY_;
    if (part->delay > ASGI_PQ_LONGEST_DELAY_) part->delay = ASGI_PQ_LONGEST_DELAY_;
    part->has_retry = pool->loop->after(pool->id, part->loop, part->delay, asgi_pq_retry_, part, &part->retry) == ASGI_PENDING;
    part->pending += (uint64_t)part->has_retry;
}

/* A connection attempt has failed. */
static inline void asgi_pq_not_connected_(asgi_pq_slot_ *slot, const char *message)
{
    asgi_pq_part_ *part = slot->part;
    asgi_pq_line_(part->error, sizeof part->error, message);
    asgi_pq_disconnect_(slot);
    asgi_pq_lost_(part->pool, ASGI_PQ_UNREACHABLE_, part->error);
    asgi_pq_back_off_(part);
}

/* Closes a connection in whatever state. Completes its call with the result. */
static inline void asgi_pq_drop_(asgi_pq_slot_ *slot, asgi_result result, const char *error)
{
    asgi_pq_part_ *part = slot->part;
    asgi_pq_call_ *call = slot->call;
    slot->call = NULL;
    asgi_pq_end_hold_(slot);
    asgi_pq_disconnect_(slot);
    if (call) asgi_pq_complete_(call, result, NULL, error);
    asgi_pq_dispatch_(part);
}

/* An open connection was lost. Completes its call. */
static inline void asgi_pq_broken_(asgi_pq_slot_ *slot, const char *message)
{
    asgi_pq_part_ *part = slot->part;
    char reason[ASGI_PQ_ERROR_], error[2 * ASGI_PQ_ERROR_];
    asgi_pq_line_(reason, sizeof reason, message);
    snprintf(error, sizeof error, "database connection lost: %s", reason);
    if (slot->phase != ASGI_PQ_IDLE_) {
        asgi_pq_lost_(part->pool, ASGI_PQ_LOST_, reason);
        part->is_probing = 1; /* one attempt without a waiting query, so that the log says whether the database is back */
        asgi_pq_back_off_(part);
    }
    asgi_pq_drop_(slot, ASGI_FAILED, error);
}

/* ---- Connecting ------------------------------------------------------------------------------------------------ */

/* Ends a completion of a slot: the last statement. */
static inline void asgi_pq_slot_completed_(asgi_pq_slot_ *slot)
{
    asgi_pq_part_ *part = slot->part;
    slot->pending--;
    if (slot->phase == ASGI_PQ_EMPTY_ && !slot->pending) asgi_pq_dispatch_(part); /* the slot can be used again */
    asgi_pq_completed_(part);
}

/* Watches the socket once. Returns 0 if that is impossible. */
static inline int asgi_pq_watch_once_(asgi_pq_slot_ *slot, uint32_t conditions, asgi_then then)
{
    const asgi_pq_pool *pool = slot->part->pool;
    if (slot->is_watching_once) return 1;
    if (pool->loop->watch(pool->id, slot->part->loop, PQsocket(slot->connection), conditions, then, slot, &slot->once) != ASGI_PENDING)
        return 0;
    slot->is_watching_once = 1;
    slot->pending++;
    slot->part->pending++;
    return 1;
}

static inline void asgi_pq_connect_ready_(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_pq_slot_ *slot = (asgi_pq_slot_ *)context;
    (void)id;
    (void)event;
    slot->is_watching_once = 0;
    if (result == ASGI_DONE && slot->phase == ASGI_PQ_CONNECTING_) asgi_pq_poll_(slot);
    asgi_pq_slot_completed_(slot);
}

static inline void asgi_pq_connect_expired_(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_pq_slot_ *slot = (asgi_pq_slot_ *)context;
    (void)id;
    (void)event;
    slot->has_timer = 0;
    if (result == ASGI_DONE && slot->phase == ASGI_PQ_CONNECTING_) asgi_pq_not_connected_(slot, "connection timeout expired");
    asgi_pq_slot_completed_(slot);
}

static inline void asgi_pq_readable_(void *context, asgi_id id, asgi_result result, const asgi_event *event);

static inline void asgi_pq_connected_(asgi_pq_slot_ *slot)
{
    asgi_pq_part_ *part = slot->part;
    const asgi_pq_pool *pool = part->pool;
    if (slot->has_timer) pool->host->cancel(pool->id, slot->timer);
    if (PQsetnonblocking(slot->connection, 1) != 0 ||
        pool->loop->watch(pool->id, part->loop, PQsocket(slot->connection), ASGI_READABLE | ASGI_PERSISTENT, asgi_pq_readable_, slot,
                          &slot->reading) != ASGI_PENDING) {
        asgi_pq_not_connected_(slot, "the socket cannot be watched");
        return;
    }
    slot->is_reading = 1;
    slot->phase = ASGI_PQ_IDLE_;
    part->delay = 0;
    part->error[0] = 0;
    if (part->has_retry) pool->host->cancel(pool->id, part->retry);
    asgi_pq_restored_(part);
    asgi_pq_dispatch_(part);
}

/* Continues a connection attempt. The socket may be another one after each step, so no watch is pending here. */
static inline void asgi_pq_poll_(asgi_pq_slot_ *slot)
{
    uint32_t conditions = ASGI_WRITABLE;
    switch (PQconnectPoll(slot->connection)) {
    case PGRES_POLLING_OK: asgi_pq_connected_(slot); return;
    case PGRES_POLLING_FAILED: asgi_pq_not_connected_(slot, PQerrorMessage(slot->connection)); return;
    case PGRES_POLLING_READING: conditions = ASGI_READABLE; break;
    default: break;
    }
    if (!asgi_pq_watch_once_(slot, conditions, asgi_pq_connect_ready_))
        asgi_pq_not_connected_(slot, "the socket cannot be watched");
}

/* Starts the connection attempt, once the names of the hosts are resolved. */
static inline void asgi_pq_start_(asgi_pq_slot_ *slot)
{
    asgi_pq_part_ *part = slot->part;
    const asgi_pq_pool *pool = part->pool;
    const asgi_pq_settings_ *settings = &pool->settings;
    slot->phase = ASGI_PQ_CONNECTING_;
    slot->connection = asgi_pq_connection_(settings, slot->hosts ? slot->hosts : settings->host, slot->addresses,
                                           slot->ports ? slot->ports : settings->port, 0);
    if (!slot->connection || PQstatus(slot->connection) == CONNECTION_BAD) {
        asgi_pq_not_connected_(slot, slot->connection ? PQerrorMessage(slot->connection) : "out of memory");
        return;
    }
    slot->has_timer = pool->loop->after(pool->id, part->loop, settings->connect_time, asgi_pq_connect_expired_, slot,
                                        &slot->timer) == ASGI_PENDING;
    slot->pending += (uint32_t)slot->has_timer;
    part->pending += (uint64_t)slot->has_timer;
    /* libpq: behave as if PQconnectPoll had asked for writing. */
    if (!slot->has_timer || !asgi_pq_watch_once_(slot, ASGI_WRITABLE, asgi_pq_connect_ready_))
        asgi_pq_not_connected_(slot, "the socket cannot be watched");
}

static inline void asgi_pq_forget_names_(asgi_pq_slot_ *slot)
{
    free(slot->hosts);
    free(slot->addresses);
    free(slot->ports);
    slot->hosts = slot->addresses = slot->ports = NULL;
}

static inline void asgi_pq_resolved_(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_pq_slot_ *slot = (asgi_pq_slot_ *)context;
    (void)id;
    (void)event;
    slot->phase = ASGI_PQ_EMPTY_;
    if (result == ASGI_DONE && !slot->part->is_closing) {
        if (slot->addresses) asgi_pq_start_(slot);
        else asgi_pq_not_connected_(slot, slot->error);
    }
    asgi_pq_forget_names_(slot);
    asgi_pq_slot_completed_(slot);
}

/* Resolves one host: adds an item for each of its addresses, and an empty address for the folder of a socket. */
static inline void asgi_pq_resolve_one_(asgi_pq_slot_ *slot, const char *host, size_t size, const char *port, size_t port_size)
{
    char *name = asgi_pq_copy_(host, size), address[256] = "";
    struct addrinfo hints, *found = NULL, *at;
    int fault = EAI_MEMORY;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (name && (!*name || *name == '/' || *name == '@')) {
        fault = asgi_pq_list_(&slot->hosts, host, size) && asgi_pq_list_(&slot->ports, port, port_size) &&
                        asgi_pq_list_(&slot->addresses, "", 0) ? 0 : EAI_MEMORY;
    } else if (name && !(fault = getaddrinfo(name, NULL, &hints, &found))) {
        for (at = found; at && !fault; at = at->ai_next) {
            fault = getnameinfo(at->ai_addr, at->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST);
            if (!fault && !(asgi_pq_list_(&slot->hosts, host, size) && asgi_pq_list_(&slot->ports, port, port_size) &&
                            asgi_pq_list_(&slot->addresses, address, strlen(address))))
                fault = EAI_MEMORY;
        }
        freeaddrinfo(found);
    }
    if (fault) snprintf(slot->error, sizeof slot->error, "cannot resolve host name '%.200s': %s", name ? name : "", gai_strerror(fault));
    free(name);
}

/* The job that resolves the names, on the thread pool. Until its post, the loop does not use the slot. */
static inline void asgi_pq_resolve_(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_pq_slot_ *slot = (asgi_pq_slot_ *)context;
    const asgi_pq_pool *pool = slot->part->pool;
    const char *host = pool->settings.host, *port = pool->settings.port ? pool->settings.port : "";
    (void)event;
    while (result == ASGI_DONE) {
        size_t size = strcspn(host, ","), port_size = strcspn(port, ",");
        asgi_pq_resolve_one_(slot, host, size, port, port_size);
        if (!host[size]) break;
        host += size + 1;
        if (port[port_size]) port += port_size + 1; /* a single port is that of all hosts */
    }
    pool->loop->post(id, slot->part->loop, asgi_pq_resolved_, slot);
}

static inline void asgi_pq_connect_(asgi_pq_slot_ *slot)
{
    asgi_pq_part_ *part = slot->part;
    part->is_probing = 0;
    if (!part->pool->has_names) {
        asgi_pq_start_(slot);
        return;
    }
    snprintf(slot->error, sizeof slot->error, "out of memory");
    slot->phase = ASGI_PQ_RESOLVING_;
    slot->pending++;
    part->pending++;
    if (part->pool->host->spawn(part->pool->id, asgi_pq_resolve_, slot) == ASGI_PENDING) return;
    slot->pending--;
    part->pending--;
    slot->phase = ASGI_PQ_EMPTY_;
    asgi_pq_not_connected_(slot, "the thread pool of the host is full");
}

/* ---- Queries --------------------------------------------------------------------------------------------------- */

static inline void asgi_pq_writable_(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_pq_slot_ *slot = (asgi_pq_slot_ *)context;
    int left;
    (void)id;
    (void)event;
    slot->is_watching_once = 0;
    if (result == ASGI_DONE && slot->connection) {
        left = PQflush(slot->connection);
        if (left < 0 || (left > 0 && !asgi_pq_watch_once_(slot, ASGI_WRITABLE, asgi_pq_writable_)))
            asgi_pq_broken_(slot, PQerrorMessage(slot->connection));
    }
    asgi_pq_slot_completed_(slot);
}

/* Sends a query. Returns 0 if the connection is broken, and the database does not execute the query. Calls no
 * completion. */
static inline int asgi_pq_send_(asgi_pq_slot_ *slot, const char *sql, int count, const char *const *parameters)
{
    if (!PQsendQueryParams(slot->connection, sql, count, NULL, parameters, NULL, NULL, 0)) return 0;
    slot->phase = ASGI_PQ_BUSY_;
    /* A failed write is reported by the watches: the socket is then writable, and a socket that was shut down readable. */
    if (PQflush(slot->connection) != 0 && !asgi_pq_watch_once_(slot, ASGI_WRITABLE, asgi_pq_writable_))
        shutdown(PQsocket(slot->connection), SHUT_RDWR);
    return 1;
}

/* Gives the first call of the queue to an idle slot. */
static inline void asgi_pq_give_(asgi_pq_slot_ *slot)
{
    asgi_pq_part_ *part = slot->part;
    asgi_pq_call_ *call = part->first;
    if (!asgi_pq_send_(slot, call->sql, call->count, call->parameters)) {
        asgi_pq_disconnect_(slot); /* the call remains the first */
        asgi_pq_back_off_(part);
        return;
    }
    part->first = call->next;
    if (!part->first) part->last = NULL;
    part->waiting--;
    call->progress = ASGI_PQ_SENT_;
    call->slot = slot;
    slot->call = call;
}

/* Gives waiting calls to idle connections, and opens connections for the others. Calls no completion. */
static inline void asgi_pq_dispatch_(asgi_pq_part_ *part)
{
    uint32_t at, connecting = 0, wanted;
    if (part->is_closing) return;
    for (at = 0; at < part->limit && part->first; at++)
        if (part->slots[at].phase == ASGI_PQ_IDLE_) asgi_pq_give_(&part->slots[at]);
    wanted = part->waiting ? part->waiting : (uint32_t)part->is_probing;
    if (part->delay && wanted > 1) wanted = 1; /* one attempt at a time, until one succeeds */
    for (at = 0; at < part->limit; at++)
        connecting += part->slots[at].phase == ASGI_PQ_RESOLVING_ || part->slots[at].phase == ASGI_PQ_CONNECTING_;
    for (at = 0; at < part->limit && connecting < wanted && !part->has_retry; at++) {
        asgi_pq_slot_ *slot = &part->slots[at];
        if (slot->phase != ASGI_PQ_EMPTY_ || slot->pending) continue;
        connecting++;
        asgi_pq_connect_(slot);
    }
}

/* Returns a connection to the pool, after a rollback if it is in a transaction. */
static inline void asgi_pq_return_(asgi_pq_slot_ *slot)
{
    if (PQtransactionStatus(slot->connection) == PQTRANS_IDLE) {
        slot->is_rolling_back = 0;
        slot->phase = ASGI_PQ_IDLE_;
    } else if (slot->is_rolling_back || !asgi_pq_send_(slot, "ROLLBACK", 0, NULL)) {
        asgi_pq_disconnect_(slot);
    } else {
        slot->is_rolling_back = 1;
    }
    asgi_pq_dispatch_(slot->part);
}

static inline asgi_pq_transaction asgi_pq_transaction_of_(const asgi_pq_slot_ *slot)
{
    return (uint64_t)slot->generation << 32 | (uint64_t)slot->part->loop << 16 | (uint64_t)(slot - slot->part->slots);
}

/* A query was executed, and `slot->rows` is its result. */
static inline void asgi_pq_executed_(asgi_pq_slot_ *slot)
{
    asgi_pq_call_ *call = slot->call;
    PGresult *rows = slot->rows;
    ExecStatusType status = PQresultStatus(rows);
    const char *severity = PQresultErrorField(rows, PG_DIAG_SEVERITY_NONLOCALIZED);
    char error[ASGI_PQ_ERROR_];
    int is_done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    asgi_pq_line_(error, sizeof error, is_done ? "" : status == PGRES_EMPTY_QUERY ? "the query is empty" : PQresultErrorMessage(rows));
    if (!rows || PQstatus(slot->connection) == CONNECTION_BAD || (severity && (!strcmp(severity, "FATAL") || !strcmp(severity, "PANIC")))) {
        asgi_pq_broken_(slot, *error ? error : PQerrorMessage(slot->connection));
        return;
    }
    slot->rows = NULL;
    slot->call = NULL;
    slot->phase = ASGI_PQ_HELD_;
    if (call && call->kind == ASGI_PQ_BEGIN_ && is_done) {
        slot->holder = call;
        slot->generation += slot->generation == 0; /* 0 is no transaction */
        call->progress = ASGI_PQ_HOLDS_;
        PQclear(rows);
        call->begun(call->context, call->id, ASGI_DONE, asgi_pq_transaction_of_(slot), NULL);
        return;
    }
    if (call && call->kind == ASGI_PQ_COMMIT_ && is_done && strcmp(PQcmdStatus(rows), "COMMIT")) {
        is_done = 0;
        snprintf(error, sizeof error, "the transaction was rolled back, because a statement of it had failed");
    }
    if (call && (call->kind == ASGI_PQ_COMMIT_ || call->kind == ASGI_PQ_ROLLBACK_)) asgi_pq_end_hold_(slot);
    /* Queries that wait get the connection before those that the completion begins. */
    if (!slot->holder) asgi_pq_return_(slot);
    if (call) asgi_pq_complete_(call, is_done ? ASGI_DONE : ASGI_INVALID, rows, is_done ? NULL : error);
    PQclear(rows);
}

/* Reads what has arrived. Returns 0 if the connection is broken. */
static inline int asgi_pq_consume_(PGconn *connection)
{
    struct pollfd socket = {PQsocket(connection), POLLIN, 0};
    int reads = 16; /* the rest is read when the watch completes again */
    do {
        if (!PQconsumeInput(connection)) return 0;
    } while (PQsslInUse(connection) && --reads && poll(&socket, 1, 0) == 1);
    /* A TLS record may be larger than the space that libpq had for it. Its rest is no longer in the socket. */
    return !PQsslInUse(connection) || PQconsumeInput(connection);
}

/* Keeps a result of the query. Returns 0 if the connection cannot be used afterwards. */
static inline int asgi_pq_keep_(asgi_pq_slot_ *slot, PGresult *rows)
{
    ExecStatusType status = PQresultStatus(rows);
    if (!slot->rows || status == PGRES_FATAL_ERROR) {
        PQclear(slot->rows);
        slot->rows = rows;
    } else {
        PQclear(rows);
    }
    return status != PGRES_COPY_IN && status != PGRES_COPY_OUT && status != PGRES_COPY_BOTH;
}

static inline void asgi_pq_read_(asgi_pq_slot_ *slot)
{
    PGconn *connection = slot->connection;
    PGnotify *notice;
    if (!asgi_pq_consume_(connection)) {
        asgi_pq_broken_(slot, PQerrorMessage(connection));
        return;
    }
    while ((notice = PQnotifies(connection))) PQfreemem(notice);
    while (slot->phase == ASGI_PQ_BUSY_ && !PQisBusy(connection)) {
        PGresult *rows = PQgetResult(connection);
        if (!rows) {
            asgi_pq_executed_(slot);
            return;
        }
        if (!asgi_pq_keep_(slot, rows)) {
            asgi_pq_drop_(slot, ASGI_INVALID, "COPY is not supported by the pool");
            return;
        }
    }
    if (slot->phase != ASGI_PQ_BUSY_ && PQstatus(connection) == CONNECTION_BAD) asgi_pq_broken_(slot, PQerrorMessage(connection));
}

/* The completion of the persistent watch, which is not counted: it holds the part itself. */
static inline void asgi_pq_readable_(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_pq_slot_ *slot = (asgi_pq_slot_ *)context;
    (void)id;
    (void)event;
    if (result != ASGI_PENDING) {
        slot->is_reading = 0; /* the lifespan has ended */
        return;
    }
    slot->part->pending++;
    if (slot->connection) asgi_pq_read_(slot);
    asgi_pq_completed_(slot->part);
}

/* ---- Calls of scopes ------------------------------------------------------------------------------------------- */

/* Removes a call from the queue. */
static inline void asgi_pq_leave_queue_(asgi_pq_call_ *call)
{
    asgi_pq_part_ *part = call->part;
    asgi_pq_call_ **at = &part->first, *before = NULL;
    while (*at != call) {
        before = *at;
        at = &before->next;
    }
    *at = call->next;
    if (part->last == call) part->last = before;
    part->waiting--;
}

/* Ends a call whose scope has ended. */
static inline void asgi_pq_cancelled_(asgi_pq_call_ *call)
{
    static const char error[] = "the request has ended";
    asgi_pq_slot_ *slot = call->slot;
    switch (call->progress) {
    case ASGI_PQ_WAITING_:
        asgi_pq_leave_queue_(call);
        asgi_pq_complete_(call, ASGI_CANCELLED, NULL, error);
        break;
    case ASGI_PQ_SENT_:
        slot->call = NULL; /* the slot ignores the result */
        asgi_pq_complete_(call, ASGI_CANCELLED, NULL, error);
        break;
    case ASGI_PQ_HOLDS_:
        asgi_pq_end_hold_(slot);
        if (slot->phase == ASGI_PQ_HELD_) asgi_pq_return_(slot);
        break;
    case ASGI_PQ_OVER_: break;
    }
}

static inline void asgi_pq_call_expired_(void *context, asgi_id id, asgi_result result, const asgi_event *event);

/* Starts the timer of a call. */
static inline asgi_result asgi_pq_start_timer_(asgi_pq_call_ *call, uint64_t microseconds)
{
    asgi_pq_part_ *part = call->part;
    asgi_result result =
        part->pool->loop->after(call->id, part->loop, microseconds, asgi_pq_call_expired_, call, &call->timer);
    call->has_timer = result == ASGI_PENDING;
    part->pending += (uint64_t)call->has_timer;
    return result;
}

static inline void asgi_pq_call_expired_(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    asgi_pq_call_ *call = (asgi_pq_call_ *)context;
    asgi_pq_part_ *part = call->part;
    char error[2 * ASGI_PQ_ERROR_];
    (void)id;
    (void)event;
    call->has_timer = 0;
    if (call->progress == ASGI_PQ_OVER_) {
        free(call);
    } else if (result == ASGI_DONE && call->progress == ASGI_PQ_WAITING_) {
        snprintf(error, sizeof error, "no database connection was free within %.1f s%s%s", (double)part->pool->wait_time / 1e6,
                 part->error[0] ? ": " : "", part->error);
        asgi_pq_leave_queue_(call);
        asgi_pq_complete_(call, ASGI_FULL, NULL, error);
    } else if (result != ASGI_DONE || asgi_pq_start_timer_(call, ASGI_PQ_FOREVER_) != ASGI_PENDING) {
        asgi_pq_cancelled_(call);
    }
    asgi_pq_completed_(part);
}

/* Makes a call and starts its timer. Returns PENDING, or why not. */
static inline asgi_result asgi_pq_make_call_(asgi_pq_part_ *part, asgi_pq_kind_ kind, asgi_id id, const char *sql,
                                             const char *const *parameters, int count, uint64_t microseconds, asgi_pq_call_ **made)
{
    size_t sql_size = strlen(sql) + 1, size = sizeof(asgi_pq_call_) + (size_t)count * sizeof(char *) + sql_size;
    asgi_pq_call_ *call;
    asgi_result result;
    char *bytes;
    int at;
    for (at = 0; at < count; at++) size += parameters[at] ? strlen(parameters[at]) + 1 : 0;
    call = (asgi_pq_call_ *)malloc(size);
    if (!call) return ASGI_FAILED;
    memset(call, 0, sizeof *call);
    call->part = part;
    call->kind = kind;
    call->id = id;
    call->count = count;
    call->parameters = (const char **)(void *)(call + 1);
    bytes = (char *)(call->parameters + count);
    call->sql = (const char *)memcpy(bytes, sql, sql_size);
    bytes += sql_size;
    for (at = 0; at < count; at++) {
        size_t length = parameters[at] ? strlen(parameters[at]) + 1 : 0;
        call->parameters[at] = length ? (const char *)memcpy(bytes, parameters[at], length) : NULL;
        bytes += length;
    }
    result = asgi_pq_start_timer_(call, microseconds);
    if (result == ASGI_PENDING) *made = call;
    else free(call);
    return result;
}

/* The part of the calling loop; NULL on another thread. */
static inline asgi_pq_part_ *asgi_pq_part_of_(asgi_pq_pool *pool)
{
    int32_t loop = pool->loop->current();
    return loop < 0 || (uint32_t)loop >= pool->count ? NULL : &pool->parts[loop];
}

/* The slot of a transaction; NULL if it has ended. */
static inline asgi_pq_slot_ *asgi_pq_slot_of_(asgi_pq_part_ *part, asgi_pq_transaction transaction)
{
    uint32_t at = (uint32_t)(transaction & 0xffff);
    asgi_pq_slot_ *slot = at < part->limit ? &part->slots[at] : NULL;
    return slot && slot->holder && asgi_pq_transaction_of_(slot) == transaction ? slot : NULL;
}

static inline asgi_result asgi_pq_enqueue_(asgi_pq_pool *pool, asgi_pq_kind_ kind, asgi_id id, const char *sql,
                                           const char *const *parameters, int count, asgi_pq_then then, asgi_pq_begun begun, void *context)
{
    asgi_pq_part_ *part = asgi_pq_part_of_(pool);
    asgi_pq_call_ *call = NULL;
    asgi_result result;
    if (!part || !sql || count < 0 || count > 65535 || (count && !parameters) || (!then && !begun)) return ASGI_INVALID;
    if (part->is_closing) return ASGI_STALE;
    if (part->waiting >= part->max_waiting) return ASGI_FULL;
    result = asgi_pq_make_call_(part, kind, id, sql, parameters, count, pool->wait_time, &call);
    if (result != ASGI_PENDING) return result;
    call->then = then;
    call->begun = begun;
    call->context = context;
    if (part->last) part->last->next = call;
    else part->first = call;
    part->last = call;
    part->waiting++;
    asgi_pq_dispatch_(part);
    return ASGI_PENDING;
}

/* Sends a statement of a transaction. */
static inline asgi_result asgi_pq_send_on_(asgi_pq_pool *pool, asgi_pq_transaction transaction, asgi_pq_kind_ kind, const char *sql,
                                           const char *const *parameters, int count, asgi_pq_then then, void *context)
{
    asgi_pq_part_ *part = asgi_pq_part_of_(pool);
    asgi_pq_slot_ *slot;
    asgi_pq_call_ *call = NULL;
    asgi_result result;
    if (!part || !sql || count < 0 || count > 65535 || (count && !parameters)) return ASGI_INVALID;
    slot = asgi_pq_slot_of_(part, transaction);
    if (!slot) return ASGI_STALE;
    if (slot->phase != ASGI_PQ_HELD_) return ASGI_BUSY;
    result = asgi_pq_make_call_(part, kind, slot->holder->id, sql, parameters, count, ASGI_PQ_FOREVER_, &call);
    if (result != ASGI_PENDING) return result;
    if (!asgi_pq_send_(slot, sql, count, parameters)) {
        asgi_pq_release_(call);
        asgi_pq_broken_(slot, PQerrorMessage(slot->connection)); /* without a call, it calls no completion */
        return ASGI_FAILED;
    }
    call->then = then;
    call->context = context;
    call->progress = ASGI_PQ_SENT_;
    call->slot = slot;
    slot->call = call;
    if (kind != ASGI_PQ_STATEMENT_) slot->generation++;
    return ASGI_PENDING;
}

/* ---- Public functions ------------------------------------------------------------------------------------------ */

/* Closes the connections of a part, on its loop. */
static inline void asgi_pq_close_part_(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    static const char error[] = "the pool was closed";
    asgi_pq_part_ *part = (asgi_pq_part_ *)context;
    const asgi_pq_pool *pool = part->pool;
    uint32_t at;
    (void)id;
    (void)result;
    (void)event;
    part->pending++; /* this completion */
    part->is_closing = 1;
    if (part->has_retry) pool->host->cancel(pool->id, part->retry);
    while (part->first) {
        asgi_pq_call_ *call = part->first;
        asgi_pq_leave_queue_(call);
        asgi_pq_complete_(call, ASGI_CANCELLED, NULL, error);
    }
    for (at = 0; at < part->limit; at++) {
        asgi_pq_slot_ *slot = &part->slots[at];
        asgi_pq_call_ *call = slot->call;
        slot->call = NULL;
        asgi_pq_end_hold_(slot);
        asgi_pq_disconnect_(slot);
        if (call) asgi_pq_complete_(call, ASGI_CANCELLED, NULL, error);
    }
    asgi_pq_completed_(part);
}

/* Creates a pool. [control] Does not connect.
 *
 *   scope            The lifespan scope. Watches and timers of the connections belong to it.
 *   name             The name of the database: the settings are below roost.databases.NAME.
 *   max_connections  The maximum number of connections of this worker process. They are divided among its event loops;
 *                    each loop has at least one.
 *   fault            Receives the reason if the result is NULL: text for ASGI_LIFESPAN_STARTUP_FAILED.
 *   room             The size of `fault`, in bytes; not 0.
 *
 * Returns the pool. The caller closes it with asgi_pq_close at lifespan.shutdown. NULL if the settings are invalid, the
 * host lacks asgi.loop/1, or there is not enough memory. */
static inline asgi_pq_pool *asgi_pq_open(const asgi_scope *scope, const char *name, uint32_t max_connections, char *fault, size_t room)
{
    static const asgi_string loop = ASGI_STRING("asgi.loop/1");
    asgi_pq_pool *pool = (asgi_pq_pool *)calloc(1, sizeof *pool);
    uint32_t at, slot;
    snprintf(fault, room, "out of memory");
    if (!pool) return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    pool->host = scope->host;
    pool->id = scope->id;
    pool->wait_time = 10 * ASGI_PQ_SECOND_;
    pool->name = asgi_pq_copy_(name, strlen(name));
    pool->loop = (const asgi_loop *)scope->host->extension(scope->id, &loop);
    pool->count = pool->loop ? pool->loop->count : 0;
    if (!pool->loop) snprintf(fault, room, "this host does not support asgi.loop/1");
    if (!pool->loop || !pool->name || !asgi_pq_read_settings_(scope, name, &pool->settings, fault, room)) {
        asgi_pq_free_(pool);
        return NULL;
    }
    pool->has_names = asgi_pq_has_names_(&pool->settings);
    pool->uses = pool->count;
    pool->parts = (asgi_pq_part_ *)calloc(pool->count, sizeof *pool->parts);
    for (at = 0; pool->parts && at < pool->count; at++) {
        asgi_pq_part_ *part = &pool->parts[at];
        part->pool = pool;
        part->loop = at;
        part->limit = max_connections / pool->count + (at < max_connections % pool->count);
        if (part->limit < 1) part->limit = 1;
        if (part->limit > 65535) part->limit = 65535;
        part->max_waiting = 1024 / pool->count ? 1024 / pool->count : 1;
        part->slots = (asgi_pq_slot_ *)calloc(part->limit, sizeof *part->slots);
        for (slot = 0; part->slots && slot < part->limit; slot++) part->slots[slot].part = part;
        if (!part->slots) break;
    }
    if (pool->parts && at == pool->count) {
        *fault = 0;
        return pool;
    }
    snprintf(fault, room, "out of memory");
    asgi_pq_free_(pool);
    return NULL;
}

/* Sets the limits of the queue. [control] Before the first query.
 *
 *   max_waiting   The maximum number of queries of this worker process that wait for a connection, 1,024 by default.
 *                 It is divided among the event loops; each loop has at least one.
 *   microseconds  The maximum time that a query waits for a connection, 10 s by default. */
static inline void asgi_pq_limit(asgi_pq_pool *pool, uint32_t max_waiting, uint64_t microseconds)
{
    uint32_t at;
    for (at = 0; at < pool->count; at++)
        pool->parts[at].max_waiting = max_waiting / pool->count ? max_waiting / pool->count : 1;
    pool->wait_time = microseconds;
}

/* Closes a pool, and frees it. [control] Call it at lifespan.shutdown, before the event that completes it; or at
 * lifespan.startup, if the startup fails. Queries that are pending complete with ASGI_CANCELLED on their loops. The call
 * returns when all connections are closed; on an event loop (ASGI_ONE_LOOP) it returns at once, and the pool is freed
 * later.
 *
 *   pool     Must not be used afterwards. NULL is ignored. */
static inline void asgi_pq_close(asgi_pq_pool *pool)
{
    uint32_t at, unreached = 0, count;
    int is_awaited;
    if (!pool) return;
    is_awaited = pool->loop->current() < 0;
    count = pool->count;
    pthread_mutex_lock(&pool->lock);
    pool->is_awaited = is_awaited;
    pthread_mutex_unlock(&pool->lock);
    for (at = 0; at < count; at++)
        if (pool->loop->post(pool->id, at, asgi_pq_close_part_, &pool->parts[at]) != ASGI_PENDING) unreached++;
    if (!is_awaited) return;
    pthread_mutex_lock(&pool->lock);
    while (pool->uses > unreached) pthread_cond_wait(&pool->changed, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    /* After the end of the lifespan no loop can be reached, and the connections are left to the end of the process. */
    if (!unreached) asgi_pq_free_(pool);
}

/* Executes a query. [loop] It waits in order of arrival until a connection of the loop is free.
 *
 *   id          The id of a scope of this loop; or of the lifespan scope.
 *   sql         One statement, with $1, $2, ... for the parameters; copied.
 *   parameters  The values as text, NULL for an SQL null; copied. NULL if `count` is 0.
 *   count       The number of parameters.
 *   then        Called with the result.
 *   context     Passed to `then`.
 *
 * Returns
 *   ASGI_PENDING  `then` follows, exactly once.
 *   ASGI_FULL     Too many queries wait (asgi_pq_limit).
 *   ASGI_STALE    The scope has ended, or the pool is being closed.
 *   ASGI_INVALID  An argument is invalid, the thread is not an event loop, or the scope lives on another loop.
 *   ASGI_FAILED   There is not enough memory. */
static inline asgi_result asgi_pq_query(asgi_pq_pool *pool, asgi_id id, const char *sql, const char *const *parameters, int count,
                                        asgi_pq_then then, void *context)
{
    return asgi_pq_enqueue_(pool, ASGI_PQ_QUERY_, id, sql, parameters, count, then, NULL, context);
}

/* Begins a transaction: waits for a connection as asgi_pq_query does, and sends BEGIN. [loop] The transaction has the
 * connection for itself until asgi_pq_commit, asgi_pq_rollback or the end of the scope, which rolls it back.
 *
 *   then     Called with the transaction.
 *
 * Returns the results of asgi_pq_query. */
static inline asgi_result asgi_pq_begin(asgi_pq_pool *pool, asgi_id id, asgi_pq_begun then, void *context)
{
    return asgi_pq_enqueue_(pool, ASGI_PQ_BEGIN_, id, "BEGIN", NULL, 0, NULL, then, context);
}

/* Executes a statement of a transaction. [loop] Arguments as in asgi_pq_query. After a statement that failed, the
 * database refuses all others but a rollback.
 *
 * Returns
 *   ASGI_PENDING  `then` follows, exactly once.
 *   ASGI_STALE    The transaction has ended: by asgi_pq_commit or asgi_pq_rollback, with its scope, or because the
 *                 connection was lost.
 *   ASGI_BUSY     An earlier statement of the transaction is being executed.
 *   ASGI_INVALID  As in asgi_pq_query.
 *   ASGI_FAILED   The connection is lost, or there is not enough memory. */
static inline asgi_result asgi_pq_query_on(asgi_pq_pool *pool, asgi_pq_transaction transaction, const char *sql,
                                           const char *const *parameters, int count, asgi_pq_then then, void *context)
{
    if (!then) return ASGI_INVALID;
    return asgi_pq_send_on_(pool, transaction, ASGI_PQ_STATEMENT_, sql, parameters, count, then, context);
}

/* Commits a transaction, and returns its connection to the pool. [loop] The transaction is stale after the call.
 *
 *   then     Gets ASGI_DONE if the transaction was committed; ASGI_INVALID if it was rolled back instead; ASGI_FAILED if
 *            the connection was lost, and it is unknown whether it was committed.
 *
 * Returns the results of asgi_pq_query_on. */
static inline asgi_result asgi_pq_commit(asgi_pq_pool *pool, asgi_pq_transaction transaction, asgi_pq_then then, void *context)
{
    if (!then) return ASGI_INVALID;
    return asgi_pq_send_on_(pool, transaction, ASGI_PQ_COMMIT_, "COMMIT", NULL, 0, then, context);
}

/* Rolls a transaction back, and returns its connection to the pool. [loop] The transaction is stale after the call. A
 * module that only ends the scope needs no rollback.
 *
 *   then     May be NULL: no completion then.
 *
 * Returns the results of asgi_pq_query_on. */
static inline asgi_result asgi_pq_rollback(asgi_pq_pool *pool, asgi_pq_transaction transaction, asgi_pq_then then, void *context)
{
    return asgi_pq_send_on_(pool, transaction, ASGI_PQ_ROLLBACK_, "ROLLBACK", NULL, 0, then, context);
}

/* Connects to a database outside of a pool, and waits for the connection. Only on threads that may block: [control] at
 * lifespan.startup, for migrations.
 *
 *   fault    Receives the reason if the result is NULL.
 *
 * Returns the connection, which the caller closes with PQfinish; NULL if the settings are invalid, or the database cannot
 * be reached. */
static inline PGconn *asgi_pq_connect(const asgi_scope *scope, const char *name, char *fault, size_t room)
{
    asgi_pq_settings_ settings;
    PGconn *connection;
    if (!asgi_pq_read_settings_(scope, name, &settings, fault, room)) return NULL;
    connection = asgi_pq_connection_(&settings, settings.host, NULL, settings.port, 1);
    asgi_pq_free_settings_(&settings);
    if (connection && PQstatus(connection) == CONNECTION_OK) return connection;
    asgi_pq_line_(fault, room, connection ? PQerrorMessage(connection) : "out of memory");
    PQfinish(connection);
    return NULL;
}

/* Executes SQL on a connection of its own, and waits for the result. Only on threads that may block, as
 * asgi_pq_connect.
 *
 *   sql      One or more statements, without parameters. They are one transaction, unless they contain BEGIN or COMMIT.
 *   fault    Receives the reason of a failure.
 *
 * Returns ASGI_DONE; ASGI_INVALID if the database refused a statement; ASGI_FAILED if it cannot be reached. */
static inline asgi_result asgi_pq_run(const asgi_scope *scope, const char *name, const char *sql, char *fault, size_t room)
{
    PGconn *connection = asgi_pq_connect(scope, name, fault, room);
    PGresult *rows;
    ExecStatusType status;
    asgi_result result = ASGI_DONE;
    if (!connection) return ASGI_FAILED;
    rows = PQexec(connection, sql);
    status = PQresultStatus(rows);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        asgi_pq_line_(fault, room, PQerrorMessage(connection));
        result = PQstatus(connection) == CONNECTION_BAD ? ASGI_FAILED : ASGI_INVALID;
    }
    PQclear(rows);
    PQfinish(connection);
    return result;
}

#ifdef __cplusplus
}
#endif
#endif
