/// A key of the path that no type names: an element of a list, or what the superclass is decoded from.
struct PathKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    /// The key under which `superDecoder()` looks (the documentation of `KeyedDecodingContainer`).
    static let superclass = PathKey(stringValue: "super")

    init(stringValue: String) {
        self.stringValue = stringValue
        self.intValue = nil
    }

    init(intValue: Int) {
        self.stringValue = "\(intValue)"
        self.intValue = intValue
    }
}
