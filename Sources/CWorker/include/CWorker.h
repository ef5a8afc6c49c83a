/* Memory that a worker shares with its supervisor, and the handlers that write into it when the worker crashes or
 * exits.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The worker writes the page. The supervisor reads it and trusts nothing in it: every string is bounded, and numbers
 * are only displayed. The handlers do not allocate. Steps that could wait for a lock come last, and an alarm bounds
 * them. */
#ifndef CWORKER_H
#define CWORKER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Maximum number of event loops. */
#define ROOST_LOOPS 256
/* Maximum number of records for blocking threads: those of the pool (--blocking-threads), and those on which
 * applications start and stop. */
#define ROOST_THREADS 2048
/* Maximum number of frames of a reported stack. */
#define ROOST_FRAMES 32

/* The current call of a thread, and the counters of an event loop. Written by that thread only. */
typedef struct roost_call {
    uint64_t count;       /* increases at the begin and the end of a call: odd while a module's function runs */
    uint64_t owner;       /* address of the generation, in the worker's memory                                */
    uint64_t scope;       /* address of the asgi_scope, in the worker's memory; 0 if there is none            */
    uint64_t turned;      /* when the loop last answered a ping, in nanoseconds of the monotonic clock        */
    uint64_t requests;    /* number of scopes that have begun                                                 */
    uint64_t failures;    /* of those, the number whose response was missing or incomplete                    */
    uint32_t application; /* number of the application in the worker's order; 0 if there is none              */
    uint32_t connections; /* number of connections at the last ping                                           */
    uint32_t scopes;      /* number of unfinished requests and WebSockets at the last ping                    */
    int32_t thread;       /* the id of the thread (gettid(2))                                                 */
} roost_call;

/* One frame of a stack. */
typedef struct roost_frame {
    uint64_t address;
    uint64_t offset;   /* from the symbol; without a symbol from the start of the library */
    char library[192]; /* the end of its path */
    char symbol[160];
} roost_frame;

/* The stack of a thread that crashed, that called exit, or whose loop is stalled. */
typedef struct roost_report {
    uint32_t state;       /* 0: none; 1: begun; 2: complete */
    int32_t signal;       /* 0: the process called exit, or the supervisor asked for the report */
    uint64_t address;     /* the address that caused the fault */
    uint32_t application; /* as in roost_call; 0 if unknown */
    uint32_t frame_count;
    char method[32];
    char path[512];
    roost_frame frames[ROOST_FRAMES];
} roost_report;

/* The memory that a worker shares with its supervisor. */
typedef struct roost_page {
    roost_call loops[ROOST_LOOPS];
    roost_call threads[ROOST_THREADS];
    roost_report crash;
    roost_report stall;
    uint32_t has_left; /* the worker itself ends the process */
} roost_page;

/* Access to arrays in structs, for Swift. A function without "_text" returns the size of a bounded string. */
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

/* Record the begin and the end of a call of a module. Other threads and processes may read the record at any time. */
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
/* Counters of a loop. Called on the loop only. */
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

/* Returns the record of the calling thread, which is not a loop: one in the page; or one of its own, if all are taken
 * or there is no page. */
roost_call *roost_thread_call(void);
/* Sets the record of the calling thread, which is a loop. */
void roost_use_call(roost_call *call);
/* Installs an alternate signal stack for the calling thread, so that an overflow of its stack can be reported. */
void roost_prepare_thread(void);

/* Registers the image that contains `address` for an application: crashes in it are attributed to the application, on
 * whichever thread they happen. */
void roost_name_image(const void *address, uint32_t application);

/* Installs the handlers that report crashes and exits of this process, but not of its children, to `page`. The process
 * ends all the same. `page` must stay mapped. */
void roost_report_crashes(roost_page *page);
/* Reports that a module has called exit, _exit or quick_exit. Does nothing in a child process, without a page, and
 * after roost_end_reports. */
void roost_report_exit(void);
/* Records in the page that the worker itself ends the process: a later exit is not attributed to a module. */
void roost_end_reports(void);

/* Returns the signal that makes a thread write its stack into `stall` (tgkill(2)). */
int roost_stall_signal(void);

#endif
