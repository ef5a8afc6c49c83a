extension OtherOption {
    static let ofDaphne: [OtherOption] = [
        .alias("--bind", "-b", to: "bind", "the port is that of -p or --port"),
        .replaced("--port", "-p", by: "`--port`") { value in
            // For other servers, -p is the path of a process file.
            guard Int(value) != nil else { throw OtherOptionFault("'\(value)' is not a port; \(Self.noProcessFile)") }
            return ["--port=\(value)"]
        },
        .replaced("--unix-socket", "-u", by: "`--uds`") { ["--uds=\($0)"] },
        .replaced("--fd", by: "`--bind fd://N`", "3 or above") { ["--bind=fd://\($0)"] },
        .refused("--endpoint", because: "endpoints of Twisted are not supported; use --bind"),
        .ignored("--verbosity", "-v", values: ["0", "1", "2", "3"], because: "use --log-level"),
        .refused("--http-timeout", because: "a request may take any time; -t is Gunicorn's --timeout here"),
        .ignored("--access-log", values: ["-"], because: "the access log is on standard output"),
        .refused("--websocket_timeout", because: "a WebSocket may be open for any time"),
        .alias("--ping-interval", to: "ws-ping-interval"),
        .alias("--ping-timeout", to: "ws-ping-timeout"),
        .ignored(
            "--application-close-timeout",
            because: "an application is not cancelled unless --cancel-on-disconnect says so"),
        .same("proxy-headers", "on by default, for the peers of --forwarded-allow-ips"),
        .same("root-path"),
        .refused("--server-name", "-s", because: "the value is roost; remove it with --no-server-header"),
        .flag("--no-server-name", as: ["--no-server-header"]),
    ]
}
