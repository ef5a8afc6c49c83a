/// A header field: name and value, borrowed. Laid out as a C struct of two strings, each a pointer and a size.
///
/// Names from a client are lower-case; order and duplicates are kept.
public struct HeaderField {
    public var name: Octets
    public var value: Octets

    @inlinable
    public init(name: Octets, value: Octets) {
        self.name = name
        self.value = value
    }
}

/// The fields of a header, borrowed.
public typealias HeaderFields = UnsafeBufferPointer<HeaderField>
