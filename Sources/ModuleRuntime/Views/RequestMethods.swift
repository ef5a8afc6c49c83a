import HTTPServer

/// The methods of requests, one bit each (RFC 9110 §9, RFC 4918, RFC 5789).
struct RequestMethods: OptionSet {
    let rawValue: UInt32

    static let get = Self(rawValue: 1)
    static let head = Self(rawValue: 2)
    static let post = Self(rawValue: 4)
    static let options = Self(rawValue: 8)
    /// All methods that have no bit of their own.
    private static let other = Self(rawValue: 1 << 31)
    static let any = Self(rawValue: .max)

    private static let names: [(StaticString, Self)] = [
        ("GET", .get), ("HEAD", .head), ("POST", .post), ("OPTIONS", .options), ("PUT", Self(rawValue: 16)),
        ("PATCH", Self(rawValue: 32)), ("DELETE", Self(rawValue: 64)), ("QUERY", Self(rawValue: 128)),
        ("PROPFIND", Self(rawValue: 256)), ("PROPPATCH", Self(rawValue: 512)), ("MKCOL", Self(rawValue: 1024)),
        ("COPY", Self(rawValue: 2048)), ("MOVE", Self(rawValue: 4096)), ("LOCK", Self(rawValue: 8192)),
        ("UNLOCK", Self(rawValue: 16384)), ("REPORT", Self(rawValue: 32768)),
    ]

    /// The words that a pattern can begin with.
    static var words: [String] { self.names.map { "\($0.0)" } + ["ANY"] }

    /// The bit of a request's method. Letter case counts (RFC 9110 §9.1).
    @inline(__always)
    init(of method: Octets) {
        // Most requests are GET.
        self = method.equals("GET") ? .get : Self.named(method)
    }

    init(rawValue: UInt32) { self.rawValue = rawValue }

    private static func named(_ method: Octets) -> Self {
        self.names.first { method.equals($0.0) }?.1 ?? .other
    }

    /// Reads the methods at the start of a pattern, such as `GET,POST`. `GET` includes `HEAD`. Returns nil if a word is
    /// not a method.
    init?(words: Substring) {
        guard words != "ANY" else {
            self = .any
            return
        }
        var methods: Self = []
        for word in words.split(separator: ",", omittingEmptySubsequences: false) {
            guard let method = Self.names.first(where: { "\($0.0)" == word })?.1 else { return nil }
            methods.insert(method)
        }
        self = methods.contains(.get) ? methods.union(.head) : methods
    }

    /// The value of the `allow` field (RFC 9110 §10.2.1). `OPTIONS` is always allowed.
    var allowed: String {
        Self.names.filter { self.union(.options).contains($0.1) }.map { "\($0.0)" }.joined(separator: ", ")
    }
}
