package import Logging

/// A kind of log line that Roost writes: its stable name, its level and its meaning.
///
/// The name is the message of the line. Everything that varies is in the fields, so that tools can search for the name.
/// Each target declares its events in an extension; `roost reference` lists them in
/// `Documentation/reference/log-events.md`.
package struct LoggedEvent: Sendable {
    package let name: String
    package let level: Logger.Level
    /// What has happened, and what an operator can do about it.
    package let meaning: String

    package init(_ level: Logger.Level, _ name: String, _ meaning: String) {
        self.level = level
        self.name = name
        self.meaning = meaning
    }
}

extension LoggedEvent: Equatable {
    package static func == (one: LoggedEvent, other: LoggedEvent) -> Bool { one.name == other.name }
}

extension LoggedEvent {
    package static let signalIgnored = LoggedEvent(
        .warning, "signal ignored", "The process received a signal that has no effect here; logged once per signal.")

    package static let ofRoostSystem = [signalIgnored]
}

extension Logger {
    package func log(_ event: LoggedEvent, _ fields: @autoclosure () -> Logger.Metadata = [:]) {
        self.log(level: event.level, "\(event.name)", metadata: fields())
    }
}
