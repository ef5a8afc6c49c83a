import Glibc
import NIOConcurrencyHelpers
import RoostSystem

/// A worker's end of the channel to its supervisor. Sending is safe from any thread.
final class WorkerChannel: Sendable {
    private let descriptor: CInt
    /// Keeps the bytes of a message together.
    private let sending = NIOLock()
    /// The supervisor is trusted, and what it passes on has limits of its own.
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
                // A supervisor that is gone needs no messages.
                guard count > 0 || errno == EINTR else { return }
                rest = rest.dropFirst(max(count, 0))
            }
        }
    }

    /// Reads the first message, which is the order. Throws `HostError`.
    func receiveOrder() throws -> WorkerOrder {
        var buffer = MessageBuffer<SupervisorMessage>(limit: Self.largestMessage)
        while let bytes = self.read() {
            // Nothing follows the order before this worker has said that it is ready.
            do throws(MessageFault) {
                guard let message = try buffer.receive(bytes).first else { continue }
                if case .order(let order) = message { return order }
            } catch { throw HostError(code: .usage, message: "the order of the supervisor: \(error)") }
            break
        }
        throw HostError(code: .usage, message: "a worker is started by its supervisor only")
    }

    /// Reads messages until the supervisor is gone, or sends what is not understood. Blocks the thread.
    func receiveAll(_ handle: (SupervisorMessage) -> Void) throws(MessageFault) {
        var buffer = MessageBuffer<SupervisorMessage>(limit: Self.largestMessage)
        while let bytes = self.read() {
            for message in try buffer.receive(bytes) { handle(message) }
        }
    }

    /// Nil: the supervisor is gone.
    private func read() -> ArraySlice<UInt8>? {
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(self.descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? part[..<count] : nil
        }
    }
}
