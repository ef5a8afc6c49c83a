/* Answers each line with the line, as fast as it can: the other server of the workload `tcp`. Prints its port.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MOST_EVENTS 256

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static int watch(int epoll, int file)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = file};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event);
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0), on = 1;
    if (listener < 0 || epoll < 0 || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1024) ||
        getsockname(listener, (struct sockaddr *)&address, &size) || watch(epoll, listener))
        return fail("listen");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[MOST_EVENTS];
        int count = epoll_wait(epoll, events, MOST_EVENTS, -1), at;
        for (at = 0; at < count; at++) {
            char lines[65536];
            int file = events[at].data.fd;
            if (file == listener) {
                int client = accept(listener, NULL, NULL);
                if (client < 0 || watch(epoll, client)) return fail("accept");
                setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                continue;
            }
            ssize_t got = read(file, lines, sizeof lines);
            /* The lines that a client has under way are fewer than a socket buffer holds. */
            if (got <= 0 || write(file, lines, (size_t)got) != got) close(file);
        }
    }
}
