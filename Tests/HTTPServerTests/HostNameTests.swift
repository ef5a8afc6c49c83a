import HTTPServer
import Testing

@Suite("HostName: the form in which host names are compared")
struct HostNameTests {
    @Test(
        "without port, letter case and trailing dot",
        arguments: [
            ("Example.ORG:8443", "example.org"), ("example.org.:80", "example.org"), ("[::1]:8080", "[::1]"),
            ("[::1]", "[::1]"), ("example.org:", "example.org"), (".", ""), ("", ""),
        ])
    func text(_ authority: String, _ name: String) { #expect(HostName(.lasting(authority)).text == name) }

    @Test("the parent domains, the longest first")
    func above() {
        #expect(HostName(.lasting("a.B.example.:80")).above.map(\.text) == ["b.example", "example"])
    }
}
