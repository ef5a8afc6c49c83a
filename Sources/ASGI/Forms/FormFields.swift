/// The fields of a query or of a form that was posted, decoded as the URL Standard says
/// (https://url.spec.whatwg.org/#urlencoded-parsing); order and duplicates kept.
///
/// ```swift
/// let fields = FormFields("title=C%2B%2B&text=a+language")
/// fields["title"]   // "C++"
/// fields["text"]    // "a language"
/// ```
public struct FormFields: Sendable, Sequence {
    /// The media type of such a form.
    public static let contentType = "application/x-www-form-urlencoded"

    private var fields: [(name: String, value: String)] = []

    /// Decodes. Nothing is malformed: a `%` without two digits stands for itself, bytes that are no UTF-8 are replaced.
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

    /// The value of the first field of that name; nil: there is none.
    public subscript(_ name: String) -> String? { self.fields.first { $0.name == name }?.value }

    /// The values of all fields of that name, in order.
    public func values(_ name: String) -> [String] { self.fields.filter { $0.name == name }.map(\.value) }

    public func makeIterator() -> some IteratorProtocol<(name: String, value: String)> { self.fields.makeIterator() }

    private static func decoded(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        guard bytes.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "%") }) else {
            return String(decoding: bytes, as: UTF8.self)
        }
        return String(decoding: PercentDecoding.decoded(bytes, plusIsSpace: true), as: UTF8.self)
    }
}
