/// References to paths of the same host (RFC 3986 §4.2).
package enum LocalReference {
    /// A path that cannot lead to another host. One that begins with two slashes would, and browsers treat a backslash
    /// as a slash.
    package static func path(_ path: String) -> String {
        let path = path.replacing("\\", with: "%5C")
        return path.hasPrefix("//") ? "/%2F" + path.dropFirst(2) : path
    }

    /// The same path with a slash at its end, and the query: the target of a redirect.
    package static func slashed(_ path: String, query: Octets) -> String {
        self.path(path) + "/" + (query.size > 0 ? "?" + query.text : "")
    }
}
