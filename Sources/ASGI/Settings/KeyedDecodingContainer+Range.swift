extension KeyedDecodingContainer {
    /// Decodes a value that must lie within a range.
    ///
    /// Throws an error with the value found and the range allowed, as in "found 0, expected 1 to 500":
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

    /// Decodes a value that must lie within a range; nil if the key is missing or its value is null.
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
