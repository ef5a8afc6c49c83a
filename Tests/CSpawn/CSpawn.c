#define _GNU_SOURCE
#include "CSpawn.h"

#include <signal.h>
#include <spawn.h>

int spawn_program(const char *path, char *const words[], char *const environment[], const char *folder, const int streams[3],
                  pid_t *child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int at, code = posix_spawn_file_actions_init(&actions);
    if (code) return code;
    for (at = 0; !code && at < 3; at++) code = posix_spawn_file_actions_adddup2(&actions, streams[at], at);
    if (!code) code = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (!code && folder) code = posix_spawn_file_actions_addchdir_np(&actions, folder);
    sigemptyset(&none), sigfillset(&all);
    if (!code) code = posix_spawnattr_init(&attributes);
    if (!code) {
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        code = posix_spawn(child, path, &actions, &attributes, words, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return code;
}
