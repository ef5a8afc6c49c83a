/// A check whose result differs from the expected one.
package struct UnexpectedResult: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Throws `UnexpectedResult` if a value differs from the expected one.
package func expect<Value: Equatable>(_ name: String, _ value: Value, _ expected: Value) throws {
    guard value != expected else { return }
    throw UnexpectedResult("\(name): \(value) instead of \(expected)")
}
