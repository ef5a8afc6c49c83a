extension SettingsError {
    /// Converts an error that decoding threw. A `SettingsError` stays as it is; a `DecodingError` gives its path and
    /// description.
    init(_ error: any Error) {
        switch error {
        case let error as SettingsError: self = error
        case DecodingError.keyNotFound(let key, let context): self.init(context, context.codingPath + [key])
        case DecodingError.valueNotFound(_, let context), DecodingError.typeMismatch(_, let context),
            DecodingError.dataCorrupted(let context):
            self.init(context, context.codingPath)
        default: self.init(key: "", message: "\(error)")
        }
    }

    private init(_ context: DecodingError.Context, _ path: [any CodingKey]) {
        self.init(key: path.map(\.stringValue).joined(separator: "."), message: context.debugDescription)
    }
}
