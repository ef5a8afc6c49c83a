extension SettingsDecoder {
    /// The elements of a list, one after another. An element that cannot be decoded is not skipped.
    struct Unkeyed: UnkeyedDecodingContainer {
        private let decoder: SettingsDecoder
        private let elements: [JSONValue]
        private(set) var currentIndex = 0

        init(_ decoder: SettingsDecoder, _ elements: [JSONValue]) {
            self.decoder = decoder
            self.elements = elements
        }

        var codingPath: [any CodingKey] { self.decoder.codingPath }
        var count: Int? { self.elements.count }
        var isAtEnd: Bool { self.currentIndex >= self.elements.count }

        mutating func decodeNil() throws -> Bool {
            let decoder = self.next
            guard decoder.value != nil else { throw decoder.missing("a value") }
            guard decoder.decodeNil() else { return false }
            self.currentIndex += 1
            return true
        }

        mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            let value = try self.next.decodePresent(type)
            self.currentIndex += 1
            return value
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) throws -> KeyedDecodingContainer<Nested> {
            let container = try self.next.container(keyedBy: type)
            self.currentIndex += 1
            return container
        }

        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            let container = try self.next.unkeyedContainer()
            self.currentIndex += 1
            return container
        }

        mutating func superDecoder() throws -> any Decoder {
            let decoder = self.next
            guard decoder.value != nil else { throw decoder.missing("a value") }
            self.currentIndex += 1
            return decoder
        }

        /// The decoder of the next element. Past the last element it has no value.
        private var next: SettingsDecoder {
            self.decoder.below(
                PathKey(intValue: self.currentIndex), self.isAtEnd ? nil : self.elements[self.currentIndex])
        }
    }
}
