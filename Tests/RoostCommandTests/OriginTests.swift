import Foundation
import TestSupport
import Testing

/// `--ws-origins`: which pages may open WebSockets, to applications of the front and of a group.
@Suite("WebSocket origins")
struct OriginTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func settings(_ chat: String, _ own: String) throws {
        let library = "\(Repository.products)/libChat.so"
        try self.folder.write(
            "settings.yaml",
            """
            server: {groups: {own: {}}}
            applications:
              - {module: \(library), name: chat, mount: /chat\(chat)}
              - {module: \(library), name: own, mount: /own, worker: own\(own)}
            """)
    }

    /// The status of a handshake with these fields. Repeats it on 503: the group's worker may not be ready yet.
    private func ask(_ path: String, _ fields: String..., port: Int) throws -> Int {
        while true {
            let status = try RawClient(port: port).openWebSocket(path, fields: fields).status
            if status != 503 { return status }
        }
    }

    @Test("an entry's origins override the server's, in the front and in a group; a reload changes them")
    func entries() throws {
        try self.settings("", "")
        let server = try RoostProcess(
            ["--port", "0", "--run-dir", "\(self.folder.path)/run", "--ws-origins", "https://good.example"],
            folder: self.folder.path)
        let port = server.port
        for path in ["/chat/room", "/own/room"] {
            #expect(try self.ask(path, "origin: https://good.example", port: port) == 101, "\(path)")
            #expect(try self.ask(path, "origin: http://x", port: port) == 403, "\(path)")
            #expect(try self.ask(path, port: port) == 101, "\(path)")
        }
        try self.settings(", ws-origins: same", ", ws-origins: [same, 'https://*.other.example']")
        let reloaded = try Command.run([Repository.roost, "reload", "--run-dir", "\(self.folder.path)/run"])
        #expect(reloaded.status == 0, "\(reloaded.error)")
        for path in ["/chat/room", "/own/room"] {
            #expect(try self.ask(path, "origin: https://good.example", port: port) == 403, "\(path)")
            #expect(try self.ask(path, "origin: http://x", port: port) == 101, "\(path)")
            #expect(try self.ask(path, "origin: null", port: port) == 403, "\(path)")
        }
        #expect(try self.ask("/chat/room", "origin: https://a.other.example", port: port) == 403)
        #expect(try self.ask("/own/room", "origin: https://a.other.example", port: port) == 101)
        #expect(server.stop() == 0)
        // A refused handshake has a line in the access log, like every request.
        #expect(server.outputText.contains(#/GET /own/room 403 /#))
    }

    @Test("an invalid origin is refused with its place")
    func refused() throws {
        let typed = try Command.run([Repository.roost, "\(Repository.products)/libChat.so", "--ws-origins", "a b"])
        #expect(typed.status == 2)
        #expect(typed.error.contains("--ws-origins names 'a b', which is not an origin"), "\(typed.error)")
        try self.settings(", ws-origins: [any, same]", "")
        let written = try Command.run([Repository.roost], folder: self.folder.path)
        #expect(written.status == 2)
        #expect(
            written.error.contains("settings.yaml:3: 'applications.0.ws-origins' names 'any' with others"),
            "\(written.error)")
    }
}
