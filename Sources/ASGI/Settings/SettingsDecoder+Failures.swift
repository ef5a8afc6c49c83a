/// The errors, worded for the operator. They are `DecodingError`s, which a type that tries several forms can catch.
extension SettingsDecoder {
    private static let missingPrefix = "missing, "

    /// Returns the error for a value that is missing, or is not a `wanted`, such as "a text" or "a list".
    func refusal(_ type: any Any.Type, _ wanted: String) -> DecodingError {
        guard let value else { return self.missing(wanted) }
        let context = self.context("found \(value.found), expected \(wanted)")
        if case .null = value { return .valueNotFound(type, context) }
        return .typeMismatch(type, context)
    }

    /// Returns the error for a number outside of its type's range.
    func refusal<Number>(outside range: ClosedRange<Number>) -> DecodingError {
        let found = self.value?.found ?? JSONValue.null.found
        return .dataCorrupted(
            self.context("found \(found), expected \(range.lowerBound) to \(range.upperBound)"))
    }

    /// Returns the error for a missing value, where `wanted` is required.
    func missing(_ wanted: String) -> DecodingError {
        let message = "\(Self.missingPrefix)expected \(wanted)"
        // Past the end of a list a value is missing, not a key (see the documentation of `UnkeyedDecodingContainer`).
        guard let key = self.codingPath.last, (key as? PathKey)?.intValue == nil else {
            return .valueNotFound(JSONValue.self, self.context(message))
        }
        return .keyNotFound(
            key, DecodingError.Context(codingPath: self.codingPath.dropLast(), debugDescription: message))
    }

    /// Decodes a required value of a container.
    func decodePresent<Value: Decodable>(_ type: Value.Type) throws -> Value {
        guard self.value == nil else { return try self.decode(type) }
        // Only the type knows what it requires: decode it from no value, and rethrow its error.
        do { _ = try Value(from: self) } catch DecodingError.keyNotFound(let key, let context)
            where context.debugDescription.hasPrefix(Self.missingPrefix)
        {
            throw DecodingError.keyNotFound(key, context)
        } catch DecodingError.valueNotFound(let type, let context)
            where context.debugDescription.hasPrefix(Self.missingPrefix)
        {
            throw DecodingError.valueNotFound(type, context)
        } catch {}
        throw self.missing("a value")
    }

    /// Returns the error, or, if the value is no raw value of an enum, an error that lists the enum's cases.
    func namingCases(of type: any Any.Type, _ error: DecodingError) -> DecodingError {
        // The standard library's message. An enum with its own `init(from:)` has its own message, which is kept.
        guard case .dataCorrupted(let context) = error, context.debugDescription.hasPrefix("Cannot initialize "),
            context.codingPath.count == self.codingPath.count, let value,
            let type = type as? any CaseIterable.Type
        else { return error }
        let names = Self.rawValues(type)
        guard !names.isEmpty else { return error }
        let found = if case .string(let text) = value { "'\(Wording.shortened(text))'" } else { value.found }
        return .dataCorrupted(
            self.context("found \(found), expected \(names.count > 1 ? "one of " : "")\(Wording.list(names))", error))
    }

    func context(_ message: String, _ underlying: (any Error)? = nil) -> DecodingError.Context {
        DecodingError.Context(codingPath: self.codingPath, debugDescription: message, underlyingError: underlying)
    }

    private static func rawValues<Cases: CaseIterable>(_ type: Cases.Type) -> [String] {
        type.allCases.compactMap { ($0 as? any RawRepresentable).map { "\($0.rawValue)" } }
    }
}
