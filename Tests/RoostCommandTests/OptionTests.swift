import Foundation
import TestSupport
import Testing

/// The options of the command, in every place that lists or accepts them.
@Suite("Options of the command")
struct OptionTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func roost(_ arguments: String..., environment: [String: String] = [:]) throws -> Command {
        try Command.run([Repository.roost] + arguments, environment: environment, folder: self.folder.path)
    }

    /// The rows of the reference page: the option's name, and where it can be set.
    private func options() throws -> [(name: String, sources: Set<String>)] {
        try self.roost("reference", "options").output.split(separator: "\n").filter { $0.hasPrefix("| `--") }.map {
            row in
            let cells = row.components(separatedBy: " | ")
            let name = cells[0].dropFirst(5).prefix { $0 != "`" }
            return (String(name), Set(cells[3].components(separatedBy: ", ")))
        }
    }

    @Test("the page of settings lists every key of a settings file, of an application and of a database")
    func settingsPage() throws {
        let page = try String(
            contentsOfFile: "\(Repository.root)/Documentation/reference/settings.md", encoding: .utf8)
        let keys = try self.roost("settings", "--explain").output.split(separator: "\n").compactMap { line in
            line.first?.isLowercase == true && !line.hasPrefix("server.")
                ? line.split(separator: " ").first?.split(separator: ".").last : nil
        }
        #expect(keys.count > 20)
        for key in keys { #expect(page.contains("\n| `\(key)` |"), "\(key)") }
    }

    @Test(
        "the generated pages of the documentation are those that `make reference` writes",
        arguments: ["commands", "limits", "log-events", "options", "other-servers"])
    func reference(page: String) throws {
        let written = try String(
            contentsOfFile: "\(Repository.root)/Documentation/reference/\(page).md", encoding: .utf8)
        #expect(try self.roost("reference", page).output == written, "run make reference")
    }

    @Test("--help groups the options by topic")
    func topics() throws {
        let help = try self.roost("serve", "--help").output
        let topics = ["ADDRESSES:", "LOGS AND RESPONSES:", "TIMEOUTS:", "RELOAD:", "WORKERS:"]
        let places = topics.compactMap { help.firstRange(of: "\n\($0)\n")?.lowerBound }
        #expect(places.count == topics.count)
        #expect(places == places.sorted())
        let timeouts = try #require(help.components(separatedBy: "\nTIMEOUTS:\n").last)
        let own = timeouts.components(separatedBy: "\n\n")[0]
        #expect(own.contains("--timeout-keep-alive") && !own.contains("--port"))
    }

    @Test("the manual page has every option, and mandoc finds no fault in it")
    func manual() throws {
        let page = try self.roost("reference", "man").output
        for (name, _) in try self.options() {
            #expect(page.contains("\\-\\-\(name.replacing("-", with: "\\-"))"), "\(name)")
        }
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/mandoc") else { return }
        try self.folder.write("roost.1", page)
        let checked = try Command.run(["mandoc", "-Tlint", "-Wwarning", "\(self.folder.path)/roost.1"])
        #expect(checked.output == "")
    }

    @Test("--include-dir prints the folder of the headers; status finds a server below $ROOST_RUN_DIR")
    func places() throws {
        let include = try self.roost("--include-dir").output.trimmingCharacters(in: .newlines)
        #expect(FileManager.default.fileExists(atPath: "\(include)/asgi.h"))
        let environment = ["ROOST_RUN_DIR": "\(self.folder.path)/run"]
        let none = try self.roost("status", environment: environment)
        #expect(none.error.contains("looked in \(self.folder.path)/run)"), "\(none.error)")
    }

    @Test("--help and roost settings --explain list every option, the latter also the options of a group")
    func lists() throws {
        let help = try self.roost("serve", "--help").output.split(separator: "\n")
        let explained = try self.roost("settings", "--explain").output
        let ofGroup = try #require(explained.split(separator: "\n").last { $0.hasPrefix("  of a group: ") })
        let groupNames = Set(ofGroup.dropFirst(14).components(separatedBy: ", "))
        let options = try self.options()
        #expect(options.count > 80)
        for (name, sources) in options {
            #expect(
                help.contains { $0.hasPrefix("  --\(name) ") || $0.hasPrefix("  --\(name)/") || $0 == "  --\(name)" })
            #expect(explained.contains("\nserver.\(name)  ") == sources.contains("file"), "\(name)")
            #expect(groupNames.contains(name) == sources.contains("group"), "\(name)")
        }
    }

    @Test("every option is read from the environment and from the file, and roost settings names the source")
    func sources() throws {
        func rows(_ text: String) -> [String: [String]] {
            Dictionary(
                text.split(separator: "\n").compactMap { line in
                    let words = line.split(separator: " ").map(String.init)
                    return words[0].hasPrefix("server.") ? (String(words[0].dropFirst(7)), words) : nil
                }, uniquingKeysWith: { $1 })
        }
        // The defaults, given explicitly.
        let defaults = rows(try self.roost("settings").output).filter { $0.value.count == 3 }
        #expect(defaults.count > 50)
        let options = try self.options()
        let environment = defaults.mapValues { $0[1] }.map { name, value in
            ("ROOST_\(name.uppercased().replacingOccurrences(of: "-", with: "_"))", value)
        }
        let given = rows(
            try self.roost("settings", environment: Dictionary(uniqueKeysWithValues: environment)).output)
        try self.folder.write(
            "settings.yaml",
            "server:\n"
                + options.compactMap { name, sources in
                    sources.contains("file") ? defaults[name].map { "  \(name): \($0[1])\n" } : nil
                }.joined())
        let filed = rows(try self.roost("settings").output)
        for (name, sources) in options {
            guard let row = defaults[name] else { continue }
            let variable = "$ROOST_\(name.uppercased().replacingOccurrences(of: "-", with: "_"))"
            #expect(given[name] == [row[0], row[1], variable])
            guard sources.contains("file") else { continue }
            #expect(filed[name]?[1] == row[1])
            #expect(filed[name]?[2].hasPrefix("./settings.yaml:") == true, "\(filed[name] ?? [])")
        }
    }

    @Test(
        "the parser's errors name option and value",
        arguments: [
            (["serve", "x", "--limit-file", "1"], "Unknown option '--limit-file'. Did you mean '--limit-files'?"),
            (["serve", "x", "--limit-files"], "Missing value for '--limit-files <limit-files>'"),
            (["x", "--limit-files=a"], "The value 'a' is invalid for '--limit-files <limit-files>'"),
            (["x", "--timeout-write", "a"], "The value 'a' is invalid for '--timeout-write <seconds>'"),
            (["x", "--lifespan", "a"], "'--lifespan <lifespan>'. Please provide one of 'auto', 'on' or 'off'."),
            (["x", "--ws-per-message-deflate", "maybe"], "The value 'maybe' is invalid for '--ws-per-message-deflate"),
            (["x", "--reload-delay", "61"], "--reload-delay 61.0 is not between 0 and 60"),
            (["x", "--reload-dir", "."], "--reload-dir needs --reload; add it"),
            (["x", "--reload", "--no-supervisor"], "--reload needs the supervisor; remove --no-supervisor"),
            (["x", "--build", "make", "--reload"], "--build needs the folder of the sources"),
            (["x", "--no-supervisor", "--user", "root"], "--user needs the supervisor"),
            (["x", "--uds", ""], "--uds '' is not the path of a Unix socket"),
            (["x", "y"], "Unexpected argument 'y'"),
        ])
    func errors(arguments: [String], message: String) throws {
        let refused = try Command.run([Repository.roost] + arguments, folder: self.folder.path)
        #expect(refused.status == 2, "\(refused.error)")
        #expect(refused.error.hasPrefix("roost: "))
        #expect(refused.error.contains(message), "\(refused.error)")
        #expect(refused.error.contains("(see roost --help)"), "\(refused.error)")
    }

    @Test("the last value counts, a repeatable option keeps all values; = and --no- work; a file's true can be undone")
    func forms() throws {
        try self.folder.write(
            "settings.yaml",
            "server: {health: false, access-log: true, reload: true, ws-origins: [same, 'https://example.org']}\n")
        let shown = try self.roost(
            "settings", "--port", "1", "--port=2", "--bind", "127.0.0.1:1", "--bind=[::1]:2", "--no-access-log",
            "--root-path", "", environment: ["ROOST_HEALTH": "yes", "ROOST_RELOAD": "no"])
        #expect(shown.status == 0, "\(shown.error)")
        let rows = shown.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(rows.contains(["server.port", "2", "command", "line"]))
        #expect(rows.contains(["server.bind", "127.0.0.1:1", "[::1]:2", "command", "line"]))
        #expect(rows.contains(["server.access-log", "false", "command", "line"]))
        #expect(rows.contains(["server.health", "yes", "$ROOST_HEALTH"]))
        #expect(rows.contains(["server.reload", "no", "$ROOST_RELOAD"]))
        #expect(rows.contains(["server.root-path", "command", "line"]))
        #expect(rows.contains(["server.ws-origins", "same,https://example.org", "./settings.yaml:1"]))
    }

    @Test("workers get the options of the file, the environment and the command line")
    func workers() throws {
        try self.folder.write("settings.yaml", "server: {root-path: '', health: yes, server-header: no, port: 1}\n")
        let server = try RoostProcess(
            [
                "\(Repository.products)/libHello.so", "--settings", "settings", "--port", "0", "--run-dir",
                "\(self.folder.path)/run",
            ], environment: ["ROOST_ACCESS_LOG": "off", "ROOST_TIMEOUT_KEEP_ALIVE": "100"], folder: self.folder.path)
        let client = try RawClient(port: server.port)
        client.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        let health = try client.readResponse()
        #expect(health.status == 200)
        #expect(health.text != "Hello, World!")
        #expect(health.header("server") == nil)
        #expect(server.stop() == 0, "\(server.error)")
        #expect(server.outputText.isEmpty)
    }
}
