/// The content codings that a client accepts (RFC 9110 §12.5.3). The bytes are borrowed.
package struct AcceptEncoding {
    private let field: Octets

    /// `field`: the value of `accept-encoding`; empty if the request has none, which accepts no coding.
    package init(_ field: Octets) { self.field = field }

    /// The weight of a coding (in lower case), in thousandths; 0 if the client does not accept it.
    package func weight(of coding: StaticString) -> Int {
        var rest = self.field
        var weightOfOthers = 0
        while let next = rest.removeMember() {
            let member = WeightedMember(next)
            // A member that names the coding has precedence over `*`, wherever it is.
            if member.name.equalsIgnoringCase(coding) { return member.weight }
            if member.name.equals("*") { weightOfOthers = member.weight }
        }
        return weightOfOthers
    }
}
