import ASGI

/// The target of a link in an entry.
enum LinkTarget {
    private static let schemes = ["http", "https", "mailto"]
    private static let imageTypes = ["data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp"]

    /// Returns the URL for a link target; empty if the target is not allowed. A target without scheme and slash is the
    /// title of an entry.
    static func address(of target: String, entry: (String) -> String) -> String {
        if let scheme = Self.scheme(of: target) { return Self.schemes.contains(scheme) ? target : "" }
        guard let first = target.first, !"/#?".contains(first) else { return target }
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let title = parts[0].hasPrefix("./") ? parts[0].dropFirst(2) : parts[0]
        let fragment = parts.count > 1 ? "#\(parts[1])" : ""
        return entry(String(title).percentDecoded ?? String(title)) + fragment
    }

    /// Whether the image is embedded in the entry itself.
    static func isOwnImage(_ target: String) -> Bool {
        let target = target.lowercased()
        return Self.imageTypes.contains { target.hasPrefix($0) }
    }

    /// Returns the scheme (RFC 3986 §3.1); nil if there is none. A title with a colon looks like one, unless it is
    /// written as `[a](./C:%20the%20language)`.
    private static func scheme(of target: String) -> String? {
        guard let end = target.firstIndex(where: { ":/?#".contains($0) }), target[end] == ":" else { return nil }
        return target[..<end].lowercased()
    }
}
