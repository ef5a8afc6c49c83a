/* A load of WebSockets: every connection sends a message of 125 bytes, and sends the next one when the echo has come.
 * Prints the number of messages, and the median and the 99th percentile of their time in milliseconds.
 * SPDX-License-Identifier: Apache-2.0
 *
 *     cc -O2 -o websockets websockets.c && ./websockets PORT CONNECTIONS SECONDS */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 125, FRAME = 6 + SIZE, ECHO = 2 + SIZE, SLOTS = 1 << 20 };

typedef struct {
    int file;
    size_t have;
    double sent;
} client;

static unsigned char frame[FRAME];
static unsigned counts[SLOTS]; /* by time, in steps of a microsecond */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void open_client(client *c, int port)
{
    static const char request[] = "GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
                                  "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    char text[2048];
    size_t length = 0;
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->file = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->file, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");
    setsockopt(c->file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (write(c->file, request, sizeof request - 1) < 0) fail("cannot send");
    do {
        ssize_t count = read(c->file, text + length, sizeof text - 1 - length);
        if (count <= 0) fail("no handshake");
        length += (size_t)count;
        text[length] = 0;
    } while (!strstr(text, "\r\n\r\n"));
    if (!strstr(text, " 101 ")) fail("the handshake was refused");
}

static void send_message(client *c)
{
    c->have = 0;
    c->sent = now();
    if (write(c->file, frame, FRAME) != FRAME) fail("cannot send");
}

static double percentile(unsigned long done, double part)
{
    unsigned long seen = 0;
    unsigned at;
    for (at = 0; at < SLOTS; at++)
        if ((seen += counts[at]) >= (unsigned long)((double)done * part)) break;
    return at / 1000.0;
}

int main(int argc, char **argv)
{
    static unsigned char input[ECHO];
    struct epoll_event ready[64];
    unsigned long done = 0;
    int at, count, poll = epoll_create1(0);
    client *clients;
    double end;
    if (argc != 4) fail("usage: websockets PORT CONNECTIONS SECONDS");
    count = atoi(argv[2]);
    clients = calloc((size_t)count, sizeof *clients);
    frame[0] = 0x82;
    frame[1] = 0x80 | SIZE;
    memset(frame + 6, 'x', SIZE); /* the mask is 0 */
    for (at = 0; at < count; at++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)at};
        open_client(&clients[at], atoi(argv[1]));
        epoll_ctl(poll, EPOLL_CTL_ADD, clients[at].file, &event);
    }
    end = now() + atof(argv[3]);
    for (at = 0; at < count; at++) send_message(&clients[at]);
    while (now() < end) {
        int found = epoll_wait(poll, ready, 64, 100);
        for (at = 0; at < found; at++) {
            client *c = &clients[ready[at].data.u32];
            ssize_t more = read(c->file, input, ECHO - c->have);
            double time;
            if (more <= 0) fail("the server has closed a connection");
            if ((c->have += (size_t)more) < ECHO) continue;
            time = (now() - c->sent) * 1e6;
            counts[time < SLOTS ? (unsigned)time : SLOTS - 1]++;
            done++;
            send_message(c);
        }
    }
    printf("%lu %.3f %.3f\n", done, percentile(done, 0.5), percentile(done, 0.99));
    return 0;
}
