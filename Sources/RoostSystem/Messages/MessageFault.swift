/// Bytes that are no message of this version of roost.
package struct MessageFault: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    static let truncated = MessageFault("a message is truncated")
}
