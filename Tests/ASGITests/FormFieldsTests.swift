import Testing

@testable import ASGI

/// Examples and corner cases of the URL Standard (https://url.spec.whatwg.org/#urlencoded-parsing).
@Suite("Form fields")
struct FormFieldsTests {
    private func text(_ form: String) -> [String] { FormFields(form).map { "\($0.name)|\($0.value)" } }

    @Test(
        "fields are decoded",
        arguments: [
            ("", []), ("&&", []), ("a", ["a|"]), ("=b", ["|b"]), ("a=b&c=d", ["a|b", "c|d"]), ("a=b=c", ["a|b=c"]),
            ("a+b=c+d", ["a b|c d"]), ("%61%2B=%26%3D", ["a+|&="]), ("a=%", ["a|%"]), ("a=%4", ["a|%4"]),
            ("a=%zz%41", ["a|%zzA"]), ("a=%C3%A9", ["a|é"]), ("a=%FF", ["a|\u{FFFD}"]), ("a=1&a=2", ["a|1", "a|2"]),
        ])
    func parsing(form: String, fields: [String]) { #expect(self.text(form) == fields) }

    @Test("a name gives its first value, or all its values")
    func names() {
        let fields = FormFields("a=1&b=2&a=3")
        #expect(fields["a"] == "1")
        #expect(fields.values("a") == ["1", "3"])
        #expect(fields["c"] == nil)
    }

    @Test("encoded text decodes to the original")
    func encoding() {
        #expect("C++ & more/é~".percentEncoded == "C%2B%2B%20%26%20more%2F%C3%A9~")
        let all = String(String.UnicodeScalarView((1..<0x250).compactMap { Unicode.Scalar($0) }))
        #expect(FormFields("x=\(all.percentEncoded)")["x"] == all)
        #expect(all.percentEncoded.percentDecoded == all)
        #expect("a+b%".percentDecoded == "a+b%")
        #expect("%ff".percentDecoded == nil)
    }
}
