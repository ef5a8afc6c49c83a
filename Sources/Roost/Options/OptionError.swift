/// Why options are refused.
package struct OptionError: Error {
    /// Nil: the options are wrong together, or by their defaults.
    package let origin: OptionOrigin?
    package let message: String
    /// The names of the options that are wrong together.
    private let options: [String]

    init(origin: OptionOrigin, message: String) {
        self.origin = origin
        self.message = message
        self.options = []
    }

    /// `options`: the names of the options that are wrong together.
    package init(_ message: String, _ options: String...) {
        self.origin = nil
        self.message = message
        self.options = options
    }

    /// Where the first of the options is given; nil: nowhere.
    package func origin(among given: [GivenOption]) -> OptionOrigin? {
        self.origin ?? self.options.lazy.compactMap { name in given.last { $0.option.name == name }?.origin }.first
    }
}
