public import CASGI

/// A value that a URL passes to a view: `Int`, `Int64`, `Double`, `String`, `UUIDBytes`, `Subpath`.
///
/// `asgi_urls.h` documents which pattern yields which type. The host refuses a module whose patterns and views
/// disagree.
public protocol URLValue: Sendable {
    /// The kind of the argument, a letter such as `ASGI_KIND_INT`.
    static var kind: UInt8 { get }
    /// Copies the argument, which the host lends.
    init(_ argument: asgi_argument)
    /// Calls `body` with the value as an argument, which is valid during the call. For `Links`.
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

/// Several segments of a path. A type of its own, so that a view gets slashes only if it asks for them.
public struct Subpath: URLValue, Hashable {
    /// The segments, percent-decoded.
    public let text: String

    public init(_ text: String) { self.text = text }

    public static var kind: UInt8 { UInt8(ascii: "p") }
    public init(_ argument: asgi_argument) { self.text = String(argument.value.subpath.text) }
    public func withArgument<Result>(_ body: (asgi_argument) -> Result) -> Result {
        self.text.withString { body(asgi_subpath_argument($0)) }
    }
}

/// The 16 bytes of a UUID. Foundation's `UUID(uuid:)` takes the same bytes.
public struct UUIDBytes: URLValue, Equatable {
    public let bytes: [UInt8]

    /// Nil unless there are 16 bytes.
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
