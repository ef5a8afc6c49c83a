/// The beginning of an HTTP/2 connection without TLS (RFC 9113 §3.3, §3.4). A value without I/O.
enum HTTP2Preface {
    enum Match {
        /// The connection is one of HTTP/1.
        case no
        /// A part of the preface has arrived, and nothing else.
        case partial
        case whole
    }

    private static let text: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    static func match(_ bytes: UnsafeRawBufferPointer) -> Match {
        let count = min(bytes.count, self.text.utf8CodeUnitCount)
        let preface = UnsafeRawBufferPointer(start: self.text.utf8Start, count: self.text.utf8CodeUnitCount)
        guard bytes.prefix(count).elementsEqual(preface.prefix(count)) else { return .no }
        return count == preface.count ? .whole : .partial
    }
}
