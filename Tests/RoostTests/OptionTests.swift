import Glibc
import HTTPServer
import Logging
import RoostDeployment
import RoostModules
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import Roost

@Suite("Options and the embedded host")
struct OptionTests {
    @Test("every option has a unique name and accepts its default")
    func defaults() throws {
        #expect(Set(OptionTable.all.map(\.name)).count == OptionTable.all.count)
        for option in OptionTable.all where !option.standard.isEmpty {
            var options = ServerOptions()
            try option.set(option.values(in: options), in: &options)
            #expect(option.values(in: options) == option.values(in: ServerOptions()), "\(option.name)")
        }
    }

    @Test("an address that names a given socket replaces it; an empty list reaches the workers")
    func lists() throws {
        var listen = ListenOptions()
        listen.addresses = ["fd://3,proxy=required", "127.0.0.1:80"]
        let addresses = try listen.addresses(given: [.descriptor(3), .descriptor(4)], .option)
        #expect(addresses.map { "\($0.bind)" } == ["fd://4", "fd://3", "127.0.0.1:80"])
        #expect(addresses.map(\.proxies.requiresProxyHeader) == [false, true, false])
        for name in ["forwarded-allow-ips", "reload-include"] {
            let option = try #require(OptionTable.option(named: name))
            let words = GivenOption(option, [], .file("x")).words
            #expect(words == (option.declaration.kind == .commaSeparated ? ["--\(name)="] : []))
        }
        let read = try GivenOption.read(["--forwarded-allow-ips="])
        #expect(try ServerOptions(read).host.server.trustedPeers.description == "")
    }

    @Test("--reload-delay is the debounce time of modules and of sources, which have different defaults")
    func reloadDelay() throws {
        var options = ServerOptions()
        #expect((options.watch.quiet, options.watch.sourceQuiet) == (100, 50))
        let option = try #require(OptionTable.option(named: "reload-delay"))
        try option.set(["0.2"], in: &options)
        #expect((options.watch.quiet, options.watch.sourceQuiet) == (200, 200))
    }

