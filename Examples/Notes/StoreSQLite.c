/* Notes in SQLite: operations run on the host's thread pool. SPDX-License-Identifier: Apache-2.0
 *
 * One connection for each worker, with a lock. In WAL mode the workers read while one of them writes. */
#include "Migrations.h"
#include "Store.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct sqlite {
    store store;
    sqlite3 *connection;
    sqlite3_stmt *statements[OPERATIONS];
    pthread_mutex_t lock; /* of the connection and its statements */
} sqlite;

enum { busy_milliseconds = 5000 };

static const char *const statements[OPERATIONS] = {
    "SELECT id, text, created FROM notes WHERE id > ?1 ORDER BY id LIMIT ?2",
    "SELECT id, text, created FROM notes WHERE id = ?1",
    "INSERT INTO notes (text, created) VALUES (?1, strftime('%Y-%m-%dT%H:%M:%SZ', 'now')) RETURNING id, text, created",
    "DELETE FROM notes WHERE id = ?1 RETURNING id, text, created",
};

/* ---- Operations -------------------------------------------------------------------------------------------------- */

/* Copies a text column, which the next step replaces. Returns 0 without memory. */
static int copy_column(task *t, sqlite3_stmt *statement, int column, asgi_string *text)
{
    size_t size = (size_t)sqlite3_column_bytes(statement, column);
    char *bytes = (char *)asgi_allocate(t->request, size + 1);
    if (!bytes) return 0;
    if (size) memcpy(bytes, sqlite3_column_text(statement, column), size);
    text->data = bytes;
    text->size = size;
    return 1;
}

/* Executes the statement. Returns SQLite's result: SQLITE_DONE after success. */
static int execute(task *t, sqlite3_stmt *statement, note *notes, size_t room)
{
    int code;
    if (t->operation == ADD_NOTE) sqlite3_bind_text(statement, 1, t->text.data, (int)t->text.size, SQLITE_STATIC);
    else sqlite3_bind_int64(statement, 1, t->id);
    if (t->operation == LIST_NOTES) sqlite3_bind_int64(statement, 2, t->limit);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && t->count < room) {
        note *n = &notes[t->count];
        n->id = sqlite3_column_int64(statement, 0);
        if (!copy_column(t, statement, 1, &n->text) || !copy_column(t, statement, 2, &n->created)) return SQLITE_NOMEM;
        t->count++;
    }
    return code;
}

static void job(void *context, asgi_id id, asgi_result result, const asgi_event *event)
{
    task *t = (task *)context;
    sqlite *s = (sqlite *)t->store;
    size_t room = t->operation == LIST_NOTES ? (size_t)t->limit : 1;
    note *notes;
    int code;
    (void)id;
    (void)event;
    if (result != ASGI_DONE) return; /* the request has ended */
    notes = (note *)asgi_allocate(t->request, room * sizeof *notes);
    t->notes = notes;
    pthread_mutex_lock(&s->lock);
    code = notes ? execute(t, s->statements[t->operation], notes, room) : SQLITE_NOMEM;
    sqlite3_reset(s->statements[t->operation]);
    sqlite3_clear_bindings(s->statements[t->operation]);
    pthread_mutex_unlock(&s->lock);
    t->result = code == SQLITE_DONE ? ASGI_DONE : code == SQLITE_BUSY || code == SQLITE_FULL ? ASGI_FULL : ASGI_INVALID;
    t->error = sqlite3_errstr(code);
    s->store.then(t);
}

static asgi_result start(store *s, task *t)
{
    (void)s;
    return t->request->scope->host->spawn(t->request->scope->id, job, t);
}

/* ---- Startup and shutdown ---------------------------------------------------------------------------------------- */

static int run(void *connection, const char *sql, char *fault, size_t room)
{
    int code = sqlite3_exec((sqlite3 *)connection, sql, NULL, NULL, NULL);
    if (code != SQLITE_OK) snprintf(fault, room, "%s", sqlite3_errmsg((sqlite3 *)connection));
    return code == SQLITE_OK;
}

static int read_number(void *connection, const char *sql, int64_t *value, char *fault, size_t room)
{
    sqlite3_stmt *statement = NULL;
    int is_done = sqlite3_prepare_v2((sqlite3 *)connection, sql, -1, &statement, NULL) == SQLITE_OK &&
                  sqlite3_step(statement) == SQLITE_ROW;
    if (is_done) *value = sqlite3_column_int64(statement, 0);
    else snprintf(fault, room, "%s", sqlite3_errmsg((sqlite3 *)connection));
    sqlite3_finalize(statement);
    return is_done;
}

/* A transaction that begins with the write lock: two workers cannot both find a migration missing. */
static const migration_engine engine = {0, "BEGIN IMMEDIATE", run, read_number};

/* Sets WAL mode. SQLite does not wait for it (busy_timeout) while another worker does the same. */
static int set_wal(sqlite3 *connection, char *fault, size_t room)
{
    int code, waited = 0;
    while ((code = sqlite3_exec(connection, "PRAGMA journal_mode = WAL", NULL, NULL, NULL)) == SQLITE_BUSY && waited < busy_milliseconds)
        waited += sqlite3_sleep(10);
    if (code != SQLITE_OK) snprintf(fault, room, "%s", sqlite3_errmsg(connection));
    return code == SQLITE_OK;
}

static void close_store(store *s)
{
    sqlite *q = (sqlite *)s;
    int at;
    for (at = 0; at < OPERATIONS; at++) sqlite3_finalize(q->statements[at]);
    sqlite3_close(q->connection);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

static int open_file(sqlite *q, const asgi_scope *scope, const char *path, char *fault, size_t room)
{
    int at;
    if (sqlite3_open_v2(path, &q->connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        snprintf(fault, room, "%s: %s", path, q->connection ? sqlite3_errmsg(q->connection) : "out of memory");
        return 0;
    }
    sqlite3_busy_timeout(q->connection, busy_milliseconds);
    if (!set_wal(q->connection, fault, room) || !migrate(scope, &engine, q->connection, fault, room)) return 0;
    for (at = 0; at < OPERATIONS; at++)
        if (sqlite3_prepare_v3(q->connection, statements[at], -1, SQLITE_PREPARE_PERSISTENT, &q->statements[at], NULL) != SQLITE_OK) {
            snprintf(fault, room, "%s", sqlite3_errmsg(q->connection));
            return 0;
        }
    return 1;
}

store *sqlite_open(const asgi_scope *scope, char *fault, size_t room)
{
    asgi_string name = asgi_setting(scope, "roost.databases.default.name", "notes.db");
    char path[4096];
    sqlite *q = (sqlite *)calloc(1, sizeof *q);
    if (!q || name.size >= sizeof path) {
        snprintf(fault, room, q ? "the path of the database is too long" : "out of memory");
        free(q);
        return NULL;
    }
    snprintf(path, sizeof path, "%.*s", (int)name.size, name.data);
    q->store.start = start;
    q->store.close = close_store;
    pthread_mutex_init(&q->lock, NULL);
    if (open_file(q, scope, path, fault, room)) return &q->store;
    close_store(&q->store);
    return NULL;
}
