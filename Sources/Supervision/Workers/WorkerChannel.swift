import Glibc
import NIOConcurrencyHelpers
import RoostSystem

/// A worker's end of the channel to its supervisor. Any thread may send; one thread receives.
final class WorkerChannel: Sendable {
    private struct Input {
        var buffer = MessageBuffer<SupervisorMessage>(limit: WorkerChannel.largestMessage)
        /// Messages that arrived together with the order, after it.
        var messages: [SupervisorMessage] = []
    }

    private let descriptor: CInt
    /// Serializes messages.
    private let sending = NIOLock()
    private let input = NIOLockedValueBox(Input())
    /// No limit in practice: the supervisor is trusted, and data that it passes on has its own limits.
    private static let largestMessage = Int(UInt32.max)

    init(_ descriptor: CInt) { self.descriptor = descriptor }

    func send(_ message: WorkerMessage) {
        let bytes = MessageFrame.encode(message)
        self.sending.withLock {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(self.descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
                }
                // Dropped if the supervisor is gone.
                guard count > 0 || errno == EINTR else { return }
                rest = rest.dropFirst(max(count, 0))
            }
        }
    }

    /// Reads the first message, which must be the order. Throws `HostError`.
    func receiveOrder() throws -> WorkerOrder {
        do throws(MessageFault) {
            while let messages = try self.receive() {
                guard let first = messages.first else { continue }
                self.input.withLockedValue { $0.messages = Array(messages.dropFirst()) }
                if case .order(let order) = first { return order }
                break
            }
        } catch { throw HostError(code: .usage, message: "invalid order from the supervisor: \(error)") }
        throw HostError(code: .usage, message: "roost worker is started by the supervisor only")
    }

    /// Reads messages until the supervisor is gone. Blocks the thread. Throws if a message is invalid.
    func receiveAll(_ handle: (SupervisorMessage) -> Void) throws(MessageFault) {
        let early = self.input.withLockedValue { input in
            defer { input.messages = [] }
            return input.messages
        }
        for message in early { handle(message) }
        while let messages = try self.receive() {
            for message in messages { handle(message) }
        }
    }

    /// Reads some messages. Returns `nil` if the supervisor is gone.
    private func receive() throws(MessageFault) -> [SupervisorMessage]? {
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(self.descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            let bytes = part[..<count]
            let result = self.input.withLockedValue { input in
                Result { () throws(MessageFault) in try input.buffer.receive(bytes) }
            }
            return try result.get()
        }
    }
}
