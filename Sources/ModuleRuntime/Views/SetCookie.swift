import CASGI
import CViews
import HTTPServer

/// The value of `set-cookie` (RFC 6265 §4.1, and SameSite of its successor).
enum SetCookie {
    struct Fault: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// The known flags.
    static let flags =
        ASGI_COOKIE_NOT_HTTP_ONLY | ASGI_COOKIE_NOT_SECURE | ASGI_COOKIE_SAME_SITE_STRICT | ASGI_COOKIE_SAME_SITE_NONE

    /// `mount`: the path of a cookie that names none. Throws `Fault` if the cookie is invalid.
    static func text(of cookie: UnsafePointer<asgi_cookie>, mount: Octets, isSecure: Bool) throws(Fault) -> String {
        let (name, value) = (Octets(cookie.pointee.name), Octets(cookie.pointee.value))
        guard name.size > 0, name.bytes.allSatisfy(ASCII.isToken) else {
            throw Fault("its name '\(name.text)' is not a token")
        }
        guard value.bytes.allSatisfy(Self.isOctet) else {
            throw Fault("its value has a byte that is not allowed in a cookie; percent-encode it")
        }
        let (path, domain) = (Octets(cookie.pointee.path), Octets(cookie.pointee.domain))
        for part in [path, domain] where !part.bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ";") }) {
            throw Fault("its path or domain has a semicolon, a space, a control character or a non-ASCII character")
        }
        let flags = cookie.pointee.flags
        let isEverywhere = flags & ASGI_COOKIE_SAME_SITE_NONE != 0
        let place = path.size > 0 ? path.text : Self.path(of: mount)
        var text = "\(name.text)=\(value.text); Path=\(place)"
        if domain.size > 0 { text += "; Domain=\(domain.text)" }
        if cookie.pointee.max_age >= 0 { text += "; Max-Age=\(cookie.pointee.max_age)" }
        // SameSite=None requires Secure, regardless of the other flags.
        if isEverywhere || (isSecure && flags & ASGI_COOKIE_NOT_SECURE == 0) { text += "; Secure" }
        if flags & ASGI_COOKIE_NOT_HTTP_ONLY == 0 { text += "; HttpOnly" }
        return text
            + "; SameSite=\(isEverywhere ? "None" : flags & ASGI_COOKIE_SAME_SITE_STRICT != 0 ? "Strict" : "Lax")"
    }

    /// The path of the mount as browsers request it. A semicolon would end the attribute, so the path is then cut to
    /// the folder above the semicolon (RFC 6265 §5.1.4).
    private static func path(of mount: Octets) -> String {
        let encoded = PercentEncoding.path(Array(mount.bytes))
        guard let semicolon = encoded.firstIndex(of: ";") else { return encoded.isEmpty ? "/" : encoded }
        let above = encoded[..<semicolon]
        return String(above[..<(above.lastIndex(of: "/") ?? above.startIndex)]) + "/"
    }

    /// Whether a byte is a `cookie-octet`.
    private static func isOctet(_ byte: UInt8) -> Bool {
        guard byte > 0x20, byte < 0x7f else { return false }
        return byte != UInt8(ascii: "\"") && byte != UInt8(ascii: ",") && byte != UInt8(ascii: ";")
            && byte != UInt8(ascii: "\\")
    }
}
