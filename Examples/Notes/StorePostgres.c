/* Notes in PostgreSQL, by asgi_pq.h: queries run on the event loops. SPDX-License-Identifier: Apache-2.0 */
#include "Migrations.h"
#include "Store.h"
#include <asgi_pq.h>

typedef struct postgres {
    store store;
    asgi_pq_pool *pool;
} postgres;

#define COLUMNS "id, text, to_char(created AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

static const char *const statements[OPERATIONS] = {
    "SELECT " COLUMNS " FROM notes WHERE id > $1 ORDER BY id LIMIT $2",
    "SELECT " COLUMNS " FROM notes WHERE id = $1",
    "INSERT INTO notes (text) VALUES ($1) RETURNING " COLUMNS,
    "DELETE FROM notes WHERE id = $1 RETURNING " COLUMNS,
};

/* ---- Operations -------------------------------------------------------------------------------------------------- */

/* Points the notes of the answer at the rows. Returns 0 without memory. */
static int take_rows(task *t, const PGresult *rows)
{
    size_t at, count = (size_t)PQntuples(rows);
    note *notes = (note *)asgi_allocate(t->request, (count ? count : 1) * sizeof *notes);
    if (!notes) return 0;
    for (at = 0; at < count; at++) {
        int row = (int)at;
        notes[at].id = strtoll(PQgetvalue(rows, row, 0), NULL, 10);
        notes[at].text.data = PQgetvalue(rows, row, 1);
        notes[at].text.size = (size_t)PQgetlength(rows, row, 1);
        notes[at].created = asgi_text(PQgetvalue(rows, row, 2));
    }
    t->notes = notes;
    t->count = count;
    return 1;
}

static void executed(void *context, asgi_id id, asgi_result result, const PGresult *rows, const char *error)
{
    task *t = (task *)context;
    (void)id;
    t->result = result;
    t->error = error;
    if (result == ASGI_DONE && !take_rows(t, rows)) {
        t->result = ASGI_INVALID;
        t->error = "out of memory";
    }
    t->store->then(t);
}

static asgi_result start(store *s, task *t)
{
    asgi_pq_pool *pool = ((postgres *)s)->pool;
    char id[24], limit[24], *text = NULL;
    const char *parameters[2] = {id, limit};
    asgi_result result;
    snprintf(id, sizeof id, "%lld", (long long)t->id);
    snprintf(limit, sizeof limit, "%lld", (long long)t->limit);
    if (t->operation == ADD_NOTE) {
        text = (char *)malloc(t->text.size + 1);
        if (!text) return ASGI_FAILED;
        memcpy(text, t->text.data, t->text.size);
        text[t->text.size] = 0;
        parameters[0] = text;
    }
    result = asgi_pq_query(pool, t->request->scope->id, statements[t->operation], parameters, t->operation == LIST_NOTES ? 2 : 1,
                           executed, t);
    free(text);
    return result;
}

/* ---- Startup and shutdown ---------------------------------------------------------------------------------------- */

static int run(void *connection, const char *sql, char *fault, size_t room)
{
    PGresult *rows = PQexec((PGconn *)connection, sql);
    int is_done = PQresultStatus(rows) == PGRES_COMMAND_OK || PQresultStatus(rows) == PGRES_TUPLES_OK;
    if (!is_done) snprintf(fault, room, "%s", PQerrorMessage((PGconn *)connection));
    PQclear(rows);
    return is_done;
}

static int read_number(void *connection, const char *sql, int64_t *value, char *fault, size_t room)
{
    PGresult *rows = PQexec((PGconn *)connection, sql);
    int is_done = PQresultStatus(rows) == PGRES_TUPLES_OK && PQntuples(rows) == 1;
    if (is_done) *value = strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
    else snprintf(fault, room, "%s", PQerrorMessage((PGconn *)connection));
    PQclear(rows);
    return is_done;
}

/* The number of the lock is that of this application: the migrations of another one need not wait. */
static const migration_engine engine = {1, "BEGIN; SELECT pg_advisory_xact_lock(8317428695)", run, read_number};

static void close_store(store *s)
{
    asgi_pq_close(((postgres *)s)->pool);
    free(s);
}

/* A positive number of the settings; 0 if it is none. */
static uint32_t number_setting(const asgi_scope *scope, const char *key, const char *otherwise)
{
    asgi_string value = asgi_setting(scope, key, otherwise);
    char digits[10] = "";
    if (value.size < sizeof digits) memcpy(digits, value.data, value.size);
    return (uint32_t)strtoul(digits, NULL, 10);
}

static asgi_pq_pool *open_pool(const asgi_scope *scope, char *fault, size_t room)
{
    uint32_t connections = number_setting(scope, "max_connections", "8"), seconds = number_setting(scope, "max_wait", "10");
    asgi_pq_pool *pool;
    if (!connections || !seconds) {
        snprintf(fault, room, "%s: expected a positive number", connections ? "max_wait" : "max_connections");
        return NULL;
    }
    pool = asgi_pq_open(scope, "default", connections, fault, room);
    if (pool) asgi_pq_limit(pool, 1024, seconds * UINT64_C(1000000));
    return pool;
}

store *postgres_open(const asgi_scope *scope, char *fault, size_t room)
{
    PGconn *connection = asgi_pq_connect(scope, "default", fault, room);
    postgres *p = NULL;
    if (!connection) return NULL;
    if (migrate(scope, &engine, connection, fault, room)) {
        p = (postgres *)calloc(1, sizeof *p);
        if (!p) snprintf(fault, room, "out of memory");
    }
    PQfinish(connection);
    if (!p) return NULL;
    p->store.start = start;
    p->store.close = close_store;
    p->pool = open_pool(scope, fault, room);
    if (p->pool) return &p->store;
    free(p);
    return NULL;
}
