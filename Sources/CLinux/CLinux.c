/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinux.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static _Thread_local void *current_loop;

/* The C library also passes the arguments of main to constructors. (Swift's runtime reads them from
 * /proc/self/cmdline.) */
static int argument_count;
static char **argument_list;
__attribute__((constructor)) static void keep_arguments(int count, char **list)
{
    argument_count = count;
    argument_list = list;
}

int roost_argument_count(void) { return argument_count; }
const char *roost_argument(int at) { return at >= 0 && at < argument_count ? argument_list[at] : NULL; }
const char *roost_executed_path(void) { return (const char *)getauxval(AT_EXECFN); }

int roost_close_on_exec_from(unsigned first) { return (int)syscall(SYS_close_range, first, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */); }

void *roost_current_loop(void) { return current_loop; }
void roost_set_current_loop(void *loop) { current_loop = loop; }

#ifdef __GLIBC__
/* Replaces the free chunks that the C library caches for the calling thread.
 *
 * The cache holds seven chunks of each small size, at any address, and malloc_trim returns no page that contains one:
 * after a peak this is a megabyte. This function takes the chunks out of the cache, fills it with newer ones, and frees
 * the old ones as ordinary memory. With another size of the cache (glibc.malloc.tcache_count) it frees less. */
static void renew_thread_cache(void)
{
    enum { SIZES = 64, SMALLEST = 24, STEP = 16, KEPT = 7 };
    /* Volatile: the compiler may remove an allocation that is only freed. */
    void *volatile kept[SIZES * KEPT], *volatile others[SIZES * KEPT];
    for (int i = 0; i < SIZES * KEPT; i++) kept[i] = malloc(SMALLEST + STEP * (size_t)(i / KEPT));
    for (int i = 0; i < SIZES * KEPT; i++) others[i] = malloc(SMALLEST + STEP * (size_t)(i / KEPT));
    for (int i = 0; i < SIZES * KEPT; i++) free(others[i]);
    for (int i = 0; i < SIZES * KEPT; i++) free(kept[i]);
}

/* Returns the free memory at the end of the calling thread's arena to the system.
 *
 * malloc_trim does this only for the main arena. free does it if the end is larger than M_TRIM_THRESHOLD, which grows
 * to twice the largest block that was mapped and freed. This function therefore allocates all free memory, in blocks
 * that are never mapped, and enough behind it to exceed the threshold after mapped blocks of up to 8 MiB. Then it frees
 * all. */
static void return_end_of_arena(void)
{
    enum { SIZE = 100 * 1024, BEHIND = 180, MOST = 4096 };
    void *volatile blocks[MOST];
    size_t wanted = BEHIND, count = 0;
#if __GLIBC_PREREQ(2, 33)
    wanted += mallinfo2().fordblks / SIZE;
#endif
    while (count < wanted && count < MOST && (blocks[count] = malloc(SIZE)) != NULL) count++;
    /* Freeing the last block joins all others to the end at once. */
    for (size_t i = 0; i < count; i++) free(blocks[i]);
}
#endif

