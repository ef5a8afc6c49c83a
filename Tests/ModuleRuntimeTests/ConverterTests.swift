import CASGI
import HTTPServer
import Testing

@testable import ModuleRuntime

/// Converters for fields. `URLMatchTests` has those for paths.
@Suite("Converters of fields")
struct ConverterTests {
    @Test(
        "every converter accepts and rejects values of a field at its limits",
        arguments: [
            (.int, "0", "0"), (.int, "-0", "0"), (.int, "007", "7"), (.int, "-7", "-7"),
            (.int, "9223372036854775807", "9223372036854775807"), (.int, "9223372036854775808", nil),
            (.int, "-9223372036854775808", "-9223372036854775808"), (.int, "-9223372036854775809", nil),
            (.int, "", nil), (.int, "-", nil), (.int, "--1", nil), (.int, "+1", nil), (.int, "1-", nil),
            (.int, "1e3", nil), (.int, " 1", nil), (.int, "1 ", nil), (.int, "1\0", nil), (.int, "\u{661}", nil),
            (.float, "0", "0.0"), (.float, "-0", "-0.0"), (.float, "-12.5", "-12.5"), (.float, "0.1", "0.1"),
            (.float, "1.25e-7", "1.25e-07"), (.float, "1e+21", "1e+21"), (.float, "-1E3", "-1000.0"),
            (.float, "1.7976931348623157e308", "1.7976931348623157e+308"), (.float, "1.8e308", nil),
            (.float, "-1e309", nil), (.float, "5e-324", "5e-324"), (.float, "1e-400", "0.0"),
            (.float, "", nil), (.float, "-", nil), (.float, "--1", nil), (.float, "+1", nil), (.float, ".5", nil),
            (.float, "5.", nil), (.float, "1.e3", nil), (.float, "e3", nil), (.float, "1e", nil), (.float, "1e+", nil),
            (.float, "1e1.5", nil), (.float, "1e5e5", nil), (.float, "1.2.3", nil), (.float, "1,5", nil),
            (.float, "inf", nil), (.float, "nan", nil), (.float, "-inf", nil), (.float, "0x1p3", nil),
            (.float, "1_0", nil), (.float, " 1", nil), (.float, "1\0", nil),
            (.str, "", ""), (.str, "a/b ?é", "a/b ?é"), (.path, "", ""), (.path, "/a", "/a"),
            (.slug, "a-B_9", "a-B_9"), (.slug, "", nil), (.slug, "a b", nil), (.slug, "é", nil), (.slug, "a\0", nil),
            (
                .uuid, "01234567-89AB-cdef-0123-456789ABCDEF",
                "[1, 35, 69, 103, 137, 171, 205, 239, 1, 35, 69, 103, 137, 171, 205, 239]"
            ),
            (.uuid, "", nil), (.uuid, "0123456789abcdef0123456789abcdef", nil),
            (.uuid, "01234567-89ab-cdef-0123-456789abcdeg", nil),
            (.uuid, "{01234567-89ab-cdef-0123-456789abcdef}", nil),
        ] as [(Converter, String, String?)]
    )
    func limits(converter: Converter, text: String, value: String?) {
        var argument = asgi_argument()
        let bytes = Array(text.utf8)
        let found: String? = bytes.withUnsafeBytes {
            guard converter.readField(Octets($0), into: &argument) else { return nil }
            return Self.text(argument, of: converter)
        }
        #expect(found == value)
        if found != nil { #expect(argument.kind == UInt32(converter.kind.rawValue)) }
    }

    private static func text(_ argument: asgi_argument, of converter: Converter) -> String {
        switch converter {
        case .int: "\(argument.value.integer)"
        case .float: "\(argument.value.number)"
        case .uuid: withUnsafeBytes(of: argument.value.uuid) { "\(Array($0))" }
        case .str, .slug, .path: Octets(argument.value.string).text
        }
    }
}
