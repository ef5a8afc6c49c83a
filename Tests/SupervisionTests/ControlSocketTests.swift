import Foundation
import RoostSystem
import TestSupport
import Testing

@testable import RoostDeployment
@testable import Supervision

@Suite("The control socket")
struct ControlSocketTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    @Test("an answer that its command does not read holds nobody up, and arrives whole when it is read")
    func control() async throws {
        let path = "\(self.folder.path)/control"
        let control = try ControlSocket(path: path)
        defer { control.close() }
        let client = try RawClient(path: path)
        client.send("{\"message\":\"status\"}\n")
        var heard: [(client: CInt, message: Message)] = []
        while heard.isEmpty { heard = control.hear(now: MonotonicClock.milliseconds) }
        let line = String(repeating: "x", count: 8 << 20) + "\n"
        control.answer(heard[0].client, line)
        let now = MonotonicClock.milliseconds
        #expect(control.waits(now: now).contains { $0.events == Int16(POLLOUT) })
        #expect(control.due != nil)
        let other = try RawClient(path: path)
        other.send("{\"message\":\"reload\"}\n")
        heard = []
        while heard.isEmpty { heard = control.hear(now: now) }
        #expect(heard[0].message.name == "reload")
        // Each takes its turn: the client reads what there is room for, the socket writes on.
        let reader = try await self.readAll(client, control)
        #expect(reader == line.utf8.count)
    }

    @Test("a control socket whose file is gone is made again")
    func restored() throws {
        let path = "\(self.folder.path)/control"
        let control = try ControlSocket(path: path)
        defer { control.close() }
        unlink(path)
        #expect(throws: RawClient.Failure.self) { try RawClient(path: path) }
        try control.restore()
        let client = try RawClient(path: path)
        client.send("{\"message\":\"status\"}\n")
        var heard: [(client: CInt, message: Message)] = []
        while heard.isEmpty { heard = control.hear(now: MonotonicClock.milliseconds) }
        var before = stat()
        stat(path, &before)
        try control.restore()
        var after = stat()
        stat(path, &after)
        #expect(before.st_ino == after.st_ino)
    }

    private func readAll(_ client: RawClient, _ control: ControlSocket) async throws -> Int {
        var count = 0
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            _ = control.hear(now: MonotonicClock.milliseconds)
            let more = recv(client.descriptor, &part, part.count, 0)
            guard more > 0 else { return count }
            count += more
        }
    }
}
