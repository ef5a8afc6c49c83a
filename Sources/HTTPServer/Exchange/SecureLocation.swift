/// The URL of a request over TLS, for redirects.
package enum SecureLocation {
    /// `port`: that of the host over TLS; nil for the usual one. `hiddenPath`: the path prefix that a proxy in front has
    /// removed. The request must have an authority.
    package static func of(_ head: RequestHead, port: Int?, hiddenPath: String = "") -> String {
        let target = head.prefix.text + hiddenPath + head.rawPath.text
        let query = head.query.size > 0 ? "?" + head.query.text : ""
        let place = port.map { $0 == 443 ? "" : ":\($0)" } ?? ""
        return "https://\(HostName(head.authority).text)\(place)\(target)\(query)"
    }

    /// The status of a redirect. With 308 the client sends its body again (RFC 9110 §15.4.9).
    package static func status(for head: RequestHead) -> Int {
        head.method.equals("GET") || head.method.equals("HEAD") ? 301 : 308
    }
}
