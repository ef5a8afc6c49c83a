import Testing

@testable import RoostSettings

/// Plain scalars of a settings file: the core schema of YAML 1.2, without the types of YAML 1.1.
@Suite("Scalars of settings")
struct CoreScalarTests {
    private func json(_ text: String) throws -> String {
        JSONText.of(SettingsNode(content: .scalar(try CoreScalar(plain: text)), line: 1))
    }

    @Test(
        "scalars outside of the core schema are strings, also those with a type in YAML 1.1",
        arguments: [
            "yes", "no", "on", "off", "Yes", "NO", "y", "n", "12:30", "190:20:30", "1_000", "0b101", "2026-01-01",
            "2026-01-01T00:00:00Z", "=", "tRUE", "nULL", "0x", "0o8", "0xg", "-0x10", "+0o7", "1e", "1.5.2", "e5", ".",
            "-", "+", "-.",
            ".e5", ".inf", "-.INF", "+.Inf", ".nan", "-.nan", "1 000", "１",
        ])
    func texts(text: String) throws {
        #expect(try CoreScalar(plain: text).kind == .text)
        #expect(try self.json(text) == "\"\(text)\"")
    }

    @Test(
        "null, booleans and numbers have their types; a number is kept as written, as far as JSON allows",
        arguments: [
            ("", "null"), ("~", "null"), ("null", "null"), ("NULL", "null"), ("true", "true"), ("True", "true"),
            ("FALSE", "false"),
            ("0", "0"), ("-0", "-0"), ("+7", "7"), ("0123", "123"), ("01234", "1234"), ("-007", "-7"), ("000", "0"),
            ("12345678901234567890", "12345678901234567890"), ("0o17", "15"), ("0xFf", "255"),
            ("0xffffffffffffffff", "18446744073709551615"),
            ("3.10", "3.10"), ("1.", "1.0"), (".5", "0.5"), ("-.5", "-0.5"), ("01.50", "1.50"), ("1e3", "1e3"),
            ("1.E+03", "1.0E+03"),
            ("+12e-3", "12e-3"), ("1.000000000000000000000001", "1.000000000000000000000001"),
        ])
    func values(text: String, json: String) throws { #expect(try self.json(text) == json) }

    @Test("a tag of the core schema sets the type")
    func tags() throws {
        func kind(_ text: String, _ tag: String) throws -> CoreScalar.Kind {
            try CoreScalar(text, tag: "tag:yaml.org,2002:\(tag)").kind
        }
        #expect(try kind("12", "str") == .text)
        #expect(try kind("", "str") == .text)
        #expect(try kind("3", "int") == .number("3"))
        #expect(try kind("0x1E", "int") == .number("30"))
        #expect(try kind("3", "float") == .number("3"))
        #expect(try kind("-.inf", "float") == .text)
        #expect(try kind("true", "bool") == .flag(true))
        #expect(try kind("~", "null") == .null)
        // A local tag becomes part of the text, and has no other effect.
        #expect(try CoreScalar("HOME", tag: "!env") == CoreScalar(quoted: "!env HOME"))
        #expect(try CoreScalar("", tag: "!geheim") == CoreScalar(quoted: "!geheim"))
        for (text, tag) in [
            ("1.5", "int"), ("1e3", "int"), ("x", "float"), ("yes", "bool"), ("0", "null"), ("x", "timestamp"),
            ("x", "merge"),
        ] {
            #expect(throws: CoreScalar.Fault.self, "\(text) \(tag)") { try kind(text, tag) }
        }
    }
}
