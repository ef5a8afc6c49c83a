/// The transfer codings of a request, in the order of its `transfer-encoding` lines (RFC 9112 §6.1). A value without
/// I/O.
struct TransferCodings {
    /// Whether the request has the field.
    private(set) var isGiven = false
    private var hasOthers = false
    /// Whether the last coding is `chunked`.
    private var endsInChunked = false

    /// Appends the codings of one line.
    mutating func append(_ value: Octets) throws(Refusal) {
        self.isGiven = true
        var rest = value
        while let coding = rest.removeMember() {
            guard coding.size > 0 else { continue }
            let isChunked = coding.equalsIgnoringCase("chunked")
            guard !isChunked || !self.endsInChunked else {
                throw .badRequest("chunked applied twice in transfer-encoding")
            }
            guard !self.endsInChunked else { throw Self.notLast }
            self.endsInChunked = isChunked
            if !isChunked { self.hasOthers = true }
        }
    }

    /// Checks that `chunked` is the only coding. Called when all lines are known.
    func check() throws(Refusal) {
        // Without a final `chunked` the length of the body is unknown (RFC 9112 §6.3).
        guard self.endsInChunked else { throw Self.notLast }
        guard !self.hasOthers else {
            throw Refusal(status: 501, reason: "unsupported transfer coding; only chunked is supported")
        }
    }

    private static let notLast = Refusal.badRequest("the last transfer coding is not chunked")
}
