/* Starts programs for tests. SPDX-License-Identifier: Apache-2.0 */
#ifndef CSPAWN_H
#define CSPAWN_H

#include <sys/types.h>

/* Starts the program at `path` with these words, in this folder (NULL: in ours), the first of a process group, with signals as the system has
 * them. `streams`: its standard input, output and error, each above 2 or its own number; nothing else of ours is open in it. 0, or the error. */
int spawn_program(const char *path, char *const words[], char *const environment[], const char *folder, const int streams[3],
                  pid_t *child);

#endif
