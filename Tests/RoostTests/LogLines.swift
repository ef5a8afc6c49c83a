import Foundation
import Logging
import NIOConcurrencyHelpers

/// The lines that were logged.
final class LogLines: Sendable {
    private let lines = NIOLockedValueBox<[String]>([])

    var handler: any LogHandler { Handler(lines: self) }
    var all: [String] { self.lines.withLockedValue { $0 } }

    /// The lines that hold this.
    func holding(_ text: String) -> [String] { self.all.filter { $0.contains(text) } }

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
            self.lines.lines.withLockedValue { $0.append("\(event.level) \(event.message)\(more)") }
        }
    }
}
