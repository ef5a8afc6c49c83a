/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CWorker.h"
#include <asgi.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

/* The images of applications: added when modules are loaded, read by the handlers, never removed. */
#define IMAGES 1024
static struct image {
    uintptr_t start, end;
    uint32_t application;
} images[IMAGES];
static unsigned image_count;

static roost_page *page;
static pid_t worker;          /* the process that the page belongs to; its children report nothing */
static int32_t dying;         /* the thread whose crash or exit is being reported */
static int has_reported_exit; /* whether that thread ends the process by exit */
static int has_ended;         /* whether the worker itself ends the process */
static unsigned thread_count; /* number of records of the page that threads have taken */
static _Thread_local roost_call own_call;
static _Thread_local roost_call *used_call;

roost_call *roost_thread_call(void)
{
    unsigned number;
    if (used_call) return used_call;
    used_call = &own_call;
    if (!page) return used_call;
    number = __atomic_load_n(&thread_count, __ATOMIC_RELAXED);
    while (number < ROOST_THREADS &&
           !__atomic_compare_exchange_n(&thread_count, &number, number + 1, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) continue;
    if (number < ROOST_THREADS) used_call = &page->threads[number];
    used_call->thread = (int32_t)gettid();
    return used_call;
}

void roost_use_call(roost_call *call)
{
    used_call = call;
    call->thread = (int32_t)gettid();
}

void roost_prepare_thread(void)
{
    enum { SIZE = 64 << 10 };
    stack_t stack = {.ss_size = SIZE};
    sigset_t asked;
    if (!page) return; /* No handlers are installed. */
    /* The thread may have started with all signals blocked. */
    sigemptyset(&asked);
    sigaddset(&asked, roost_stall_signal());
    pthread_sigmask(SIG_UNBLOCK, &asked, NULL);
    stack.ss_sp = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack.ss_sp == MAP_FAILED) return; /* A stack overflow of this thread is then not reported. */
    if (sigaltstack(&stack, NULL) != 0) munmap(stack.ss_sp, SIZE);
}

/* ---- Applications by image ------------------------------------------------------------------------------------- */

struct search {
    uintptr_t address, start, end;
};

static int look(struct dl_phdr_info *info, size_t size, void *context)
{
    struct search *search = context;
    uintptr_t start = UINTPTR_MAX, end = 0;
    int at;
    (void)size;
    for (at = 0; at < info->dlpi_phnum; at++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[at];
        if (part->p_type != PT_LOAD) continue;
        if (info->dlpi_addr + part->p_vaddr < start) start = info->dlpi_addr + part->p_vaddr;
        if (info->dlpi_addr + part->p_vaddr + part->p_memsz > end) end = info->dlpi_addr + part->p_vaddr + part->p_memsz;
    }
    if (search->address < start || search->address >= end) return 0;
    search->start = start;
    search->end = end;
    return 1;
}

void roost_name_image(const void *address, uint32_t application)
{
    struct search search = {.address = (uintptr_t)address};
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    unsigned count;
    if (!dl_iterate_phdr(look, &search)) return;
    pthread_mutex_lock(&lock); /* Applications may be loaded concurrently. Readers (signal handlers) take no lock. */
    count = image_count;
    if (count < IMAGES) {
        images[count] = (struct image){search.start, search.end, application};
        __atomic_store_n(&image_count, count + 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&lock);
}

static uint32_t application_at(uintptr_t address)
{
    unsigned at, count = __atomic_load_n(&image_count, __ATOMIC_ACQUIRE);
    for (at = 0; at < count; at++)
        if (address >= images[at].start && address < images[at].end) return images[at].application;
    return 0;
}

/* ---- Reports --------------------------------------------------------------------------------------------------- */

/* Copies memory that may not be mapped. Returns whether it was. */
static int copy(void *to, const void *from, size_t size)
{
    struct iovec here = {to, size}, there = {(void *)from, size};
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)size;
}

static void copy_text(char *to, size_t room, const asgi_string *from)
{
    size_t size = from->size < room - 1 ? from->size : room - 1;
    if (!from->data || !copy(to, from->data, size)) size = 0;
    to[size] = 0;
}

/* Copies a path. If it is too long, its end is kept, which is more specific. */
static void copy_end(char *to, size_t room, const char *from)
{
    size_t size = strlen(from);
    if (size >= room) from += size - (room - 1);
    strncpy(to, from, room - 1);
    to[room - 1] = 0;
}

/* Describes the thread's current call. Takes no lock, and never reads unmapped memory. */
static void describe_call(roost_report *report)
{
    const roost_call *call = used_call;
    asgi_scope scope;
    if (!call || !(call->count & 1)) return;
    report->application = call->application;
    if (!call->scope || !copy(&scope, (const void *)(uintptr_t)call->scope, sizeof scope)) return;
    copy_text(report->method, sizeof report->method, &scope.method);
    copy_text(report->path, sizeof report->path, &scope.path);
}

