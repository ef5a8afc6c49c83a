/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

static _Thread_local void *current_loop;

void *roost_current_loop(void) { return current_loop; }
void roost_set_current_loop(void *loop) { current_loop = loop; }
void roost_die_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

int roost_epoll_make(void) { return epoll_create1(EPOLL_CLOEXEC); }

int roost_epoll_arm(int epoll, int file, int readable, int writable, uint64_t number)
{
    struct epoll_event event = {.data.u64 = number};
    event.events = EPOLLONESHOT | (readable ? EPOLLIN | EPOLLRDHUP : 0) | (writable ? EPOLLOUT : 0);
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, file, &event) == 0) return 0;
    return errno == ENOENT ? epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event) : -1;
}

int roost_epoll_disarm(int epoll, int file) { return epoll_ctl(epoll, EPOLL_CTL_DEL, file, NULL); }

int roost_epoll_wait(int epoll, roost_epoll_event *events, int count)
{
    struct epoll_event ready[64];
    int at, found = epoll_wait(epoll, ready, count < 64 ? count : 64, -1);
    for (at = 0; at < found; at++) {
        uint32_t all = ready[at].events & (EPOLLERR | EPOLLHUP);
        events[at].number = ready[at].data.u64;
        events[at].readable = (ready[at].events & (EPOLLIN | EPOLLRDHUP)) || all;
        events[at].writable = (ready[at].events & EPOLLOUT) || all;
    }
    return found;
}
