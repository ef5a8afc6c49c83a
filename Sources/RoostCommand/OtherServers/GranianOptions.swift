extension OtherOption {
    static let ofGranian: [OtherOption] = [
        .same("host"),
        .same("port"),
        .same("uds"),
        .refused("--uds-permissions", because: "use --bind unix:PATH,mode=660"),
        .replaced(
            "--interface", by: "`--interface asgi --lifespan off`", values: ["asginl"], "the other values are the same"
        ) { _ in ["--interface=asgi", "--lifespan=off"] },
        .refused("--interface", values: ["rsgi"], because: "RSGI is Granian's own interface; use one of ASGI or WSGI"),
        .ignored("--http", values: ["1"], because: "Roost has one implementation of HTTP"),
        .ignored("--http", values: ["2", "auto"], because: "HTTP/1 and HTTP/2 are both served"),
        .ignoredFlag("--ws", because: "WebSockets are always served to applications of ASGI"),
        .refused(
            "--no-ws", because: "Roost has no such option; an application that does not answer a WebSocket rejects it"),
        .same("workers"),
        OtherOption(
            names: ["--blocking-threads"], takesValue: true, values: nil, treatment: .same,
            equivalent: "write `--wsgi-threads`", remark: "Roost's own --blocking-threads is for native modules"),
        .ignored(
            "--blocking-threads-idle-timeout", because: "threads of WSGI remain until the worker ends"),
        .ignored("--runtime-threads", values: ["1"], because: "a Python worker has one event loop"),
        .refused("--runtime-threads", because: "a Python worker has one event loop; use --workers"),
        .ignored(
            "--runtime-blocking-threads", "--runtime-mode", "--task-impl", because: "Roost has one kind of runtime"),
        .same("loop", "auto, asyncio and uvloop only"),
        .same("backlog"),
        .alias("--backpressure", to: "limit-scopes", "requests above it get 503 instead of waiting"),
        .alias("--http1-buffer-size", to: "limit-request-head", "a large field needs --limit-request-field-size, too"),
        .replaced("--http1-header-read-timeout", by: "`--timeout-request-head`", "in seconds instead of milliseconds") {
            ["--timeout-request-head=\((Double($0) ?? .nan) / 1000)"]
        },
        .ignoredFlag("--http1-keep-alive", because: "connections are kept"),
        .refused("--no-http1-keep-alive", because: "connections are kept; use --timeout-keep-alive 1"),
        .ignoredFlag(
            "--http1-pipeline-flush", "--no-http1-pipeline-flush", because: "responses are written together anyway"),
        .alias("--http2-max-concurrent-streams", to: "limit-h2-streams"),
        .ignoredFlag("--log", because: "there is always a log"),
        .flag("--no-log", as: ["--log-level=critical", "--no-access-log"]),
        .replaced("--log-level", by: "`--log-level warning`", values: ["warn"]) { _ in ["--log-level=warning"] },
        .replaced("--log-level", by: "`--log-level trace`", values: ["notset"]) { _ in ["--log-level=trace"] },
        .same("log-config"),
        .same("access-log", "on by default"),
        .refused("--access-log-fmt", because: "the access log has one format; use --log-format json"),
        .alias("--ssl-certificate", to: "ssl-certfile"),
        .same("ssl-keyfile"),
        .same("ssl-keyfile-password"),
        .alias("--ssl-ca", to: "ssl-ca-certs"),
        .refused("--ssl-crl", because: "revocation lists are not supported"),
        .flag("--ssl-client-verify", as: ["--ssl-cert-reqs=required"]),
        .replaced("--ssl-protocol-min", by: "`--ssl-minimum-version`", values: ["tls1.2", "tls1.3"]) {
            ["--ssl-minimum-version=\($0.dropFirst(3))"]
        },
        .refused(
            "--url-path-prefix",
            because: "give the application a mount in a settings file: {module: NAME, mount: /prefix}"),
        .ignoredFlag("--respawn-failed-workers", because: "workers that exit are replaced"),
        .refused("--no-respawn-failed-workers", because: "workers that exit are replaced"),
        .ignored("--respawn-interval", because: "the delay between replacements grows by itself"),
        .alias("--workers-lifetime", to: "limit-worker-lifetime", "in seconds, without a unit"),
        .replaced("--workers-max-rss", by: "`--limit-max-rss`", "in bytes instead of MiB") { value in
            guard let number = Int(value), number < 1 << 40 else {
                throw OtherOptionFault("'\(value)' is not a number")
            }
            return ["--limit-max-rss=\(number << 20)"]
        },
        .ignored("--rss-sample-interval", "--rss-samples", because: "Roost measures once a second"),
        .alias("--workers-kill-timeout", to: "timeout-graceful-shutdown", "in seconds, without a unit"),
        .same("factory"),
        .ignoredFlag("--no-factory", because: "it is the default"),
        .replaced("--working-dir", by: "`--app-dir`", "the working folder remains") { ["--app-dir=\($0)"] },
        .alias("--env-files", to: "env-file", "one file: the last one counts"),
        .refused(
            "--static-path-mount", "--static-path-route", "--static-path-expires", "--static-path-dir-to-file",
            because: "use --static ROUTE=FOLDER,index=index.html,max-age=86400"
        ),
        .refused("--metrics", because: "Roost has no metrics yet; use roost status"),
        .same("reload"),
        .ignoredFlag("--no-reload", because: "it is the default"),
        .alias("--reload-paths", to: "reload-dir"),
        .alias("--reload-ignore-dirs", to: "reload-exclude"),
        .alias("--reload-ignore-paths", to: "reload-exclude"),
        .refused("--reload-ignore-patterns", because: "Roost has patterns like '*.html'; use --reload-exclude"),
        .ignored("--reload-tick", because: "Roost watches files with inotify"),
        .ignored("--process-name", because: "Roost does not change the names of processes"),
        .refused("--pid-file", because: Self.noProcessFile),
    ]
}
