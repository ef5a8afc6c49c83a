import Foundation

/// A moment from which time is measured.
package struct Time: Comparable, Sendable {
    /// Seconds after which a check stops waiting.
    package static let patience = 30

    private let moment = ContinuousClock.now

    package init() {}

    /// The time since this moment.
    package var milliseconds: Int { Int(self.moment.duration(to: .now) / .milliseconds(1)) }
    package var seconds: String { String(format: "%.2f s", Double(self.milliseconds) / 1000) }

    package static func < (one: Self, other: Self) -> Bool { one.moment < other.moment }
}

/// Evaluates a condition every 10 ms until it holds. Throws `UnexpectedResult` after `seconds`.
package func wait(for name: String, seconds: Int = Time.patience, _ condition: () throws -> Bool) throws {
    let start = Time()
    while try !condition() {
        guard start.milliseconds < seconds * 1000 else { throw UnexpectedResult("not within \(seconds) s: \(name)") }
        usleep(10_000)
    }
}
