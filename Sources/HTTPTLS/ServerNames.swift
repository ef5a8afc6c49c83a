/// Finds the certificate for the host that a client names (RFC 6066 §3, RFC 9525 §6.3). A value without I/O.
struct ServerNames {
    private var exact: [String: Int] = [:]
    /// By the part after the asterisk, with its dot.
    private var wildcards: [String: Int] = [:]

    /// `names`: those of each certificate. The first certificate with a name gets it.
    init(_ names: [[String]]) {
        for (number, names) in names.enumerated() {
            for name in names.map({ $0.lowercased() }) {
                if name.hasPrefix("*.") {
                    self.wildcards[String(name.dropFirst())] = self.wildcards[String(name.dropFirst())] ?? number
                } else {
                    self.exact[name] = self.exact[name] ?? number
                }
            }
        }
    }

    /// The number of the certificate; 0, the first one, if the client names no host or an unknown one.
    func certificate(for host: String?) -> Int {
        guard var host = host?.lowercased() else { return 0 }
        if host.hasSuffix(".") { host.removeLast() }
        if let number = self.exact[host] { return number }
        // An asterisk stands for exactly one label.
        guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return 0 }
        return self.wildcards[String(host[dot...])] ?? 0
    }
}
