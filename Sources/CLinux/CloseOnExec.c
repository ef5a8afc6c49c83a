/* Descriptors that no child inherits. SPDX-License-Identifier: Apache-2.0
 *
 * SwiftNIO 2.101 makes sockets and epoll instances without close-on-exec. A process that a module starts would inherit
 * the connections of all clients: a response that ends with its connection would never end, and the process could read
 * the data of other clients. Setting the flag afterwards is too late, since another thread can fork in between. These
 * definitions are hidden: only code that is linked into the same executable or library uses them, including SwiftNIO.
 * Modules and embedding programs use those of the C library. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN int accept4(int listener, __SOCKADDR_ARG address, socklen_t *restrict size, int flags)
{
    return (int)syscall(SYS_accept4, listener, address.__sockaddr__, size, flags | SOCK_CLOEXEC);
}

HIDDEN int accept(int listener, __SOCKADDR_ARG address, socklen_t *restrict size)
{
    return (int)syscall(SYS_accept4, listener, address.__sockaddr__, size, SOCK_CLOEXEC);
}

HIDDEN int socket(int domain, int type, int protocol)
{
    return (int)syscall(SYS_socket, domain, type | SOCK_CLOEXEC, protocol);
}

HIDDEN int epoll_create(int size)
{
    if (size > 0) return (int)syscall(SYS_epoll_create1, EPOLL_CLOEXEC);
    errno = EINVAL;
    return -1;
}
