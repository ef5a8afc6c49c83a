import CASGI
import HTTPServer
import Testing

@testable import ModuleRuntime

/// The values that are written into `set-cookie`, and those that are refused.
@Suite("Cookies of replies")
struct SetCookieTests {
    private static func text(
        _ name: String = "sid", _ value: String = "1", path: String = "", domain: String = "", flags: UInt32 = 0,
        maxAge: Int64 = -1, mount: String = "/app", isSecure: Bool = true
    ) throws -> String {
        var cookie = asgi_cookie()
        cookie.name = asgi_string(Octets.lasting(name))
        cookie.value = asgi_string(Octets.lasting(value))
        cookie.path = asgi_string(Octets.lasting(path))
        cookie.domain = asgi_string(Octets.lasting(domain))
        cookie.flags = flags
        cookie.max_age = maxAge
        return try SetCookie.text(of: &cookie, mount: .lasting(mount), isSecure: isSecure)
    }

    @Test(
        "every flag sets its attributes, over HTTPS and over HTTP (RFC 6265 §4.1)",
        arguments: [
            (0, true, "; Secure; HttpOnly; SameSite=Lax"), (0, false, "; HttpOnly; SameSite=Lax"),
            (ASGI_COOKIE_NOT_HTTP_ONLY, true, "; Secure; SameSite=Lax"),
            (ASGI_COOKIE_NOT_HTTP_ONLY, false, "; SameSite=Lax"),
            (ASGI_COOKIE_NOT_SECURE, true, "; HttpOnly; SameSite=Lax"),
            (ASGI_COOKIE_NOT_SECURE, false, "; HttpOnly; SameSite=Lax"),
            (ASGI_COOKIE_SAME_SITE_STRICT, true, "; Secure; HttpOnly; SameSite=Strict"),
            // Browsers refuse SameSite=None without Secure, so Secure is always set.
            (ASGI_COOKIE_SAME_SITE_NONE, true, "; Secure; HttpOnly; SameSite=None"),
            (ASGI_COOKIE_SAME_SITE_NONE, false, "; Secure; HttpOnly; SameSite=None"),
            (ASGI_COOKIE_SAME_SITE_NONE | ASGI_COOKIE_NOT_SECURE, true, "; Secure; HttpOnly; SameSite=None"),
            (ASGI_COOKIE_SAME_SITE_NONE | ASGI_COOKIE_SAME_SITE_STRICT, true, "; Secure; HttpOnly; SameSite=None"),
            (
                ASGI_COOKIE_NOT_HTTP_ONLY | ASGI_COOKIE_NOT_SECURE | ASGI_COOKIE_SAME_SITE_STRICT, true,
                "; SameSite=Strict"
            ),
        ] as [(UInt32, Bool, String)]
    )
    func flags(flags: UInt32, isSecure: Bool, attributes: String) throws {
        #expect(try Self.text(flags: flags, isSecure: isSecure) == "sid=1; Path=/app\(attributes)")
    }

    @Test("path, domain and age are written as given; the path defaults to the mount")
    func places() throws {
        let end = "; Secure; HttpOnly; SameSite=Lax"
        #expect(try Self.text(mount: "") == "sid=1; Path=/\(end)")
        #expect(try Self.text(path: "/x") == "sid=1; Path=/x\(end)")
        #expect(try Self.text(path: "/", domain: "example.org") == "sid=1; Path=/; Domain=example.org\(end)")
        #expect(try Self.text(maxAge: 0) == "sid=1; Path=/app; Max-Age=0\(end)")
        #expect(try Self.text(maxAge: .max) == "sid=1; Path=/app; Max-Age=9223372036854775807\(end)")
        #expect(try Self.text(maxAge: .min) == "sid=1; Path=/app\(end)")
        #expect(try Self.text("sid", "") == "sid=; Path=/app\(end)")
        #expect(
            try Self.text("__Host-a", "!#$%&'()*+-./:<=>?@[]^_`{|}~")
                == "__Host-a=!#$%&'()*+-./:<=>?@[]^_`{|}~; Path=/app\(end)")
    }

    // A character that ends a header or an attribute would let the rest of the text become another one.
    @Test(
        "text that would become another header or attribute is refused",
        arguments: ["\r", "\n", "\r\nx: y", ";", " ", "\0", "\u{7f}", "\t", "ä"]
    )
    func refused(text: String) {
        #expect(throws: SetCookie.Fault.self) { _ = try Self.text("a\(text)") }
        #expect(throws: SetCookie.Fault.self) { _ = try Self.text("sid", "1\(text)") }
        #expect(throws: SetCookie.Fault.self) { _ = try Self.text("sid", "\(text)1") }
        #expect(throws: SetCookie.Fault.self) { _ = try Self.text(path: "/\(text)") }
        #expect(throws: SetCookie.Fault.self) { _ = try Self.text(domain: "example.org\(text)") }
    }

    @Test("other characters that a name or a value must not have are refused (RFC 6265 §4.1.1)")
    func octets() {
        for name in ["", "a=b", "a,b", "a\"", "(a)", "a/b", "[a]"] {
            #expect(throws: SetCookie.Fault.self, "\(name)") { _ = try Self.text(name) }
        }
        for value in ["\"", "a,b", "a\\b", "\"a\""] {
            #expect(throws: SetCookie.Fault.self, "\(value)") { _ = try Self.text("sid", value) }
        }
    }

    @Test("the error says what is wrong")
    func reasons() {
        #expect {
            _ = try Self.text("a b")
        } throws: {
            "\($0)" == "its name 'a b' is not a token"
        }
        #expect {
            _ = try Self.text("sid", "a;b")
        } throws: {
            "\($0)" == "its value has a byte that is not allowed in a cookie; percent-encode it"
        }
    }
}
