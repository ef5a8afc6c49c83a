/// The address of a listening socket.
public enum BindAddress: Sendable, Hashable {
    /// A host name or address, and a port; port 0 means any free port. `::` accepts both families, unless `onlyIPv6`.
    case tcp(host: String, port: Int, onlyIPv6: Bool = false)
    /// The path of a Unix socket, and its permissions. `@name` is an abstract socket, which has no file or permissions.
    case unix(path: String, access: UnixAccess = UnixAccess())
    /// A listening socket that another process has bound.
    case descriptor(CInt)

    /// Mode and owner of a Unix socket. By default everyone who can reach its folder can connect, as with Uvicorn.
    public struct UnixAccess: Sendable, Hashable {
        public var mode: UInt32 = 0o666
        /// A name or a number; nil for the process's own.
        public var user: String?
        public var group: String?

        public init() {}
    }
}

extension BindAddress: CustomStringConvertible {
    /// The address for logs and messages: `127.0.0.1:8000`, `[::1]:8000`, `unix:/run/roost.sock`, `fd://3`.
    public var description: String {
        switch self {
        case .tcp(let host, let port, _): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path, _): "unix:\(path)"
        case .descriptor(let descriptor): "fd://\(descriptor)"
        }
    }

    /// The URL for a client if this is a TCP address, else the description.
    package func url(isSecure: Bool) -> String {
        switch self {
        case .tcp: "http\(isSecure ? "s" : "")://\(self.description)"
        case .unix, .descriptor: self.description
        }
    }

    /// A text that is not a valid address.
    public struct Malformed: Error, CustomStringConvertible {
        public let description: String
    }

    /// Parses the address of a `--bind` option or setting. `port`: used if the text has none. Throws `Malformed`.
    ///
    /// Examples: `127.0.0.1:8000`, `[::]:8000`, `[::]:8000,ipv6only`, `:8000` (all addresses), `localhost`,
    /// `unix:/run/roost.sock,mode=660,user=www,group=www`, `unix:@name`, `fd://3`.
    public init(_ text: String, port: Int) throws {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let (place, options) = (parts[0], parts.dropFirst())
        if place.hasPrefix("unix:") {
            let path = String(place.dropFirst(5))
            guard !Self.isAbstract(path) || options.isEmpty else {
                throw Malformed(description: "'\(text)': an abstract socket has no mode, user or group; remove them")
            }
            self = try .unix(path: Self.unix(path), access: Self.access(options, of: text))
        } else if place.hasPrefix("fd://") {
            guard options.isEmpty, let descriptor = CInt(place.dropFirst(5)), descriptor > 2 else {
                throw Malformed(description: "'\(text)' is not a descriptor above 2; example: fd://3")
            }
            self = .descriptor(descriptor)
        } else {
            guard options.allSatisfy({ $0 == "ipv6only" }) else {
                throw Malformed(description: "'\(text)': only ,ipv6only may follow an address")
            }
            let (host, port) = try Self.hostAndPort(place, port)
            self = .tcp(host: host, port: port, onlyIPv6: !options.isEmpty)
        }
    }

    /// Parses a host name or address without a port, for `--host`. Brackets around an IPv6 address are accepted. Throws
    /// `Malformed`.
    public static func host(_ text: String) throws -> String {
        try Self.refuseURL(text)
        guard text.hasPrefix("[") else { return text }
        guard text.hasSuffix("]") else {
            throw Malformed(description: "'\(text)' has a [ but does not end with ]; set the port with --port")
        }
        return String(text.dropFirst().dropLast())
    }

    private static func refuseURL(_ text: String) throws {
        guard let mark = text.firstRange(of: "://") else { return }
        throw Malformed(
            description: "'\(text)' is a URL, not an address; remove '\(text[..<mark.upperBound])'")
    }

    private static func hostAndPort(_ text: String, _ usual: Int) throws -> (String, Int) {
        try Self.refuseURL(text)
        var host = text[...]
        var digits: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw Malformed(description: "'\(text)' has no closing ]") }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else {
                throw Malformed(description: "'\(text)': only :PORT may follow the ]")
            }
            digits = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.lastIndex(of: ":") {
            guard text.firstIndex(of: ":") == colon else {
                throw Malformed(description: "'\(text)': write an IPv6 address in brackets, like [::1]:8000")
            }
            host = text[..<colon]
            digits = text[text.index(after: colon)...]
        }
        guard let digits else { return (String(host), usual) }
        guard let port = Int(digits), 0...65535 ~= port else {
            throw Malformed(description: "'\(text)': '\(digits)' is not a port from 0 to 65535")
        }
        // An empty host means all addresses, of both families.
        return (host.isEmpty ? "::" : String(host), port)
    }

    /// Checks the path of a Unix socket, or the `@name` of an abstract one, for `--uds`. Throws `Malformed`.
    public static func unix(_ path: String) throws -> String {
        guard !path.isEmpty, path != "@" else {
            throw Malformed(description: "'\(path)' is not the path of a Unix socket")
        }
        guard !path.utf8.contains(0) else { throw Malformed(description: "the path of a Unix socket contains NUL") }
        return path
    }

    /// The port; nil for a Unix socket and for a descriptor.
    package var port: Int? { if case .tcp(_, let port, _) = self { port } else { nil } }

    /// Whether this is the address of a Unix socket.
    var isUnix: Bool { if case .unix = self { true } else { false } }

    /// Whether the address of a Unix socket is an abstract name instead of a path (unix(7)).
    static func isAbstract(_ path: String) -> Bool { path.hasPrefix("@") }

    private static func access(_ options: ArraySlice<String>, of text: String) throws -> UnixAccess {
        var access = UnixAccess()
        for option in options {
            let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch (pair[0], pair.count == 2 ? pair[1] : "") {
            case ("mode", let digits):
                guard let mode = UInt32(digits, radix: 8), mode <= 0o777 else {
                    throw Malformed(description: "'\(text)': '\(digits)' is not a mode; example: 660")
                }
                access.mode = mode
            case ("user", let name) where !name.isEmpty: access.user = name
            case ("group", let name) where !name.isEmpty: access.group = name
            default: throw Malformed(description: "'\(text)': unknown '\(option)'; known: mode=, user=, group=")
            }
        }
        return access
    }
}
