import Testing

@testable import HTTPServer

/// The evaluation of the header fields of trusted proxies.
@Suite("Forwarded requests")
struct ForwardedRequestTests {
    /// Parses a request with these field lines, evaluates them, and passes the result to `body`.
    private func evaluate<Value>(
        _ lines: [String], _ rules: ForwardingRules = ForwardingRules(), trusted: String = "127.0.0.0/8,10.0.0.0/8",
        _ body: (ForwardedRequest, RequestHead) -> Value
    ) throws -> Value {
        let head = RequestHead()
        var parser = HTTP1Parser(limits: HTTP1Limits())
        let text = "GET / HTTP/1.1\r\nhost: x\r\n" + lines.map { "\($0)\r\n" }.joined() + "\r\n"
        let bytes = Array(text.utf8)
        guard case .complete = bytes.withUnsafeBytes({ parser.parse($0, into: head) }) else {
            throw TrustedPeers.Malformed(description: "invalid request")
        }
        return body(ForwardedRequest(head.fields, rules, trusted: try TrustedPeers([trusted])), head)
    }

    private func client(_ lines: [String], _ rules: ForwardingRules = ForwardingRules()) throws -> String? {
        try self.evaluate(lines, rules) { forwarded, _ in
            forwarded.client.map { $0.port == 0 ? $0.text.text : "\($0.text.text) \($0.port)" }
        }
    }

    @Test(
        "the client is the last address that is not trusted; addresses before it may be forged",
        arguments: [
            (["192.0.2.1"], "192.0.2.1"), (["6.6.6.6, 192.0.2.1"], "192.0.2.1"),
            (["6.6.6.6, 192.0.2.1, 10.0.0.2, 10.0.0.1"], "192.0.2.1"), (["127.0.0.1, 192.0.2.1"], "192.0.2.1"),
            (["10.0.0.3, 10.0.0.2"], "10.0.0.3"), (["6.6.6.6", "192.0.2.1"], "192.0.2.1"),
            (["192.0.2.1", "10.0.0.1"], "192.0.2.1"), (["192.0.2.1:4711"], "192.0.2.1 4711"),
            (["[2001:db8::1]:80"], "2001:db8::1 80"), (["[2001:db8::1]"], "2001:db8::1"),
            (["2001:db8::1"], "2001:db8::1"),
            (["::ffff:10.0.0.1"], "::ffff:10.0.0.1"), (["192.0.2.1,\t 10.0.0.1 "], "192.0.2.1"),
        ])
    func client(_ values: [String], _ client: String) throws {
        #expect(try self.client(values.map { "X-Forwarded-For: \($0)" }) == client)
    }

    @Test(
        "a malformed member ends the walk at the proxy that has sent it",
        arguments: [
            ("192.0.2.1, unknown", nil), ("192.0.2.1, , 10.0.0.1", "10.0.0.1"), ("192.0.2.1, 10.0.0.1:x", nil),
            ("192.0.2.1, 10.0.0.256, 10.0.0.1", "10.0.0.1"), ("", nil), ("192.0.2.1,", nil), ("[::1", nil),
            ("192.0.2.1:", nil), ("192.0.2.1:65536", nil), ("[192.0.2.1]", nil), ("[::1]x", nil), ("[::1]:", nil),
            ("fe80::1%eth0", nil), ("192.0.2.1 10.0.0.1", nil), (String(repeating: "1", count: 60), nil),
            ("::1:]", nil),
        ])
    func malformed(_ value: String, _ client: String?) throws {
        #expect(try self.client(["X-Forwarded-For: \(value)"]) == client)
    }

    @Test("if all peers are trusted, only the last address is reliable")
    func allPeersAreTrusted() throws {
        let client = try self.evaluate(["X-Forwarded-For: 6.6.6.6, 192.0.2.1"], trusted: "0.0.0.0/0") { forwarded, _ in
            forwarded.client?.text.text
        }
        #expect(client == "192.0.2.1")
    }

    @Test("a number of proxies is counted from the last; a client can forge none of their addresses")
    func hops() throws {
        var rules = ForwardingRules()
        rules.hops = 2
        func client(_ value: String) throws -> String? { try self.client(["X-Forwarded-For: \(value)"], rules) }
        #expect(try client("6.6.6.6, 192.0.2.1, 203.0.113.1") == "192.0.2.1")
        #expect(try client("192.0.2.1, 203.0.113.1") == "192.0.2.1")
        // The request has passed fewer proxies: the first has seen its client.
        #expect(try client("203.0.113.1") == "203.0.113.1")
        #expect(try client("192.0.2.1, unknown") == nil)
    }

    @Test(
        "the last scheme counts, and only http and https, or those of a WebSocket",
        arguments: [
            ("https", URLScheme.https), ("http", .http), ("http, https", .https), ("https, http", .http),
            ("HTTPS", .https), ("wss", .https), ("ws", .http), ("ftp", nil), ("", nil), ("https, javascript", nil),
        ])
    func scheme(_ value: String, _ scheme: URLScheme?) throws {
        #expect(try self.evaluate(["X-Forwarded-Proto: \(value)"]) { forwarded, _ in forwarded.scheme } == scheme)
    }

