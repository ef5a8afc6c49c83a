import HTTPServer

/// One request for a file, while it is answered. The borrowed parts are valid until the exchange is recycled.
struct StaticCall {
    let exchange: any Exchange
    let request: FileRequest
    /// The decoded path below the mount.
    let below: Octets
    /// The path prefix that a proxy has removed, encoded.
    let hidden: String
    let descriptor: FolderDescriptor
    /// The time of the request, in seconds.
    let second: Int

    /// The target of a redirect to the same path with a slash. A target that begins with two slashes would lead to
    /// another host (RFC 3986 §4.2), and browsers treat a backslash as a slash.
    var slashed: String {
        let head = self.exchange.head
        var target = head.prefix.text + self.hidden + head.rawPath.text.replacing("\\", with: "%5C")
        if target.hasPrefix("//") { target = "/%2F" + target.dropFirst(2) }
        return target + "/" + (head.query.size > 0 ? "?" + head.query.text : "")
    }
}
