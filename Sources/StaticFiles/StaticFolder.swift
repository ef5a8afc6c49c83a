/// A folder whose files are served, and how.
public struct StaticFolder: Sendable, Hashable {
    /// The absolute path.
    public var path: String
    /// Patterns of file names (fnmatch(3)) that contain a hash of the contents, or `hashed`: names with a part of at
    /// least 8 hexadecimal digits, like `site.0c2f9e1a.css`. Such a file never changes: clients keep it for a year
    /// without asking.
    public var immutable: [String] = []
    /// The file that answers for a folder; nil for none.
    public var index: String?
    /// The file that answers for a page that does not exist, below the folder; nil for none. For applications whose
    /// pages are made in the browser.
    public var fallback: String?
    /// How long clients keep other files without asking, in seconds; nil leaves it to the client.
    public var maxAge: Int?

    public init(path: String) { self.path = path }
}
