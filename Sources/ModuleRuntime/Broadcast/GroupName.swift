import HTTPServer

/// The name of a group of one generation. The same name of another generation is another group.
struct GroupName: Hashable, Sendable {
    private let generation: ObjectIdentifier
    private let bytes: [UInt8]

    /// Returns nil if the name is empty or longer than 255 bytes.
    init?(_ name: Octets, of generation: Generation) {
        guard 1...255 ~= name.size, name.data != nil else { return nil }
        self.generation = ObjectIdentifier(generation)
        self.bytes = Array(name.bytes)
    }
}
