extension OtherOption {
    static let ofDaphne: [OtherOption] = [
        .alias("--bind", "-b", to: "bind", "the port is that of -p or --port"),
        .replaced("--port", "-p", by: "`--port`") { ["--port=\($0)"] },
        .replaced("--unix-socket", "-u", by: "`--uds`") { ["--uds=\($0)"] },
        .replaced("--fd", by: "`--bind fd://N`") { ["--bind=fd://\($0)"] },
        .refused("--endpoint", because: "endpoints of Twisted are not supported; use --bind"),
        .ignored("--verbosity", "-v", because: "use --log-level"),
        .refused("--http-timeout", because: "use --timeout-graceful-shutdown for a shutdown; a request has no limit"),
        .alias("--websocket_timeout", to: "timeout-ws-close", "the time of the closing handshake only"),
        .alias("--ping-interval", to: "ws-ping-interval"),
        .alias("--ping-timeout", to: "ws-ping-timeout"),
        .ignored(
            "--application-close-timeout",
            because: "an application is not cancelled unless --cancel-on-disconnect says so"),
        .refused("--proxy-headers", because: Self.noForwarding),
        .same("root-path"),
        .refused("--server-name", because: "the value is roost; remove it with --no-server-header"),
        .flag("--no-server-name", as: ["--no-server-header"]),
    ]
}
