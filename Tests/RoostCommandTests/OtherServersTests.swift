import Foundation
import TestSupport
import Testing

/// The options of other application servers, and the variables of Uvicorn. `Tests/Python/Frameworks/test_options.py`
/// compares the tables with the servers themselves.
@Suite("Options of other servers")
struct OtherServersTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    /// Runs `roost settings`. Returns its rows: each has a key and a value, and ends with the source.
    private func settings(_ arguments: [String], environment: [String: String] = [:]) throws -> [[String]] {
        let shown = try Command.run(
            [Repository.roost, "settings"] + arguments, environment: environment, folder: self.folder.path)
        #expect(shown.status == 0, "\(shown.error)")
        return shown.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    }

    @Test(
        "an option of another server stands for one of Roost",
        arguments: [
            (["--fd", "5"], "bind", "fd://5"), (["--timeout-worker-healthcheck", "9"], "timeout-worker", "9"),
            (["--h11-max-incomplete-event-size=9000"], "limit-request-head", "9000"),
            (["--ws-ping-interval", "20.0"], "ws-ping-interval", "20.0"),
            (["--ws-ping-timeout", "2.1"], "ws-ping-timeout", "2.1"),
            (["-b", "127.0.0.1:5000"], "bind", "127.0.0.1:5000"), (["-w", "3"], "workers", "3"),
            (["-w3"], "workers", "3"), (["--keep-alive", "7"], "timeout-keep-alive", "7"),
            (["--graceful-timeout", "7"], "timeout-graceful-shutdown", "7"), (["-t", "7"], "timeout-worker", "7"),
            (["--max-requests", "7"], "limit-max-requests", "7"),
            (["--max-requests", "0"], "limit-max-requests", "never"),
            (["--limit-request-field_size", "900"], "limit-request-field-size", "900"),
            (["-u", "root"], "user", "root"), (["-u", "/tmp/socket"], "uds", "/tmp/socket"),
            (["--workers-max-rss", "100"], "limit-max-rss", "104857600"),
            (["--http1-header-read-timeout", "1500"], "timeout-request-head", "1.5"),
            (["--proxy-allow-from", "10.0.0.1,unix"], "forwarded-allow-ips", "10.0.0.1,unix"),
            (["--no-proxy-headers"], "proxy-headers", "false"), (["--interface", "asginl"], "lifespan", "off"),
            (["--interface", "asgi2"], "interface", "asgi2"),
            (["--no-log"], "log-level", "critical"), (["--no-log"], "access-log", "false"),
            (["--log-level", "warn"], "log-level", "warning"), (["-w=3"], "workers", "3"),
            (["-k", "uvloop"], "loop", "uvloop"),
            (["-p", "5000"], "port", "5000"), (["--unix-socket", "x"], "uds", "x"),
            (["--certfile", "/x"], "ssl-certfile", "/x"),
            (["--insecure-bind", ":80"], "bind", ":80,tls=off"), (["--http2"], "http2", "true"),
            (["--http2-max-concurrent-streams", "7"], "limit-h2-streams", "7"),
            (["--no-server-name"], "server-header", "false"),
            (["--websocket-ping-interval", "4"], "ws-ping-interval", "4"),
        ])
    func replaced(_ arguments: [String], _ name: String, _ value: String) throws {
        let row = try #require(try self.settings(arguments).first { $0[0] == "server.\(name)" })
        #expect(row[1] == value || (value == "never" && !row.contains("command")), "\(row)")
    }

    @Test(
        "an option that is refused names the reason, and what to use",
        arguments: [
            (["--ssl-version", "17"], "--ssl-version: TLS 1.2 and 1.3 are served; use --ssl-minimum-version"),
            (["--ssl-keyfile", "x"], "--ssl-keyfile needs --ssl-certfile, the certificate of the key"),
            (["--ssl-cert-reqs", "2"], "--ssl-cert-reqs required needs --ssl-ca-certs"),
            (["--forwarded-allow-ips", "*"], "--forwarded-allow-ips * needs --forwarded-hops"),
            (["--forwarded-allow-ips", "0.0.0.0/0"], "--forwarded-allow-ips 0.0.0.0/0 needs --forwarded-hops"),
            (["--forwarded-allow-ips", "proxy"], "'proxy' is not an address or a network"),
            (["--proxy-protocol"], "--proxy-protocol: use --bind ADDRESS,proxy=required"),
            (["--ssl-crl", "x"], "--ssl-crl: revocation lists are not supported"),
            (["--http", "3"], "--http: '3' is not one of auto, h11, httptools, zttp, 1"), (["--http"], "--http"),
            (["--ws", "none"], "--ws: WebSockets are always served"),
            (["-p", "/run/x.pid"], "-p: '/run/x.pid' is not a port"),
            (["--websocket_timeout", "9"], "--websocket_timeout: a WebSocket may be open for any time"),
            (["--header", "sec-websocket-protocol:x"], "only the server sets"),
            (["-k", "gevent"], "-k: green threads are not supported"),
            (["--interface", "rsgi"], "use one of ASGI or WSGI"),
            (["--config", "x"], "--config: write the options into settings.yaml"),
            (["-D"], "-D: run roost as a service"),
            (["--access-logfile", "x"], "--access-logfile: Roost logs to the standard streams"),
            (["--workers-max-rss", "x"], "--workers-max-rss: 'x' is not a number"),
            (["--keep-alive"], "Missing value for '--keep-alive'"),
            (["--timeout-write", "nan"], "The value 'nan' is invalid for '--timeout-write <seconds>'"),
            (["--ws-ping-interval", "86400.5"], "--ws-ping-interval 86401 is not between 0 and 86400"),
            (["--header", "x"], "--header 'x' is not NAME:VALUE"),
            (["--header", "connection:close"], "is a header field that only the server sets"),
            (["--header", "x y:z"], "is not a valid header field"),
            (["--header", "x:a\u{1}"], "is not a valid header field"),
            (["--loop", "zuvloop"], "Please provide one of 'auto', 'uvloop' or 'asyncio'"),
        ])
    func refused(_ arguments: [String], _ message: String) throws {
        let refused = try Command.run([Repository.roost, "x"] + arguments, folder: self.folder.path)
        #expect(refused.status == 2, "\(refused.error)")
        #expect(refused.error.contains(message), "\(refused.error)")
        #expect(refused.error.contains("(see roost --help)"), "\(refused.error)")
    }

    @Test("what follows -- is no option, and other subcommands have none of these")
    func words() throws {
        let module = try Command.run([Repository.roost, "--", "-b"], folder: self.folder.path)
        #expect(module.error.contains("-b"), "\(module.error)")
        #expect(try Command.run([Repository.roost, "status", "-b"], folder: self.folder.path).status == 2)
    }

    @Test("the variables of Uvicorn set its options; those of Roost take precedence")
    func variables() throws {
        let rows = try self.settings(
            ["--workers", "2"],
            environment: [
                "UVICORN_PORT": "5001", "UVICORN_LOG_LEVEL": "debug", "ROOST_LOG_LEVEL": "error",
                "UVICORN_WORKERS": "9",
                "UVICORN_RELOAD": "1", "UVICORN_WS_PER_MESSAGE_DEFLATE": "False", "UVICORN_HTTP": "h11",
                "UVICORN_TIMEOUT_WORKER_HEALTHCHECK": "8", "UVICORN_PROXY_HEADERS": "false",
                "FORWARDED_ALLOW_IPS": "10.0.0.0/8",
                "UVICORN_RELOAD_DIR": "/tmp:/usr",
                "UVICORN_HEADER": "a:b c:d",
            ])
        for row in [
            ["server.port", "5001", "$UVICORN_PORT"], ["server.log-level", "error", "$ROOST_LOG_LEVEL"],
            ["server.workers", "2", "command", "line"], ["server.reload", "1", "$UVICORN_RELOAD"],
            ["server.ws-per-message-deflate", "False", "$UVICORN_WS_PER_MESSAGE_DEFLATE"],
            ["server.timeout-worker", "8", "$UVICORN_TIMEOUT_WORKER_HEALTHCHECK"],
            ["server.proxy-headers", "false", "$UVICORN_PROXY_HEADERS"],
            ["server.forwarded-allow-ips", "10.0.0.0/8", "$FORWARDED_ALLOW_IPS"],
            ["server.header", "a:b", "c:d", "$UVICORN_HEADER"],
            ["server.reload-dir", "/tmp", "/usr", "$UVICORN_RELOAD_DIR"],
        ] { #expect(rows.contains(row), "\(row)") }
        for (variable, value, message) in [
            ("UVICORN_SSL_VERSION", "17", "$UVICORN_SSL_VERSION: TLS 1.2 and 1.3 are served"),
            ("UVICORN_PORT", "x", "$UVICORN_PORT: The value 'x' is invalid for '--port <port>'"),
            ("UVICORN_RELOAD", "maybe", "$UVICORN_RELOAD: 'maybe' is not true or false"),
            ("UVICORN_FD", "x", "$UVICORN_FD: "), ("UVICORN_WS", "none", "$UVICORN_WS: WebSockets are always served"),
            ("UVICORN_HTTP", "x", "$UVICORN_HTTP: 'x' is not one of auto, h11"),
        ] {
            let refused = try Command.run(
                [Repository.roost, "x"], environment: [variable: value], folder: self.folder.path)
            #expect(refused.status == 2)
            #expect(refused.error.contains(message), "\(refused.error)")
        }
    }

    @Test("a command line of another server serves; what has no effect is logged; header fields are added")
    func served() throws {
        let server = try RoostProcess(
            [
                "\(Repository.products)/libHello.so", "--http", "httptools", "--ws=websockets", "--reset-contextvars",
                "-b", "127.0.0.1:0", "--timeout", "30", "--no-date-header", "--header", "X-Frame-Options: DENY",
                "--header=server:other", "--run-dir", "\(self.folder.path)/run",
            ], folder: self.folder.path)
        let client = try RawClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\nGET /none HTTP/1.1\r\n\r\n")
        for _ in 0..<2 {
            let response = try client.readResponse()
            #expect(response.header("x-frame-options") == "DENY")
            #expect(response.header("server") == "other")
            #expect(response.header("date") == nil)
        }
        #expect(server.stop() == 0)
        for option in ["--http", "--ws", "--reset-contextvars"] {
            #expect(server.error.contains("option has no effect option=\(option) reason="), "\(server.error)")
        }
        #expect(!server.error.contains("\u{1b}["))
    }

    @Test("--use-colors writes colors also to a file")
    func colors() throws {
        try self.folder.write("pages.py", "def app(")
        let arguments = [
            Repository.roost, "pages:app", "--port", "0", "--app-dir", self.folder.path, "--run-dir",
            "\(self.folder.path)/run",
        ]
        let environment = ["VIRTUAL_ENV": ""]
        #expect(try Command.run(arguments + ["--use-colors"], environment: environment).error.contains("\u{1b}["))
        #expect(try !Command.run(arguments, environment: environment).error.contains("\u{1b}["))
    }
}
