import HTTPServer

/// A group of one application: the names of others are others.
struct GroupName: Hashable, Sendable {
    private let generation: ObjectIdentifier
    private let bytes: [UInt8]

    /// Nil: it is no name.
    init?(_ name: Octets, of generation: Generation) {
        guard 1...255 ~= name.size, name.data != nil else { return nil }
        self.generation = ObjectIdentifier(generation)
        self.bytes = Array(name.bytes)
    }
}
