/// One header field.
///
/// ```swift
/// for header in scope.headers where header.name == "cookie" { print(header.value) }
/// ```
public struct Header: Sendable, Hashable {
    /// The field name. Lower-case in a request; converted to lower case in a response.
    public var name: String
    /// The field value. Invalid UTF-8 is replaced; `Headers.bytes(_:)` returns the bytes as received.
    public var value: String

    /// A field to send. The host refuses a value that contains CR, LF or NUL.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
