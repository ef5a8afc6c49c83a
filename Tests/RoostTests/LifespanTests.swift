import Foundation
import HTTPServer
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import ModuleRuntime
@testable import Roost

/// The lifespan of a module in a host.
@Suite("Lifespan")
struct LifespanTests {
    let folder: TemporaryFolder
    let library: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.library = try Fixture.compile(file: Repository.fixture("Calls.c"), named: "calls", in: self.folder)
    }

    private func serve(_ how: String, time: Int = 60, mode: LifespanMode = .auto) async throws -> ServedHost {
        try await ServedHost(
            self.library, settings: "lifespan: \(how)\nshutdown: \(self.folder.path)/shutdown\n", in: self.folder
        ) {
            $0.lifespanTime = time
            $0.lifespan = mode
        }
    }

    private var shutdown: String {
        (try? String(contentsOfFile: "\(self.folder.path)/shutdown", encoding: .utf8)) ?? ""
    }

    @Test("startup passes state to every request, shutdown follows the last", arguments: ["callback", "blocking"])
    func whole(how: String) async throws {
        try await withServedHost(self.serve(how)) { served in
            #expect(try served.get("/state").text == "42")
            #expect(self.shutdown.isEmpty)
            try await served.stop()
            #expect(self.shutdown.hasPrefix("shut down"))
        }
    }

    @Test("shutdown waits for a scope that outlives its response until the graceful shutdown timeout cancels it")
    func lastScope() async throws {
        try await withServedHost(
            ServedHost(
                self.library, settings: "shutdown: \(self.folder.path)/shutdown\n", in: self.folder
            )
        ) { served in
            #expect(try served.get("/outlive").text == "first")
            try await served.stop()
            #expect(self.shutdown.hasPrefix("shut down"))
            #expect(served.log.holding("unfinished requests cancelled", "count=1").count == 1)
        }
    }

    @Test("an application that refuses the scope is served without lifespan")
    func without() async throws {
        try await withServedHost(self.serve("none")) { served throws in
            #expect(try served.get("/state").text == "-1")
        }
    }

    @Test("--lifespan on refuses an application without lifespan; off does not call the lifespan")
    func modes() async throws {
        let error = await #expect(throws: HostError.self) { _ = try await self.serve("none", mode: .on) }
        #expect(error?.message == "calls does not support lifespan, which --lifespan on requires")
        try await withServedHost(self.serve("callback", mode: .on)) { on throws in
            #expect(try on.get("/state").text == "42")
        }
        try await withServedHost(self.serve("raise", mode: .off)) { off throws in
            #expect(try off.get("/state").text == "-1")
        }
    }

    @Test("a failure before startup was received, other than refusing the scope, refuses the start")
    func raisedEarly() async throws {
        let error = await #expect(throws: HostError.self) { _ = try await self.serve("raise-early") }
        #expect(error?.message == "calls refused to start: application failed with ASGI_FAILED before startup")
    }

    @Test("a failed startup refuses the start with its message")
    func failed() async throws {
        await #expect(throws: HostError.self) { try await self.serve("failed") }
        do { _ = try await self.serve("failed") } catch let error as HostError {
            #expect(error.code == .startup)
            #expect(error.message == "calls refused to start: the database is not there")
        }
    }

    @Test("a failure after startup was received refuses the start")
    func raised() async throws {
        do {
            _ = try await self.serve("raise")
            Issue.record("it started")
        } catch let error as HostError {
            #expect(error.message == "calls refused to start: application failed with ASGI_FAILED during startup")
        }
    }

    @Test("a startup that does not complete in time refuses the start")
    func silent() async throws {
        do {
            _ = try await self.serve("silent", time: 1)
            Issue.record("it started")
        } catch let error as HostError {
            #expect(error.message.contains("no answer within 1 seconds (--timeout-lifespan)"))
        }
    }
}
