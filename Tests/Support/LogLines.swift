import Foundation
public import Logging
import NIOConcurrencyHelpers

/// Collects log lines in memory.
public final class LogLines: Sendable {
    private struct State {
        var lines: [String] = []
        var waiting: [(text: String, times: Int, continuation: CheckedContinuation<Void, Never>)] = []

        func count(_ text: String) -> Int { self.lines.count { $0.contains(text) } }
    }

    private let state = NIOLockedValueBox(State())

    public init() {}

    public var handler: any LogHandler { Handler(lines: self) }
    public var all: [String] { self.state.withLockedValue { $0.lines } }

    /// Waits until at least `times` lines contain `text`.
    public func wait(for text: String, times: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isThere = self.state.withLockedValue { state in
                guard state.count(text) < times else { return true }
                state.waiting.append((text, times, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    private func append(_ line: String) {
        let reported = self.state.withLockedValue { state in
            state.lines.append(line)
            let waiting = state.waiting
            let reported = waiting.filter { state.count($0.text) >= $0.times }
            state.waiting = waiting.filter { state.count($0.text) < $0.times }
            return reported
        }
        for one in reported { one.continuation.resume() }
    }

    /// The lines that contain each of these texts, for example the name of an event and one of its fields.
    public func holding(_ texts: String...) -> [String] {
        self.all.filter { line in texts.allSatisfy { line.contains($0) } }
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var logLevel = Logger.Level.debug
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let more = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
            self.lines.append("\(event.level) \(event.message)\(more)")
        }
    }
}
