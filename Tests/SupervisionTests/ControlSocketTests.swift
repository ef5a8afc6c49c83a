import Foundation
import RoostSystem
import TestSupport
import Testing

@testable import RoostDeployment
@testable import Supervision

@Suite("Control socket")
struct ControlSocketTests {
    let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    @Test("an unread response does not block the socket, and is complete once it is read")
    func control() async throws {
        let path = "\(self.folder.path)/control"
        let control = try ControlSocket(path: path)
        defer { control.close() }
        let client = try RawClient(path: path)
        client.send(MessageFrame.encode(ControlRequest.status))
        var received: [(client: CInt, request: ControlRequest)] = []
        while received.isEmpty { received = control.receive(now: MonotonicClock.milliseconds) }
        let response = ControlResponse.done(text: String(repeating: "x", count: 8 << 20))
        control.answer(received[0].client, response)
        let now = MonotonicClock.milliseconds
        #expect(control.waits(now: now).contains { $0.events == Int16(POLLOUT) })
        #expect(control.due != nil)
        let other = try RawClient(path: path)
        let request = ReloadRequest(names: ["wiki"], isAsked: true)
        other.send(MessageFrame.encode(ControlRequest.reload(request)))
        received = []
        while received.isEmpty { received = control.receive(now: now) }
        #expect(received[0].request == .reload(request))
        // Alternates: the client reads what the buffer holds, then the socket writes more.
        let reader = try await self.readAll(client, control)
        #expect(reader == MessageFrame.encode(response).count)
    }

    @Test("a missing file of the control socket is created again")
    func restored() throws {
        let path = "\(self.folder.path)/control"
        let control = try ControlSocket(path: path)
        defer { control.close() }
        unlink(path)
        #expect(throws: RawClient.Failure.self) { try RawClient(path: path) }
        try control.restore()
        let client = try RawClient(path: path)
        client.send(MessageFrame.encode(ControlRequest.status))
        var received: [(client: CInt, request: ControlRequest)] = []
        while received.isEmpty { received = control.receive(now: MonotonicClock.milliseconds) }
        var before = stat()
        stat(path, &before)
        try control.restore()
        var after = stat()
        stat(path, &after)
        #expect(before.st_ino == after.st_ino)
    }

    @Test("an invalid and an oversized request are refused with a reason", arguments: [3, 5000])
    func refused(size: Int) throws {
        let path = "\(self.folder.path)/control"
        let control = try ControlSocket(path: path)
        defer { control.close() }
        let client = try RawClient(path: path)
        client.send(MessageFrame.encode(String(repeating: "x", count: size)))
        var buffer = MessageBuffer<ControlResponse>(limit: 1000)
        var responses: [ControlResponse] = []
        while responses.isEmpty {
            #expect(control.receive(now: MonotonicClock.milliseconds).isEmpty)
            var part = [UInt8](repeating: 0, count: 1000)
            let count = recv(client.descriptor, &part, part.count, Int32(MSG_DONTWAIT))
            if count > 0 { responses = try buffer.receive(part[..<count]) }
        }
        guard case .refused(let reason, "") = responses[0] else {
            Issue.record("\(responses)")
            return
        }
        #expect(reason == (size == 3 ? "unknown command" : "a message of 5004 bytes, above the limit of 4096"))
    }

    private func readAll(_ client: RawClient, _ control: ControlSocket) async throws -> Int {
        var count = 0
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            _ = control.receive(now: MonotonicClock.milliseconds)
            let more = recv(client.descriptor, &part, part.count, 0)
            guard more > 0 else { return count }
            count += more
        }
    }
}
