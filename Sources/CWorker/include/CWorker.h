/* Memory that a worker shares with its supervisor, and the handlers that write into it when the worker crashes or exits.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The worker writes the page. The supervisor reads it and trusts nothing in it: every text is bounded, and numbers are only
 * displayed. Handlers do not allocate. Steps that could wait for a lock come last, and an alarm bounds them. */
#ifndef CWORKER_H
#define CWORKER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ROOST_LOOPS 256
/* Threads that block: those of the pool (--blocking-threads) and those that applications start and stop on. */
#define ROOST_THREADS 2048
#define ROOST_FRAMES 32

/* What a thread does for a module; of a loop also its counters. Written by that thread only. */
typedef struct roost_call {
    uint64_t count;       /* odd while a module's function runs; a new number for each call                   */
    uint64_t owner;       /* the module's generation, and ...                                                 */
    uint64_t scope;       /* ... the asgi_scope, or 0: addresses in the worker's own memory                   */
    uint64_t turned;      /* when the loop last answered a ping, in nanoseconds of the monotonic clock        */
    uint64_t requests;    /* scopes that have begun                                                           */
    uint64_t failures;    /* of those, the number that the application left unanswered or cut                 */
    uint32_t application; /* the number of the application in the worker's order; 0: none                     */
    uint32_t connections; /* at the last ping                                                                 */
    uint32_t scopes;      /* at the last ping: requests and WebSockets that have not ended                    */
    int32_t thread;       /* the id of the thread (gettid(2))                                                 */
} roost_call;

/* One frame of a stack. */
typedef struct roost_frame {
    uint64_t address;
    uint64_t offset;   /* from the symbol, or, without one, from the start of the library */
    char library[192]; /* the end of its path */
    char symbol[160];
} roost_frame;

/* The stack of a thread that crashed, that called exit, or whose loop is stalled. */
typedef struct roost_report {
    uint32_t state;       /* 0: none; 1: begun; 2: complete */
    int32_t signal;       /* 0: the process called exit, or the supervisor asked for the report */
    uint64_t address;     /* the address that caused the fault */
    uint32_t application; /* as in roost_call; 0: not known */
    uint32_t frame_count;
    char method[32];
    char path[512];
    roost_frame frames[ROOST_FRAMES];
} roost_report;

typedef struct roost_page {
    roost_call loops[ROOST_LOOPS];
    roost_call threads[ROOST_THREADS];
    roost_report crash;
    roost_report stall;
    uint32_t has_left; /* the worker has ended the process itself */
} roost_page;

static inline roost_call *roost_page_loop(roost_page *page, int number) { return &page->loops[number]; }
static inline roost_call *roost_page_thread(roost_page *page, int number) { return &page->threads[number]; }
static inline const roost_frame *roost_report_frame(const roost_report *report, int number)
{
    return &report->frames[number];
}
static inline size_t roost_report_method(const roost_report *report) { return strnlen(report->method, sizeof report->method); }
static inline size_t roost_report_path(const roost_report *report) { return strnlen(report->path, sizeof report->path); }
static inline size_t roost_frame_library(const roost_frame *frame) { return strnlen(frame->library, sizeof frame->library); }
static inline size_t roost_frame_symbol(const roost_frame *frame) { return strnlen(frame->symbol, sizeof frame->symbol); }
static inline const char *roost_report_method_text(const roost_report *report) { return report->method; }
static inline const char *roost_report_path_text(const roost_report *report) { return report->path; }
static inline const char *roost_frame_library_text(const roost_frame *frame) { return frame->library; }
static inline const char *roost_frame_symbol_text(const roost_frame *frame) { return frame->symbol; }

/* Marks the begin and the end of a call of a module. Other threads and processes may read at any time. */
static inline void roost_call_enter(roost_call *call, uint64_t owner, uint32_t application, uint64_t scope)
{
    __atomic_store_n(&call->owner, owner, __ATOMIC_RELAXED);
    __atomic_store_n(&call->scope, scope, __ATOMIC_RELAXED);
    __atomic_store_n(&call->application, application, __ATOMIC_RELAXED);
    __atomic_store_n(&call->count, call->count + 1, __ATOMIC_RELEASE);
}
static inline void roost_call_leave(roost_call *call)
{
    __atomic_store_n(&call->count, call->count + 1, __ATOMIC_RELEASE);
}
static inline uint64_t roost_call_count(const roost_call *call) { return __atomic_load_n(&call->count, __ATOMIC_SEQ_CST); }
static inline uint64_t roost_call_owner(const roost_call *call) { return __atomic_load_n(&call->owner, __ATOMIC_ACQUIRE); }
/* Only the loop itself counts. */
static inline void roost_call_count_request(roost_call *call)
{
    __atomic_store_n(&call->requests, call->requests + 1, __ATOMIC_RELAXED);
}
static inline void roost_call_count_failure(roost_call *call)
{
    __atomic_store_n(&call->failures, call->failures + 1, __ATOMIC_RELAXED);
}
static inline void roost_call_turned(roost_call *call, uint32_t connections, uint32_t scopes, uint64_t now)
{
    __atomic_store_n(&call->connections, connections, __ATOMIC_RELAXED);
    __atomic_store_n(&call->scopes, scopes, __ATOMIC_RELAXED);
    __atomic_store_n(&call->turned, now, __ATOMIC_RELEASE);
}
static inline uint64_t roost_call_last_turn(const roost_call *call) { return __atomic_load_n(&call->turned, __ATOMIC_ACQUIRE); }

/* Returns the record of the calling thread, which is not a loop: one in the page, or, when all are taken or there is no page, one
 * of its own. */
roost_call *roost_thread_call(void);
/* Has the calling thread, a loop, use this record. */
void roost_use_call(roost_call *call);
/* Installs an alternate signal stack for the calling thread, so that an overflow of its stack can be reported. */
void roost_prepare_thread(void);

/* Declares that the image which holds `address` is that of an application: crashes in it are attributed to the application,
 * whichever thread they happen on. */
void roost_name_image(const void *address, uint32_t application);

/* Reports crashes and exits of this process, but not of its children, to `page`. The process ends all the same. The page stays. */
void roost_report_crashes(roost_page *page);
/* Reports that a module has called exit, _exit or quick_exit. Does nothing in a child process, without a page, and after
 * roost_end_reports. */
void roost_report_exit(void);
/* Notes in the page that the worker leaves by itself: an exit from here on is no module's. */
void roost_end_reports(void);

/* The signal that has a thread write its stack into `stall` (tgkill(2)). */
int roost_stall_signal(void);

#endif
