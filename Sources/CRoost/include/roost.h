/* roost.h: an application server in a program of one's own, from C. Link with -lRoost (libRoost.so).
 *
 * The header is C11 and C++17. Every function may be called from any thread, but from none of a module's functions: they wait. Texts are
 * UTF-8 and NUL-terminated. What answers -1 or NULL has said why: roost_error. Nothing that is the process's is touched: no
 * signal, no environment; a module that crashes takes the program along, unless "probe" names the command `roost` that loads it first.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ROOST_H
#define ROOST_H

#ifdef __cplusplus
extern "C" {
#endif

/* A host that serves. */
typedef struct roost_host roost_host;

/* Binds, starts the applications, and serves when it returns. `settings`: YAML or JSON, or NULL for the defaults:
 *
 *     {host: 127.0.0.1, port: 8000, bind: ["unix:/run/site.sock"], threads: 1, root-path: "", app-dir: ".", run-dir: "/var/cache/site",
 *      probe: /usr/bin/roost, applications: [{module: ./libwiki.so, mount: /wiki, hosts: [wiki.example.org], settings: wiki.production}]}
 *
 * The applications are as in the settings file of the command (roost settings --explain); `settings` of one is a name here. The port 0
 * takes a free one: roost_port. One thread only in a debug build. */
roost_host *roost_start(const char *settings);

/* Mounts one more, given as one of `applications`: 0 when requests that come reach it. -1: it does not start, or its place is taken. */
int roost_mount(roost_host *host, const char *application);

/* Takes the application away that is mounted at this path for every host; requests that are under way end first, later. -1: none is. */
int roost_unmount(roost_host *host, const char *path);

/* The port of the first address; -1: it is a Unix socket. */
int roost_port(const roost_host *host);

/* What is served, as JSON: {"addresses": [...], "applications": [{"name", "version", "module", "mount"}, ...]}. Give it to roost_free. */
char *roost_status(const roost_host *host);
void roost_free(char *text);

/* Stops: lets requests end within the time of grace, shuts the applications down, and frees the host. -1: it did not end well. */
int roost_stop(roost_host *host);

/* Why the last of these calls of the same thread answered -1 or NULL; valid until its next call. */
const char *roost_error(void);

#ifdef __cplusplus
}
#endif

#endif
