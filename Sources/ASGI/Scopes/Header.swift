/// One header field.
///
/// ```swift
/// for header in scope.headers where header.name == "cookie" { print(header.value) }
/// ```
public struct Header: Sendable, Hashable {
    /// Lower-case in what is received, and made lower-case when it is sent.
    public var name: String
    /// Bytes that are no UTF-8 are replaced; `Headers.bytes(_:)` has them as they came.
    public var value: String

    /// A field to be sent. A value with a CR, LF or NUL in it is refused by the host.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
