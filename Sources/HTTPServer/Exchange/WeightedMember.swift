/// A member of a list of preferences, such as the value of `accept` or `accept-encoding` (RFC 9110 §12.4.2). The bytes
/// are borrowed.
struct WeightedMember {
    /// The name in front of the parameters: `text/html`.
    let name: Octets
    /// The weight in thousandths, of the parameter `q=0.8`; 1000 without one, and for a malformed one.
    let weight: Int

    init(_ member: Octets) {
        let bytes = member.bytes
        let end = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
        self.name = Octets(data: member.data, size: end).trimmed
        self.weight = Self.weight(bytes[end...])
    }

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
