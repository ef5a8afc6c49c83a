/// A strict decoder of settings from JSON: unknown keys are errors, as missing ones are.
///
/// Nothing is converted: the settings come from YAML, where "12" is a text and 3.0 is not a whole number. Not
/// thread-safe.
struct SettingsDecoder: Decoder {
    /// The value to decode; nil if it is missing, and decoding throws an error that says so.
    let value: JSONValue?
    let codingPath: [any CodingKey]
    let asked: RequestedKeys

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Decodes the settings of an application. Throws the first error, as a `SettingsError` for the operator.
    static func decode<Settings: Decodable>(_ type: Settings.Type, json: String) throws(SettingsError) -> Settings {
        let value: JSONValue
        do { value = try JSONReader.read(json.utf8) } catch {
            throw SettingsError(key: "", message: "invalid JSON: \(error.reason) (byte \(error.offset))")
        }
        let decoder = SettingsDecoder(value: value, codingPath: [], asked: RequestedKeys())
        let settings: Settings
        do { settings = try decoder.decode(type) } catch { throw SettingsError(error) }
        if let error = decoder.asked.unknownKey(in: value) { throw error }
        return settings
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = self.value else { throw self.refusal([String: JSONValue].self, "a map") }
        return KeyedDecodingContainer(Keyed(self, members))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = self.value else { throw self.refusal([JSONValue].self, "a list") }
        return Unkeyed(self, elements)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    /// Returns the decoder of the value at `key`.
    func below(_ key: any CodingKey, _ value: JSONValue?) -> SettingsDecoder {
        SettingsDecoder(value: value, codingPath: self.codingPath + [key], asked: self.asked.child(key.stringValue))
    }
}
