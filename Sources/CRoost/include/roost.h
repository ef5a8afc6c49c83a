/* roost.h: an application server in a program, from C. Link with -lRoost (libRoost.so).
 *
 * The header is C11 and C++17. Every function may be called from any thread, but not from a module's functions, since it waits. Texts are
 * UTF-8 and NUL-terminated. After -1 or NULL, roost_error has the reason.
 *
 * Loading the library changes no signal, no environment and no working folder of the program, and starts no thread. In a program that is not Swift
 * the loading thread gets an alternate signal stack where it has none (the Swift runtime's; no handler uses it).
 *
 * roost_start starts threads and opens descriptors, and makes a folder below "run-dir" for copies of modules. While a host runs SIGPIPE is ignored,
 * unless the program has a handler for it: a client that leaves would end the program. roost_stop gives all of this back, and so does a start that
 * fails. What stays until the process ends: idle threads of the runtime, as many as were needed at once, and the code of every module that was loaded,
 * with some KiB of memory a start, since a module may still refer to it. A module that is started again is loaded again. Where "access-log" was on, the
 * thread that writes the log stays too.
 *
 * A module that crashes ends the program. Where "probe" names the command `roost`, that command loads each module first, in a process of its own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ROOST_H
#define ROOST_H

#ifdef __cplusplus
extern "C" {
#endif

/* A running host. */
typedef struct roost_host roost_host;

/* Binds, starts the applications, and serves when it returns. `settings`: YAML or JSON, or NULL for the defaults:
 *
 *     {host: 127.0.0.1, port: 8000, bind: ["unix:/run/site.sock"], threads: 1, root-path: "", app-dir: ".", run-dir: "/var/cache/site",
 *      ws-origins: same, access-log: true, log-level: warning, limit-request-body: 1048576, probe: /usr/bin/roost,
 *      applications: [{module: ./libwiki.so, mount: /wiki, hosts: [wiki.example.org], settings: wiki.production, ws-origins: any}]}
 *
 * The keys are the options of the command, with the same defaults, ranges and limits: roost settings --explain and Documentation/Options.md list
 * them. An option of the command's processes (workers, user, reload) is refused with the reason. Two things differ: access-log is off, since
 * standard output is the program's; and "probe" is a key of its own.
 *
 * The applications are as in the settings file of the command; `settings` of one is a name here. Port 0 takes a free port: roost_port. app-dir is
 * relative to the working folder of this moment. A debug build has one thread. */
roost_host *roost_start(const char *settings);

/* Mounts one more application, given as one of `applications`. 0: new requests reach it. -1: it does not start, or its mount is taken. */
int roost_mount(roost_host *host, const char *application);

/* Unmounts the application at this path for every host; its unfinished requests go on. -1: nothing is mounted there. */
int roost_unmount(roost_host *host, const char *path);

/* The port of the first address; -1 for a Unix socket. */
int roost_port(const roost_host *host);

/* The state as JSON: {"addresses": [...], "applications": [{"name", "version", "module", "mount"}, ...]}. Free it with roost_free. */
char *roost_status(const roost_host *host);
void roost_free(char *text);

/* Stops: waits for unfinished requests up to the graceful-shutdown timeout, shuts the applications down, and frees the host. -1: the shutdown
 * failed; the host is freed all the same. */
int roost_stop(roost_host *host);

/* The reason of the last -1 or NULL on the calling thread; valid until its next call. */
const char *roost_error(void);

#ifdef __cplusplus
}
#endif

#endif
