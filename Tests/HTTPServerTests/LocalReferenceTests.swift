import HTTPServer
import Testing

@Suite("LocalReference: paths that cannot lead to another host")
struct LocalReferenceTests {
    @Test(
        "two slashes at the start and backslashes are encoded",
        arguments: [
            ("/a", "/a"), ("//evil.example/a", "/%2Fevil.example/a"), ("/\\evil.example", "/%5Cevil.example"),
            ("/a//b", "/a//b"), ("///", "/%2F/"), ("/", "/"), ("", ""),
        ])
    func path(_ given: String, _ expected: String) { #expect(LocalReference.path(given) == expected) }

    @Test("the target of a redirect has a slash after the path, before the query")
    func slashed() {
        #expect(LocalReference.slashed("/a", query: .empty) == "/a/")
        #expect(LocalReference.slashed("//a", query: .lasting("b=//c\\")) == "/%2Fa/?b=//c\\")
    }
}
