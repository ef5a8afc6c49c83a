// SPDX-License-Identifier: Apache-2.0
// The floor: one thread, one epoll loop, no parsing beyond what the response needs. No server on this kernel can be
// faster without another I/O interface.   cc -O2 -o floor floor.c && ./floor PORT
// GET / answers 13 bytes, POST /upload reads the body and answers 13 bytes, GET /1k, /10k, /100k and /1m answer that
// many bytes from memory with write(2).
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
static char in[65536], out[1 << 19];
static struct { const char *path; size_t body, size; char *bytes; } large[] = {
    {"GET /1k ", 1 << 10, 0, 0}, {"GET /10k ", 10 << 10, 0, 0}, {"GET /100k ", 100 << 10, 0, 0}, {"GET /1m ", 1 << 20, 0, 0}};
static struct { size_t unread, unsent; const char *end; int waits; } state[65536];  // by descriptor; end: of the output

static void prepare(void) {
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        large[i].bytes = malloc(256 + large[i].body);
        size_t head = sprintf(large[i].bytes, HEAD "content-length: %zu\r\n\r\n", large[i].body);
        memset(large[i].bytes + head, 'x', large[i].body);
        large[i].size = head + large[i].body;
    }
}

static int pump(int poll, int fd) {  // sends the rest of a large response
    ssize_t sent = write(fd, state[fd].end - state[fd].unsent, state[fd].unsent);
    if (sent < 0 && errno != EAGAIN) return close(fd);  // the client has disconnected
    if (sent > 0) state[fd].unsent -= sent;
    if (state[fd].waits == (state[fd].unsent > 0)) return 0;
    state[fd].waits = state[fd].unsent > 0;
    struct epoll_event e = {.events = state[fd].waits ? EPOLLOUT : EPOLLIN, .data.fd = fd};
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
    prepare();
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
                    state[client].unread = state[client].unsent = state[client].waits = 0;
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
                    size_t i = 0;
                    while (i < sizeof large / sizeof *large && strncmp(at, large[i].path, strlen(large[i].path))) i++;
                    at = blank + 4;
                    if (i < sizeof large / sizeof *large) {
                        state[fd].unsent = large[i].size;
                        state[fd].end = large[i].bytes + large[i].size;
                        pump(poll, fd);
                        continue;
                    }
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
