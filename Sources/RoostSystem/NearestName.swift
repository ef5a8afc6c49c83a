/// Finds the names closest to a mistyped name.
package enum NearestName {
    /// The closest candidates: at most three, none at a distance above a third of the name's length (or 1).
    package static func to(_ name: String, among candidates: some Sequence<String>) -> [String] {
        let most = max(name.count / 3, 1)
        // Filtered by length first: a name may be of any length, and the distance takes time and memory by both
        // lengths.
        return candidates.filter { abs($0.count - name.count) <= most }.map {
            ($0, self.distance(name.lowercased(), $0.lowercased()))
        }
        .filter { $0.1 <= most }
        .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
        .prefix(3).map(\.0)
    }

    /// The number of insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
    package static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let change = rows[i][j] + (left[i] == right[j] ? 0 : 1)
                var least = min(change, rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    least = min(least, rows[i - 1][j - 1] + 1)
                }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
