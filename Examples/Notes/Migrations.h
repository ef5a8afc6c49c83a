/* The schema of the database, in numbered steps. SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTES_MIGRATIONS_H
#define NOTES_MIGRATIONS_H

#include <asgi.h>

/* What differs between the engines. Functions return 0 with the reason in `fault`. */
typedef struct migration_engine {
    int number;        /* of the engine's SQL in the table: 0 SQLite, 1 PostgreSQL */
    const char *begin; /* begins a transaction, and waits until no other process migrates */
    int (*run)(void *connection, const char *sql, char *fault, size_t room);
    int (*read)(void *connection, const char *sql, int64_t *value, char *fault, size_t room);
} migration_engine;

/* Applies the migrations that are missing, in one transaction. Returns 0 with the reason in `fault`: also if the database
 * has a migration that this version does not know. */
int migrate(const asgi_scope *scope, const migration_engine *engine, void *connection, char *fault, size_t room);

#endif
