import RoostSettings

/// An option with the values from one source.
package struct GivenOption: Sendable {
    package let option: ServerOption
    package let values: [String]
    package let origin: OptionOrigin

    /// Joins the items of a comma-separated option into one value, as on the command line.
    package init(_ option: ServerOption, _ values: [String], _ origin: OptionOrigin) {
        let isJoined = option.declaration.kind == .commaSeparated && !values.isEmpty
        self.option = option
        self.values = isJoined ? [values.joined(separator: ",")] : values
        self.origin = origin
    }
}
