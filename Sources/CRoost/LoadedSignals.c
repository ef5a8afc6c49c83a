/* Restores the program's signal dispositions when libRoost.so is loaded. SPDX-License-Identifier: Apache-2.0
 *
 * The constructor of libswiftCore.so installs handlers that print a backtrace, for SIGQUIT, SIGILL, SIGTRAP, SIGABRT,
 * SIGBUS, SIGFPE and SIGSEGV, if the disposition is the default. In a program that is not written in Swift, libRoost.so
 * has loaded that library. The constructor of libRoost.so runs later, and restores the default dispositions. In a Swift
 * program the handlers belong to the program and stay. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

/* Returns whether `info` is the object that contains `address`. */
static int holds(const struct dl_phdr_info *info, const void *address)
{
    ElfW(Half) at;
    for (at = 0; at < info->dlpi_phnum; at++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[at];
        if (part->p_type == PT_LOAD && (ElfW(Addr))address - (info->dlpi_addr + part->p_vaddr) < part->p_memsz) return 1;
    }
    return 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Returns whether the object depends on a library of this name (DT_NEEDED). */
static int needs(const struct dl_phdr_info *info, const char *library)
{
    const ElfW(Dyn) *dynamic = NULL, *entry;
    const char *texts = NULL;
    ElfW(Half) at;
    for (at = 0; at < info->dlpi_phnum; at++)
        if (info->dlpi_phdr[at].p_type == PT_DYNAMIC)
            dynamic = (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[at].p_vaddr);
    if (!dynamic) return 0;
    for (entry = dynamic; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_STRTAB) {
            /* The loader relocates this value to an address, except in objects that it cannot write, such as the
             * vdso. */
            ElfW(Addr) table = entry->d_un.d_ptr;
            texts = (const char *)(table < info->dlpi_addr ? table + info->dlpi_addr : table);
        }
    for (entry = dynamic; texts && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_NEEDED && strcmp(base_name(texts + entry->d_un.d_val), library) == 0) return 1;
    return 0;
}

typedef struct search {
    const void *handler;
    const char *runtime; /* the name of the library that contains the handler */
    int is_programs;     /* whether the handler was loaded by the program, not by this library */
} search;

/* Objects are visited in load order: those that this library has loaded come after it. */
static int look(struct dl_phdr_info *info, size_t size, void *context)
{
    search *s = (search *)context;
    (void)size;
    if (holds(info, (const void *)look)) return 1;
    s->is_programs = holds(info, s->handler) || needs(info, s->runtime);
    return s->is_programs;
}

/* Returns whether the handler belongs to a Swift runtime that only this library has loaded. */
static int was_brought_along(const void *handler)
{
    search s = {handler, NULL, 0};
    Dl_info place;
    if (!dladdr(handler, &place) || !place.dli_fname) return 0;
    s.runtime = base_name(place.dli_fname);
    if (strcmp(s.runtime, "libswiftCore.so") != 0) return 0;
    dl_iterate_phdr(look, &s);
    return !s.is_programs;
}

__attribute__((constructor)) static void roost_restore_signals(void)
{
    static const int signals[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
    size_t at;
    for (at = 0; at < sizeof signals / sizeof *signals; at++) {
        struct sigaction action;
        const void *handler;
        if (sigaction(signals[at], NULL, &action) != 0) continue;
        memcpy(&handler, action.sa_flags & SA_SIGINFO ? (void *)&action.sa_sigaction : (void *)&action.sa_handler, sizeof handler);
        if (handler == (const void *)SIG_DFL || handler == (const void *)SIG_IGN || !was_brought_along(handler)) continue;
        memset(&action, 0, sizeof action);
        action.sa_handler = SIG_DFL;
        sigaction(signals[at], &action, NULL);
    }
}
