/// A borrowed header field: name and value. Laid out like a C struct of two strings, each a pointer and a size.
///
/// Field names from a client are in lower case. Order and duplicates are preserved.
public struct HeaderField {
    public var name: Octets
    public var value: Octets

    @inlinable
    public init(name: Octets, value: Octets) {
        self.name = name
        self.value = value
    }
}

/// A borrowed list of header fields.
public typealias HeaderFields = UnsafeBufferPointer<HeaderField>
