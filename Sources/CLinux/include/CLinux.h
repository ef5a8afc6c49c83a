/* What Swift's Glibc lacks: calls that want _GNU_SOURCE, and a variable of the thread. SPDX-License-Identifier: Apache-2.0 */
#ifndef CLINUX_H
#define CLINUX_H

#include <stdint.h>

/* The loop that runs on this thread, or NULL. Set once by the thread itself. */
void *roost_current_loop(void);
void roost_set_current_loop(void *loop);

/* Has memory brought nearer that will be written soon. */
static inline void roost_prefetch(const void *memory) { __builtin_prefetch(memory, 1); }

/* Instances of epoll (epoll(7)): descriptors that a thread waits for together. Each is armed for one event, with the number
 * that names it; armed again, it is for the new conditions. All answer below zero with errno. */
int roost_epoll_make(void);
int roost_epoll_arm(int epoll, int file, int readable, int writable, uint64_t number);
int roost_epoll_disarm(int epoll, int file);
typedef struct roost_epoll_event {
    uint64_t number;
    int readable, writable;
} roost_epoll_event;
/* Waits for ever; at most 64 at once. */
int roost_epoll_wait(int epoll, roost_epoll_event *events, int count);

/* Ends this process when its parent ends. */
void roost_die_with_parent(void);

#endif
