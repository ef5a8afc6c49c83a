/* roost.h: an application server embedded in a C program. Link with -lRoost (libRoost.so).
 *
 * The header is C11 and C++17. Every function may be called on any thread, but not from a function of a module, since
 * it blocks. Strings are UTF-8 and NUL-terminated. After a result of -1 or NULL, roost_error returns the reason.
 *
 * Loading the library does not change the program's signals, environment or working directory, and starts no thread. In
 * a program that is not written in Swift, the loading thread gets an alternate signal stack if it has none (by the
 * Swift runtime; no handler uses it).
 *
 * roost_start starts threads, opens descriptors, and creates a folder below "run-dir" for copies of modules. While a
 * host runs, SIGPIPE is ignored by a handler, unless the program has one: otherwise a client that disconnects would end
 * the program. The threads that call modules have the signal mask of the thread that called roost_start or
 * roost_run first. roost_stop and a failed roost_start undo all of this. The following remains until the process ends: idle
 * threads of the runtime, as many as were needed at once; and the code of every module that was loaded, with some KiB
 * of memory for each start, since a module may still refer to it. If "access-log" was on, the thread that writes the
 * log also remains. A module that is started again is loaded again.
 *
 * A module that crashes ends the program. If "probe" is the path of the command `roost`, that command first loads each
 * module in a process of its own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ROOST_H
#define ROOST_H

#ifdef __cplusplus
extern "C" {
#endif

/* A running host. */
typedef struct roost_host roost_host;

/* Binds the addresses, starts the applications, and serves from the time it returns.
 *
 *   settings  YAML or JSON, borrowed for the call; NULL for the defaults:
 *
 *     {host: 127.0.0.1, port: 8000, bind: ["unix:/run/site.sock"], threads: 1, root-path: "", app-dir: ".",
 *      run-dir: "/var/cache/site", ws-origins: same, access-log: true, log-level: warning, limit-request-body: 1048576,
 *      probe: /usr/bin/roost,
 *      applications: [{module: ./libwiki.so, mount: /wiki, hosts: [wiki.example.org], settings: wiki.production,
 *                      ws-origins: any}]}
 *
 * The keys are the options of the command, with the same defaults, ranges and limits; `roost settings --explain` and
 * Documentation/reference/options.md list them. An option that concerns the command's processes (workers, user, reload) is
 * refused with the reason. Two things differ: access-log is off by default, since standard output belongs to the
 * program; and "probe" is an additional key.
 *
 * Applications are given as in the settings file of the command; `settings` of an application is a name here. Port 0
 * takes a free port; see roost_port. A relative app-dir is resolved against the working directory at the time of the
 * call. A debug build has one thread.
 *
 * Returns the host, which the caller owns until roost_stop; NULL if the start failed. */
roost_host *roost_start(const char *settings);

/* Serves on the calling thread, which becomes the first event loop of the host, and returns when the host has stopped.
 * For a program whose main thread belongs to an interpreter.
 *
 *   settings  As for roost_start.
 *   started   Called on the calling thread once the host serves; may be NULL. It must not block, and must not call
 *             roost_start, roost_mount, roost_unmount or roost_stop.
 *   context   Passed to `started`.
 *
 * The host belongs to this call; roost_quit ends it. Returns 0 when it has stopped; -1 if it did not start, or failed to
 * stop. */
int roost_run(const char *settings, void (*started)(roost_host *host, void *context), void *context);

/* Begins to stop a host of roost_run, as roost_stop does, and returns at once. The host must not be used afterwards. May
 * be called on the thread of the host, and by a function of a module. */
void roost_quit(roost_host *host);

/* A pointer to a function of another type. */
typedef void (*roost_function)(void);

/* Makes a module that is a part of the program known to the hosts of the process, as `builtin:NAME`: an application is
 * given as {module: "builtin:NAME"}. No file is loaded, so the module shares the data of the program.
 *
 *   name         A letter or `_`, then letters, digits and `_`; borrowed for the call.
 *   application  The module's function `application` (asgi.h).
 *   info         The module's function `asgi_module_info`; NULL if it has none.
 *
 * Returns 0; -1 if the name is invalid or was provided before. */
int roost_provide(const char *name, roost_function application, roost_function info);

/* Serves on the calling thread as a worker of the command `roost`, whose supervisor has started this process: it passes
 * descriptors from 3 on. For an interpreter that runs the applications of its language.
 *
 *   count      The number of arguments.
 *   arguments  The arguments that the supervisor has passed on.
 *
 * The process ends when the supervisor stops it, by _exit unless --exit-handlers is set. Returns -1 if it is not a
 * worker. */
int roost_worker(int count, const char *const *arguments);

/* Mounts another application, given like an element of `applications`. Returns 0 when new requests reach it; -1 if it
 * does not start or its mount is in use. */
int roost_mount(roost_host *host, const char *application);

/* Unmounts an application. `mount` is written as in roost_status: the path "/wiki", or with the application's hosts in
 * front of it "wiki.example.org/wiki" or "{a.example.org, b.example.org}/wiki". Its unfinished requests continue.
 * Returns 0; -1 if nothing is mounted there. */
int roost_unmount(roost_host *host, const char *mount);

/* Returns the port of the first address; -1 for a Unix socket. */
int roost_port(const roost_host *host);

/* Returns the status as JSON: {"addresses": [...], "applications": [{"name", "version", "module", "mount"}, ...]}. The
 * caller frees it with roost_free. */
char *roost_status(const roost_host *host);
/* Frees a text that roost_status has returned. */
void roost_free(char *text);

/* Stops the host: waits for unfinished requests up to the graceful-shutdown timeout, shuts the applications down, and
 * frees the host. Returns 0; -1 if the shutdown failed: the host is freed in any case. */
int roost_stop(roost_host *host);

/* Returns the reason of the last -1 or NULL on the calling thread; valid until the thread's next call of a function of
 * this header. */
const char *roost_error(void);

#ifdef __cplusplus
}
#endif

#endif
