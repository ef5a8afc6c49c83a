/// How a log is written: lines for people and tools, or an object of JSON per line.
public enum LogFormat: String, Sendable, CaseIterable {
    /// Time, level, event, and `key=value` fields.
    case text
    /// The keys `time`, `level` and `message`, and a key for each field.
    case json
}
