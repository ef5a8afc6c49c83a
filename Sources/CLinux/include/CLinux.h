/* What Swift's Glibc lacks: calls that want _GNU_SOURCE, and a variable of the thread. SPDX-License-Identifier: Apache-2.0 */
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
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

/* The arguments of the process's main, without /proc; the path that execve was given, or NULL. */
int roost_argument_count(void);
const char *roost_argument(int at);
const char *roost_executed_path(void);

/* Has no program that a child executes inherit a descriptor from this one on (close_range(2), Linux 5.11). Below zero with errno. */
int roost_close_on_exec_from(unsigned first);

/* Returns free memory of the allocator to the system, where the allocator can (malloc_trim(3)); that of the calling thread too. Returns
 * the CPU time that it took, in seconds. */
double roost_trim_memory(void);

/* Sets owner, group (the greatest number: unchanged) and mode of a socket file that this process has just bound. Follows no link, and
 * changes nothing but a socket of this user. Below zero with errno. */
int roost_set_socket_access(const char *path, uint32_t user, uint32_t group, uint32_t mode);

/* Whether a file has a POSIX access-control list (acl(5)); follows links. Below zero with errno: the list cannot be read. */
int roost_has_access_list(const char *path);

/* Ends this process when its parent ends. */
void roost_die_with_parent(void);

/* No execve of this process, or of its children, gives it more than it has (PR_SET_NO_NEW_PRIVS). Below zero with errno. */
int roost_no_new_privileges(void);
/* The process becomes another user for good. Below zero with errno. */
int roost_become(uint32_t user, uint32_t group);

/* A descriptor of signals (signalfd(2)), which are blocked for the calling thread and those that it starts; reading one that
 * says nothing answers 0. */
int roost_signals_make(const int *signals, int count);
int roost_signals_read(int file);

/* Has a handler do nothing for these signals, on whichever thread: unlike SIG_IGN, nothing of it goes on to what a child executes. */
void roost_signals_drop(const int *signals, int count);
/* The same for a signal that is ignored (SIG_IGN); nothing for others. */
void roost_signal_unignore(int number);
/* Has a handler write the numbers of these signals, a byte each, into a pipe, whose end for reading this answers; a process that was forked off
 * writes nothing. Once a process. Below zero with errno. */
int roost_signals_catch(const int *signals, int count);
/* Unblocks all signals for the calling thread, which may have been started by one that blocks them, where this process catches signals: what a module
 * executes inherits the mask. */
void roost_signals_unblock(void);

/* A pipe, its end for reading first, that no child inherits: at once, since another thread may start one. Below zero with errno. */
int roost_pipe_make(int ends[2], int nonblocking);

/* Memory with a descriptor, of this size for good: who has it mapped is safe from others. */
int roost_memory_make(const char *name, size_t size);

/* Where some bytes are first in others (memmem(3)); NULL: nowhere. */
const void *roost_memory_find(const void *memory, size_t size, const void *what, size_t what_size);

/* Opens a file for reading that is below a folder, whatever `..` and links say (openat2(2), RESOLVE_BENEATH). Below zero with errno. */
int roost_open_below(const char *folder, const char *path);

/* Calls `object` for each object that this process has loaded, in the loader's order but for the first `skip`, and `needs` after it for each name
 * that the object needs (DT_NEEDED). `path` is "" for the program; `soname` may be NULL. The texts stay as long as the object. */
void roost_loaded_objects(
    size_t skip, void (*object)(void *context, const char *path, const char *soname),
    void (*needs)(void *context, const char *name), void *context);

/* How many objects are loaded, and how many were unloaded so far: while the latter is the same, what is loaded comes behind the former. */
void roost_object_counts(size_t *loaded, uint64_t *unloaded);

/* The address of a symbol that the object of `handle` (dlopen(3)) defines itself; NULL: it defines none, whatever the objects do that it needs. */
void *roost_own_symbol(void *handle, const char *name);

/* Sends a signal to one thread of another process. */
int roost_signal_thread(int process, int thread, int number);

#endif
