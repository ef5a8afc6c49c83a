/* Counts the writes to sockets of a process, in a file that others can look at: to be preloaded. SPDX-License-Identifier:
 * Apache-2.0
 *
 * WRITES names the file, which is as long as the number at least. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static uint64_t none;
static uint64_t *count = &none;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("WRITES");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *page = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) count = page;
    if (file >= 0) close(file);
}

static void add(int file)
{
    int type;
    socklen_t size = sizeof type;
    if (getsockopt(file, SOL_SOCKET, SO_TYPE, &type, &size) == 0) __atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
}

/* Counted before: who has the bytes sees the count. */
ssize_t write(int file, const void *bytes, size_t size) { return add(file), syscall(SYS_write, file, bytes, size); }
ssize_t writev(int file, const struct iovec *parts, int number) { return add(file), syscall(SYS_writev, file, parts, number); }
ssize_t send(int file, const void *bytes, size_t size, int flags)
{
    return add(file), syscall(SYS_sendto, file, bytes, size, flags, NULL, 0);
}
ssize_t sendmsg(int file, const struct msghdr *message, int flags) { return add(file), syscall(SYS_sendmsg, file, message, flags); }