/* Returns the address at which a signal has interrupted its thread; 0 on an unsupported architecture. */
static uintptr_t interrupted(const void *context)
{
#if defined(__x86_64__)
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

/* Describes the stack from the frame `top` on (0: all frames): first the addresses, then the names, which needs the
 * loader's lock. */
static void describe_stack(roost_report *report, uintptr_t top)
{
    void *addresses[ROOST_FRAMES + 8];
    int at, skipped = 0, found = backtrace(addresses, ROOST_FRAMES + 8);
    for (at = 0; at < found; at++)
        if ((uintptr_t)addresses[at] == top) skipped = at;
    found -= skipped;
    if (found > ROOST_FRAMES) found = ROOST_FRAMES;
    for (at = 0; at < found; at++) {
        report->frames[at].address = (uintptr_t)addresses[at + skipped];
        if (!report->application) report->application = application_at((uintptr_t)addresses[at + skipped]);
    }
    report->frame_count = (uint32_t)found;
    for (at = 0; at < found; at++) {
        roost_frame *frame = &report->frames[at];
        Dl_info info;
        /* A return address points after its call. */
        if (!dladdr((void *)(uintptr_t)(frame->address - (at > 0)), &info)) continue;
        if (info.dli_fname) copy_end(frame->library, sizeof frame->library, info.dli_fname);
        frame->offset = frame->address - (uintptr_t)(info.dli_sname ? info.dli_saddr : info.dli_fbase);
        if (info.dli_sname) {
            strncpy(frame->symbol, info.dli_sname, sizeof frame->symbol - 1);
            frame->symbol[sizeof frame->symbol - 1] = 0;
        }
    }
}

static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
enum { FATAL = sizeof fatal / sizeof *fatal };

/* The actions before this file's, of the fatal signals and of the stall signal: of an interpreter that writes the stack
 * of its language. */
static struct sigaction fatal_before[FATAL], stall_before;

/* Restores the default actions, which end the process. */
static void restore_defaults(void)
{
    size_t at;
    for (at = 0; at < FATAL; at++) signal(fatal[at], SIG_DFL);
}

/* Restores the actions before: the handler of an interpreter runs next, and ends the process. */
static void restore_before(void)
{
    size_t at;
    for (at = 0; at < FATAL; at++) sigaction(fatal[at], &fatal_before[at], NULL);
}

/* Raises the signal again, whose disposition is the one before now, so that it ends the process. A fault recurs by itself
 * when the handler returns to the same instruction. A signal that was sent does not, nor a trap, which is reported
 * after its instruction. */
static void raise_again(int number, const siginfo_t *info)
{
    if (info->si_code <= 0 || number == SIGTRAP || number == SIGSYS || number == SIGBUS)
        syscall(SYS_tgkill, getpid(), gettid(), number);
}

/* Ends the process if a report takes longer than two seconds: a thread that waits for this one may hold the loader's
 * lock. */
static void bound_report(sigset_t *before)
{
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarms, before);
    alarm(2);
}

static void on_crash(int number, siginfo_t *info, void *context)
{
    int32_t nobody = 0, me = (int32_t)gettid();
    sigset_t before;
    if (getpid() != worker) {
        restore_defaults(); /* A child process of the worker crashed, not the worker. */
        raise_again(number, info);
        return;
    }
    if (!__atomic_compare_exchange_n(&dying, &nobody, me, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        /* Another thread has crashed, and ends the process. A thread that has called exit may wait for this one. */
        if (nobody != me && !__atomic_load_n(&has_reported_exit, __ATOMIC_ACQUIRE))
            for (;;) pause();
        restore_defaults(); /* Otherwise the report itself has crashed. */
        raise_again(number, info);
        return;
    }
    page->crash.state = 1;
    page->crash.signal = number;
    page->crash.address = (uintptr_t)info->si_addr;
    if (info->si_code <= 0) page->crash.address = 0; /* The signal was sent: there is no address. */
    signal(SIGALRM, SIG_DFL);
    bound_report(&before);
    describe_call(&page->crash);
    describe_stack(&page->crash, interrupted(context));
    page->crash.state = 2;
    restore_before();
    raise_again(number, info);
}

void roost_report_exit(void)
{
    int32_t nobody = 0;
    struct sigaction fatal_alarm = {.sa_handler = SIG_DFL}, action;
    sigset_t mask;
    if (!page || getpid() != worker || __atomic_load_n(&has_ended, __ATOMIC_ACQUIRE)) return;
    if (!__atomic_compare_exchange_n(&dying, &nobody, (int32_t)gettid(), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return;
    __atomic_store_n(&has_reported_exit, 1, __ATOMIC_RELEASE);
    page->crash.state = 1;
    sigemptyset(&fatal_alarm.sa_mask);
    sigaction(SIGALRM, &fatal_alarm, &action);
    bound_report(&mask);
    describe_call(&page->crash);
    describe_stack(&page->crash, 0);
    page->crash.state = 2;
    /* Functions registered by atexit run next, and may use alarms of their own. */
    alarm(0);
    sigaction(SIGALRM, &action, NULL);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void on_stall(int number, siginfo_t *info, void *context)
{
    int before = errno;
    page->stall.state = 1;
    describe_call(&page->stall);
    describe_stack(&page->stall, interrupted(context));
    page->stall.state = 2;
    if (stall_before.sa_flags & SA_SIGINFO) stall_before.sa_sigaction(number, info, context);
    else if (stall_before.sa_handler != SIG_DFL && stall_before.sa_handler != SIG_IGN) stall_before.sa_handler(number);
    errno = before;
}

int roost_stall_signal(void) { return SIGRTMAX - 3; }

void roost_report_crashes(roost_page *given)
{
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    void *first[1];
    size_t at;
    page = given;
    worker = getpid();
    (void)backtrace(first, 1); /* The first call loads a library, which a handler must not do. */
    sigemptyset(&action.sa_mask);
    for (at = 0; at < FATAL; at++) sigaction(fatal[at], &action, &fatal_before[at]);
    action.sa_sigaction = on_stall;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigaction(roost_stall_signal(), &action, &stall_before);
    /* CExit covers `_exit`, and the records of calls a raw exit_group(2). */
    atexit(roost_report_exit);
    at_quick_exit(roost_report_exit);
    roost_prepare_thread();
}

void roost_end_reports(void)
{
    __atomic_store_n(&has_ended, 1, __ATOMIC_RELEASE);
    if (page) __atomic_store_n(&page->has_left, 1, __ATOMIC_RELEASE);
}
