extension KeyedDecodingContainer {
    /// Decodes a value that has to lie within a range.
    ///
    /// What lies outside is refused with what was found and what is allowed, as "found 0; 1 to 500 are allowed":
    /// ```swift
    /// init(from decoder: any Decoder) throws {
    ///     let container = try decoder.container(keyedBy: CodingKeys.self)
    ///     self.entries = try container.decode(Int.self, forKey: .entries, in: 1...500)
    /// }
    /// ```
    public func decode<Value: Decodable & Comparable>(
        _ type: Value.Type, forKey key: Key, in range: ClosedRange<Value>
    ) throws -> Value {
        try self.checked(try self.decode(type, forKey: key), key, range)
    }

    /// Decodes a value that has to lie within a range where one stands; nil: the key is missing, or nothing is at it.
    ///
    /// ```swift
    /// self.entries = try container.decodeIfPresent(Int.self, forKey: .entries, in: 1...500) ?? 20
    /// ```
    public func decodeIfPresent<Value: Decodable & Comparable>(
        _ type: Value.Type, forKey key: Key, in range: ClosedRange<Value>
    ) throws -> Value? {
        guard let value = try self.decodeIfPresent(type, forKey: key) else { return nil }
        return try self.checked(value, key, range)
    }

    private func checked<Value: Comparable>(_ value: Value, _ key: Key, _ range: ClosedRange<Value>) throws -> Value {
        guard range.contains(value) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self,
                debugDescription: "found \(value), expected \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
