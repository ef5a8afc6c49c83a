/// The error codes that the server sends (RFC 9113 §7), and the reasons of those that end a connection.
enum HTTP2ErrorCode: UInt32 {
    case noError = 0
    case internalError = 2
    case flowControlError = 3
    case frameSizeError = 6
    case refusedStream = 7
    case cancel = 8
    case compressionError = 9
    case enhanceYourCalm = 11

    /// Describes the client's fault for the log. `code`: the code with which libnghttp2 ends the connection.
    static func fault(of code: UInt32) -> StaticString {
        switch Self(rawValue: code) {
        case .flowControlError: "HTTP/2: more bytes than the window allows"
        case .frameSizeError: "HTTP/2: wrong size of a frame"
        case .compressionError: "HTTP/2: malformed header block"
        default: "HTTP/2: a frame that is not allowed there"
        }
    }
}
