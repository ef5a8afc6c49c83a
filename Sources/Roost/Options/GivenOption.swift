import RoostSettings

/// An option as one source gives it.
package struct GivenOption: Sendable {
    package let option: ServerOption
    package let values: [String]
    package let origin: OptionOrigin

    /// The items of a comma-separated option become one value, the form that the command line takes.
    package init(_ option: ServerOption, _ values: [String], _ origin: OptionOrigin) {
        let isJoined = option.declaration.kind == .commaSeparated && !values.isEmpty
        self.option = option
        self.values = isJoined ? [values.joined(separator: ",")] : values
        self.origin = origin
    }
}
