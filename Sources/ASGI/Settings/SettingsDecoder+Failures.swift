/// What is thrown, in the operator's words: `DecodingError`, so that a type that tries several forms can catch it.
extension SettingsDecoder {
    private static let missingPrefix = "missing, "

    /// What stands here is no `wanted`, as "a text" or "a list"; or nothing does.
    func refusal(_ type: any Any.Type, _ wanted: String) -> DecodingError {
        guard let value else { return self.missing(wanted) }
        let context = self.context("found \(value.found), expected \(wanted)")
        if case .null = value { return .valueNotFound(type, context) }
        return .typeMismatch(type, context)
    }

    /// The number that stands here does not fit its type.
    func refusal<Number>(outside range: ClosedRange<Number>) -> DecodingError {
        let found = self.value?.found ?? JSONValue.null.found
        return .dataCorrupted(
            self.context("found \(found), expected \(range.lowerBound) to \(range.upperBound)"))
    }

    /// Nothing stands here, and `wanted` has to.
    func missing(_ wanted: String) -> DecodingError {
        let message = "\(Self.missingPrefix)expected \(wanted)"
        // Behind a list's end there is no value rather than no key (the documentation of `UnkeyedDecodingContainer`).
        guard let key = self.codingPath.last, (key as? PathKey)?.intValue == nil else {
            return .valueNotFound(JSONValue.self, self.context(message))
        }
        return .keyNotFound(
            key, DecodingError.Context(codingPath: self.codingPath.dropLast(), debugDescription: message))
    }

    /// Decodes what a container was asked for, which has to be there.
    func decodePresent<Value: Decodable>(_ type: Value.Type) throws -> Value {
        guard self.value == nil else { return try self.decode(type) }
        // Only the type knows what it wants: it is shown that there is nothing, and says.
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

    /// The error, or, where an enum has no case of the raw value that stands here, one that names those it has.
    func namingCases(of type: any Any.Type, _ error: DecodingError) -> DecodingError {
        // The standard library's own words: an enum that decodes itself has said what it allows.
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
