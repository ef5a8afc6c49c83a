// SPDX-License-Identifier: Apache-2.0
// The floor: one thread, one epoll loop, no parsing beyond what the answer needs. What a server on this kernel cannot beat
// without another I/O interface.   cc -O2 -o floor floor.c && ./floor PORT
// GET / answers 13 bytes, POST /upload reads the body and answers 13 bytes, GET /1m answers 1 MiB from memory by write(2).
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nserver: floor\r\ndate: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
static const char small[] = HEAD "content-length: 13\r\n\r\nHello, World!";
static const char big_head[] = HEAD "content-length: 1048576\r\n\r\n";
static char big[sizeof big_head - 1 + 1048576], in[65536], out[1 << 19];
static struct { size_t unread, unsent; } state[65536];  // by descriptor: body bytes to come, bytes of `big` to go

static int pump(int poll, int fd) {  // sends what is left of `big`
    ssize_t sent = write(fd, big + sizeof big - state[fd].unsent, state[fd].unsent);
    if (sent < 0 && errno != EAGAIN) return close(fd);  // the client has left in the middle
    if (sent > 0) state[fd].unsent -= sent;
    struct epoll_event e = {.events = state[fd].unsent ? EPOLLOUT : EPOLLIN, .data.fd = fd};
    return epoll_ctl(poll, EPOLL_CTL_MOD, fd, &e);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(atoi(argc > 1 ? argv[1] : "9001")),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) { perror("floor"); return 1; }
    memset(big, 'x', sizeof big);
    memcpy(big, big_head, sizeof big_head - 1);
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(poll, ready, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = ready[i].data.fd;
            if (fd == listener) {
                int client;
                while ((client = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
                    if (client >= 65536) { close(client); continue; }
                    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                    event.events = EPOLLIN;
                    event.data.fd = client;
                    state[client].unread = state[client].unsent = 0;
                    epoll_ctl(poll, EPOLL_CTL_ADD, client, &event);
                }
                continue;
            }
            if (state[fd].unsent) { pump(poll, fd); continue; }
            ssize_t got = read(fd, in, sizeof in);
            if (got <= 0) { close(fd); continue; }
            size_t length = 0;
            int end = 0;
            char *at = in, *stop = in + got, *blank;
            while (at < stop) {
                if (state[fd].unread) {
                    size_t take = stop - at < (ssize_t)state[fd].unread ? (size_t)(stop - at) : state[fd].unread;
                    at += take;
                    if ((state[fd].unread -= take)) break;
                } else {
                    if (!(blank = memmem(at, stop - at, "\r\n\r\n", 4))) break;
                    char *size = *at == 'P' ? memmem(at, blank - at, "ontent-", 7) : NULL;
                    while (size && strncasecmp(size, "ontent-length:", 14)) size = memmem(size + 1, blank - size - 1, "ontent-", 7);
                    end |= memmem(at, blank - at, "onnection: close", 16) != NULL;
                    int large = !memcmp(at, "GET /1m", 7);
                    at = blank + 4;
                    if (large) { state[fd].unsent = sizeof big; pump(poll, fd); continue; }
                    if (size && (state[fd].unread = strtoul(size + 14, 0, 10))) continue;
                }
                memcpy(out + length, small, sizeof small - 1);
                length += sizeof small - 1;
            }
            if (length && write(fd, out, length) < 0) end = 1;
            if (end) close(fd);
        }
    }
}
