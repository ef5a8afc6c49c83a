import NIOCore

#if TLS
    import NIOSSL
#endif

/// The reason of a failed handshake in few words, for the log.
enum TLSReason {
    private static let disconnected = "the client has disconnected"

    static func of(_ error: any Error) -> String {
        if error is IOError || error is ChannelError { return self.disconnected }
        #if TLS
            if let error = error as? NIOSSLError {
                switch error {
                case .handshakeFailed(let cause), .shutdownFailed(let cause): return self.words(of: "\(cause)")
                case .uncleanShutdown: return self.disconnected
                default: break
                }
            }
        #endif
        return self.words(of: "\(error)")
    }

    /// BoringSSL describes an error as `error:10000126:SSL routines:OPENSSL_internal:UNEXPECTED_RECORD at FILE:LINE`, in a
    /// list.
    private static func words(of text: String) -> String {
        if text.contains("EOF during handshake") { return self.disconnected }
        let parts = text.split(separator: ":").map(String.init)
        guard let at = parts.firstIndex(of: "OPENSSL_internal"), at + 1 < parts.count else {
            return String(text.prefix(200))
        }
        let words = parts[at + 1].prefix { $0.isUppercase || $0 == "_" || $0.isNumber }
        return words.lowercased().replacing("_", with: " ")
    }
}
