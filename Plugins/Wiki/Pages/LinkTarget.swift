import ASGI

/// Where a link of an entry leads.
enum LinkTarget {
    private static let schemes = ["http", "https", "mailto"]
    private static let imageTypes = ["data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp"]

    /// What stands alone is the title of an entry, wherever the page is; empty: it is no place to be led to.
    static func address(of target: String, entry: (String) -> String) -> String {
        if let scheme = Self.scheme(of: target) { return Self.schemes.contains(scheme) ? target : "" }
        guard let first = target.first, !"/#?".contains(first) else { return target }
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let title = parts[0].hasPrefix("./") ? parts[0].dropFirst(2) : parts[0]
        let fragment = parts.count > 1 ? "#\(parts[1])" : ""
        return entry(String(title).percentDecoded ?? String(title)) + fragment
    }

    /// An image that the entry carries itself.
    static func isOwnImage(_ target: String) -> Bool {
        let target = target.lowercased()
        return Self.imageTypes.contains { target.hasPrefix($0) }
    }

    /// RFC 3986 §3.1; nil: it has none. A colon in a title is one too: `[a](./C:%20the%20language)` says that it is not.
    private static func scheme(of target: String) -> String? {
        guard let end = target.firstIndex(where: { ":/?#".contains($0) }), target[end] == ":" else { return nil }
        return target[..<end].lowercased()
    }
}
