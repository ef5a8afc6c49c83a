/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinux.h"
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static _Thread_local void *current_loop;

void *roost_current_loop(void) { return current_loop; }
void roost_set_current_loop(void *loop) { current_loop = loop; }
void roost_die_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }
