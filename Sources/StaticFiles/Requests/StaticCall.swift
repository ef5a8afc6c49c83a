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

    /// The target of a redirect to the same path with a slash, as the client knows it.
    var slashed: String {
        let head = self.exchange.head
        return LocalReference.slashed(head.prefix.text + self.hidden + head.rawPath.text, query: head.query)
    }
}
