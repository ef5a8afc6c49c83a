import CASGI
import CViews
import HTTPServer

/// A module's table of URLs (`asgi.urls/1`), checked and parsed. Made when the module is loaded; lives as long as the
/// process. Immutable, and thread-safe.
// SAFETY: written in `init` only.
final class URLTable: @unchecked Sendable {
    /// The table in the module.
    let source: UnsafePointer<asgi_urls>
    let rows: UnsafePointer<ViewRow>
    let patterns: [URLPattern]
    /// The rows of each name, in order.
    let named: [String: [Int]]
    let root: UnsafePointer<URLNode>
    let keepsSlashes: Bool
    /// Maximum size of a body that is collected, in bytes; 0 to use the host's.
    let bodyLimit: UInt64
    let refused: (@convention(c) (UnsafeMutablePointer<asgi_request>?, UnsafePointer<asgi_refusal>?) -> asgi_result)?

    /// Maximum nesting of included tables. A table could include itself.
    private static let deepest = 16

    /// `address`: that of the function `asgi_module_info`. Returns nil if the module offers no table. Throws `URLFault`
    /// if the table is invalid.
    init?(of address: UnsafeMutableRawPointer?) throws(URLFault) {
        guard let address else { return nil }
        let info = unsafeBitCast(address, to: (@convention(c) () -> UnsafePointer<asgi_module>?).self)
        guard let given = info(), let offer = asgi_module_offer(given, "asgi.urls/1") else { return nil }
        let source = offer.assumingMemoryBound(to: asgi_urls.self)
        guard asgi_urls_has_rows(source) != 0 else {
            throw URLFault("the size of its table is \(source.pointee.size); set it to sizeof")
        }
        self.source = source
        let whole = UnsafeMutablePointer<asgi_urls>.zeroed(bytes: asgi_urls_size())
        defer { UnsafeMutableRawPointer(whole).deallocate() }
        UnsafeMutableRawPointer(whole).copyMemory(
            from: source, byteCount: min(Int(source.pointee.size), asgi_urls_size()))
        try Self.check(whole.pointee.flags, known: ASGI_URLS_KEEP_SLASHES, of: "its table")
        guard whole.pointee.reserved == 0 else {
            throw URLFault("the reserved member of its table is \(whole.pointee.reserved); set it to 0")
        }
        self.keepsSlashes = whole.pointee.flags & ASGI_URLS_KEEP_SLASHES != 0
        self.bodyLimit = whole.pointee.body_limit
        self.refused = whole.pointee.refused
        var reading = Reading()
        try reading.read(
            whole.pointee.rows, whole.pointee.count, stride: Int(whole.pointee.stride), below: [], named: [])
        self.patterns = reading.rows.map(\.pattern)
        let rows = UnsafeMutablePointer<ViewRow>.allocate(capacity: reading.rows.count)
        for (at, row) in reading.rows.enumerated() { (rows + at).initialize(to: row.row) }
        self.rows = UnsafePointer(rows)
        self.named = Dictionary(grouping: reading.rows.indices.filter { !reading.rows[$0].name.isEmpty }) {
            reading.rows[$0].name
        }
        self.root = try URLTree(reading.rows.map { ($0.text, $0.pattern) }).root
        _ = Unmanaged.passRetained(self)
    }

    /// Refuses unknown flags. They come from a later header and change the meaning, so they must not be ignored.
    private static func check(_ flags: UInt32, known: UInt32, of whose: String) throws(URLFault) {
        guard flags & ~known == 0 else {
            throw URLFault("\(whose) has flags 0x\(String(flags & ~known, radix: 16)) that are unknown to this host")
        }
    }

    /// The rows that were read, with the rows of included tables in place.
    private struct Reading {
        var rows: [(text: String, name: String, pattern: URLPattern, row: ViewRow)] = []

