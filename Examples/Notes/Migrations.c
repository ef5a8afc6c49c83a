/* SPDX-License-Identifier: Apache-2.0 */
#include "Migrations.h"
#include <stdio.h>

/* Append a row for each change of the schema. Never change a row that was released: databases have applied it. */
static const struct {
    const char *sql[2]; /* SQLite, PostgreSQL */
} migrations[] = {
    {{"CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL)",
      "CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL)"}},
    {{"ALTER TABLE notes ADD COLUMN created TEXT NOT NULL DEFAULT '1970-01-01T00:00:00Z'",
      "ALTER TABLE notes ADD COLUMN created timestamptz NOT NULL DEFAULT now()"}},
};
static const int64_t newest = sizeof migrations / sizeof *migrations;

static int apply(const migration_engine *engine, void *connection, int64_t number, char *fault, size_t room)
{
    char sql[80];
    snprintf(sql, sizeof sql, "INSERT INTO migrations (number) VALUES (%lld)", (long long)number);
    return engine->run(connection, migrations[number - 1].sql[engine->number], fault, room) &&
           engine->run(connection, sql, fault, room);
}

/* Applies what is missing, within the transaction. `first`: receives the version of the database. */
static int apply_all(const migration_engine *engine, void *connection, int64_t *first, char *fault, size_t room)
{
    int64_t number;
    if (!engine->run(connection,
                     "CREATE TABLE IF NOT EXISTS migrations (number bigint PRIMARY KEY, applied timestamp NOT NULL DEFAULT "
                     "CURRENT_TIMESTAMP)",
                     fault, room) ||
        !engine->read(connection, "SELECT coalesce(max(number), 0) FROM migrations", first, fault, room))
        return 0;
    if (*first > newest) {
        snprintf(fault, room,
                 "the database has migration %lld, but this version of notes knows only %lld; install a newer version of notes, "
                 "or restore an older database",
                 (long long)*first, (long long)newest);
        return 0;
    }
    for (number = *first + 1; number <= newest; number++)
        if (!apply(engine, connection, number, fault, room)) return 0;
    return 1;
}

int migrate(const asgi_scope *scope, const migration_engine *engine, void *connection, char *fault, size_t room)
{
    int64_t first = 0;
    char line[128], ignored[64];
    if (!engine->run(connection, engine->begin, fault, room)) return 0;
    if (!apply_all(engine, connection, &first, fault, room)) {
        engine->run(connection, "ROLLBACK", ignored, sizeof ignored);
        return 0;
    }
    if (!engine->run(connection, "COMMIT", fault, room)) return 0;
    if (first == newest) return 1;
    snprintf(line, sizeof line, "database default: migrated from %lld to %lld", (long long)first, (long long)newest);
    asgi_log(scope, ASGI_LOG_INFO, line);
    return 1;
}
