import Foundation
import TestSupport

/// One thing that happens to workers. `run` says what was measured, or throws what surprised it.
struct Case: Sendable {
    let name: String
    let run: @Sendable (Modules) throws -> String

    init(_ name: String, _ run: @escaping @Sendable (Modules) throws -> String) {
        self.name = name
        self.run = run
    }

    static func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n" }

    static func mebibytes(_ bytes: Int) -> String {
        let tenths = (bytes * 10) >> 20
        return "\(tenths / 10).\(tenths % 10) MiB"
    }
}

/// Something else came of it than has to.
struct Surprise: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

func expect<Value: Equatable>(_ what: String, _ value: Value, _ wanted: Value) throws {
    guard value != wanted else { return }
    throw Surprise("\(what): \(value) instead of \(wanted)")
}

/// Looks again and again until it is so.
func wait(for what: String, seconds: Int = Time.patience, _ isSo: () throws -> Bool) throws {
    let start = Time()
    while try !isSo() {
        guard start.milliseconds < seconds * 1000 else { throw Surprise("not within \(seconds) s: \(what)") }
        usleep(10_000)
    }
}

/// A moment, to measure from.
struct Time: Comparable, Sendable {
    /// Seconds after which what has to happen is taken to happen never.
    static let patience = 30

    private let moment = ContinuousClock.now

    /// So long ago.
    var milliseconds: Int { Int(self.moment.duration(to: .now) / .milliseconds(1)) }
    var seconds: String { String(format: "%.2f s", Double(self.milliseconds) / 1000) }

    static func < (one: Self, other: Self) -> Bool { one.moment < other.moment }
}
