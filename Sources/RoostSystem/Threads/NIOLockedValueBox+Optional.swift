package import NIOConcurrencyHelpers

extension NIOLockedValueBox {
    /// Returns the value and sets nil, so that only one of several callers gets the value.
    package func takeValue<Wrapped>() -> Wrapped? where Value == Wrapped? {
        self.withLockedValue { value in
            defer { value = nil }
            return value
        }
    }
}
