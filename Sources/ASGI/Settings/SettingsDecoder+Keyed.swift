extension SettingsDecoder {
    /// The members of an object by key. Records every key that is asked for.
    struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        private let decoder: SettingsDecoder
        private let names: [String]
        private let members: [String: JSONValue]

        init(_ decoder: SettingsDecoder, _ members: [(key: String, value: JSONValue)]) {
            self.decoder = decoder
            self.names = members.map(\.key)
            self.members = Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
            decoder.asked.openKeyed()
        }

        var codingPath: [any CodingKey] { self.decoder.codingPath }

        /// The names that are keys of the type. A dictionary accepts all; for an enum, the others remain unknown keys.
        var allKeys: [Key] {
            self.names.compactMap { name in
                guard let key = Key(stringValue: name) else { return nil }
                self.decoder.asked.ask(name)
                return key
            }
        }

        func contains(_ key: Key) -> Bool { self.below(key).value != nil }

        func decodeNil(forKey key: Key) throws -> Bool {
            let decoder = self.below(key)
            guard decoder.value != nil else { throw decoder.missing("a value") }
            return decoder.decodeNil()
        }

        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            try self.below(key).decodePresent(type)
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> {
            try self.below(key).container(keyedBy: type)
        }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try self.below(key).unkeyedContainer()
        }

        func superDecoder() -> any Decoder { self.below(PathKey.superclass) }

        func superDecoder(forKey key: Key) -> any Decoder { self.below(key) }

        private func below(_ key: some CodingKey) -> SettingsDecoder {
            self.decoder.asked.ask(key.stringValue)
            return self.decoder.below(key, self.members[key.stringValue])
        }
    }
}
