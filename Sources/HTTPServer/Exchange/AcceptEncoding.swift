/// The content codings that a client accepts (RFC 9110 §12.5.3). The bytes are borrowed.
package struct AcceptEncoding {
    private let field: Octets

    /// `field`: the value of `accept-encoding`; empty if the request has none, which accepts no coding.
    package init(_ field: Octets) { self.field = field }

    /// The weight of a coding (in lower case), in thousandths; 0 if the client does not accept it.
    package func weight(of coding: StaticString) -> Int {
        var rest = self.field
        var weightOfOthers = 0
        while let member = rest.removeMember() {
            let bytes = member.bytes
            let end = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
            let name = Octets(data: member.data, size: end).trimmed
            // A member that names the coding has precedence over `*`, wherever it is.
            if name.equalsIgnoringCase(coding) { return Self.weight(bytes[end...]) }
            if name.equals("*") { weightOfOthers = Self.weight(bytes[end...]) }
        }
        return weightOfOthers
    }

    /// Thousandths, of the parameter `q=0.8`; 1000 without one, and for a malformed one.
    private static func weight(_ parameters: Slice<UnsafeRawBufferPointer>) -> Int {
        for parameter in parameters.split(separator: UInt8(ascii: ";")) {
            let text = parameter.filter { !ASCII.isBlank($0) }
            guard text.count >= 2, ASCII.lowercased(text[0]) == UInt8(ascii: "q"), text[1] == UInt8(ascii: "=") else {
                continue
            }
            guard text.count > 2, text[2] == UInt8(ascii: "0") else { return 1000 }
            // The digits after `q=0.`
            return zip([100, 10, 1], text.dropFirst(4)).reduce(0) { weight, digit in
                ASCII.isDigit(digit.1) ? weight + Int(digit.1 - UInt8(ascii: "0")) * digit.0 : weight
            }
        }
        return 1000
    }
}
