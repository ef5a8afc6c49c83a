import HTTPServer
import Logging
import RoostModules
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import Roost
@testable import RoostDeployment

/// Many applications of one host in one process.
@Suite("Many applications")
struct ManyApplicationsTests {
    private let folder: TemporaryFolder
    private let run: RunDirectory
    private let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.run = try RunDirectory.make("\(self.folder.path)/run")
        self.library = try Fixture.compile(
            file: "\(Repository.root)/Tests/Fixtures/Places.c", named: "places", flags: ["-DVERSION=\"1\""],
            in: self.folder)
    }

    private func application(
        _ number: UInt32, at path: String, hosts: [String] = [], settings: String? = nil, isOptional: Bool = true
    ) throws -> DeployedApplication {
        if let settings { try self.folder.write("s\(number).yaml", settings) }
        var preparation = ApplicationPreparation()
        preparation.folder = self.folder.path
        preparation.settings = settings == nil ? nil : "s\(number)"
        return DeployedApplication(
            number: number, name: "places\(number)",
            mount: try Mount(path: path, hosts: hosts.map { try HostPattern($0) }), mustStart: !isOptional,
            .module(try preparation.prepare(try ModuleName(self.library), run: self.run)))
    }

    @Test("each application has its mount, settings and ASGI paths, though one image serves them all")
    func mounts() async throws {
        try await withServedHost(
            ServedHost(
                [
                    try self.application(1, at: "/", settings: "title: one"),
                    try self.application(2, at: "/wiki", settings: "title: two"),
                    try self.application(3, at: "/wiki", hosts: ["other.example"], settings: "title: three"),
                ], in: self.folder)
        ) { served throws in
            #expect(try served.get("/").text == "|/|/|/|one|1")
            #expect(try served.get("/wiki").text == "/wiki|/wiki|/wiki|/|two|1")
            #expect(try served.get("/wiki/a%20b%2fc").text == "/wiki|/wiki/a b/c|/wiki/a%20b%2fc|/a b/c|two|1")
            #expect(try served.get("/wiki/x", host: "other.example:8000").text == "/wiki|/wiki/x|/wiki/x|/x|three|1")
            #expect(try served.get("/x", host: "other.example").text == "|/x|/x|/x|one|1")
        }
    }

    @Test("applications are mounted below a proxy's root path")
    func proxied() async throws {
        try await withServedHost(
            ServedHost([try self.application(1, at: "/wiki")], in: self.folder) {
                $0.rootPath = "/site"
            }
        ) { served throws in
            #expect(try served.get("/wiki/%78").text == "/site/wiki|/site/wiki/x|/wiki/%78|/x|none|1")
            #expect(try served.get("/").status == 404)
        }
    }

    @Test("an application that refuses to start gives 503 at its mount; a required one refuses the start")
    func failing() async throws {
        try await withServedHost(
            ServedHost(
                [try self.application(1, at: "/"), try self.application(2, at: "/bad", settings: "title: refuse")],
                in: self.folder)
        ) { served in
            #expect(try served.get("/").status == 200)
            let answer = try served.get("/bad/x")
            #expect(answer.status == 503)
            #expect(answer.text == "Service Unavailable: the application failed to start")
        }
        let message = try await #require(throws: HostError.self) {
            _ = try await ServedHost(
                [
                    try self.application(1, at: "/"),
                    try self.application(2, at: "/bad", settings: "title: refuse", isOptional: false),
                ], in: self.folder)
        }.message
        #expect(message.contains("places2 refused to start"))
        #expect(message.contains("s2.yaml:1: 'title': 'refuse' is not wanted"))
    }

    @Test("applications are mounted, replaced and unmounted at run time; a request ends in the one that began it")
    func changes() async throws {
        try await withServedHost(ServedHost([try self.application(1, at: "/")], in: self.folder)) { served in
            let running = try #require(served.host.current)
            #expect(try served.get("/new/x").text == "|/new/x|/new/x|/new/x|none|1")

            let second = try await running.prepare([try self.application(2, at: "/new", settings: "title: a")])
            #expect(try served.get("/new/x").text == "|/new/x|/new/x|/new/x|none|1")
            await running.commit(second.map(\.0), removing: [])
            #expect(try served.get("/new/x").text == "/new|/new/x|/new/x|/x|a|1")

            let holding = try served.client()
            holding.send("GET /new/hold HTTP/1.1\r\nhost: x\r\n\r\nGET /new/y HTTP/1.1\r\nhost: x\r\n\r\n")
            while try served.get("/new").text.isEmpty {}
            let third = try await running.prepare([try self.application(2, at: "/new", settings: "title: b")])
            await running.commit(third.map(\.0), removing: [])
            #expect(try holding.readResponse().text == "released")
            #expect(try holding.readResponse().text == "/new|/new/y|/new/y|/y|b|1")

            await running.commit([], removing: [2])
            #expect(try served.get("/new/x").text == "|/new/x|/new/x|/new/x|none|1")
            await running.commit([], removing: [1])
            #expect(try served.get("/new/x").status == 404)
        }
    }

    @Test("a thousand mounts of one module all answer, and a waiting lifespan uses no thread")
    func thousand() async throws {
        let prepared = try ApplicationPreparation().prepare(try ModuleName(self.library), run: self.run)
        let applications = try (1...1000).map {
            DeployedApplication(
                number: UInt32($0), name: "places\($0)", mount: try Mount(path: "/m\($0)"), .module(prepared))
        }
        try await withServedHost(ServedHost(applications, in: self.folder)) { served throws in
            for number in [1, 2, 500, 999, 1000] {
                #expect(try served.get("/m\(number)/x").text == "/m\(number)|/m\(number)/x|/m\(number)/x|/x|none|1")
            }
            #expect(try served.get("/m1001").status == 404)
        }
    }
}
