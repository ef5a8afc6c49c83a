import HTTPServer

/// A content coding in which a file can be stored beside it: `app.js.br` for `app.js`.
enum ContentCoding: CaseIterable {
    /// In the order of preference.
    case brotli, zstd, gzip

    var name: StaticString {
        switch self {
        case .brotli: "br"
        case .zstd: "zstd"
        case .gzip: "gzip"
        }
    }

    /// The ending of the file's name.
    var ending: String {
        switch self {
        case .brotli: ".br"
        case .zstd: ".zst"
        case .gzip: ".gz"
        }
    }
}

extension AcceptEncoding {
    /// The coding among these that the client prefers; nil if it accepts none of them.
    func best(of codings: [ContentCoding]) -> ContentCoding? {
        var best: (coding: ContentCoding, weight: Int)?
        for coding in ContentCoding.allCases where codings.contains(coding) {
            let weight = self.weight(of: coding.name)
            if weight > best?.weight ?? 0 { best = (coding, weight) }
        }
        return best?.coding
    }
}
