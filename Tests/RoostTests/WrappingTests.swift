import Foundation
import HTTPServer
import ModuleRuntime
import RoostModules
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import Roost
@testable import RoostDeployment

/// Applications that wrap others: `asgi.applications/1` and the key `wrapped-by`.
@Suite("Wrapping applications")
struct WrappingTests {
    private let folder: TemporaryFolder
    private let run: RunDirectory
    private let wraps: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.run = try RunDirectory.make("\(self.folder.path)/run")
        self.wraps = try Fixture.compile(
            file: Repository.fixture("Wraps.c"), named: "wraps", flags: ["-D_GNU_SOURCE"], in: self.folder)
    }

    private func application(
        _ number: UInt32, _ library: String, name: String, at path: String, wrappedBy wrappers: [String] = [],
        standIn: Bool = false
    ) throws -> DeployedApplication {
        var prepared = try ApplicationPreparation().prepare(try ModuleName(library), run: self.run)
        prepared.wrappers = wrappers
        return DeployedApplication(
            number: number, name: name, mount: try Mount(path: path), mustStart: true,
            standIn ? .standIn(.notStarted) : .module(prepared))
    }

    /// A fixture at `/app`, wrapped by the application at `/wrap`.
    private func serve(
        _ fixture: String = "Scope.c", wrappedBy wrappers: [String] = ["wrap"], standIn: Bool = false,
        configure: (inout HostConfiguration) throws -> Void = { _ in }
    ) async throws -> ServedHost {
        let library = try Fixture.compile(file: Repository.fixture(fixture), named: "inner", in: self.folder)
        return try await ServedHost(
            [
                try self.application(1, self.wraps, name: "wrap", at: "/wrap", standIn: standIn),
                try self.application(2, library, name: "inner", at: "/app", wrappedBy: wrappers),
            ], in: self.folder, configure: configure)
    }

    @Test("the next application gets the request of its own mount, and its response is sent")
    func passes() async throws {
        try await withServedHost(self.serve()) { served in
            for mode in ["", "?wrap=observe", "?wrap=job", "?wrap=finish", "?wrap=done", "?wrap=fail", "?wrap=wait"] {
                let response = try served.get("/app/a%20b\(mode)")
                #expect(response.status == 200, "\(mode)")
                #expect(response.text.contains("root_path=/app\npath=/app/a b\nraw_path=/app/a%20b\n"), "\(mode)")
            }
        }
    }

    @Test("the wrapping application may answer itself; at its own mount there is no next one")
    func answersItself() async throws {
        try await withServedHost(self.serve()) { served in
            let denied = try served.get("/app/x?wrap=deny")
            #expect(denied.status == 403 && denied.text == "denied")
            #expect(try served.get("/wrap?wrap=none").text == "result -5")
            // On another thread the refusal comes later.
            #expect(try served.get("/wrap?wrap=late").status == 500)
        }
    }

    @Test("request fields are replaced and removed, and a client cannot forge them")
    func requestFields() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send(
                "GET /app?wrap=headers HTTP/1.1\r\nhost: x\r\nX-User: mallory\r\nx-user: eve\r\nx_user: root\r\ncookie: a=b\r\n"
                    + "accept: text/html\r\nx-other: kept\r\n\r\n")
            let text = try client.readResponse().text
            #expect(text.hasSuffix("host: x\nx-other: kept\nx-user: alice\naccept: x/y\n"), "\(text)")
            #expect(try served.get("/app?wrap=fields").text == "refused 8")
        }
    }

    @Test("several wrap: the outermost first, and each changes what the next one gets")
    func several() async throws {
        let library = try Fixture.compile(file: Repository.fixture("Scope.c"), named: "inner", in: self.folder)
        let served = {
            try await ServedHost(
                [
                    try self.application(1, self.wraps, name: "first", at: "/first"),
                    try self.application(2, self.wraps, name: "second", at: "/second"),
                    try self.application(3, library, name: "inner", at: "/", wrappedBy: ["first", "second"]),
                ], in: self.folder)
        }
        try await withServedHost(served()) { served in
            let response = try served.get("/x?wrap=status")
            #expect(response.status == 202)
            #expect(response.headers.filter { $0.name == "x-wrapped" }.count == 2)
            #expect(try served.get("/x?wrap=headers").text.contains("x-user: alice\n"))
            #expect(try served.get("/x").text.contains("root_path=\npath=/x\n"))
        }
    }

    @Test("the beginning of a response can be changed once; nothing else can be sent")
    func beginning() async throws {
        try await withServedHost(self.serve()) { served in
            let changed = try served.get("/app?wrap=status")
            #expect(changed.status == 202 && changed.header("x-wrapped") == "yes")
            #expect(changed.text.contains("path=/app\n"))
            #expect(try served.get("/app?wrap=twice").header("x-second") == "-4")
            await served.log.wait(for: "sent again -4")
            await served.log.wait(for: "sent a body -4")
            // The application gets the refusal as its own, and the response has not begun.
            let broken = try served.get("/app?wrap=broken")
            #expect(broken.status == 500 && broken.header("x-broken") == nil)
        }
    }

    @Test("an application does not decide in place of another with the same name")
    func ambiguous() async throws {
        let library = try Fixture.compile(file: Repository.fixture("Scope.c"), named: "inner", in: self.folder)
        let served = {
            try await ServedHost(
                [
                    try self.application(1, self.wraps, name: "wrap", at: "/one"),
                    try self.application(2, self.wraps, name: "wrap", at: "/two"),
                    try self.application(3, library, name: "inner", at: "/app", wrappedBy: ["wrap"]),
                ], in: self.folder)
        }
        try await withServedHost(served()) { served throws in #expect(try served.get("/app").status == 503) }
    }

    @Test("the beginning can be changed after a call of another thread that also receives")
    func receivingThread() async throws {
        try await withServedHost(self.serve()) { served throws in
            for _ in 0..<50 { #expect(try served.get("/app?wrap=receiving").header("x-wrapped") == "yes") }
        }
    }

    @Test("a pending receive refuses the call; a later one waits for the end")
    func receives() async throws {
        try await withServedHost(self.serve()) { served in
            let client = try served.client()
            client.send("POST /app?wrap=busy HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n")
            #expect(try client.readResponse().text == "result -6")
            #expect(try served.get("/app?wrap=wait").status == 200)
            await served.log.wait(for: "received 258")
            #expect(try served.get("/app?wrap=ended").status == 200)
            await served.log.wait(for: "wrapped scope ended 0")
        }
    }

    @Test("without the wrapping application, which may protect it, the application is not called")
    func absent() async throws {
        try await withServedHost(self.serve(standIn: true)) { served throws in
            #expect(try served.get("/app").status == 503)
        }
        try await withServedHost(self.serve(wrappedBy: ["unknown"])) { served throws in
            #expect(try served.get("/app").status == 503)
        }
        // One scope is left: the wrapping application's. The next one gets none.
        try await withServedHost(self.serve { $0.scopes = 1 }) { served throws in
            #expect(try served.get("/app").status == 503)
            #expect(try served.get("/app?wrap=deny").status == 403)
        }
    }

    @Test("a Swift module wraps: it sets request fields, changes the response, and goes on when it has ended")
    func swiftModule() async throws {
        let library = try Fixture.compile(file: Repository.fixture("Scope.c"), named: "inner", in: self.folder)
        let served = {
            try await ServedHost(
                [
                    try self.application(
                        1, "\(Repository.products)/libSwiftCalls.so", name: "swift", at: "/swift"),
                    try self.application(2, library, name: "inner", at: "/app", wrappedBy: ["swift"]),
                ], in: self.folder)
        }
        try await withServedHost(served()) { served in
            let client = try served.client()
            client.send("GET /app/next HTTP/1.1\r\nhost: x\r\nx-user: eve\r\ncookie: a=b\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 203 && response.header("x-wrapped") == "swift")
            #expect(response.text.hasSuffix("host: x\nx-user: swift\n"), "\(response.text)")
            await served.log.wait(for: "the next application has ended")
            // At its own mount there is no next application.
            #expect(try served.get("/swift/next").status == 500)
        }
    }

    @Test("a WebSocket passes with its messages; its acceptance can be changed, and its close ends both scopes")
    func webSocket() async throws {
        try await withServedHost(self.serve("Sockets.c")) { served in
            let denied = try served.client()
            #expect(try denied.openWebSocket("/app/echo?wrap=deny").status == 403)
            for mode in ["", "?wrap=observe", "?wrap=status", "?wrap=job", "?wrap=ended"] {
                let client = try served.client()
                let opened = try client.openWebSocket("/app/echo\(mode)")
                #expect(opened.status == 101, "\(mode)")
                #expect(opened.header("x-wrapped") == (mode == "?wrap=status" ? "yes" : nil))
                client.send(.text("hello"))
                #expect(try client.readFrame() == .text("hello"))
                client.send(.close(1000))
                #expect(try client.readFrame() == .close(1000))
            }
            await served.log.wait(for: "wrapped scope ended 0")
        }
    }
}
