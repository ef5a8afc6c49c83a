extension OtherOption {
    static let ofGunicorn: [OtherOption] = [
        .alias("--bind", "-b", to: "bind", "the default is 127.0.0.1:8000, too"),
        .alias("--workers", "-w", to: "workers"),
        .ignored(
            "--worker-class", "-k",
            values: [
                "sync", "gthread", "asgi", "uvicorn.workers.UvicornWorker", "uvicorn_worker.UvicornWorker",
                "uvicorn.workers.UvicornH11Worker", "uvicorn_worker.UvicornH11Worker",
            ], because: "Roost finds out whether an application is one of ASGI or WSGI"),
        .refused(
            "--worker-class", "-k", values: ["gevent", "eventlet", "tornado", "gevent_wsgi", "gevent_pywsgi"],
            because: "green threads are not supported; WSGI applications run on --wsgi-threads threads"),
        OtherOption(
            names: ["--threads"], takesValue: true, values: nil, treatment: .same, equivalent: "write `--wsgi-threads`",
            remark: "Roost's own --threads is the number of event loops, which is 1 for Python"),
        .alias(
            "--timeout", "-t", to: "timeout-worker",
            "the time for which the event loop is stalled; default 60 instead of 30"),
        .alias("--graceful-timeout", to: "timeout-graceful-shutdown"),
        .alias("--keep-alive", to: "timeout-keep-alive", "default 75 instead of 2; at least 1"),
        .replaced("--max-requests", by: "`--limit-max-requests`", "0 is the default: never") {
            $0 == "0" ? [] : ["--limit-max-requests=\($0)"]
        },
        .alias("--max-requests-jitter", to: "limit-max-requests-jitter"),
        .same("backlog"),
        .replaced("--chdir", by: "`--app-dir`", "the working folder remains") { ["--app-dir=\($0)"] },
        .refused(
            "--pythonpath", because: "set $PYTHONPATH, or name the folder of the application with --app-dir"),
        .refused("--env", "-e", because: "set the variable in the environment, or in a file with --env-file"),
        .same("reload"),
        .alias("--reload-extra-file", to: "reload-include", "a pattern"),
        .ignored("--reload-engine", because: "Roost watches files with inotify"),
        .ignoredFlag(
            "--preload", because: "each worker imports the application; one that cannot be imported is not served"),
        .refused("--config", "-c", because: "write the options into settings.yaml; roost settings shows their keys"),
        .refused("--daemon", "-D", because: "run roost as a service of systemd"),
        .refused("--pid", because: Self.noProcessFile),
        .ignored("--name", "-n", because: "Roost does not change the names of processes"),
        .replaced("--user", "-u", by: "`--user`", "-u PATH is a Unix socket, as for Daphne") {
            $0.contains("/") ? ["--uds=\($0)"] : ["--user=\($0)"]
        },
        .alias("--group", "-g", to: "group"),
        .refused("--umask", because: "give a Unix socket its mode with --bind unix:PATH,mode=660"),
        .same("log-level"),
        .ignored("--access-logfile", values: ["-"], because: "the access log is on standard output"),
        .refused("--access-logfile", because: Self.noLogFiles),
        .ignored("--error-logfile", "--log-file", values: ["-"], because: "the log is on standard error"),
        .refused("--error-logfile", "--log-file", because: Self.noLogFiles),
        .refused("--access-logformat", because: "the access log has one format; use --log-format json"),
        .alias("--log-config", to: "log-config"),
        .ignoredFlag("--capture-output", because: "the output of applications is on the standard streams"),
        .refused("--worker-connections", because: "use --limit-concurrency, or --limit-wsgi for requests that wait"),
        .ignored("--worker-tmp-dir", because: "workers report by shared memory"),
        .same("limit-request-line", "default 16384 instead of 4094; there is always a limit"),
        .same("limit-request-fields", "default 128 instead of 100"),
        .alias(
            "--limit-request-field_size", to: "limit-request-field-size",
            "default 16384 instead of 8190; there is always a limit"),
        .same("forwarded-allow-ips", "also networks and `unix`; `*` needs --forwarded-hops"),
        .refused("--proxy-protocol", because: "use --bind ADDRESS,proxy=required"),
        .alias("--proxy-allow-from", to: "forwarded-allow-ips"),
        .refused("--statsd-host", because: "Roost has no statistics for statsd; use roost status"),
        .alias("--certfile", to: "ssl-certfile"),
        .alias("--keyfile", to: "ssl-keyfile"),
        .alias("--ca-certs", to: "ssl-ca-certs"),
        .alias("--cert-reqs", to: "ssl-cert-reqs"),
        .alias("--ciphers", to: "ssl-ciphers", "of TLS 1.2"),
        .refused("--check-config", because: "use roost check and roost settings"),
        .refused("--print-config", because: "use roost settings"),
    ]
}
