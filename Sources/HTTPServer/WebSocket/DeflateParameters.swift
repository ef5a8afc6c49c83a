/// The negotiated parameters of message compression (permessage-deflate, RFC 7692 §7.1). A value without I/O.
struct DeflateParameters: Equatable {
    /// The window size of the server's messages, as a power of two; nil if it was not negotiated.
    var serverBits: Int?
    /// The window size of the client's messages, as a power of two; nil if it was not negotiated, which means 15.
    var clientBits: Int?
    /// Whether messages of the server, or of the client, may refer to earlier ones (context takeover).
    var serverTakesOver = true
    var clientTakesOver = true

    /// Returns the first acceptable offer of a `sec-websocket-extensions` line; nil if there is none. Throws if the
    /// line is malformed (RFC 6455 §9.1: the connection must fail).
    static func first(in field: Octets) throws(Refusal) -> DeflateParameters? {
        var list = ParameterList(field)
        var first: DeflateParameters?
        while let extensionName = list.nextElement() {
            var agreement = DeflateParameters()
            var isGood = extensionName.equalsIgnoringCase("permessage-deflate")
            var seen: [Octets] = []
            while let (name, value) = list.nextParameter() {
                // A parameter that is repeated, unknown or has an invalid value declines the offer (RFC 7692 §7).
                guard isGood else { continue }
                isGood = !seen.contains { $0.equals(name) } && agreement.apply(name, value)
                seen.append(name)
            }
            if isGood, first == nil { first = agreement }
        }
        guard !list.isMalformed else { throw .badRequest("malformed sec-websocket-extensions") }
        return first
    }

    private mutating func apply(_ name: Octets, _ value: Octets?) -> Bool {
        if name.equals("server_no_context_takeover") {
            self.serverTakesOver = false
            return value == nil
        }
        if name.equals("client_no_context_takeover") {
            self.clientTakesOver = false
            return value == nil
        }
        if name.equals("server_max_window_bits") {
            // zlib cannot deflate with a window of 256 bytes (8 bits).
            guard let bits = value.flatMap(Self.bits), bits > 8 else { return false }
            self.serverBits = min(bits, MessageDeflater.maxBits)
            return true
        }
        if name.equals("client_max_window_bits") {
            // Without a value, the client accepts a window size from the server.
            guard let value else {
                self.clientBits = MessageDeflater.maxBits
                return true
            }
            self.clientBits = Self.bits(value).map { min($0, MessageDeflater.maxBits) }
            return self.clientBits != nil
        }
        return false
    }

    /// Parses 8 to 15, without a leading zero.
    private static func bits(_ value: Octets) -> Int? {
        for (bits, text) in zip(8..., ["8", "9", "10", "11", "12", "13", "14", "15"] as [StaticString])
        where value.equals(text) { return bits }
        return nil
    }

    /// The value of the response's `sec-websocket-extensions` field.
    var answer: String {
        var answer = "permessage-deflate"
        if !self.serverTakesOver { answer += "; server_no_context_takeover" }
        if !self.clientTakesOver { answer += "; client_no_context_takeover" }
        if let bits = self.serverBits { answer += "; server_max_window_bits=\(bits)" }
        if let bits = self.clientBits { answer += "; client_max_window_bits=\(bits)" }
        return answer
    }

    var inflater: MessageInflater { MessageInflater(bits: self.clientBits ?? 15, keepsContext: self.clientTakesOver) }
    var deflater: MessageDeflater { MessageDeflater(bits: self.serverBits ?? 15, keepsContext: self.serverTakesOver) }
}
