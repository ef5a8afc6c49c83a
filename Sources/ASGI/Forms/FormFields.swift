/// The decoded fields of a query string or a URL-encoded form, in order and with duplicates (URL Standard,
/// https://url.spec.whatwg.org/#urlencoded-parsing).
///
/// ```swift
/// let fields = FormFields("title=C%2B%2B&text=a+language")
/// fields["title"]   // "C++"
/// fields["text"]    // "a language"
/// ```
public struct FormFields: Sendable, Sequence {
    /// The media type of a URL-encoded form.
    public static let contentType = "application/x-www-form-urlencoded"

    private var fields: [(name: String, value: String)] = []

    /// Decodes the fields. Accepts any text: a `%` without two hexadecimal digits stands for itself, and invalid UTF-8
    /// is replaced.
    public init(_ text: String) {
        self =
            text.utf8.withContiguousStorageIfAvailable { FormFields(UnsafeRawBufferPointer($0)) }
            ?? Array(text.utf8).withUnsafeBytes { FormFields($0) }
    }

    init(_ bytes: UnsafeRawBufferPointer) {
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            let split = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            self.fields.append((Self.decoded(pair[..<split]), Self.decoded(pair[split...].dropFirst())))
        }
    }

    /// The value of the first field with this name; nil if there is none.
    public subscript(_ name: String) -> String? { self.fields.first { $0.name == name }?.value }

    /// Returns the values of all fields with this name, in order.
    public func values(_ name: String) -> [String] { self.fields.filter { $0.name == name }.map(\.value) }

    public func makeIterator() -> some IteratorProtocol<(name: String, value: String)> { self.fields.makeIterator() }

    private static func decoded(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        guard bytes.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "%") }) else {
            return String(decoding: bytes, as: UTF8.self)
        }
        return String(decoding: PercentDecoding.decoded(bytes, plusIsSpace: true), as: UTF8.self)
    }
}
