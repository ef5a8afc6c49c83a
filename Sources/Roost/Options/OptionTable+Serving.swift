import Glibc
import HTTPServer
import Logging
import Middleware
import RoostSettings
import RoostSystem

/// Options: addresses, applications, logs and responses.
extension OptionTable {
    static let addresses: [ServerOption] = [
        .text("host", \.listen.host, "Host name or address to listen on; all addresses of a name are used."),
        .count("port", \.listen.port, 0...65535, "Port to listen on; 0 takes a free one."),
        .optionalText(
            "uds", \.listen.unixPath, "Path of a Unix socket to listen on instead; @NAME is an abstract socket."
        ) { _ = try BindAddress.unix($0) },
        .texts(
            "bind", \.listen.addresses, unset: "--host and --port, or the sockets that systemd passes",
            """
            Address to listen on; repeatable: 127.0.0.1:8000, [::]:8000 (IPv4 and IPv6; only IPv6 with ,ipv6only), :8000 (all addresses), \
            unix:/run/roost.sock,mode=660,user=www,group=www, unix:@NAME, fd://3. \
            With ,proxy=required the PROXY protocol is required; with ,forwarded=none no header fields of proxies are evaluated. \
            With ,tls=off connections do not use TLS though there is a certificate; with ,redirect=https they do not, and \
            requests are redirected; ,client-cert=none|optional|required overrides --ssl-cert-reqs.
            """
        ) { _ = try ListenAddress($0, port: 0) },
        .count("backlog", \.host.server.backlog, 1...65535, "Maximum number of connections that wait to be accepted."),
        .text("root-path", \.host.rootPath, "Path prefix that a proxy in front removes: ASGI's root_path.") {
            guard !$0.isEmpty, !$0.hasPrefix("/") || $0.hasSuffix("/") else { return }
            throw OptionFault.refused("'\($0)' must begin with a / and must not end with one")
        },
    ]

    static let applications: [ServerOption] = [
        .text("app-dir", \.host.folder, "Folder below which modules and settings are found by name.").notInFiles,
        .texts(
            "modules", \.process.modules,
            "Drop-in folder: each library in it is served at /NAME, and changes are followed; repeatable."
        ).notInFiles.commandOnly("give the applications to the host; it does not follow folders"),
        .parsed(
            "static", .texts, \.host.statics,
            """
            Path and folder whose files are served: /static=public; repeatable. \
            Options may follow: ,index=index.html ,fallback=index.html ,immutable=hashed ,max-age=3600.
            """,
            parse: Self.statics, texts: { $0.map(\.description) }
        ).notInFiles,
        .parsed(
            "middleware", .texts, \.host.middleware,
            """
            Middleware in front of all applications, with its options: request-id, https-redirect,hsts=31536000; repeatable, in its order. \
            See the page about middleware.
            """,
            parse: Self.middleware, texts: { $0.map(\.description) }
        ).notInFiles,
        .optionalText(
            "settings", \.process.settings, unset: "$ROOST_SETTINGS_MODULE, else the module's own",
            "Settings module, like wiki.settings."
        ).onCommandLineOnly.commandOnly("give the settings themselves to the host"),
        .flag(
            "no-settings", \.process.readsNoSettings,
            """
            Read no settings file: neither settings.yaml below --app-dir, nor that of $ROOST_SETTINGS_MODULE, nor the module's own. \
            Files beside the libraries of --modules are read.
            """
        ).onCommandLineOnly.commandOnly("an embedded host reads no settings file of its own"),
        .optionalText(
            "env-file", \.process.environmentFile,
            "File of environment variables for the workers, in lines NAME=VALUE. A variable that is set already keeps its value."
        ).forSupervisor.commandOnly("the environment belongs to the program"),
        .optionalText(
            "run-dir", \.host.runDirectory, unset: "/run/roost, $XDG_RUNTIME_DIR/roost or ~/.cache/roost",
            "Folder for copies of modules."
        ).early,
        .parsed(
            "trust-owner", .texts, \.host.trust,
            "User whose files are trusted, in addition to root and the user of roost; repeatable.",
            parse: Self.trust, texts: { _ in [] }
        ).early,
        .seconds("probe-timeout", \.probeTime, .time, "Maximum time to load a module.").early,
        .choice(
            "lifespan", \.host.lifespan, among: LifespanMode.allCases,
            "Whether applications get lifespan events: auto asks the application, on requires it."
        ).forGroups,
        .seconds(
            "timeout-lifespan", \.host.lifespanTime, .time,
            "Maximum time of an application's startup, and of its shutdown."
        ).forGroups,
    ]

    static let logs: [ServerOption] = [
        .choice(
            "log-level", \.process.logLevel, among: [.critical, .error, .warning, .info, .debug, .trace],
            "Lowest level of messages that are logged."),
        .choice(
            "log-format", \.host.logFormat, among: LogFormat.allCases,
            "Format of the log and of the access log: lines of text, or one JSON object per line."),
        .flag(
            "use-colors", \.process.usesColors, unset: "on terminals", "Write log levels and statuses in colors."
        ).commandOnly("the logs belong to the program"),
        .flag("access-log", \.process.logsAccess, isNegatable: true, "Log each request to standard output."),
        .flag("server-header", \.sendsServerName, isNegatable: true, "Send `server: roost` with every response."),
        .flag(
            "date-header", \.host.server.sendsDate, isNegatable: true,
            "Send the header field `date` with every response."),
        .parsed(
            "header", .texts, \.host.server.headers,
            "Header field that is sent with every response: NAME:VALUE; repeatable.",
            parse: { try $0.map { try DefaultHeader($0) } }, texts: { $0.map { "\($0.name):\($0.value)" } }),
        .optionalText(
            "error-pages", \.host.errorPages, unset: "built-in pages",
            "Folder with pages for errors, like 404.html, 5xx.html and 5xx.json, that the host sends in place of an application.",
            check: { _ = try ErrorPageFolder.read($0) }),
        .flag("health", \.host.answersHealth, "Answer /healthz and /readyz without calling a module."),
    ]

    @Sendable private static func statics(_ texts: [String]) throws -> [StaticEntry] {
        do throws(MountFault) {
            return try texts.map { text throws(MountFault) in try StaticEntry(text) }
        } catch { throw OptionFault.refused(error.message) }
    }

    @Sendable private static func middleware(_ texts: [String]) throws -> [MiddlewareEntry] {
        let entries = texts.map { MiddlewareEntry($0) }
        do throws(MiddlewareFault) {
            _ = try MiddlewareChain(host: entries)
        } catch { throw OptionFault.refused(error.message) }
        return entries
    }

    /// Parses trusted users, given by name or number.
    @Sendable private static func trust(_ names: [String]) throws -> FileTrust {
        var trust = FileTrust()
        for name in names {
            guard let user = getpwnam(name)?.pointee.pw_uid ?? UInt32(name) else {
                throw OptionFault.refused("'\(name)' is not a user of this machine")
            }
            trust.owners.insert(user)
        }
        return trust
    }
}
