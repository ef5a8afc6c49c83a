import HTTPServer

/// The name of a file below a folder, from the path of a request.
struct FileName {
    /// The path below the folder, without a slash at its start; empty for the folder itself.
    let path: String
    /// Whether the path names a folder: it ends with a slash, or is empty.
    var isFolder: Bool { self.path.isEmpty || self.path.utf8.last == UInt8(ascii: "/") }

    /// `below`: the decoded path below the mount. Nil for a path that never names a file: with an empty segment, or with
    /// a hidden one (`.git`, `..`), except `.well-known` (RFC 8615).
    init?(below: Octets) {
        let bytes = below.bytes
        var start = bytes.startIndex
        if start < bytes.endIndex, bytes[start] == UInt8(ascii: "/") { start += 1 }
        var segment = start
        for at in start...bytes.endIndex where at == bytes.endIndex || bytes[at] == UInt8(ascii: "/") {
            defer { segment = at + 1 }
            guard segment < at else {
                // Only the last segment may be empty, which is that of a folder.
                guard at == bytes.endIndex else { return nil }
                continue
            }
            guard bytes[segment] != UInt8(ascii: ".") || Self.isWellKnown(bytes[segment..<at], first: segment == start)
            else { return nil }
        }
        self.path = String(decoding: bytes[start...], as: UTF8.self)
    }

    init(path: String) { self.path = path }

    private static func isWellKnown(_ segment: Slice<UnsafeRawBufferPointer>, first: Bool) -> Bool {
        first && segment.elementsEqual(".well-known".utf8)
    }

    /// The last segment.
    var last: Substring {
        self.path[(self.path.lastIndex(of: "/").map { self.path.index(after: $0) } ?? self.path.startIndex)...]
    }
}