    @Test("a number is accepted at both ends of its range; outside, the error names option, value and range")
    func ranges() throws {
        for option in OptionTable.all {
            guard case .number(let range) = option.declaration.kind else { continue }
            for bound in [range.lowerBound, range.upperBound] {
                var options = ServerOptions()
                try option.set(["\(bound)"], in: &options)
                #expect(option.values(in: options) == ["\(bound)"], "\(option.name)")
            }
            let outside = [range.lowerBound - 1] + (range.upperBound == .max ? [] : [range.upperBound + 1])
            for value in outside {
                let error = #expect(throws: OptionError.self) {
                    try ServerOptions([GivenOption(option, ["\(value)"], .file("settings.yaml:3"))])
                }
                #expect(error?.origin == .file("settings.yaml:3"))
                #expect(
                    error?.message
                        == "--\(option.name) \(value) is not between \(range.lowerBound) and \(range.upperBound)")
            }
        }
    }

    /// Values of options that accept no path.
    private static let samples = [
        "trust-owner": "root", "header": "x-a: b", "static": "/a=/tmp", "middleware": "request-id",
    ]

    @Test("an embedded host accepts every option, or refuses it by name with a reason")
    func embedded() throws {
        var taken = 0
        let pages = try TemporaryFolder()
        try pages.write("404.html", "none")
        let keys = try TemporaryFolder()
        try keys.write("both.pem", "certificate and key")
        let pem = "\(keys.path)/both.pem"
        chmod(pem, 0o600)
        for option in OptionTable.all {
            // An explicit value, so that a default is not mistaken for an accepted value.
            let value =
                switch option.declaration.kind {
                case .number(let range): "\(range.lowerBound)"
                case .decimal(let range): "\(range.lowerBound)"
                case .choice(let choices): choices[0]
                case .boolean, .flag: "\(option.standard != "true")"
                case .commaSeparated: option.name == "ws-origins" ? "any" : "10.0.0.1"
                case .text where option.name == "error-pages": pages.path
                case .text where option.name == "ssl-cert-reqs": "none"
                case .text where ["ssl-certfile", "ssl-keyfile", "ssl-ca-certs"].contains(option.name): pem
                case .text, .texts: Self.samples[option.name] ?? "/tmp/x"
                }
            // These options need others.
            let rest =
                switch option.name {
                case "limit-send": ", limit-send-ahead: 1"
                case "ssl-keyfile": ", ssl-certfile: '\(pem)'"
                case "probe-timeout": ", probe: /usr/bin/roost"
                default: ""
                }
            let text = "{\n\(option.name): '\(value)'\(rest)}"
            if let refusal = option.declaration.refusal {
                let error = #expect(throws: HostError.self, "\(option.name)") { try EmbeddingSettings.read(text) }
                #expect(
                    error?.message
                        == "settings:2: '\(option.name)' is an option of the command roost only: \(refusal)")
            } else if option.name == "bind" {
                #expect(try EmbeddingSettings.read("{bind: ['unix:/tmp/x']}").0.addresses == [.unix(path: "/tmp/x")])
            } else {
                #expect(throws: Never.self, "\(option.name)") { try EmbeddingSettings.read(text) }
                taken += 1
            }
        }
        #expect(taken > 40)
    }

    @Test("the embedded host has the command's limits, timeouts, log level and access log")
    func values() throws {
        let configuration = try HostConfiguration(
            settings: """
                host: ::1
                port: 0
                threads: 3
                limit-files: 7
                timeout-write: 8
                reload-drain: 9
                ws-origins: [same, "https://example.org"]
                ws-max-size: 10
                server-header: no
                lifespan: on
                log-level: debug
                access-log: yes
                health: true
                trust-owner: root
                """)
        #expect(configuration.addresses == [.tcp(host: "::1", port: 0)])
        #expect(configuration.threads == 3)
        #expect(configuration.server.files == 7)
        #expect(configuration.server.writeTime == 8)
        #expect(configuration.drainTime == 9)
        #expect(configuration.webSocketOrigins.description == "same,https://example.org:443")
        #expect(configuration.server.webSocket.messageSize == 10)
        #expect(configuration.server.serverName.isEmpty)
        #expect(configuration.lifespan == .on)
        #expect(configuration.logger.logLevel == .debug)
        #expect(configuration.access != nil)
        #expect(configuration.answersHealth)
        #expect(configuration.trust.owners.contains(0))
        let usual = try HostConfiguration(settings: "")
        #expect(usual.access == nil)
        #expect(usual.addresses == HostConfiguration().addresses)
        #expect(usual.server.files == HostConfiguration().server.files)
    }

    @Test(
        "an error in an embedder's settings names the line and the key",
        arguments: [
            ("port: 0\nthreads: 0", "settings:2: 'threads' 0 is not between 1 and 256"),
            ("port: many", "settings:1: 'port' must be a number from 0 to 65535, found 'many'"),
            (
                "log-level: loud",
                "settings:1: 'log-level' must be critical, error, warning, info, debug or trace, found"
            ),
            ("limit-send: 1", "settings:1: 'limit-send-ahead' 65536 is more than 'limit-send' 1"),
            ("bind: ['::1']", "settings:1: 'bind' '::1'"), ("ws-origins: 'a b'", "settings:1: 'ws-origins' names"),
            ("applications: []", "settings:1: 'applications' is not part of a configuration"),
            (
                "workers: 2",
                "settings:1: 'workers' is an option of the command roost only: an embedded host has no worker"
            ),
            ("limit-file: 2", "settings:1: unknown key 'limit-file' (did you mean 'limit-files'"),
        ])
    func refused(settings: String, message: String) throws {
        let error = #expect(throws: HostError.self) { try HostConfiguration(settings: settings) }
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }

    @Test(
        "an error masks a value that looks like a secret",
        arguments: [
            ("root-path: 'https://user:geheim@h/'", "settings:1: 'root-path' '********' must begin with a /"),
            ("trust-owner: ['root', 'postgres://u:geheim@h']", "settings:1: 'trust-owner' '********' is not a user"),
            ("ws-origins: 'same, https://u:geheim@h/x'", "settings:1: 'ws-origins' names '********'"),
            ("bind: ['redis://:geheim@h']", "settings:1: 'bind' '********'"),
            ("host: 'https://u:geheim@h'", "settings:1: 'host' '********'"),
            ("port: 'token=geheim'", "settings:1: 'port' must be a number from 0 to 65535, found '********'"),
        ])
    func masked(settings: String, message: String) throws {
        let error = #expect(throws: HostError.self) { try HostConfiguration(settings: settings) }
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("geheim") == false)
    }

    @Test("the shutdown timeout is the sum of its phases; with --reload the drain timeout is one second")
    func derived() throws {
        func options(_ values: [(String, String)]) throws -> ServerOptions {
            try ServerOptions(
                values.map { name, value in
                    GivenOption(try #require(OptionTable.option(named: name)), [value], .commandLine)
                })
        }
        let usual = ServerOptions()
        #expect(usual.host.drainTime == 30)
        #expect(usual.workers.start == 75)
        #expect(usual.workers.stop == 102)
        #expect(try options([("reload", "true")]).host.drainTime == 1)
        #expect(try options([("reload", "true"), ("reload-drain", "5")]).host.drainTime == 5)
        let changed = try options([
            ("timeout-graceful-shutdown", "100"), ("timeout-lifespan", "5"), ("limit-state", "4096"),
        ])
        #expect(changed.workers.grace == 100)
        #expect(changed.workers.stop == 117)
        #expect(changed.workers.state == 4096)
        #expect(try options([("timeout-stop", "3")]).workers.stop == 3)
        #expect(try options([("timeout-worker", "0")]).workers.stall == nil)
    }
}
