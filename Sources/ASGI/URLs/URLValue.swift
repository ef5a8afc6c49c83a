public import CASGI

/// A value that a URL gives a view: `Int`, `Int64`, `Double`, `String`, `UUIDBytes`, `Subpath`.
///
/// Which pattern gives which says `asgi_urls.h`; the host refuses a module whose patterns and views do not agree.
public protocol URLValue: Sendable {
    /// Of the kind of argument, a letter: `ASGI_KIND_INT`.
    static var kind: UInt8 { get }
    /// Copies what the host lends.
    init(_ argument: asgi_argument)
    /// Lends itself to the host, for `Links`.
    func withArgument<Result>(_ body: (asgi_argument) -> Result) -> Result
}

extension Int64: URLValue {
    public static var kind: UInt8 { UInt8(ascii: "i") }
    public init(_ argument: asgi_argument) { self = argument.value.integer }
    public func withArgument<Result>(_ body: (asgi_argument) -> Result) -> Result { body(asgi_int_argument(self)) }
}

extension Int: URLValue {
    public static var kind: UInt8 { Int64.kind }
    public init(_ argument: asgi_argument) { self.init(Int64(argument)) }
    public func withArgument<Result>(_ body: (asgi_argument) -> Result) -> Result { Int64(self).withArgument(body) }
}

extension Double: URLValue {
    public static var kind: UInt8 { UInt8(ascii: "d") }
    public init(_ argument: asgi_argument) { self = argument.value.number }
    public func withArgument<Result>(_ body: (asgi_argument) -> Result) -> Result { body(asgi_double_argument(self)) }
}

extension String: URLValue {
    public static var kind: UInt8 { UInt8(ascii: "s") }
    public init(_ argument: asgi_argument) { self.init(argument.value.string) }
    public func withArgument<Result>(_ body: (asgi_argument) -> Result) -> Result {
        self.withString { body(asgi_string_argument($0)) }
    }
}

/// Several segments of a path: a type of its own, so that nobody gets slashes who does not expect them.
public struct Subpath: URLValue, Hashable {
    /// Decoded.
    public let text: String

    public init(_ text: String) { self.text = text }

    public static var kind: UInt8 { UInt8(ascii: "p") }
    public init(_ argument: asgi_argument) { self.text = String(argument.value.subpath.text) }
    public func withArgument<Result>(_ body: (asgi_argument) -> Result) -> Result {
        self.text.withString { body(asgi_subpath_argument($0)) }
    }
}

/// The 16 bytes of a UUID; Foundation's is `UUID(uuid:)` of the same.
public struct UUIDBytes: URLValue, Equatable {
    public let bytes: [UInt8]

    /// Nil: they are not 16.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    public static var kind: UInt8 { UInt8(ascii: "u") }
    public init(_ argument: asgi_argument) { self.bytes = withUnsafeBytes(of: argument.value.uuid) { Array($0) } }
    public func withArgument<Result>(_ body: (asgi_argument) -> Result) -> Result {
        var uuid = asgi_uuid()
        withUnsafeMutableBytes(of: &uuid) { $0.copyBytes(from: self.bytes) }
        return body(asgi_uuid_argument(uuid))
    }
}
