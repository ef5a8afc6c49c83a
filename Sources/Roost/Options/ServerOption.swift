package import RoostSettings

/// An option of the server: its declaration and the property of `ServerOptions` that it sets.
package struct ServerOption: Sendable {
    typealias Target<Value> = any WritableKeyPath<ServerOptions, Value> & Sendable

    package private(set) var declaration: OptionDeclaration
    private let read: @Sendable (ServerOptions) -> [String]
    private let write: @Sendable (inout ServerOptions, [String]) throws(OptionFault) -> Void

    package var name: String { self.declaration.name }

    /// The default value, in the option's syntax; empty if there is none.
    package var standard: String { self.values(in: Self.defaults).joined(separator: " ") }

    private static let defaults = ServerOptions()

    /// The option's key in a settings file.
    package var key: SettingsKey { self.declaration.key(standard: self.standard) }

    /// Returns the option's value, in the option's syntax; empty if there is none.
    package func values(in options: ServerOptions) -> [String] { self.read(options) }

    /// Sets the option's value. Throws if a text is invalid.
    func set(_ values: [String], in options: inout ServerOptions) throws(OptionFault) {
        do throws(OptionFault) {
            try self.write(&options, values)
        } catch .refused(let words) {
            throw .refused(values.reduce(words) { Redaction.masked($0, quoting: $1, of: self.name) })
        }
    }

    // MARK: Sources and requirements

    /// Worker groups may override the option.
    var forGroups: ServerOption { self.changed { $0.scope = .group } }
    /// Settings files cannot set the option, since it is needed to find them.
    var notInFiles: ServerOption { self.changed { $0.scope = .environment } }
    var onCommandLineOnly: ServerOption { self.changed { $0.scope = .commandLine } }
    /// The option is needed before an application is examined; the application's own settings file cannot set it.
    var early: ServerOption { self.changed { $0.isEarly = true } }
    /// The option requires `--reload`; embedded hosts refuse it.
    var forReload: ServerOption {
        self.changed { $0.requirement = .reload }.commandOnly("an embedded host does not watch files")
    }
    /// The option is refused with `--no-supervisor`.
    var forSupervisor: ServerOption { self.changed { $0.requirement = .supervisor } }

    /// The value is a secret.
    var secret: ServerOption { self.changed { $0.isSecret = true }.notForWorkers }

    /// Worker processes do not get the option.
    var notForWorkers: ServerOption { self.changed { $0.isForWorkers = false } }

    /// Embedded hosts refuse the option for this reason.
    func commandOnly(_ reason: String) -> ServerOption { self.changed { $0.refusal = reason } }

    private func changed(_ change: (inout OptionDeclaration) -> Void) -> ServerOption {
        var option = self
        change(&option.declaration)
        return option
    }

    // MARK: Kinds

    static func count(
        _ name: String, _ target: Target<Int>, _ range: ClosedRange<Int>, _ meaning: String
    ) -> ServerOption { .number(name, target, range, nil, meaning) }

    static func count(
        _ name: String, _ target: Target<Int?>, _ range: ClosedRange<Int>, unset: String, _ meaning: String
    ) -> ServerOption { .number(name, target, range, nil, unset: unset, meaning) }

    static func bytes(
        _ name: String, _ target: Target<Int>, _ range: ClosedRange<Int>, _ meaning: String
    ) -> ServerOption { .number(name, target, range, .bytes, meaning) }

    static func bytes(
        _ name: String, _ target: Target<Int?>, _ range: ClosedRange<Int>, unset: String, _ meaning: String
    ) -> ServerOption { .number(name, target, range, .bytes, unset: unset, meaning) }

    static func seconds(
        _ name: String, _ target: Target<Int>, _ range: ClosedRange<Int>, _ meaning: String
    ) -> ServerOption { .number(name, target, range, .seconds, meaning) }

    static func seconds(
        _ name: String, _ target: Target<Int?>, _ range: ClosedRange<Int>, unset: String, _ meaning: String
    ) -> ServerOption { .number(name, target, range, .seconds, unset: unset, meaning) }

    private static func number(
        _ name: String, _ target: Target<Int>, _ range: ClosedRange<Int>, _ unit: OptionDeclaration.Unit?,
        _ meaning: String
    ) -> ServerOption {
        ServerOption(
            declaration: OptionDeclaration(name, .number(range), unit: unit, meaning),
            read: { ["\($0[keyPath: target])"] },
            write: { (options, values) throws(OptionFault) in
                options[keyPath: target] = try Self.number(values[0], range, unit)
            })
    }

    private static func number(
        _ name: String, _ target: Target<Int?>, _ range: ClosedRange<Int>, _ unit: OptionDeclaration.Unit?,
        unset: String, _ meaning: String
    ) -> ServerOption {
        ServerOption(
            declaration: OptionDeclaration(name, .number(range), unit: unit, unset: unset, meaning),
            read: { $0[keyPath: target].map { ["\($0)"] } ?? [] },
            write: { (options, values) throws(OptionFault) in
                options[keyPath: target] = try Self.number(values[0], range, unit)
            })
    }

    /// Seconds may have a fraction, as other servers allow it; they are rounded up.
    private static func number(
        _ text: String, _ range: ClosedRange<Int>, _ unit: OptionDeclaration.Unit?
    ) throws(OptionFault) -> Int {
        let whole = unit == .seconds ? Double(text).flatMap { Int(exactly: $0.rounded(.awayFromZero)) } : nil
        guard let number = whole ?? Int(text) else { throw .malformed(text) }
        guard range.contains(number) else {
            throw .outOfRange("\(number)", "\(range.lowerBound)", "\(range.upperBound)")
        }
        return number
    }

    static func decimalSeconds(
        _ name: String, _ target: Target<Double?>, _ range: ClosedRange<Double>, unset: String, _ meaning: String
    ) -> ServerOption {
        ServerOption(
            declaration: OptionDeclaration(name, .decimal(range), unit: .seconds, unset: unset, meaning),
            read: { $0[keyPath: target].map { [OptionDeclaration.text($0)] } ?? [] },
            write: { (options, values) throws(OptionFault) in
                guard let number = Double(values[0]) else { throw .malformed(values[0]) }
                guard range.contains(number) else {
                    throw .outOfRange(
                        "\(number)", OptionDeclaration.text(range.lowerBound), OptionDeclaration.text(range.upperBound))
                }
                options[keyPath: target] = number
            })
    }

    /// `check` throws an error whose text follows the option's name in the message.
    static func text(
        _ name: String, _ target: Target<String>, unset: String? = nil, _ meaning: String,
        check: @escaping @Sendable (String) throws -> Void = { _ in }
    ) -> ServerOption {
        ServerOption(
            declaration: OptionDeclaration(name, .text, unset: unset, meaning),
            read: { $0[keyPath: target].isEmpty ? [] : [$0[keyPath: target]] },
            write: { (options, values) throws(OptionFault) in
                try Self.refuse { try check(values[0]) }
                options[keyPath: target] = values[0]
            })
    }

    static func optionalText(
        _ name: String, _ target: Target<String?>, unset: String? = nil, _ meaning: String,
        check: @escaping @Sendable (String) throws -> Void = { _ in }
    ) -> ServerOption {
        ServerOption(
            declaration: OptionDeclaration(name, .text, unset: unset, meaning),
            read: { $0[keyPath: target].map { [$0] } ?? [] },
            write: { (options, values) throws(OptionFault) in
                try Self.refuse { try check(values[0]) }
                options[keyPath: target] = values[0]
            })
    }

    static func texts(
        _ name: String, _ target: Target<[String]>, unset: String? = nil, _ meaning: String,
        check: @escaping @Sendable (String) throws -> Void = { _ in }
    ) -> ServerOption {
        ServerOption(
            declaration: OptionDeclaration(name, .texts, unset: unset, meaning),
            read: { $0[keyPath: target] },
            write: { (options, values) throws(OptionFault) in
                try Self.refuse { try values.forEach(check) }
                options[keyPath: target] = values
            })
    }

    /// An option whose texts are parsed. `parse` throws an error whose text follows the option's name in the message.
    static func parsed<Value>(
        _ name: String, _ kind: OptionDeclaration.Kind, _ target: Target<Value>, _ meaning: String,
        parse: @escaping @Sendable ([String]) throws -> Value, texts: @escaping @Sendable (Value) -> [String]
    ) -> ServerOption {
        ServerOption(
            declaration: OptionDeclaration(name, kind, meaning),
            read: { texts($0[keyPath: target]) },
            write: { (options, values) throws(OptionFault) in
                options[keyPath: target] = try Self.refuse { try parse(values) }
            })
    }

    static func choice<Value: RawRepresentable<String> & Sendable>(
        _ name: String, _ target: Target<Value>, among values: [Value], _ meaning: String
    ) -> ServerOption {
        ServerOption(
            declaration: OptionDeclaration(name, .choice(values.map(\.rawValue)), meaning),
            read: { [$0[keyPath: target].rawValue] },
            write: { (options, texts) throws(OptionFault) in
                guard let value = values.first(where: { $0.rawValue == texts[0] }) else { throw .malformed(texts[0]) }
                options[keyPath: target] = value
            })
    }

    /// `--name true` or `--name false`.
    static func boolean(_ name: String, _ target: Target<Bool>, _ meaning: String) -> ServerOption {
        .truth(name, .boolean, target, meaning)
    }

    static func flag(
        _ name: String, _ target: Target<Bool>, isNegatable: Bool = false, _ meaning: String
    ) -> ServerOption { .truth(name, .flag(isNegatable: isNegatable), target, meaning) }

    /// `--name`, `--no-name`, or neither.
    static func flag(_ name: String, _ target: Target<Bool?>, unset: String, _ meaning: String) -> ServerOption {
        ServerOption(
            declaration: OptionDeclaration(name, .flag(isNegatable: true), unset: unset, meaning),
            read: { $0[keyPath: target].map { ["\($0)"] } ?? [] },
            write: { (options, values) throws(OptionFault) in
                options[keyPath: target] = try Self.truth(values[0])
            })
    }

    private static func truth(_ text: String) throws(OptionFault) -> Bool {
        guard let value = SettingsValues.flag(text) else { throw .malformed(text) }
        return value
    }

    private static func truth(
        _ name: String, _ kind: OptionDeclaration.Kind, _ target: Target<Bool>, _ meaning: String
    ) -> ServerOption {
        ServerOption(
            declaration: OptionDeclaration(name, kind, meaning),
            read: { ["\($0[keyPath: target])"] },
            write: { (options, values) throws(OptionFault) in
                options[keyPath: target] = try Self.truth(values[0])
            })
    }

    private static func refuse<Value>(_ body: () throws -> Value) throws(OptionFault) -> Value {
        do {
            return try body()
        } catch let fault as OptionFault {
            throw fault
        } catch { throw .refused("\(error)") }
    }
}
