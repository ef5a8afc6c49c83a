/// The code and the reason of a WebSocket's close (RFC 6455 §7.4).
package struct WebSocketClose: Error {
    package static let normal = 1000
    static let protocolError = 1002
    /// Never sent in a frame: the client's close frame had no code.
    static let noCode = 1005
    /// Never sent in a frame: the connection was lost.
    package static let lost = 1006
    package static let notUTF8 = 1007
    static let tooBig = 1009
    package static let serverError = 1011
    static let restart = 1012
    static let tryLater = 1013

    /// The maximum size of a reason: that of a control frame without the code (RFC 6455 §5.5).
    package static let longestReason = 123

    package var code: Int
    package var reason: [UInt8]

    package init(_ code: Int, _ reason: StaticString = "") {
        self.code = code
        self.reason = Array(Octets(reason).bytes)
    }

    package init(_ code: Int, reason: Octets) {
        self.code = code
        self.reason = Array(reason.bytes)
    }

    /// Creates the close of a handler (RFC 6455 §5.5, §7.4.2). Throws `SendFault` if its frame would be invalid.
    package init(sending code: Int, reason: Octets) throws(SendFault) {
        guard Self.mayBeSent(code) else { throw .closeCode }
        guard reason.size <= Self.longestReason, UTF8Check.isWhole(reason.bytes) else { throw .closeReason }
        self.init(code, reason: reason)
    }

    /// The close for a client that has sent an invalid frame.
    static func malformed(_ reason: StaticString) -> WebSocketClose { WebSocketClose(Self.protocolError, reason) }

    /// Whether the code is allowed in a frame (RFC 6455 §7.4.2 and the IANA registry: 1004 is reserved; 1005, 1006 and
    /// 1015 are for endpoints only).
    static func mayBeSent(_ code: Int) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

extension WebSocketClose: Equatable {}
