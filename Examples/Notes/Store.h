/* The store of notes: one interface, two engines. SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTES_STORE_H
#define NOTES_STORE_H

#include <asgi_urls.h>

typedef struct note {
    int64_t id;
    asgi_string text;
    asgi_string created; /* "2026-01-31T12:00:00Z" */
} note;

/* Each operation has one SQL statement, which returns the notes that it concerns. */
typedef enum operation { LIST_NOTES, FIND_NOTE, ADD_NOTE, REMOVE_NOTE } operation;
enum { OPERATIONS = 4 };

/* An operation of a request. Allocated with asgi_allocate: valid as long as the request. */
typedef struct task {
    asgi_request *request;
    struct store *store;
    operation operation;
    int64_t id;       /* of the note; for LIST_NOTES that of the note before the first                          */
    int64_t limit;    /* of LIST_NOTES                                                                          */
    asgi_string text; /* of ADD_NOTE                                                                            */

    /* The answer, for `then`. The result is ASGI_DONE; ASGI_FULL if the database was not reached; ASGI_FAILED if the
     * connection was lost, and the operation may be done or not; ASGI_CANCELLED if the request has ended; ASGI_INVALID
     * after any other error. */
    asgi_result result;
    const note *notes;
    size_t count;
    const char *error; /* with ASGI_INVALID */
} task;

/* An open database. */
typedef struct store {
    /* Starts an operation. [loop] Returns ASGI_PENDING if `then` follows; ASGI_FULL if too much is pending. */
    asgi_result (*start)(struct store *store, task *t);

    /* Closes the database, and frees the store. [control] */
    void (*close)(struct store *store);

    /* Called with the answer, on the request's loop or on a thread of the pool. The answer is valid during the call. */
    void (*then)(task *t);
} store;

/* Opens the database of the settings, and applies the migrations. [control] Returns NULL with the reason in `fault`. */
store *sqlite_open(const asgi_scope *scope, char *fault, size_t room);
store *postgres_open(const asgi_scope *scope, char *fault, size_t room);

#endif
