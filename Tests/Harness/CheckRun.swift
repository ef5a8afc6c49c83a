import Foundation

/// Runs named checks one after another, prints a line for each, and counts failures.
package struct CheckRun {
    private let count: Int
    private let widestName: Int
    private var failures = 0

    package init(names: [String]) {
        self.count = names.count
        self.widestName = names.map(\.count).max() ?? 0
    }

    /// Returns the checks whose names contain a word. Exits with status 2 if there are none.
    package static func select<Check>(_ checks: [Check], word: String, name: (Check) -> String) -> [Check] {
        let selected = checks.filter { word.isEmpty || name($0).contains(word) }
        guard selected.isEmpty else { return selected }
        print("no name contains '\(word)'")
        exit(2)
    }

    /// Runs a check and prints the result that it returns, or the error that it throws.
    package mutating func run(_ name: String, _ check: () throws -> String) {
        let outcome: String
        do { outcome = "ok      \(try check())" } catch {
            outcome = "FAILED  \(error)"
            self.failures += 1
        }
        let padded = name.padding(toLength: self.widestName, withPad: " ", startingAt: 0)
        // `print` would buffer the line if standard output is a pipe.
        FileHandle.standardOutput.write(Data("\(padded)  \(outcome)\n".utf8))
    }

    /// Prints the totals. Exits with status 1 after a failure.
    package func finish() -> Never {
        print("\(max(self.count - self.failures, 0)) passed, \(self.failures) failed")
        exit(self.failures == 0 ? 0 : 1)
    }
}
