/// Why the settings cannot be used, said to the operator who wrote them: which key, what was found, what is allowed.
///
/// Throw one for what a type cannot say, such as a rule over several keys; it reaches the operator as it is:
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
///             throw SettingsError(key: "last", message: "found \(self.last); no less than first is allowed")
///         }
///     }
///
///     private enum CodingKeys: CodingKey { case first, last }
/// }
/// ```
public struct SettingsError: Error, Sendable, CustomStringConvertible {
    /// The key from the root, dotted: "pages.size"; "hosts.0" for the first of a list; empty: the whole.
    public let key: String
    /// What was found and what is allowed, as it reads after the key and a colon.
    public let message: String

    public init(key: String, message: String) {
        self.key = key
        self.message = message
    }

    /// "pages.size: found 0; 1 to 500 are allowed", on one line.
    public var description: String {
        Wording.onOneLine(self.key.isEmpty ? self.message : "\(self.key): \(self.message)")
    }
}
