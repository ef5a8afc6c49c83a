import HTTPServer

@testable import ModuleRuntime

/// Checks that decoded bodies are the same after encoding and decoding them again.
enum FormCheck {
    /// `bytes`: a content type, a line feed, and the form.
    static func multipart(_ bytes: [UInt8]) {
        let split = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? 0
        let boundary = bytes[..<split].withUnsafeBytes { MultipartForm.boundary(of: Octets($0)) } ?? Array("b".utf8)
        guard case .success(let parts) = FormPart.read(Array(bytes[split...].dropFirst()), boundary: boundary, most: 8)
        else { return }
        precondition(parts.count <= 8)
        for name in parts.compactMap(\.filename) {
            precondition(!name.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }, "\(name)")
            precondition(name != Array(".".utf8) && name != Array("..".utf8))
        }
        // A boundary that is not ASCII could match the replacement for bytes that are not UTF-8.
        guard boundary.allSatisfy({ $0 < 0x80 }) else { return }
        let again = FormPart.read(FormPart.write(parts, boundary: boundary), boundary: boundary, most: 8)
        precondition(again == .success(parts), "\(parts)")
    }

    static func urlEncoded(_ bytes: [UInt8]) {
        let pieces = bytes.split(separator: UInt8(ascii: "&")).count
        guard let fields = Self.fields(bytes) else {
            precondition(pieces > Self.most)
            return
        }
        precondition(pieces == fields.count)
        let encoded = fields.map { Self.encoded($0.name) + [UInt8(ascii: "=")] + Self.encoded($0.value) }
        let again = Self.fields(Array(encoded.joined(separator: [UInt8(ascii: "&")])))
        precondition(again == fields.map { Field(name: $0.name, value: $0.value, isRepaired: false) }, "\(fields)")
    }

    static func json(_ bytes: [UInt8]) {
        guard case .success(let tree) = JSONTree.read(bytes) else { return }
        guard case .success(let text) = tree.written() else { preconditionFailure("not written: \(tree)") }
        precondition(JSONTree.read(text) == .success(tree), "\(tree)")
    }

    private static let most = 16

    private struct Field: Equatable {
        var name: [UInt8]
        var value: [UInt8]
        var isRepaired: Bool
    }

    private static func fields(_ bytes: [UInt8]) -> [Field]? {
        bytes.withUnsafeBytes { bytes -> [Field]? in
            var arena = Arena()
            let found = URLEncodedFields.read(Octets(bytes), most: Self.most, into: &arena)
            let fields = found.map { found in
                (0..<found.count).map {
                    Field(
                        name: Array(found.name($0).bytes), value: Array(found.value($0).bytes),
                        isRepaired: found.mended.contains($0))
                }
            }
            // The arena holds the decoded texts.
            extendLifetime(arena)
            return fields
        }
    }

    private static func encoded(_ text: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return text.flatMap { [UInt8(ascii: "%"), digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
