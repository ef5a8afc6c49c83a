/* Watching descriptors: epoll, eventfd, and polls by the kernel. SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

int roost_epoll_make(void) { return epoll_create1(EPOLL_CLOEXEC); }

int roost_epoll_set(int epoll, int file, int readable, int writable, uint64_t number)
{
    struct epoll_event event = {.data.u64 = number};
    event.events = (readable ? EPOLLIN | EPOLLRDHUP : 0) | (writable ? EPOLLOUT : 0);
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, file, &event) == 0) return 0;
    return errno == ENOENT ? epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event) : -1;
}

int roost_epoll_remove(int epoll, int file) { return epoll_ctl(epoll, EPOLL_CTL_DEL, file, NULL); }

int roost_epoll_events(int epoll, roost_epoll_event *events, int count)
{
    struct epoll_event ready[64];
    int at, found = epoll_wait(epoll, ready, count < 64 ? count : 64, 0);
    for (at = 0; at < found; at++) {
        uint32_t all = ready[at].events & (EPOLLERR | EPOLLHUP);
        events[at].number = ready[at].data.u64;
        events[at].readable = (ready[at].events & (EPOLLIN | EPOLLRDHUP)) || all;
        events[at].writable = (ready[at].events & EPOLLOUT) || all;
    }
    return found;
}

int roost_event_make(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void roost_event_signal(int event)
{
    uint64_t one = 1;
    /* Fails only if the counter is full, and then the event is signalled already. */
    while (write(event, &one, sizeof one) < 0 && errno == EINTR) {}
}

struct roost_poll {
    int file, event;
    aio_context_t context; /* 0 if a thread polls */
    /* The thread, and the two events that make it poll once and end. */
    pthread_t thread;
    int has_thread, start, stop;
    atomic_int completed;
};

/* Polls once for each signal of `start`, until `stop` is signalled. */
static void *poll_by_thread(void *argument)
{
    roost_poll *poll_ = argument;
    struct pollfd files[2] = {{.fd = poll_->start, .events = POLLIN}, {.fd = poll_->stop, .events = POLLIN}};
    int is_polling = 0;
    for (;;) {
        if (poll(files, 2, -1) < 0) continue;
        if (files[1].revents) return NULL;
        if (!files[0].revents) continue;
        if (is_polling) {
            atomic_store(&poll_->completed, 1);
            roost_event_signal(poll_->event);
        } else {
            uint64_t count;
            if (read(poll_->start, &count, sizeof count) < 0) continue;
        }
        is_polling = !is_polling;
        files[0].fd = is_polling ? poll_->file : poll_->start;
    }
}

/* Starts a thread that handles no signal. Returns the error. */
static int start_thread(roost_poll *poll)
{
    sigset_t all, before;
    int error;
    if (poll->start < 0) poll->start = roost_event_make();
    if (poll->stop < 0) poll->stop = roost_event_make();
    if (poll->start < 0 || poll->stop < 0) return errno;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&poll->thread, NULL, poll_by_thread, poll);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    poll->has_thread = !error;
    return error;
}

roost_poll *roost_poll_make(int file, int event, int by_thread)
{
    roost_poll *poll = calloc(1, sizeof *poll);
    int error;
    if (!poll) return NULL;
    poll->file = file;
    poll->event = event;
    poll->start = poll->stop = -1;
    if (!by_thread && syscall(SYS_io_setup, 1, &poll->context) == 0) return poll;
    poll->context = 0;
    error = start_thread(poll);
    if (!error) return poll;
    roost_poll_destroy(poll);
    errno = error;
    return NULL;
}

int roost_poll_start(roost_poll *poll)
{
    struct iocb block = {.aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = (uint32_t)poll->file, .aio_buf = POLLIN};
    struct iocb *blocks = &block;
    int error;
    if (!poll->context) {
        /* The thread could not be started before. */
        if (!poll->has_thread && (error = start_thread(poll)) != 0) {
            errno = error;
            return -1;
        }
        roost_event_signal(poll->start);
        return 0;
    }
    block.aio_flags = IOCB_FLAG_RESFD;
    block.aio_resfd = (uint32_t)poll->event;
    if (syscall(SYS_io_submit, poll->context, 1, &blocks) == 1) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    /* AIO without polls (before Linux 4.18, or an emulation of it). */
    syscall(SYS_io_destroy, poll->context);
    poll->context = 0;
    error = start_thread(poll);
    if (!error) return roost_poll_start(poll);
    errno = error;
    return -1;
}

/* The ring in which the kernel puts completions: the context is its address (aio(7) has no name for it; liburing and
 * libaio read it as well). */
struct ring {
    unsigned id, count;
    _Atomic unsigned head, tail;
    unsigned magic;
};
static const unsigned ring_magic = 0xa10a10a1;

int roost_poll_completed(roost_poll *poll)
{
    struct io_event event;
    struct timespec none = {0, 0};
    struct ring *ring = (struct ring *)poll->context;
    if (!ring) return atomic_exchange(&poll->completed, 0);
    if (ring->magic == ring_magic && atomic_load(&ring->head) == atomic_load(&ring->tail)) return 0;
    return syscall(SYS_io_getevents, poll->context, 0, 1, &event, &none) == 1;
}

void roost_poll_destroy(roost_poll *poll)
{
    if (!poll) return;
    /* Cancels a poll that has not completed. */
    if (poll->context) syscall(SYS_io_destroy, poll->context);
    if (poll->has_thread) {
        roost_event_signal(poll->stop);
        pthread_join(poll->thread, NULL);
    }
    if (poll->start >= 0) close(poll->start);
    if (poll->stop >= 0) close(poll->stop);
    free(poll);
}
