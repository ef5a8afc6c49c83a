/// An error in the settings, for the operator: the key, what was found, and what is allowed.
///
/// Throw one for a rule that a type cannot express, such as a rule over several keys. The operator sees it unchanged:
/// ```swift
/// struct Settings: Decodable {
///     var first: Int
///     var last: Int
///
///     init(from decoder: any Decoder) throws {
///         let container = try decoder.container(keyedBy: CodingKeys.self)
///         self.first = try container.decode(Int.self, forKey: .first)
///         self.last = try container.decode(Int.self, forKey: .last)
///         guard self.first <= self.last else {
///             throw SettingsError(key: "last", message: "found \(self.last), expected at least first")
///         }
///     }
///
///     private enum CodingKeys: CodingKey { case first, last }
/// }
/// ```
public struct SettingsError: Error, Sendable, CustomStringConvertible {
    /// The dotted key from the root: "pages.size"; "hosts.0" for the first element of a list; empty for the root.
    public let key: String
    /// What was found and what is allowed; printed after the key and a colon.
    public let message: String

    public init(key: String, message: String) {
        self.key = key
        self.message = message
    }

    /// Key and message on one line: "pages.size: found 0, expected 1 to 500".
    public var description: String {
        Wording.onOneLine(self.key.isEmpty ? self.message : "\(self.key): \(self.message)")
    }
}
