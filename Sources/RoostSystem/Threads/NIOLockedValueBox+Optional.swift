package import NIOConcurrencyHelpers

extension NIOLockedValueBox {
    /// Returns the value and leaves nil in its place: of several callers one gets it.
    package func takeValue<Wrapped>() -> Wrapped? where Value == Wrapped? {
        self.withLockedValue { value in
            defer { value = nil }
            return value
        }
    }
}
