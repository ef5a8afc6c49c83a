/// A field of a head: name and value, borrowed. Laid out as `asgi_header` in `asgi.h`.
///
/// Names that come from a client are lower-case; order and duplicates are kept.
public struct HeaderField {
    public var name: Octets
    public var value: Octets

    @inlinable
    public init(name: Octets, value: Octets) {
        self.name = name
        self.value = value
    }
}

/// The fields of a head, borrowed.
public typealias HeaderFields = UnsafeBufferPointer<HeaderField>
