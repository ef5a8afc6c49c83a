/// A key of a coding path that no type declares: the index of a list element, or the key of a superclass.
struct PathKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    /// The key that `superDecoder()` uses (see the documentation of `KeyedDecodingContainer`).
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
