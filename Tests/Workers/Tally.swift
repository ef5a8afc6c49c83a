import Foundation
import TestHarness

/// The results of all clients of a load.
final class Tally: @unchecked Sendable {
    struct Counts {
        /// Responses, or echoed messages.
        var answered = 0
        /// Requests to repeat, since no application has received them.
        var repeated = 0
        /// Connections opened, and connections that the server closed gracefully.
        var connections = 0
        var farewells = 0

        static func + (one: Self, other: Self) -> Self {
            Self(
                answered: one.answered + other.answered, repeated: one.repeated + other.repeated,
                connections: one.connections + other.connections, farewells: one.farewells + other.farewells)
        }
    }

    /// A connection that failed, or was lost before its response.
    struct Loss {
        /// The worker that answered the previous request on the connection; `nil` if there was none.
        var worker: Int32?
        /// When the connection was opened, and when it was lost.
        var since: Time
        var at = Time()
        var text: String
    }

    private let lock = NSCondition()
    private var kept = Counts()
    private var lost: [Loss] = []
    private var ended = false

    var counts: Counts { self.lock.withLock { self.kept } }
    var losses: [Loss] { self.lock.withLock { self.lost } }
    var isOver: Bool { self.lock.withLock { self.ended } }

    /// Waits until a connection is lost, or until the time has passed.
    func waitForDisconnect(seconds: Int) {
        let end = Date(timeIntervalSinceNow: Double(seconds))
        self.lock.withLock { while self.lost.isEmpty, self.lock.wait(until: end) {} }
    }

    func end() { self.lock.withLock { self.ended = true } }
    func count(_ change: (inout Counts) -> Void) { self.lock.withLock { change(&self.kept) } }
    func lose(_ loss: Loss) {
        self.lock.withLock {
            self.lost.append(loss)
            self.lock.broadcast()
        }
        // A refused client pauses before it connects again.
        usleep(10_000)
    }
}
