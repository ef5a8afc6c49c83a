/// Why options are refused.
package struct OptionError: Error {
    /// Nil: several options are wrong together.
    package let origin: OptionOrigin?
    package let message: String

    init(origin: OptionOrigin, message: String) {
        self.origin = origin
        self.message = message
    }

    package init(_ message: String) {
        self.origin = nil
        self.message = message
    }
}
