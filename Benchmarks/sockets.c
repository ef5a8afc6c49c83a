/* A minimal WebSocket server that knows one key, and a client that measures. SPDX-License-Identifier: Apache-2.0
 *
 *     sockets serve PORT             a path that begins with /group broadcasts each message, any other echoes it
 *     sockets load PORT PATH COUNT SECONDS BYTES
 *                                    /group: one of COUNT sockets sends, all receive, then the next message; else all
 *                                    sockets send and receive the echo
 *     sockets idle PORT PATH COUNT   opens COUNT sockets, prints "open", and holds them until standard input ends
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static unsigned char in[1 << 20];
static int one = 1;

static struct sockaddr_in address_of(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void watch(int poll, int file, int number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = number};
    epoll_ctl(poll, EPOLL_CTL_ADD, file, &event);
}

/* ---- Server ------------------------------------------------------------------------------------------------------ */

enum { most = 20000 };
static char state[most]; /* 0: handshake, 1: echo, 2: broadcast */
static int group[most], members;

static void answer(int file, ssize_t size)
{
    static const char switched[] = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                                   "sec-websocket-accept: " ACCEPT "\r\n\r\n";
    if (!state[file]) { /* our own client sends the whole request header at once, so one read returns it */
        state[file] = memmem(in, (size_t)size, "GET /group", 10) ? 2 : 1;
        if (state[file] == 2) group[members++] = file;
        if (write(file, switched, sizeof switched - 1) < 0) exit(1);
        return;
    }
    for (unsigned char *at = in; at < in + size;) {
        size_t count = at[1] & 127, head = count == 126 ? 4 : 2;
        if (count == 126) count = (size_t)at[2] << 8 | at[3];
        unsigned char *mask = at + head, *frame = at + 4;
        for (size_t index = 0; index < count; index++) mask[4 + index] ^= mask[index & 3];
        memmove(frame, at, head); /* the frame header now directly precedes the payload */
        frame[1] &= 127;
        at = mask + 4 + count;
        if (state[file] == 1 && write(file, frame, head + count) < 0) exit(1);
        for (int member = 0; state[file] == 2 && member < members; member++)
            if (write(group[member], frame, head + count) < 0) exit(1);
    }
}

static int serve(int port)
{
    struct sockaddr_in address = address_of(port);
    int listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) return 1;
    watch(poll, listener, listener);
    for (;;) {
        struct epoll_event ready[256];
        int count = epoll_wait(poll, ready, 256, -1);
        for (int at = 0; at < count; at++) {
            int file = ready[at].data.fd;
            if (file == listener) {
                int accepted = accept(listener, NULL, NULL);
                setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                state[accepted] = 0;
                watch(poll, accepted, accepted);
                continue;
            }
            ssize_t size = read(file, in, sizeof in);
            if (size > 0) answer(file, size);
            else {
                for (int member = 0; member < members; member++)
                    if (group[member] == file) group[member--] = group[--members];
                close(file);
            }
        }
    }
}

/* ---- Client ------------------------------------------------------------------------------------------------------ */

static int open_socket(int port, const char *path)
{
    struct sockaddr_in address = address_of(port);
    int file = socket(AF_INET, SOCK_STREAM, 0);
    char request[512];
    size_t got = 0;
    if (connect(file, (void *)&address, sizeof address)) perror("sockets: connect"), exit(1);
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\n"
                        "sec-websocket-key: " KEY "\r\n\r\n", path);
    if (write(file, request, (size_t)size) != size) exit(1);
    while (!memmem(in, got, "\r\n\r\n", 4)) {
        ssize_t part = read(file, in + got, 4096);
        if (part <= 0) fprintf(stderr, "sockets: closed in the handshake\n"), exit(1);
        got += (size_t)part;
    }
    if (!memmem(in, got, ACCEPT, sizeof ACCEPT - 1)) fprintf(stderr, "sockets: refused: %.40s\n", in), exit(1);
    return file;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int load(int port, const char *path, int count, double seconds, size_t size)
{
    static unsigned char frame[1 << 16];
    int *files = calloc((size_t)count, sizeof *files), poll = epoll_create1(0), is_group = !strncmp(path, "/group", 6);
    size_t *have = calloc((size_t)count, sizeof *have), head = size < 126 ? 2 : 4, whole = head + size;
    frame[0] = 0x82;
    frame[1] = (unsigned char)(0x80 | (size < 126 ? size : 126));
    if (head == 4) frame[2] = (unsigned char)(size >> 8), frame[3] = (unsigned char)size;
    memcpy(frame + head, "\1\2\3\4", 4);
    for (size_t at = 0; at < size; at++) frame[head + 4 + at] = (unsigned char)('x' ^ frame[head + (at & 3)]);
    for (int at = 0; at < count; at++) watch(poll, files[at] = open_socket(port, path), at);
    long received = 0;
    double start = now(), end = start + seconds;
    int missing = is_group ? count : 0;
    for (int at = 0; at < (is_group ? 1 : count); at++)
        if (write(files[at], frame, head + 4 + size) < 0) return 1;
    while (now() < end) {
        struct epoll_event ready[256];
        int found = epoll_wait(poll, ready, 256, 100);
        for (int at = 0; at < found; at++) {
            int number = ready[at].data.fd;
            ssize_t part = read(files[number], in, sizeof in);
            if (part <= 0) return fprintf(stderr, "sockets: a connection was lost\n"), 1;
            have[number] += (size_t)part;
            for (; have[number] >= whole; have[number] -= whole) {
                received++;
                if (is_group && --missing > 0) continue;
                missing = count;
                if (write(files[is_group ? 0 : number], frame, head + 4 + size) < 0) return 1;
            }
        }
    }
    printf("messages %ld in %.3f\n", received, now() - start);
    return 0;
}

static int idle(int port, const char *path, int count)
{
    for (int at = 0; at < count; at++) open_socket(port, path);
    printf("open\n");
    fflush(stdout);
    while (read(0, in, sizeof in) > 0) {}
    return 0;
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    signal(SIGPIPE, SIG_IGN);
    if (argc == 3 && !strcmp(argv[1], "serve")) return serve(atoi(argv[2]));
    if (argc == 7 && !strcmp(argv[1], "load"))
        return load(atoi(argv[2]), argv[3], atoi(argv[4]), atof(argv[5]), (size_t)atoi(argv[6]));
    if (argc == 5 && !strcmp(argv[1], "idle")) return idle(atoi(argv[2]), argv[3], atoi(argv[4]));
    fprintf(stderr, "usage: sockets serve PORT | load PORT PATH COUNT SECONDS BYTES | idle PORT PATH COUNT\n");
    return 2;
}
