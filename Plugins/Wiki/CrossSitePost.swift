import ASGI

/// Detects a cross-site form post: a page of another site submits a form with the visitor's browser.
///
/// Browsers send the origin of a request in `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/), and, over a
/// connection that is not trustworthy, only in `Origin` (RFC 6454 §7). A client that sends neither is not a browser. A
/// browser sends each field at most once; of two values, another reader could use the other one.
enum CrossSitePost {
    static func isOne(_ headers: Headers) -> Bool {
        let (sites, origins) = (headers.values("sec-fetch-site"), headers.values("origin"))
        guard sites.count < 2, origins.count < 2 else { return true }
        if let site = sites.first { return site != "same-origin" && site != "none" }
        guard let origin = origins.first else { return false }
        guard let host = headers["host"], let start = origin.firstRange(of: "://")?.upperBound else { return true }
        return origin[start...].lowercased() != host.lowercased()
    }
}
