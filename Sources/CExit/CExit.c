/* `_exit` and `_Exit` for the executable `roost`. The linker exports them (Package.swift), and the dynamic loader
 * prefers them to those of the C library: a module that ends its worker is reported with its stack.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CExit.h"
#include "CWorker.h"
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((noreturn)) static void leave(int status)
{
    roost_report_exit();
    for (;;) syscall(SYS_exit_group, status);
}

__attribute__((noreturn)) void _exit(int status) { leave(status); }
__attribute__((noreturn)) void _Exit(int status) { leave(status); }

