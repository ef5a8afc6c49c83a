package import HTTPServer
package import Logging
package import RoostSystem

/// Writes a line for every request of one loop: client, method, path, status, bytes, duration, scope, and the identifier of the request if it has
/// one. Loop-bound.
///
/// A request that was refused before its method or target was read has a `-` in their place. Neither can contain a
/// space or a control character: a method is a token, a target is visible ASCII. Lines are formatted on the loop and
/// passed to the writer's thread once per turn.
package final class AccessLog: ServerLog {
    package var logsRequests: Bool { self.writer != nil }
    /// The writer; nil if no lines are to be written.
    private let writer: LineWriter?
    private let logger: Logger
    private let format: LogFormat
    private let isColoured: Bool
    private var lines: [UInt8] = []
    private var acceptFailureLoggedAt: ContinuousClock.Instant?

    package init(writer: LineWriter?, logger: Logger, format: LogFormat, isColoured: Bool) {
        self.writer = writer
        self.logger = logger
        self.format = format
        self.isColoured = isColoured
    }

    package func served(_ record: AccessRecord) {
        switch self.format {
        case .text: self.putText(record)
        case .json: self.putJSON(record)
        }
    }

    private func putText(_ record: AccessRecord) {
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
        // Short texts, which are not allocated.
        self.put(Self.milliseconds(record.nanoseconds))
        self.put("ms ")
        self.put("\(ScopeNumber(record.number))")
        if record.head.identifier.size > 0 {
            self.put(" ")
            self.lines.append(contentsOf: record.head.identifier.bytes)
        }
        self.put("\n")
    }

    /// The same values; what is not known of a refused request is an empty string.
    private func putJSON(_ record: AccessRecord) {
        self.put(#"{"time":"\#(LogTime.now())","client":\#(JSONString.quoted(Self.name(record.peer)))"#)
        for (key, value) in [
            ("method", record.head.method), ("path", record.head.rawPath), ("query", record.head.query),
        ] {
            self.put(#","\#(key)":\#(JSONString.quoted(value.text))"#)
        }
        self.put(#","status":\#(record.status),"bytes":\#(record.bytes),"cut":\#(record.isCut)"#)
        self.put(
            #","milliseconds":\#(Self.milliseconds(record.nanoseconds)),"scope":"\#(ScopeNumber(record.number))""#)
        if record.head.identifier.size > 0 {
            self.put(#","request":\#(JSONString.quoted(record.head.identifier.text))"#)
        }
        self.put("}\n")
    }

    /// With three decimals.
    private static func milliseconds(_ nanoseconds: UInt64) -> String {
        let microseconds = nanoseconds / 1000
        let thousandths = "\(microseconds % 1000)"
        return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - thousandths.count))\(thousandths)"
    }

    package func refused(peer: Peer, status: Int, reason: StaticString) {
        self.logger.log(
            .requestRefused, ["client": "\(Self.name(peer))", "status": "\(status)", "reason": "\(reason)"])
    }

    package func refused(peer: Peer, reason: StaticString) {
        self.logger.log(.connectionRefused, ["client": "\(Self.name(peer))", "reason": "\(reason)"])
    }

    package func handshakeFailed(peer: Peer, reason: String) {
        self.logger.log(.handshakeFailed, ["client": "\(Self.name(peer))", "reason": "\(reason)"])
    }

    package func closed(peer: Peer, code: Int, reason: String) {
        self.logger.log(
            .webSocketClosed, ["client": "\(Self.name(peer))", "code": "\(code)", "reason": "\(reason)"])
    }

    package func acceptFailed(reason: String) {
        let now = ContinuousClock.now
        if let last = self.acceptFailureLoggedAt, now - last < .seconds(60) { return }
        self.acceptFailureLoggedAt = now
        self.logger.log(.connectionsNotAccepted, ["reason": "\(reason)"])
    }

    package func peerFailed(reason: String) { self.logger.log(.relayFailed, ["reason": "\(reason)"]) }

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
