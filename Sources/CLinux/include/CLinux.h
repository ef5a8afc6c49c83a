/* What Swift's Glibc lacks: calls that want _GNU_SOURCE, and a variable of the thread. SPDX-License-Identifier: Apache-2.0 */
#ifndef CLINUX_H
#define CLINUX_H

/* The loop that runs on this thread, or NULL. Set once by the thread itself. */
void *roost_current_loop(void);
void roost_set_current_loop(void *loop);

/* Has memory brought nearer that will be written soon. */
static inline void roost_prefetch(const void *memory) { __builtin_prefetch(memory, 1); }

/* Ends this process when its parent ends. */
void roost_die_with_parent(void);

#endif
