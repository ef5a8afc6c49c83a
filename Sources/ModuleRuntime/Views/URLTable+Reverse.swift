import CASGI
import CViews
import HTTPServer
import RoostSystem

/// Builds a path from a name and arguments.
extension URLTable {
    /// Returns the path below the mount, with its leading slash. Throws `URLFault` if the name does not exist, or if an
    /// argument does not fit.
    func reverse(_ name: String, _ arguments: UnsafeBufferPointer<asgi_argument>) throws(URLFault) -> String {
        guard let rows = self.named[name] else {
            let nearest = NearestName.to(name, among: self.named.keys).first.map { ", did you mean '\($0)'?" } ?? ""
            throw URLFault("unknown URL name '\(name)'\(nearest)")
        }
        let kinds = arguments.map { UInt8(exactly: $0.kind).flatMap(ArgumentKind.init) }
        guard let row = rows.first(where: { self.patterns[$0].pathKinds == kinds }) else {
            let given = kinds.map { $0?.word ?? "an unknown kind" }.joined(separator: ", ")
            let wanted = self.patterns[rows[0]].pathKinds.map { $0.word }.joined(separator: ", ")
            throw URLFault("the path of '\(name)' takes (\(wanted)), not (\(given))")
        }
        var path = "/"
        var next = arguments.makeIterator()
        for piece in self.patterns[row].pieces {
            switch piece {
            case .text(let text): path += PercentEncoding.path(text)
            case .value(let converter):
                guard let argument = next.next() else { continue }
                path += try Self.text(of: argument, converter, name)
            }
        }
        // Clients remove dot segments before they send the request (RFC 3986 §5.2.4).
        guard !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
            throw URLFault("the path of '\(name)' would contain a segment '.' or '..': '\(path)'")
        }
        return path
    }

    private static func text(
        of argument: asgi_argument, _ converter: Converter, _ name: String
    ) throws(URLFault) -> String {
        var text: [UInt8]
        switch converter {
        case .int: text = Array("\(argument.value.integer)".utf8)
        case .float: text = Array(Self.decimal(argument.value.number).utf8)
        case .uuid:
            text = withUnsafeBytes(of: argument.value.uuid) { bytes in
                bytes.enumerated().flatMap { at, byte in
                    let dash: [UInt8] = [4, 6, 8, 10].contains(at) ? [UInt8(ascii: "-")] : []
                    return dash + [Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 15)]]
                }
            }
        case .str, .slug, .path: text = Array(Octets(argument.value.string).bytes)
        }
        var again = asgi_argument()
        let fits = text.withUnsafeBufferPointer { bytes in
            bytes.allSatisfy { converter.accepts($0) }
                && bytes.baseAddress.map { converter.read($0, bytes.count, into: &again) } ?? false
        }
        guard fits, String(validating: text, as: UTF8.self) != nil else {
            throw URLFault(
                "'\(String(decoding: text, as: UTF8.self))' of '\(name)' is not \(converter.pathExpectation)")
        }
        return PercentEncoding.path(text)
    }

    /// The shortest text that is read as the same number, without the exponent that Swift writes for very large and
    /// very small numbers.
    private static func decimal(_ number: Double) -> String {
        let text = "\(number)"
        let parts = text.split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else {
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        let halves = parts[0].split(separator: ".")
        let fraction = halves.count > 1 && halves[1] != "0" ? halves[1] : ""
        let digits = halves[0] + fraction
        guard exponent < 0 else { return digits + String(repeating: "0", count: exponent - fraction.count) }
        return "0." + String(repeating: "0", count: -exponent - 1) + digits
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