double roost_trim_memory(void)
{
    struct timespec start, end;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
#ifdef __GLIBC__
    renew_thread_cache();
    return_end_of_arena();
    malloc_trim(0);
#endif
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    return (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

int roost_set_socket_access(const char *path, uint32_t user, uint32_t group, uint32_t mode)
{
    enum { FCHMODAT2 = 452 }; /* Linux 6.6; the same number on every architecture. */
    char by_descriptor[32];
    struct stat status;
    int result = -1, error, file = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return -1;
    /* A user who can write to the folder may have replaced the socket. */
    if (fstat(file, &status) != 0) goto end;
    errno = ENOTSOCK;
    if (!S_ISSOCK(status.st_mode) || status.st_uid != geteuid() || status.st_nlink != 1) goto end;
    if (fchownat(file, "", user, group, AT_EMPTY_PATH) != 0) goto end;
    result = (int)syscall(FCHMODAT2, file, "", mode, AT_EMPTY_PATH);
    if (result != 0 && errno != EACCES && errno != EROFS) {
        /* An older kernel, or a seccomp filter that does not know the call. */
        snprintf(by_descriptor, sizeof by_descriptor, "/proc/self/fd/%d", file);
        result = chmod(by_descriptor, mode);
    }
end:
    error = errno;
    close(file);
    errno = error;
    return result;
}

int roost_has_access_list(const char *path)
{
    if (getxattr(path, "system.posix_acl_access", NULL, 0) >= 0) return 1;
    /* ENODATA: no list; EOPNOTSUPP: a file system without lists. */
    return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -1;
}

void roost_set_parent_death_signal(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }
int roost_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int roost_switch_user(uint32_t user, uint32_t group)
{
    /* Real, effective and saved ids: the change cannot be undone. */
    return setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0 ? -1 : 0;
}

int roost_signals_make(const int *signals, int count)
{
    sigset_t set;
    int at;
    sigemptyset(&set);
    for (at = 0; at < count; at++) sigaddset(&set, signals[at]);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int roost_signals_read(int file)
{
    struct signalfd_siginfo info;
    return read(file, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

static int caught = -1;
static pid_t catcher;

static void on_dropped(int number) { (void)number; }

static void on_caught(int number)
{
    unsigned char byte = (unsigned char)number;
    int before = errno;
    /* A full pipe wakes the reader as well. */
    if (getpid() == catcher && write(caught, &byte, 1) < 0) errno = before;
    errno = before;
}

static void handle(const int *signals, int count, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigset_t set;
    int at;
    sigemptyset(&action.sa_mask);
    sigemptyset(&set);
    for (at = 0; at < count; at++) {
        sigaction(signals[at], &action, NULL);
        sigaddset(&set, signals[at]);
    }
    /* The process may have inherited a mask that blocks them. */
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void roost_signals_discard(const int *signals, int count) { handle(signals, count, on_dropped); }

void roost_signal_unignore(int number)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) roost_signals_discard(&number, 1);
}

int roost_signals_catch(const int *signals, int count)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    caught = ends[1];
    catcher = getpid();
    handle(signals, count, on_caught);
    return ends[0];
}

int roost_signal_is_discarded(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && (action.sa_handler == SIG_IGN || action.sa_handler == on_dropped);
}

/* The mask for the threads that call modules, once it is known. */
static sigset_t mask;
static _Atomic int has_mask;

void roost_signals_keep_mask(void)
{
    if (has_mask || pthread_sigmask(SIG_SETMASK, NULL, &mask) != 0) return;
    has_mask = 1;
}

void roost_signals_set_mask(void)
{
    sigset_t none;
    sigemptyset(&none);
    if (has_mask) pthread_sigmask(SIG_SETMASK, &mask, NULL);
    else if (catcher == getpid()) pthread_sigmask(SIG_SETMASK, &none, NULL);
}

struct object_visit {
    void (*object)(void *context, const char *path, const char *soname);
    void (*needs)(void *context, const char *name);
    void *context;
    size_t skip;
};

static int visit_object(struct dl_phdr_info *info, size_t size, void *context)
{
    struct object_visit *visit = context;
    const ElfW(Dyn) *dynamic = NULL, *entry;
    const char *strings = NULL, *soname = NULL;
    int at;
    (void)size;
    if (visit->skip > 0) {
        visit->skip--;
        return 0;
    }
    for (at = 0; at < info->dlpi_phnum; at++)
        if (info->dlpi_phdr[at].p_type == PT_DYNAMIC) dynamic = (const void *)(info->dlpi_addr + info->dlpi_phdr[at].p_vaddr);
    for (entry = dynamic; entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_STRTAB) strings = (const char *)entry->d_un.d_ptr;
    /* The loader does not relocate the addresses of some objects (vdso(7)). */
    if (strings && (ElfW(Addr))strings < info->dlpi_addr) strings += info->dlpi_addr;
    for (entry = dynamic; strings && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_SONAME) soname = strings + entry->d_un.d_val;
    visit->object(visit->context, info->dlpi_name ? info->dlpi_name : "", soname);
    for (entry = dynamic; strings && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_NEEDED) visit->needs(visit->context, strings + entry->d_un.d_val);
    return 0;
}

void roost_loaded_objects(
    size_t skip, void (*object)(void *context, const char *path, const char *soname),
    void (*needs)(void *context, const char *name), void *context)
{
    struct object_visit visit = {object, needs, context, skip};
    dl_iterate_phdr(visit_object, &visit);
}

struct object_counts {
    size_t loaded;
    uint64_t unloaded;
};

static int count_object(struct dl_phdr_info *info, size_t size, void *context)
{
    struct object_counts *counts = context;
    (void)size;
    counts->loaded++;
    counts->unloaded = info->dlpi_subs;
    return 0;
}

void roost_object_counts(size_t *loaded, uint64_t *unloaded)
{
    struct object_counts counts = {0, 0};
    dl_iterate_phdr(count_object, &counts);
    *loaded = counts.loaded;
    *unloaded = counts.unloaded;
}

void *roost_own_symbol(void *handle, const char *name)
{
    struct link_map *own = NULL, *found = NULL;
    Dl_info info;
    void *address = dlsym(handle, name);
    if (!address || dlinfo(handle, RTLD_DI_LINKMAP, &own) != 0) return NULL;
    if (!dladdr1(address, &info, (void **)&found, RTLD_DL_LINKMAP)) return NULL;
    return found == own ? address : NULL;
}

int roost_pipe_make(int ends[2], int nonblocking) { return pipe2(ends, O_CLOEXEC | (nonblocking ? O_NONBLOCK : 0)); }

int roost_memory_make(const char *name, size_t size)
{
    int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0) return -1;
    if (ftruncate(file, (off_t)size) == 0 && fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return file;
    close(file);
    return -1;
}

int roost_signal_thread(int process, int thread, int number)
{
    return (int)syscall(SYS_tgkill, process, thread, number);
}

const void *roost_memory_find(const void *memory, size_t size, const void *what, size_t what_size)
{
    return memmem(memory, size, what, what_size);
}

int roost_open_folder(const char *path) { return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); }

int roost_open_in(int folder, const char *path, int cached)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (cached ? RESOLVE_CACHED : 0)};
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

int roost_open_below(const char *folder, const char *path)
{
    int below = roost_open_folder(folder), file, error;
    if (below < 0) return -1;
    file = roost_open_in(below, path, 0);
    error = errno;
    close(below);
    errno = error;
    return file;
}

/* Nanoseconds; a time beyond what 64 bits hold becomes the nearest that they hold. */
static int64_t nanoseconds(struct statx_timestamp time)
{
    const int64_t most = INT64_MAX / 1000000000 - 1;
    if (time.tv_sec > most) return INT64_MAX;
    if (time.tv_sec < -most) return -INT64_MAX;
    return time.tv_sec * 1000000000 + time.tv_nsec;
}

static int facts_of(const struct statx *found, roost_file_facts *facts)
{
    facts->device = (uint64_t)found->stx_dev_major << 32 | found->stx_dev_minor;
    facts->inode = found->stx_ino;
    facts->size = (int64_t)found->stx_size;
    facts->modified = nanoseconds(found->stx_mtime);
    facts->changed = nanoseconds(found->stx_ctime);
    facts->is_regular = S_ISREG(found->stx_mode);
    facts->is_folder = S_ISDIR(found->stx_mode);
    return 0;
}

int roost_facts_of(int file, roost_file_facts *facts)
{
    struct statx found;
    return statx(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &found) == 0 ? facts_of(&found, facts) : -1;
}

int roost_facts_in(int folder, const char *path, roost_file_facts *facts)
{
    struct statx found;
    return statx(folder, path, 0, STATX_BASIC_STATS, &found) == 0 ? facts_of(&found, facts) : -1;
}

int64_t roost_read_cached(int file, void *bytes, size_t count, int64_t offset)
{
    struct iovec part = {.iov_base = bytes, .iov_len = count};
    return preadv2(file, &part, 1, offset, RWF_NOWAIT);
}
