extension Substring {
    /// The text without leading and trailing spaces.
    package var trimmed: String { String(self.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
