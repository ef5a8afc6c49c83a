/// An error in the given options.
package struct OptionError: Error {
    /// Nil if the error is not in one given value: options contradict each other, or a default is invalid.
    package let origin: OptionOrigin?
    package let message: String
    /// The names of the options involved.
    private let options: [String]

    init(origin: OptionOrigin, message: String) {
        self.origin = origin
        self.message = message
        self.options = []
    }

    /// `options`: the names of the options involved.
    package init(_ message: String, _ options: String...) {
        self.origin = nil
        self.message = message
        self.options = options
    }

    /// Returns the source of the first involved option that is given; nil if none is.
    package func origin(among given: [GivenOption]) -> OptionOrigin? {
        self.origin ?? self.options.lazy.compactMap { name in given.last { $0.option.name == name }?.origin }.first
    }
}
