/* What a worker shares with its supervisor: a page of memory, and the handlers that write into it in the moment of a crash.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The page is the worker's to write and the supervisor's to read, which believes nothing of it: every text is bounded, every
 * number only shown. Handlers call nothing that allocates; what could wait for a lock comes last, and an alarm ends it. */
#ifndef CWORKER_H
#define CWORKER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ROOST_LOOPS 256
#define ROOST_FRAMES 32

/* What a thread does for a module, and for a loop its counts. Written by that thread only. */
typedef struct roost_call {
    uint64_t count;       /* odd while a module's function runs; another number for each                      */
    uint64_t owner;       /* whose it is, and ...                                                             */
    uint64_t scope;       /* ... for which scope (an asgi_scope), or 0: addresses of the worker's own memory  */
    uint64_t turned;      /* when the loop last answered, nanoseconds of the monotonic clock                  */
    uint64_t requests;    /* scopes begun                                                                     */
    uint64_t failures;    /* of those, how many their application left unanswered, or cut                     */
    uint32_t application; /* which application's it is, as the worker's order numbers them; 0: none's         */
    uint32_t connections; /* as of the last answer                                                            */
    uint32_t scopes;      /* the same: requests and WebSockets that have not ended                            */
    int32_t thread;       /* the thread's id (gettid(2))                                                      */
} roost_call;

/* One place of a stack. */
typedef struct roost_frame {
    uint64_t address;
    uint64_t offset;  /* from the symbol, or, without one, from the start of the library */
    char library[96]; /* the end of its path */
    char symbol[160];
} roost_frame;

/* What was found on the stack of a thread that crashed, or that a loop hangs in. */
typedef struct roost_report {
    uint32_t state;      /* 0: none; 1: it has begun; 2: it is whole */
    int32_t signal;      /* 0: the process called exit, or the report was asked for */
    uint64_t address;    /* what could not be reached */
    uint32_t application; /* as in roost_call; 0: it is not known */
    uint32_t frame_count;
    char method[32];
    char path[512];
    roost_frame frames[ROOST_FRAMES];
} roost_report;

typedef struct roost_page {
    roost_call loops[ROOST_LOOPS];
    roost_report crash;
    roost_report stall;
} roost_page;

static inline roost_call *roost_page_loop(roost_page *page, int number) { return &page->loops[number]; }
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

/* A call of a module begins, and ends. Other threads, and other processes, may look at any time. */
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
/* Its loop, and nobody else, counts. */
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

/* The record of the calling thread, which is no loop: where the handlers find what it does. */
roost_call *roost_thread_call(void);
/* Has the calling thread, a loop, use this record. */
void roost_use_call(roost_call *call);
/* Gives the calling thread a stack to die on: that of an overflow cannot be used. */
void roost_prepare_thread(void);

/* Says that the image that `address` lies in is that of an application: a crash in it is laid at its door, on whichever thread. */
void roost_name_image(const void *address, uint32_t application);

/* Has crashes of this process, and calls of exit, reported to `page`; the process dies of them all the same. The page stays. */
void roost_report_crashes(roost_page *page);

/* The signal that has a thread write its stack into `stall` (tgkill(2)). */
int roost_stall_signal(void);

#endif
