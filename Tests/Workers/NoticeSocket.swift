import Foundation
import TestHarness

/// The notification socket of a service manager (sd_notify(3)).
final class NoticeSocket {
    let path: String
    private let descriptor: Int32
    private(set) var heard: [String] = []

    init(_ path: String) throws {
        self.path = path
        self.descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let failed = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard failed == 0 else { throw UnexpectedResult("\(path): \(errno)") }
    }

    deinit { close(self.descriptor) }

    /// Waits for a new message that contains this line. Returns all lines of the message.
    @discardableResult
    func wait(for line: String) throws -> [String] {
        let start = Time()
        while true {
            var ready = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
            let left = Time.patience * 1000 - start.milliseconds
            guard left > 0, poll(&ready, 1, Int32(left)) > 0 else {
                throw UnexpectedResult("no \(line), but \(self.heard.suffix(10))")
            }
            var room = [UInt8](repeating: 0, count: 4096)
            let count = recv(self.descriptor, &room, room.count, 0)
            let text = String(decoding: room.prefix(max(count, 0)), as: UTF8.self)
            self.heard.append(text)
            let lines = text.split(separator: "\n").map(String.init)
            if lines.contains(line) { return lines }
        }
    }
}
