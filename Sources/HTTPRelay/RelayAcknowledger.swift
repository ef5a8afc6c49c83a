/// The part of a response that the front has received and not acknowledged yet, in payload bytes. A value without I/O.
///
/// The back stops sending when too much is unacknowledged. The front acknowledges in batches while its client reads the
/// response, and withholds acknowledgements from a slow client. This is the back-pressure of a relay.
struct RelayAcknowledger {
    /// The number of unacknowledged bytes at which they are acknowledged. It is below half of the back's high-water
    /// mark, where the back resumes; otherwise an unacknowledged rest could keep the back waiting.
    private let batch: Int
    private static let largestBatch = 16 * 1024
    /// The most bytes that a correct back can have unacknowledged.
    private let most: Int
    private var bytes = 0

    /// `writeLimit`: the limit of a connection's pending output, above which `send` is refused. The back may exceed it
    /// by one message. All of this counts twice: as much again may have been accepted before from the application's
    /// threads.
    init(writeLimit: Int, writeMark: Int) {
        self.most = 2 * (writeLimit + RelayFrame.maxSentMessage)
        self.batch = min(Self.largestBatch, max(1, writeMark / 4))
    }

    /// Throws if the back has sent more than it may.
    mutating func receive(_ size: Int) throws(RelayFault) {
        guard size <= self.most - self.bytes else { throw RelayFault() }
        self.bytes += size
    }

    /// Returns the bytes to acknowledge now; `nil` if they do not fill a batch.
    mutating func removeBatch() -> Int? { self.bytes >= self.batch ? self.removeAll() : nil }

    /// Returns all unacknowledged bytes; `nil` if there are none.
    mutating func removeAll() -> Int? {
        guard self.bytes > 0 else { return nil }
        defer { self.bytes = 0 }
        return self.bytes
    }
}
