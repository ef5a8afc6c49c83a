import Roost
import RoostSettings

/// An option of another application server, and its treatment by `roost`.
struct OtherOption: Sendable {
    enum Treatment: Sendable {
        /// Roost has an option of the same name.
        case same
        /// Stands for arguments of `roost`, which are made of its value. Throws a text that follows the option's name.
        case replaced(@Sendable (String) throws -> [String])
        /// Accepted, without an effect.
        case ignored
        case refused
    }

    /// `--timeout`, `-t`; with the negated form of a flag, if it has one.
    let names: [String]
    let takesValue: Bool
    /// The values that this is about; nil for all.
    let values: [String]?
    let treatment: Treatment
    /// The equivalent in Roost, in Markdown; empty for the option itself.
    let equivalent: String
    /// The difference to Roost's option; for an option that is refused or ignored, the reason. Plain text.
    let remark: String

    /// The option without the dashes of its first name.
    var name: String { String(self.names[0].drop { $0 == "-" }) }

    /// Whether Roost has an option of this name, like `port` or `no-access-log`.
    static func isOwn(_ name: String) -> Bool {
        if OptionTable.option(named: name) != nil { return true }
        guard name.hasPrefix("no-"), let option = OptionTable.option(named: String(name.dropFirst(3))) else {
            return false
        }
        return option.declaration.kind == .flag(isNegatable: true)
    }

    // MARK: Kinds

    static func same(_ name: String, _ remark: String = "") -> OtherOption {
        OtherOption(
            names: ["--\(name)"], takesValue: true, values: nil, treatment: .same, equivalent: "", remark: remark)
    }

    /// An option of Roost with another name, and the same values.
    static func alias(_ names: String..., to own: String, _ remark: String = "") -> OtherOption {
        OtherOption(
            names: names, takesValue: true, values: nil, treatment: .replaced { ["--\(own)=\($0)"] },
            equivalent: "`--\(own)`", remark: remark)
    }

    /// A flag that stands for arguments of Roost.
    static func flag(_ names: String..., as words: [String], _ remark: String = "") -> OtherOption {
        OtherOption(
            names: names, takesValue: false, values: nil, treatment: .replaced { _ in words },
            equivalent: "`\(words.joined(separator: " "))`", remark: remark)
    }

    /// An option whose value is written in another way.
    static func replaced(
        _ names: String..., by equivalent: String, values: [String]? = nil, _ remark: String = "",
        _ words: @escaping @Sendable (String) throws -> [String]
    ) -> OtherOption {
        OtherOption(
            names: names, takesValue: true, values: values, treatment: .replaced(words), equivalent: equivalent,
            remark: remark)
    }

    static func ignored(_ names: String..., values: [String]? = nil, because reason: String) -> OtherOption {
        OtherOption(
            names: names, takesValue: true, values: values, treatment: .ignored, equivalent: "ignored", remark: reason)
    }

    static func ignoredFlag(_ names: String..., because reason: String) -> OtherOption {
        OtherOption(
            names: names, takesValue: false, values: nil, treatment: .ignored, equivalent: "ignored", remark: reason)
    }

    static func refused(_ names: String..., values: [String]? = nil, because reason: String) -> OtherOption {
        OtherOption(
            names: names, takesValue: values != nil, values: values, treatment: .refused, equivalent: "refused",
            remark: reason)
    }

    // MARK: Reasons that several servers share

    static let noLogFiles = "Roost logs to the standard streams; redirect them"
    static let noProcessFile = "roost stop and roost status find the server by its --run-dir"
}
