package import Logging

/// Writes log lines: as text, coloured on a terminal, or as JSON.
///
/// A text line has time, level, message and `key=value` fields, which are quoted by the rule of `LogText`; further lines
/// of the message follow, indented by four spaces. In JSON all values are strings; a field named `time`, `level` or `message` gets an underscore in front.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let writer: LineWriter
    private let format: LogFormat
    private let isColoured: Bool

    package init(level: Logger.Level, writer: LineWriter, format: LogFormat, isColoured: Bool) {
        self.logLevel = level
        self.writer = writer
        self.format = format
        self.isColoured = isColoured && format == .text
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = self.metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
        let line =
            switch self.format {
            case .text: self.text(event.level, event.message.description, fields)
            case .json: Self.json(event.level, event.message.description, fields)
            }
        self.writer.write(Array((line + "\n").utf8))
    }

    private func text(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) -> String {
        let padding = String(repeating: " ", count: 8 - level.rawValue.utf8.count)
        var name = level.rawValue + padding
        if self.isColoured { name = "\u{1b}[\(Self.colour(of: level))m\(name)\u{1b}[0m" }
        // The lines of a traceback follow as they are, indented so that none is taken for a line of the log.
        let lines = (message.hasSuffix("\n") ? message.dropLast() : message[...])
            .split(separator: "\n", omittingEmptySubsequences: false)
        let rest = lines.dropFirst().map { "\n    " + LogText.printable(String($0)) }.joined()
        return "\(LogTime.now()) \(name) \(LogText.message(String(lines[0])))\(LogText.fields(fields))\(rest)"
    }

    private static func json(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) -> String {
        var members = [("time", LogTime.now()), ("level", level.rawValue), ("message", message)]
        let own = Set(members.map(\.0))
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            members.append((own.contains(key) ? "_\(key)" : key, value.description))
        }
        return "{\(members.map { "\(JSONString.quoted($0)):\(JSONString.quoted($1))" }.joined(separator: ","))}"
    }

    private static func colour(of level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 90
        case .info: 32
        case .notice: 36
        case .warning: 33
        case .error: 31
        case .critical: 35
        }
    }
}
