/// The body of a response, or a part of one: text or bytes.
///
/// ```swift
/// try await send(.body("a line\n", more: true))
/// try await send(.body(ResponseBody(bytes), more: false))
/// ```
public struct ResponseBody: Sendable, ExpressibleByStringLiteral {
    private enum Content {
        case text(String)
        case bytes([UInt8])
    }

    private let content: Content

    /// A text body, sent as UTF-8.
    public init(_ text: String) { self.content = .text(text) }
    /// A binary body.
    public init(_ bytes: [UInt8]) { self.content = .bytes(bytes) }

    public init(stringLiteral text: String) { self.init(text) }

    /// Calls `body` with the bytes, which are valid during the call.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        switch self.content {
        case .bytes(let bytes): return try bytes.withUnsafeBytes(body)
        case .text(var text): return try text.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
        }
    }
}
