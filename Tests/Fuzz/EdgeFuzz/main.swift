import CFuzz

@testable import HTTPServer
@testable import StaticFiles

// Fuzzes PROXY protocol headers, header fields of proxies and clients, and paths of files. The first
// byte chooses the parser. Nothing may crash, and each result is checked against its definition.

/// A header must be incomplete in each of its parts, and must not depend on the bytes after it.
func checkProxyHeader(_ bytes: [UInt8]) {
    let outcome = bytes.withUnsafeBytes { ProxyHeader.read($0) }
    guard case .complete(let header) = outcome else { return }
    precondition(header.size <= bytes.count && header.size <= ProxyHeader.longestBinary)
    for count in 0..<header.size {
        precondition(
            bytes.prefix(count).withUnsafeBytes { ProxyHeader.read($0) } == .incomplete, "complete after \(count)")
    }
    precondition(bytes.prefix(header.size).withUnsafeBytes { ProxyHeader.read($0) } == outcome)
}

/// A client is an address, and a prefix leads neither to another host nor upwards.
func checkForwarding(_ bytes: [UInt8]) {
    let head = RequestHead()
    var parser = HTTP1Parser(limits: HTTP1Limits())
    let request = Array("GET / HTTP/1.1\r\nhost: x\r\n".utf8) + bytes + Array("\r\n\r\n".utf8)
    guard case .complete = request.withUnsafeBytes({ parser.parse($0, into: head) }) else { return }
    for family in ForwardingRules.Family.allCases {
        var rules = ForwardingRules()
        rules.family = family
        rules.evaluatesHost = true
        rules.evaluatesPrefix = true
        for hops in [nil, 1, 3] {
            rules.hops = hops
            let forwarded = ForwardedRequest(head.fields, rules, trusted: .local)
            if let client = forwarded.client {
                precondition(IPAddress(client.text) == client.address && 0...65535 ~= client.port)
            }
            if let prefix = forwarded.prefix?.text {
                let segments = prefix.split(separator: "/", omittingEmptySubsequences: false)
                precondition(segments.count > 1 && segments[0].isEmpty)
                for segment in segments.dropFirst() { precondition(!segment.allSatisfy { $0 == "." }, prefix) }
            }
            if let host = forwarded.host { precondition(RequestTarget.isAuthority(host)) }
        }
    }
    if !head.hasProxyFields {
        for field in head.fields {
            precondition(!ProxyFieldFilter.removes(field.name, isTrusted: false, family: .none), field.name.text)
        }
    }
    head.removeFields { ProxyFieldFilter.removes($0.name, isTrusted: false, family: .none) }
    precondition(!head.fields.contains { $0.name.text.contains("_") || $0.name.text.hasPrefix("x-forwarded-") })
}

/// A range is within the file, and a date survives its own format.
func checkFileFields(_ bytes: [UInt8], size: Int) {
    bytes.withUnsafeBytes { bytes in
        let text = Octets(bytes)
        if case .part(let range) = ByteRange(text, size: size) {
            precondition(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size)
        }
        _ = EntityTag.list(text, matches: Octets("\"a\""), isWeak: true)
        _ = AcceptEncoding(text).best(of: ContentCoding.allCases)
        guard let second = HTTPDate.parse(text), 0..<253_402_300_800 ~= second else { return }
        precondition(Array(HTTPDate.text(second).utf8).withUnsafeBytes { HTTPDate.parse(Octets($0)) } == second)
    }
}

/// A file name leads neither upwards nor to a hidden file.
func checkFileName(_ bytes: [UInt8]) {
    guard let name = bytes.withUnsafeBytes({ FileName(below: Octets($0)) }) else { return }
    for (at, segment) in name.path.split(separator: "/", omittingEmptySubsequences: false).enumerated() {
        precondition(!segment.hasPrefix(".") || (at == 0 && segment == ".well-known"), name.path)
    }
}

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv

exit(
    LLVMFuzzerRunDriver(&count, &arguments) { start, size in
        guard let start, size > 0 else { return 0 }
        let bytes = Array(UnsafeBufferPointer(start: start + 1, count: size - 1))
        switch start[0] % 4 {
        case 0: checkProxyHeader(bytes)
        case 1: checkForwarding(bytes)
        case 2: checkFileFields(bytes, size: Int(start[0]))
        default: checkFileName(bytes)
        }
        return 0
    }
)