    @Test("host and prefix are evaluated only if enabled, and only if they are valid")
    func optIn() throws {
        func parts(_ host: String, _ prefix: String, _ isOn: Bool = true) throws -> [String?] {
            var rules = ForwardingRules()
            rules.evaluatesHost = isOn
            rules.evaluatesPrefix = isOn
            return try self.evaluate(["X-Forwarded-Host: \(host)", "X-Forwarded-Prefix: \(prefix)"], rules) {
                forwarded, _ in
                [forwarded.host?.text, forwarded.prefix?.text]
            }
        }
        #expect(try parts("example.org", "/a", false) == [nil, nil])
        #expect(try parts("example.org:8443", "/a/b") == ["example.org:8443", "/a/b"])
        #expect(try parts("forged, example.org", "/a/") == ["example.org", "/a"])
        for host in ["", "a b", "user@a", "a/b", "[::1", "a:b"] { #expect(try parts(host, "/")[0] == nil, "\(host)") }
        for prefix in [
            "", "/", "a", "//a", "/a//b", "/..", "/a/../b", "/.", "/a%20b", "/a?b", "/a\\b", "/a;b", "/a b", "/é",
        ] {
            #expect(try parts("x", prefix)[1] == nil, "\(prefix)")
        }
    }

    @Test(
        "Forwarded: the element that names the client states its scheme (RFC 7239)",
        arguments: [
            ("for=192.0.2.1", "192.0.2.1", nil), ("for=192.0.2.1;proto=https", "192.0.2.1", URLScheme.https),
            ("for=192.0.2.1;proto=https, for=10.0.0.1;proto=http", "192.0.2.1", .https),
            (#"For="[2001:db8::1]:4711"; by=_x ; PROTO=https"#, "2001:db8::1 4711", .https),
            (#"for=6.6.6.6;proto=http, for="192.0.2.1:80";proto=https"#, "192.0.2.1 80", .https),
            ("for=unknown;proto=https", nil, nil), ("for=_hidden", nil, nil), ("proto=https", nil, nil),
            // An unclosed quote of the client cannot hide the element that the proxy appends.
            (#"for="6.6.6.6, for=192.0.2.1"#, "192.0.2.1", nil), (#"for="a\", for="192.0.2.1""#, "192.0.2.1", nil),
            ("for=192.0.2.1;for=6.6.6.6", nil, nil), ("for=192.0.2.1 6", nil, nil), ("for = 192.0.2.1", nil, nil),
            ("for=192.0.2.1;proto", nil, nil), (#"for="192.0.2.1"#, nil, nil), (";", nil, nil), ("", nil, nil),
            (#"for="192.0.2\.1""#, nil, nil), ("for=192.0.2.1;", "192.0.2.1", nil),
        ])
    func forwarded(_ value: String, _ client: String?, _ scheme: URLScheme?) throws {
        var rules = ForwardingRules()
        rules.family = .forwarded
        // The other family is not read.
        let lines = ["Forwarded: \(value)", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https"]
        #expect(try self.client(lines, rules) == client)
        #expect(try self.evaluate(lines, rules) { forwarded, _ in forwarded.scheme } == scheme)
    }

    @Test("Forwarded: the host is evaluated only if enabled")
    func forwardedHost() throws {
        var rules = ForwardingRules()
        rules.family = .forwarded
        let line = #"Forwarded: for=192.0.2.1;host="example.org:81""#
        #expect(try self.evaluate([line], rules) { forwarded, _ in forwarded.host?.text } == nil)
        rules.evaluatesHost = true
        #expect(try self.evaluate([line], rules) { forwarded, _ in forwarded.host?.text } == "example.org:81")
    }

    @Test("no field of a proxy is looked for in a request that has none")
    func hasProxyFields() throws {
        func has(_ lines: String...) throws -> Bool { try self.evaluate(lines) { _, head in head.hasProxyFields } }
        #expect(try !has("Accept: */*", "X-Api-Key: 1", "X-Request-Id: 1", "X-Forward: 1", "Forwarded-X: 1"))
        for name in [
            "Forwarded", "X-Forwarded-For", "X-FORWARDED-PROTO", "X-Real-IP", "X-Forwarded-Ssl", "X_Forwarded_For",
            "a_b",
        ] {
            #expect(try has("Accept: */*", "\(name): 1"), "\(name)")
        }
    }

    @Test("fields that a client could have written itself are removed")
    func filter() {
        func kept(_ isTrusted: Bool, _ family: ForwardingRules.Family) -> String {
            let names = [
                "accept", "forwarded", "x-forwarded-for", "x-forwarded-ssl", "x-real-ip", "a_b", "x_forwarded-proto",
                "x_real_ip",
            ]
            return names.filter { name in
                Array(name.utf8).withUnsafeBytes {
                    !ProxyFieldFilter.removes(Octets($0), isTrusted: isTrusted, family: family)
                }
            }.joined(separator: " ")
        }
        for family in ForwardingRules.Family.allCases { #expect(kept(false, family) == "accept") }
        #expect(kept(true, .xForwarded) == "accept x-forwarded-for x-forwarded-ssl x-real-ip a_b")
        #expect(kept(true, .forwarded) == "accept forwarded x-real-ip a_b")
        #expect(kept(true, .none) == "accept forwarded x-forwarded-for x-forwarded-ssl x-real-ip a_b")
    }
}
