import Foundation
import TestSupport
import Testing

/// A wiki server that is killed and restarted repeatedly while it is edited.
private final class FragileServer: @unchecked Sendable {
    private let lock = NSLock()
    private let folder: TemporaryFolder
    private var server: WikiServer
    private var saved = 0
    private(set) var kills = 0

    init(_ folder: TemporaryFolder) throws {
        self.folder = folder
        self.server = try WikiServer(folder: folder)
    }

    /// Waits while the server restarts.
    var visitor: Visitor { self.lock.withLock { self.server.visitor } }

    var entries: String { self.server.entries }

    /// Counts an acknowledged edit. After each `interval` edits the server is killed, during the edits of others.
    func noteSaved(interval: Int) throws {
        try self.lock.withLock {
            self.saved += 1
            guard self.saved.isMultiple(of: interval) else { return }
            self.kills += 1
            self.server.kill()
            self.server = try WikiServer(folder: self.folder)
        }
    }
}

@Suite("Wiki crashes")
struct CrashTests {
    private static let writers = 4
    private static let edits = 250

    private static func text(_ writer: Int, _ edit: Int) -> String {
        "writer \(writer) edit \(edit)\n" + String(repeating: "line \(edit)\n", count: 500) + "end \(edit)\n"
    }

    /// Edits one entry repeatedly, and retries while the server is down.
    private static func write(_ writer: Int, to server: FragileServer) throws {
        for edit in 0..<self.edits {
            var isSaved = false
            while !isSaved {
                do {
                    let wiki = server.visitor
                    let form = try wiki.get("/edit/Entry%20\(writer)")
                    guard let base = WikiServer.hidden("base", in: form) else { continue }
                    let answer = try wiki.post(
                        "/edit/Entry%20\(writer)", ["base": base, "text": self.text(writer, edit)])
                    isSaved = answer.status == 303
                } catch is RawClient.Failure {}
            }
            try server.noteSaved(interval: 90)
        }
    }

    @Test("a thousand edits interrupted by SIGKILL lose nothing and leave nothing half written")
    func thousand() async throws {
        let folder = try TemporaryFolder()
        let server = try FragileServer(folder)
        for writer in 0..<Self.writers {
            #expect(try server.visitor.post("/new", ["title": "Entry \(writer)", "text": "start"]).status == 303)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<Self.writers {
                group.addTask { try await onThread { try Self.write(writer, to: server) } }
            }
            try await group.waitForAll()
        }
        #expect(server.kills == Self.writers * Self.edits / 90)
        for writer in 0..<Self.writers {
            let history = "\(server.entries)/.history/Entry \(writer)"
            let files = try FileManager.default.contentsOfDirectory(atPath: history).sorted()
            let versions = try (files.map { "\(history)/\($0)" } + ["\(server.entries)/Entry \(writer).md"]).map {
                try String(contentsOfFile: $0, encoding: .utf8)
            }
            // Every edit exists once, complete and in order.
            #expect(versions == ["start\n"] + (0..<Self.edits).map { Self.text(writer, $0) })
        }
    }
}
