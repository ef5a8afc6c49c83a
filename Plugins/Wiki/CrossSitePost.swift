import ASGI

/// Whether a form was posted by a page of another site, which could otherwise write here in a visitor's name.
///
/// Browsers say where a request comes from: in `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/), and, where the
/// connection is not trusted enough for that, in `Origin` (RFC 6454 §7). What sends neither is no browser, and acts in
/// nobody's name but its own.
enum CrossSitePost {
    static func isOne(_ headers: Headers) -> Bool {
        if let site = headers["sec-fetch-site"] { return site != "same-origin" && site != "none" }
        guard let origin = headers["origin"] else { return false }
        guard let host = headers["host"], let start = origin.firstRange(of: "://")?.upperBound else { return true }
        return origin[start...].lowercased() != host.lowercased()
    }
}
