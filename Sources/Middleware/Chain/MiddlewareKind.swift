import RoostSettings
import RoostSystem

/// The kinds of middleware, by name.
enum MiddlewareKind {
    private typealias Maker = @Sendable (MiddlewareOptions) throws(MiddlewareFault) -> any Middleware

    /// Each with its options.
    private static let all: [(name: String, options: [String], make: Maker)] = [
        ("request-id", ["header"], { options throws(MiddlewareFault) in try RequestIdentifier(options) }),
        ("trusted-hosts", ["host"], { options throws(MiddlewareFault) in try TrustedHosts(options) }),
        (
            "https-redirect", ["hsts", "subdomains", "preload", "port"],
            { options throws(MiddlewareFault) in try SecureRedirect(options) }
        ),
        (
            "maintenance", ["while", "page", "retry-after"],
            { options throws(MiddlewareFault) in try MaintenanceAnswer(options) }
        ),
        ("rate-limit", ["rate", "burst"], { options throws(MiddlewareFault) in try RateLimit(options) }),
        ("max-body", ["size"], { options throws(MiddlewareFault) in try BodyLimit(options) }),
        ("headers", ["add", "set", "remove"], { options throws(MiddlewareFault) in try ResponseHeaders(options) }),
        (
            "cors", ["origins", "methods", "headers", "expose", "credentials", "max-age"],
            { options throws(MiddlewareFault) in try CrossOrigin(options) }
        ),
        ("compress", ["level", "min-size", "types"], { options throws(MiddlewareFault) in try Compression(options) }),
    ]

    /// `identity`: the same number for the same step in all processes.
    static func make(
        _ entry: MiddlewareEntry, identity: UInt64, _ context: MiddlewareContext
    ) throws(MiddlewareFault) -> any Middleware {
        guard let kind = Self.all.first(where: { $0.name == entry.name }) else {
            let near = NearestName.to(entry.name, among: Self.all.map(\.name))
            let hint =
                near.isEmpty
                ? "known: \(Self.all.map(\.name).joined(separator: ", "))"
                : "did you mean '\(near.joined(separator: "' or '"))'?"
            throw MiddlewareFault("'\(entry.name)' is unknown; \(hint)")
        }
        for option in entry.options where !kind.options.contains(option.name) {
            throw MiddlewareFault(
                "'\(entry.name)' has no option '\(option.name)'; known: \(kind.options.joined(separator: ", "))")
        }
        return try kind.make(MiddlewareOptions(entry, identity: identity, context))
    }
}

/// The options of one middleware, whose names are known to exist.
struct MiddlewareOptions {
    private let entry: MiddlewareEntry
    let identity: UInt64
    let context: MiddlewareContext

    init(_ entry: MiddlewareEntry, identity: UInt64, _ context: MiddlewareContext) {
        self.entry = entry
        self.identity = identity
        self.context = context
    }

    /// All values of an option. Texts with several words are split if `splits`.
    func texts(_ name: String, splits: Bool = false) -> [String] {
        let values = self.entry.options.filter { $0.name == name }.map(\.value)
        return splits ? values.flatMap { $0.split(separator: " ").map(String.init) } : values
    }

    func text(_ name: String) -> String? { self.texts(name).last }

    func number(_ name: String, _ range: ClosedRange<Int>) throws(MiddlewareFault) -> Int? {
        guard let text = self.text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let most = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw self.fault(name, "'\(text)' is not a number from \(range.lowerBound)\(most)")
        }
        return number
    }

    /// An option without a value is on.
    func flag(_ name: String) throws(MiddlewareFault) -> Bool {
        guard let text = self.text(name), !text.isEmpty else { return self.text(name) != nil }
        guard let flag = SettingsValues.flag(text) else { throw self.fault(name, "'\(text)' is not true or false") }
        return flag
    }

    func fault(_ name: String, _ message: String) -> MiddlewareFault {
        MiddlewareFault("'\(self.entry.name)': \(name): \(message)")
    }
}
