import Glibc
import HTTPServer

/// A file as responses describe it: its header fields, and its contents if it is small. Immutable, except for
/// `checked`.
// SAFETY: created on one thread, then used by one loop.
final class StaticFile: @unchecked Sendable {
    /// The path below the folder, without the ending of a coding.
    let name: String
    /// The coding in which the contents are stored; nil for none.
    let coding: ContentCoding?
    /// The path of the file itself, as a C string.
    let path: [CChar]
    let identity: FileIdentity
    /// Seconds since 1970.
    let modified: Int
    /// The codings in which the file is stored beside it.
    let codings: [ContentCoding]
    /// The second in which the codings were last looked for. Loop-bound.
    var checked: Int
    /// The bytes of the file; nil if it is too large to be kept.
    let contents: UnsafeMutableRawBufferPointer?
    private let text: UnsafeMutablePointer<UInt8>
    private let table: UnsafeMutablePointer<HeaderField>
    private let count: Int
    private let countOfMetadata: Int

    /// The strong entity tag, in quotes.
    var tag: Octets { self.table[0].value }
    var size: Int { self.identity.size }

    /// The fields of a 304 (RFC 9110 §15.4.5).
    var metadata: HeaderFields { HeaderFields(start: self.table, count: self.countOfMetadata) }
    /// The fields of a response with the contents, without their length.
    var fields: HeaderFields { HeaderFields(start: self.table, count: self.count - 1) }
    /// The same with `content-length`.
    var fieldsWithLength: HeaderFields { HeaderFields(start: self.table, count: self.count) }

    /// `contents`: memory that the object takes over.
    init(
        name: String, identity: FileIdentity, coding: ContentCoding?, codings: [ContentCoding],
        contents: UnsafeMutableRawBufferPointer?, checked: Int, _ folder: StaticFolder
    ) {
        self.name = name
        self.coding = coding
        self.path = Array((name + (coding?.ending ?? "")).utf8CString)
        self.identity = identity
        self.modified = identity.modifiedSecond
        self.codings = codings
        self.contents = contents
        self.checked = checked
        var fields: [(StaticString, String)] = [("etag", Self.tag(identity, coding, contents))]
        // A date in the future must not be sent (RFC 9110 §8.8.2.1).
        if self.modified <= checked { fields.append(("last-modified", HTTPDate.text(self.modified))) }
        let last = name[(name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex)...]
        if let caching = Self.caching(last, folder) { fields.append(("cache-control", caching)) }
        if coding != nil || !codings.isEmpty { fields.append(("vary", "accept-encoding")) }
        self.countOfMetadata = fields.count
        fields += [
            ("content-type", FileMediaType.of(last)), ("x-content-type-options", "nosniff"), ("accept-ranges", "bytes"),
        ]
        if let coding { fields.append(("content-encoding", "\(coding.name)")) }
        fields.append(("content-length", "\(identity.size)"))
        self.count = fields.count
        self.text = .allocate(capacity: fields.reduce(0) { $0 + $1.1.utf8.count })
        self.table = .allocate(capacity: fields.count)
        var at = self.text
        for (number, (name, value)) in fields.enumerated() {
            let bytes = Array(value.utf8)
            at.initialize(from: bytes, count: bytes.count)
            (self.table + number).initialize(to: HeaderField(name: Octets(name), value: Octets(at, bytes.count)))
            at += bytes.count
        }
    }

    deinit {
        self.text.deallocate()
        self.table.deallocate()
        self.contents?.deallocate()
    }

    /// A strong entity tag (RFC 9110 §8.8.3): of the contents if they are known, else of size and time. Images of
    /// containers have the same time for all files, and compressors keep that of the original.
    static func tag(
        _ identity: FileIdentity, _ coding: ContentCoding?, _ contents: UnsafeMutableRawBufferPointer?
    ) -> String {
        let number = contents.map { OctetsHash.of($0) } ?? UInt64(bitPattern: Int64(identity.modified))
        let suffix = coding.map { "-\($0.name)" } ?? ""
        return "\"\(String(number, radix: 16))-\(String(identity.size, radix: 16))\(suffix)\""
    }

    private static func caching(_ name: Substring, _ folder: StaticFolder) -> String? {
        let isImmutable = folder.immutable.contains { pattern in
            pattern == "hashed" ? Self.isHashed(name) : fnmatch(pattern, String(name), 0) == 0
        }
        if isImmutable {
            return "public, max-age=31536000, immutable"
        }
        return folder.maxAge.map { "public, max-age=\($0)" }
    }

    /// Whether a part of the name, neither the first nor the ending, is a hash: at least 8 hexadecimal digits, not only
    /// letters.
    static func isHashed(_ name: Substring) -> Bool {
        name.split { $0 == "." || $0 == "-" || $0 == "_" }.dropFirst().dropLast().contains { part in
            part.utf8.count >= 8 && part.utf8.allSatisfy { ASCII.hexadecimal($0) != nil }
                && part.contains(where: \.isNumber)
        }
    }

    /// The second of its last change.
    var changed: Int { self.identity.changed / 1_000_000_000 }

    /// The memory that it takes, in bytes.
    var cost: Int { (self.contents?.count ?? 0) + 512 + self.path.count }
}
