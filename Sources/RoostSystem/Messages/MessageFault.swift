/// The error for bytes that are not a valid message of this version of Roost.
package struct MessageFault: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    static let truncated = MessageFault("a message is truncated")
}
