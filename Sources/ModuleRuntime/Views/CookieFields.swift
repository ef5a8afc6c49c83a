import HTTPServer

/// The cookies of a request: pairs of `name=value`, separated by semicolons (RFC 6265 §4.2.1). A pair without `=` is
/// ignored. Quotes around a value are removed.
enum CookieFields {
    /// Reads the cookies. The results point into `headers`. Returns nil if there are more than `most`.
    static func read(_ headers: HeaderFields, most: Int) -> [(name: Octets, value: Octets)]? {
        var cookies: [(Octets, Octets)] = []
        for header in headers where header.name.equals("cookie") {
            for pair in header.value.bytes.split(separator: UInt8(ascii: ";")) {
                guard let split = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let name = Octets(UnsafeRawBufferPointer(rebasing: pair[..<split])).trimmed
                var value = Octets(UnsafeRawBufferPointer(rebasing: pair[split...].dropFirst())).trimmed
                let quote = UInt8(ascii: "\"")
                if value.size > 1, value.bytes.first == quote, value.bytes.last == quote {
                    value = Octets(UnsafeRawBufferPointer(rebasing: value.bytes.dropFirst().dropLast()))
                }
                guard name.size > 0 else { continue }
                guard cookies.count < most else { return nil }
                cookies.append((name, value))
            }
        }
        return cookies
    }
}
