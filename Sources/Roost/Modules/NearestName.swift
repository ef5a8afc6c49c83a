/// Finds what somebody may have meant.
public enum NearestName {
    /// The candidates that are nearest to a name, at most three, none that is further than a third of its length.
    public static func to(_ name: String, among candidates: some Sequence<String>) -> [String] {
        let most = max(name.count / 3, 1)
        return candidates.map { ($0, self.distance(name.lowercased(), $0.lowercased())) }
            .filter { $0.1 <= most }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
            .prefix(3).map(\.0)
    }

    /// How many letters have to be put in, taken out or changed (Levenshtein's distance).
    static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (i, letter) in left.enumerated() {
            var corner = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let change = corner + (letter == other ? 0 : 1)
                corner = row[j + 1]
                row[j + 1] = min(change, row[j] + 1, corner + 1)
            }
        }
        return row[right.count]
    }
}
