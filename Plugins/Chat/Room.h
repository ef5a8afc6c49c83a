/* Rooms: the people in them, and their last messages. SPDX-License-Identifier: Apache-2.0
 *
 * Every function must be called with rooms_lock held, from any event loop. The history of a room and what its members
 * receive are then in the same order. */
#ifndef CHAT_ROOM_H
#define CHAT_ROOM_H

#include "Text.h"
#include <pthread.h>

enum {
    room_messages = 100,     /* maximum number of stored messages per room                       */
    room_limit = 1000,       /* maximum number of rooms; above it an empty room is replaced      */
    room_people = 1000,      /* maximum number of people per room                                */
    room_name_limit = 64,    /* maximum size of a room's name, in bytes                          */
    person_name_limit = 80,  /* maximum size of a person's name, in bytes                        */
    message_limit = 4000     /* maximum size of a message, in bytes                              */
};

typedef struct person {
    struct person *next;
    char name[person_name_limit];
    size_t name_size;
} person;

typedef struct room {
    struct room *next;
    char name[room_name_limit];
    size_t name_size;
    person *people; /* newest first */
    size_t people_count;
    text messages[room_messages]; /* a ring buffer of JSON texts */
    size_t first, count;
    uint64_t last_number, last_used;
} room;

extern pthread_mutex_t rooms_lock;

/* Returns the room of this name, creating it if needed. NULL if there are too many rooms, or no memory. */
room *room_named(asgi_string name);

/* Adds a person to a room. Returns NULL, or the reason why not. */
const char *room_enter(room *r, person *p, asgi_string name);

/* Changes a person's name. Returns NULL, or the reason why not. */
const char *room_rename(room *r, person *p, asgi_string name);

void room_leave(room *r, person *p);

/* Stores a message. Returns it, valid while the lock is held; empty if there is no memory. */
asgi_string room_say(room *r, const person *p, asgi_string words);

/* Calls `each` with every room. */
void rooms_each(void (*each)(const room *r, void *context), void *context);

/* Removes all rooms without people. */
void rooms_forget(void);

/* Stores a message of a saved state. Drops the oldest message of a full room. */
void room_recall(room *r, asgi_string message);

/* Writes {"type":"people",...}: the people in the room. */
void room_write_people(const room *r, text *to);

/* Writes {"type":"room",...}: the people and the messages. */
void room_write_all(const room *r, text *to);

#endif
