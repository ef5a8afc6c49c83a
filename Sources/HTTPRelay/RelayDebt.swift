/// What the front has received of a response and not acknowledged yet, in bytes of payloads. A value without I/O.
///
/// The back stops sending when too much is unacknowledged. The front acknowledges as long as its client takes the response, in batches, and
/// withholds the rest while the client is slow: that is the back-pressure of a relay.
struct RelayDebt {
    /// Bytes that are acknowledged at once. Below half of the back's high-water mark, at which it resumes: a rest that was not
    /// acknowledged would keep it waiting.
    private let batch: Int
    private static let largestBatch = 16 * 1024
    /// The most that a back which keeps the rules can have unacknowledged.
    private let most: Int
    private var bytes = 0

    /// `writeLimit`: the pending output of a connection above which `send` is refused. Beside it the back may send one message, and as much
    /// again that threads of the application were promised before.
    init(writeLimit: Int, writeMark: Int) {
        self.most = 2 * (writeLimit + RelayFrame.mostSentMessage)
        self.batch = min(Self.largestBatch, max(1, writeMark / 4))
    }

    /// Throws when the back has sent without being allowed to.
    mutating func receive(_ size: Int) throws(RelayFault) {
        guard size <= self.most - self.bytes else { throw RelayFault() }
        self.bytes += size
    }

    /// The bytes to acknowledge now, if there is a batch of them.
    mutating func removeBatch() -> Int? { self.bytes >= self.batch ? self.removeAll() : nil }

    /// All of them; nil: there are none.
    mutating func removeAll() -> Int? {
        guard self.bytes > 0 else { return nil }
        defer { self.bytes = 0 }
        return self.bytes
    }
}
