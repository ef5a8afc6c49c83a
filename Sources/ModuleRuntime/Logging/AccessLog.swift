package import HTTPServer
package import Logging
package import RoostSystem

/// Writes a line for every request of one loop: client, method, path, status, bytes, duration, request id. Loop-bound.
///
/// A request that was refused before its method or target was read has a `-` in their place. Neither can hold a space or a control
/// character: a method is a token, a target is visible ASCII. Lines are made on the loop and handed to the writer's thread once a
/// turn.
package final class AccessLog: ServerLog {
    package var wantsAccess: Bool { self.writer != nil }
    /// Nil: no line is written.
    private let writer: LineWriter?
    private let logger: Logger
    private let isColoured: Bool
    private var lines: [UInt8] = []
    private var acceptFailureLoggedAt: ContinuousClock.Instant?

    package init(writer: LineWriter?, logger: Logger, isColoured: Bool) {
        self.writer = writer
        self.logger = logger
        self.isColoured = isColoured
    }

    package func served(_ record: AccessRecord) {
        self.put(record.peer)
        self.put(" ")
        self.put(orDash: record.head.method)
        self.put(" ")
        self.put(orDash: record.head.rawPath)
        if record.head.query.size > 0 {
            self.put("?")
            self.lines.append(contentsOf: record.head.query.bytes)
        }
        self.put(" ")
        self.put(status: record.status)
        self.put(record.isCut ? " cut " : " ")
        self.put("\(record.bytes) ")
        let microseconds = record.nanoseconds / 1000
        let thousandths = "\(microseconds % 1000)"
        self.put("\(microseconds / 1000).\(String(repeating: "0", count: 3 - thousandths.count))\(thousandths)ms ")
        self.put("\(ScopeNumber(record.number))\n")
    }

    package func refused(peer: Peer, status: Int, reason: StaticString) {
        self.logger.info(
            "request refused",
            metadata: ["client": "\(Self.name(peer))", "status": "\(status)", "reason": "\(reason)"])
    }

    package func closed(peer: Peer, code: Int, reason: String) {
        self.logger.info("WebSocket closed with \(code): \(reason)", metadata: ["client": "\(Self.name(peer))"])
    }

    package func couldNotAccept(reason: String) {
        let now = ContinuousClock.now
        if let last = self.acceptFailureLoggedAt, now - last < .seconds(60) { return }
        self.acceptFailureLoggedAt = now
        self.logger.warning(
            "connections wait, none can be accepted: \(reason); raise `ulimit -n`, or lower --limit-concurrency")
    }

    package func peerFailed(reason: String) { self.logger.error("a connection between workers has ended: \(reason)") }

    package func turnEnded() {
        guard !self.lines.isEmpty else { return }
        self.writer?.write(self.lines)
        self.lines.removeAll(keepingCapacity: true)
    }

    private func put(_ text: String) { self.lines.append(contentsOf: text.utf8) }

    private func put(orDash octets: Octets) {
        guard octets.size > 0 else { return self.put("-") }
        self.lines.append(contentsOf: octets.bytes)
    }

    private func put(_ peer: Peer) {
        guard peer.client.size > 0 else { return self.put("unix") }
        self.lines.append(contentsOf: peer.client.bytes)
        self.put(":\(peer.clientPort)")
    }

    private func put(status: Int) {
        guard self.isColoured else { return self.put("\(status)") }
        let colour =
            switch status {
            case ..<300: 32
            case ..<400: 36
            case ..<500: 33
            default: 31
            }
        self.put("\u{1b}[\(colour)m\(status)\u{1b}[0m")
    }

    private static func name(_ peer: Peer) -> String {
        peer.client.size > 0 ? "\(peer.client.text):\(peer.clientPort)" : "unix"
    }
}

@available(*, unavailable)
extension AccessLog: Sendable {}
