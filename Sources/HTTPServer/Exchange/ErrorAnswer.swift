/// The body of an answer, and the header fields that describe it.
package struct ErrorAnswer {
    package let body: [UInt8]
    package let fields: [HeaderField]

    /// An answer to a request whose header fields are not known.
    init(text: StaticString) { self.init(Array(text.description.utf8), .text, isNegotiated: false) }

    /// `isNegotiated`: whether other clients get another form. `isOwn`: whether it is a page of the operator.
    init(_ body: [UInt8], _ form: ErrorForm, isNegotiated: Bool, isOwn: Bool = false) {
        self.body = body
        var fields: [HeaderField] = []
        if !body.isEmpty { fields.append(HeaderField(name: Octets("content-type"), value: Octets(form.mediaType))) }
        if isNegotiated { fields.append(HeaderField(name: Octets("vary"), value: Octets("accept"))) }
        if form == .html, !isOwn {
            fields.append(
                HeaderField(
                    name: Octets("content-security-policy"),
                    value: Octets("default-src 'none'; style-src 'unsafe-inline'")
                ))
        }
        self.fields = fields
    }
}
