import Foundation

/// What clients counted, all of them together.
final class Tally: @unchecked Sendable {
    struct Counts {
        /// Requests, or messages.
        var answered = 0
        /// Not answered, and known not to have been worked on: asked again elsewhere.
        var repeated = 0
        /// Connections that were made, and those that the server took leave of.
        var connections = 0
        var farewells = 0

        static func + (one: Self, other: Self) -> Self {
            Self(
                answered: one.answered + other.answered, repeated: one.repeated + other.repeated,
                connections: one.connections + other.connections, farewells: one.farewells + other.farewells)
        }
    }

    /// A connection that ended, or did not come about, though its client had asked.
    struct Loss {
        /// The worker that had answered on it before; nil: none had.
        var worker: Int32?
        /// When the connection was asked for, and when it was lost.
        var since: Time
        var at = Time()
        var text: String
    }

    private let lock = NSLock()
    private var kept = Counts()
    private var lost: [Loss] = []
    private var ended = false

    var counts: Counts { self.lock.withLock { self.kept } }
    var losses: [Loss] { self.lock.withLock { self.lost } }
    var isOver: Bool { self.lock.withLock { self.ended } }

    func end() { self.lock.withLock { self.ended = true } }
    func count(_ change: (inout Counts) -> Void) { self.lock.withLock { change(&self.kept) } }
    func lose(_ loss: Loss) {
        self.lock.withLock { self.lost.append(loss) }
        // Who is refused does not come again at once.
        usleep(10_000)
    }
}
