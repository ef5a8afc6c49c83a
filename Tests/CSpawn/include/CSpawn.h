/* Starts programs for tests. SPDX-License-Identifier: Apache-2.0 */
#ifndef CSPAWN_H
#define CSPAWN_H

#include <sys/types.h>

/* Starts the program at `path` with the arguments `words`, as the leader of a new process group, with default signal
 * actions and no blocked signals. `folder` is its working directory (NULL: the caller's). `streams` are its standard
 * input, output and error; each descriptor is above 2 or already has its own number. All other descriptors are closed
 * in it. Returns 0 or an error number. */
int spawn_program(const char *path, char *const words[], char *const environment[], const char *folder, const int streams[3],
                  pid_t *child);

#endif
