import NIOCore

/// The connections of a loop that have output. Their output is written together, after the events of one poll have been
/// handled: each write that wakes an idle client interrupts the work on the others. A value without I/O.
struct FlushBatch {
    /// Connections whose output is in the current batch.
    private var waiting: [any ServerConnection] = []
    /// Connections that are flushed after all others, since the work of others adds to their output.
    private var waitingLast: [any ServerConnection] = []
    /// The connections of the batch that is being written, in reverse order.
    private var flushing: [any ServerConnection] = []
    /// Whether the connections are flushed now.
    private(set) var isDue = false
    /// When the batch began; nil if no task is scheduled that makes it due.
    private var began: NIODeadline?

    /// The output in bytes, and the age, at which a batch is due though events of the poll are left to be handled.
    static let maxSize = 64 * 1024
    static let maxAge = TimeAmount.microseconds(500)

    /// What follows when a turn has only output left.
    enum Outcome {
        /// Nothing: there is no output, or a task is scheduled that makes the batch due.
        case end
        /// Schedule such a task, which calls `makeDue`.
        case schedule
        /// Flush the connections.
        case flush
    }

    /// Whether no connection has output.
    var isEmpty: Bool { self.waiting.isEmpty && self.waitingLast.isEmpty && self.flushing.isEmpty }

    /// Whether output of the batch that is being written is left.
    var isFlushing: Bool { !self.flushing.isEmpty }

    mutating func add(_ connection: any ServerConnection) { self.waiting.append(connection) }
    mutating func addLast(_ connection: any ServerConnection) { self.waitingLast.append(connection) }

    /// Begins to flush the connections, and those that are added until none is left. By the scheduled task.
    mutating func makeDue() {
        self.isDue = true
        self.began = nil
    }

    /// Makes an old batch due. Called when a turn ends.
    @inline(__always)
    mutating func check(now: @autoclosure () -> NIODeadline) {
        guard let began, !self.isDue else { return }
        let now = now()
        guard now - began > Self.maxAge else { return }
        self.isDue = true
        // Of the next batch, which the same task makes due.
        self.began = now
    }

    /// Decides what follows when only output is left. `size`: the bytes of the batch. `isAlone`: whether the loop has
    /// one connection, which has nothing to wait for.
    @inline(__always)
    mutating func wait(size: Int, isAlone: Bool, now: @autoclosure () -> NIODeadline) -> Outcome {
        guard !self.isEmpty else { return .end }
        guard !isAlone, size < Self.maxSize else {
            self.isDue = true
            return .flush
        }
        guard self.began == nil else { return .end }
        self.began = now()
        return .schedule
    }

    /// Returns the next connection to flush, in the order in which they were added; nil if there is none, or if they
    /// are not due. Begins a batch of `output` for the first: what is added from then on belongs to the next batch.
    @inline(__always)
    mutating func removeNext(from output: SharedOutput) -> (any ServerConnection)? {
        guard self.isDue else { return nil }
        if let connection = self.flushing.popLast() { return connection }
        guard !self.waiting.isEmpty else { return nil }
        output.beginBatch()
        guard self.waiting.count > 1 else { return self.waiting.removeLast() }
        swap(&self.waiting, &self.flushing)
        self.flushing.reverse()
        return self.flushing.removeLast()
    }

    /// Returns the next connection of those that are flushed last. When there is none, the batch has ended.
    @inline(__always)
    mutating func removeLast() -> (any ServerConnection)? {
        guard self.isDue else { return nil }
        if let connection = self.waitingLast.popLast() { return connection }
        self.isDue = false
        return nil
    }
}
