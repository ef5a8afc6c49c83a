/* What Swift's Glibc lacks: calls that need _GNU_SOURCE, and a thread-local variable.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A function "below zero with errno" returns a negative value and sets errno if it fails. */
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <stdint.h>

/* The event loop of the calling thread; NULL if it has none. Each loop sets it once, on its own thread. */
void *roost_current_loop(void);
void roost_set_current_loop(void *loop);

/* Prefetches memory that will be written soon. */
static inline void roost_prefetch(const void *memory) { __builtin_prefetch(memory, 1); }

/* epoll(7), level-triggered. roost_epoll_set adds a descriptor, which is reported with `number`; a second call replaces
 * the conditions. All functions: below zero with errno. */
int roost_epoll_make(void);
int roost_epoll_set(int epoll, int file, int readable, int writable, uint64_t number);
int roost_epoll_remove(int epoll, int file);
typedef struct roost_epoll_event {
    uint64_t number;
    int readable, writable;
} roost_epoll_event;
/* Returns the number of events, at most 64, without waiting. */
int roost_epoll_events(int epoll, roost_epoll_event *events, int count);

/* An eventfd(2), nonblocking. roost_event_make: below zero with errno. */
int roost_event_make(void);
void roost_event_signal(int event);

/* A poll of a descriptor by the kernel, which signals an eventfd when the descriptor is readable. By Linux AIO
 * (IOCB_CMD_POLL, Linux 4.18), so that no thread waits; by a thread if the kernel has no AIO (gVisor), or if
 * `by_thread` is not 0. Not thread-safe.
 *
 * A poll is for one event. roost_poll_start starts the next one; below zero with errno. roost_poll_completed returns
 * whether the started poll has completed, and reports that once. roost_poll_make returns NULL with errno. */
typedef struct roost_poll roost_poll;
roost_poll *roost_poll_make(int file, int event, int by_thread);
int roost_poll_start(roost_poll *poll);
int roost_poll_completed(roost_poll *poll);
void roost_poll_destroy(roost_poll *poll);

/* The arguments of main, without /proc. roost_executed_path: the path that was passed to execve; NULL if unknown. */
int roost_argument_count(void);
const char *roost_argument(int at);
const char *roost_executed_path(void);

/* Sets close-on-exec for all descriptors from `first` on (close_range(2), Linux 5.11). Below zero with errno. */
int roost_close_on_exec_from(unsigned first);

/* Gives free memory of the allocator back to the system, including the calling thread's, if the allocator supports it
 * (malloc_trim(3)). Returns the CPU time that this took, in seconds. */
double roost_trim_memory(void);

/* Sets owner, group and mode of a socket file that this process has just bound; an owner or group of UINT32_MAX is
 * unchanged. Follows no link, and changes only a socket that belongs to this user. Below zero with errno. */
int roost_set_socket_access(const char *path, uint32_t user, uint32_t group, uint32_t mode);

/* Returns whether a file has a POSIX access-control list (acl(5)); follows links. Below zero with errno. */
int roost_has_access_list(const char *path);

/* Has the kernel kill this process when its parent ends (PR_SET_PDEATHSIG). */
void roost_set_parent_death_signal(void);

/* Prevents this process and its children from gaining privileges by execve (PR_SET_NO_NEW_PRIVS). Below zero with
 * errno. */
int roost_no_new_privileges(void);
/* Switches the process to another user and group permanently. Below zero with errno. */
int roost_switch_user(uint32_t user, uint32_t group);

/* Blocks signals for the calling thread and the threads that it starts, and returns a descriptor for them
 * (signalfd(2)). Below zero with errno. roost_signals_read returns the number of a signal; 0 if none is pending. */
int roost_signals_make(const int *signals, int count);
int roost_signals_read(int file);

/* Ignores signals by a handler that does nothing: unlike SIG_IGN, a program that a child executes does not inherit
 * it. */
void roost_signals_discard(const int *signals, int count);
/* The same for a signal whose disposition is SIG_IGN; no effect for others. */
void roost_signal_unignore(int number);
/* Installs a handler that writes the numbers of these signals into a pipe, one byte each, and returns the read end of
 * the pipe. The handler does nothing in a forked child. Called once in a process. Below zero with errno. */
int roost_signals_catch(const int *signals, int count);
/* Returns whether a signal is ignored, by SIG_IGN or by roost_signals_discard. */
int roost_signal_is_discarded(int number);
/* Sets the signal mask of the calling thread, which calls modules and may have been started by a thread that blocks
 * signals: a program that a module executes inherits the mask. The mask is that of the thread that first called
 * roost_signals_keep_mask; else empty, if this process has called roost_signals_catch; else unchanged. */
void roost_signals_set_mask(void);
/* Keeps the mask of the calling thread for roost_signals_set_mask: of the program that embeds a host. */
void roost_signals_keep_mask(void);

/* Makes a pipe with close-on-exec, read end first: atomically, since another thread may start a process. Below zero
 * with errno. */
int roost_pipe_make(int ends[2], int nonblocking);

/* Returns a descriptor of memory whose size is sealed: another process cannot truncate a mapping of it. Below zero with
 * errno. */
int roost_memory_make(const char *name, size_t size);

/* Returns the first occurrence of bytes in memory (memmem(3)); NULL if there is none. */
const void *roost_memory_find(const void *memory, size_t size, const void *what, size_t what_size);

/* Opens a file below a folder for reading; neither `..` nor a link leads out of the folder (openat2(2),
 * RESOLVE_BENEATH). Returns the descriptor. Below zero with errno. */
int roost_open_below(const char *folder, const char *path);

/* Opens a folder, to name files in it (O_PATH). Below zero with errno. */
int roost_open_folder(const char *path);

/* The same as roost_open_below, for an open folder. `cached`: fails with EAGAIN, or with EINVAL before Linux 5.12, if the
 * disk would have to be read (RESOLVE_CACHED). */
int roost_open_in(int folder, const char *path, int cached);

/* The identity of a file's contents; times in nanoseconds. */
typedef struct roost_file_facts {
    uint64_t device, inode;
    int64_t size, modified, changed;
    int is_regular, is_folder;
} roost_file_facts;

/* Describes an open file; or a file in an open folder, following links. Below zero with errno. */
int roost_facts_of(int file, roost_file_facts *facts);
int roost_facts_in(int folder, const char *path, roost_file_facts *facts);

/* Reads without waiting for the disk (preadv2(2), RWF_NOWAIT). Below zero with errno: EAGAIN if the bytes are not in
 * memory, EOPNOTSUPP if that is unknown. */
int64_t roost_read_cached(int file, void *bytes, size_t count, int64_t offset);

/* Calls `object` for each loaded object of this process, in the loader's order, without the first `skip` ones; after
 * it, `needs` for each name that the object depends on (DT_NEEDED). `path` is "" for the program; `soname` may be NULL.
 * The strings are valid as long as the object is loaded. */
void roost_loaded_objects(
    size_t skip, void (*object)(void *context, const char *path, const char *soname),
    void (*needs)(void *context, const char *name), void *context);

/* Returns the number of loaded objects, and of those that were unloaded so far. While the second number does not
 * change, new objects come after the first `loaded` ones. */
void roost_object_counts(size_t *loaded, uint64_t *unloaded);

/* Returns the address of a symbol that the object of `handle` (dlopen(3)) defines itself; NULL if it does not, even if
 * an object that it depends on does. */
void *roost_own_symbol(void *handle, const char *name);

/* Sends a signal to one thread of another process (tgkill(2)). Below zero with errno. */
int roost_signal_thread(int process, int thread, int number);

#endif