        mutating func read(
            _ start: UnsafePointer<asgi_url>?, _ count: Int, stride: Int, below prefixes: [String], named: [String]
        ) throws(URLFault) {
            let place = prefixes.isEmpty ? "" : "\"\(prefixes.joined())\": "
            guard let start, count > 0, stride >= MemoryLayout<UInt32>.size * 2, stride % MemoryLayout<Int>.size == 0
            else {
                throw URLFault("\(place)its table has no rows, or a stride of \(stride)")
            }
            guard prefixes.count <= URLTable.deepest else {
                throw URLFault(
                    "\(place)tables are nested more than \(URLTable.deepest) deep; does one include itself?")
            }
            let whole = UnsafeMutablePointer<asgi_url>.zeroed(bytes: asgi_url_size())
            defer { UnsafeMutableRawPointer(whole).deallocate() }
            for at in 0..<count {
                let url = (UnsafeRawPointer(start) + at * stride).assumingMemoryBound(to: asgi_url.self)
                guard asgi_url_has_view(url) != 0 else {
                    throw URLFault("\(place)row \(at + 1) has the size \(url.pointee.size); set it to sizeof")
                }
                guard url.pointee.size <= stride else {
                    throw URLFault(
                        "\(place)row \(at + 1) has a size of \(url.pointee.size) within a stride of \(stride)")
                }
                try URLTable.check(url.pointee.flags, known: ASGI_URL_PLAIN, of: "\(place)row \(at + 1)")
                UnsafeMutableRawPointer(whole).initializeMemory(as: UInt8.self, repeating: 0, count: asgi_url_size())
                UnsafeMutableRawPointer(whole).copyMemory(
                    from: url, byteCount: min(Int(url.pointee.size), asgi_url_size()))
                guard let text = String(validating: Octets(whole.pointee.pattern).bytes, as: UTF8.self),
                    let name = String(validating: Octets(whole.pointee.name).bytes, as: UTF8.self)
                else {
                    let text = Octets(whole.pointee.pattern).text
                    throw URLFault("\(place)row \(at + 1) has a pattern or a name that is not UTF-8: '\(text)'")
                }
                if let include = whole.pointee.include {
                    let (count, step) = (whole.pointee.include_count, whole.pointee.include_stride)
                    guard text.allSatisfy({ $0 != " " && $0 != "?" }) else {
                        throw URLFault(
                            "\"\(prefixes.joined() + text)\": is a prefix of other paths; methods, fields and a body "
                                + "are not allowed in it")
                    }
                    try self.read(
                        include, count, stride: step == 0 ? stride : step, below: prefixes + [text],
                        named: name.isEmpty ? named : named + [name])
                    continue
                }
                do {
                    try self.read(url, whole, text, name, below: prefixes, named: named)
                } catch { throw URLFault("\"\(URLPattern.whole(text, below: prefixes))\": \(error)") }
            }
        }

        private mutating func read(
            _ url: UnsafePointer<asgi_url>, _ whole: UnsafeMutablePointer<asgi_url>, _ text: String, _ name: String,
            below prefixes: [String], named names: [String]
        ) throws(URLFault) {
            let pattern = try URLPattern(text, below: prefixes)
            guard let view = whole.pointee.view else { throw URLFault("has neither a view nor rows") }
            let letters = Octets(whole.pointee.kinds).bytes
            let kinds = letters.compactMap(ArgumentKind.init)
            guard kinds.count == letters.count, kinds.count <= Int(ASGI_MAX_ARGUMENTS) else {
                throw URLFault("its view has more than \(ASGI_MAX_ARGUMENTS) arguments, or one of an unknown kind")
            }
            guard kinds == pattern.kinds else {
                let function = Octets(whole.pointee.function).text
                let taken = kinds.map(\.word).joined(separator: ", ")
                throw URLFault(
                    "\(function.isEmpty ? "its view" : function) takes (\(taken)), but the pattern gives (\(pattern.signature))"
                )
            }
            let isPlain = whole.pointee.flags & ASGI_URL_PLAIN != 0
            let row = ViewRow(
                url: url, view: view, signature: isPlain ? nil : try ViewSignatures.of(kinds),
                context: whole.pointee.context,
                count: UInt32(kinds.count), wants: ViewWants(pattern).map { Unmanaged.passRetained($0) })
            self.rows.append(
                (
                    text: URLPattern.whole(text, below: prefixes),
                    name: name.isEmpty ? "" : (names + [name]).joined(separator: ":"),
                    pattern, row
                ))
        }
    }
}
