/* Rooms: who is in them, and their last messages. SPDX-License-Identifier: Apache-2.0
 *
 * Every function is called with rooms_lock held, from any loop: what a room remembers and what its members are sent is then in
 * one order. */
#ifndef CHAT_ROOM_H
#define CHAT_ROOM_H

#include "Text.h"
#include <pthread.h>

enum {
    room_messages = 100,     /* that a room remembers                                        */
    room_limit = 1000,       /* rooms; when there are as many, one that is empty is forgotten */
    room_people = 1000,      /* in one room                                                  */
    room_name_limit = 64,    /* bytes of a room's name                                       */
    person_name_limit = 80,  /* bytes of somebody's name                                     */
    message_limit = 4000     /* bytes of a message                                           */
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
    person *people; /* in the order they came, the last first */
    size_t people_count;
    text messages[room_messages]; /* each as JSON; a ring */
    size_t first, count;
    uint64_t last_number, last_used;
} room;

extern pthread_mutex_t rooms_lock;

/* The room of that name, made when it is not there. NULL: there are too many, or there is no memory. */
room *room_named(asgi_string name);

/* Puts somebody into a room. NULL, or why not. */
const char *room_enter(room *r, person *p, asgi_string name);

/* Calls somebody in the room otherwise. NULL, or why not. */
const char *room_rename(room *r, person *p, asgi_string name);

void room_leave(room *r, person *p);

/* Remembers a message; the room's, valid while the lock is held. Empty: there is no memory. */
asgi_string room_say(room *r, const person *p, asgi_string words);

/* Calls `each` with every room. */
void rooms_each(void (*each)(const room *r, void *context), void *context);

/* Remembers a message as it was written down before; what a room has no place for is forgotten. */
void room_recall(room *r, asgi_string message);

/* {"type":"people",...}: who is here. */
void room_write_people(const room *r, text *to);

/* {"type":"room",...}: who is here, and what was said. */
void room_write_all(const room *r, text *to);

#endif
