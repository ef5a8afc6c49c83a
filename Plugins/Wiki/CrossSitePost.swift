import ASGI

/// Detects a form that a page of another site posts in a visitor's name.
///
/// Browsers send the origin of a request in `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/), and, over a connection that is not
/// trustworthy, only in `Origin` (RFC 6454 §7). A client that sends neither is no browser. A browser sends each of them once: of two values another
/// reader could take the other one.
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
