import Testing

/// Checks the concurrency conventions of CONTRIBUTING.md in every Swift file of the repository.
@Suite("Concurrency conventions")
struct ConcurrencyTests {
    private static func isUnsafe(_ line: String) -> Bool {
        ["@unchecked Sendable", "nonisolated(unsafe)", "unowned(unsafe)"].contains { line.contains($0) }
    }

    @Test("every unsafe marker has a comment with SAFETY: and the reason")
    func safety() {
        var count = 0
        for file in SourceFile.all {
            for line in file.code(Self.isUnsafe) {
                count += 1
                #expect(
                    file.isCommented(line, with: "// SAFETY: ", together: Self.isUnsafe),
                    "\(file.place(line)): \(file.lines[line])")
            }
        }
        #expect(count > 0)
    }

    @Test("a class documented as loop-bound is unavailable as Sendable")
    func loopBound() {
        var count = 0
        for file in SourceFile.all {
            for line in file.code({ $0.contains("class ") && $0.hasSuffix("{") }) {
                let words = file.lines[line].split { !$0.isLetter && !$0.isNumber }
                guard let at = words.firstIndex(of: "class"), at + 1 < words.count,
                    file.isCommented(line, with: "oop-bound", together: { _ in false })
                else { continue }
                count += 1
                let marker = file.lines.firstIndex(of: "extension \(words[at + 1]): Sendable {}")
                #expect(
                    marker.map { file.lines[$0 - 1] == "@available(*, unavailable)" } == true,
                    "\(file.place(line)): @available(*, unavailable) extension \(words[at + 1]): Sendable {} is missing"
                )
            }
        }
        #expect(count > 0)
    }

    @Test("the host uses only locks that the thread sanitizer supports")
    func locks() {
        let others = [
            "Mutex<", "Mutex(", "ConditionLock", "NSLock", "NSCondition", "DispatchSemaphore", "pthread_mutex_init",
            "pthread_cond_init", "os_unfair_lock",
        ]
        for file in SourceFile.all where file.path != "Sources/RoostSystem/Threads/Monitor.swift" {
            // Modules depend neither on NIO nor on the host.
            guard !file.path.hasPrefix("Sources/ASGI/"), !file.path.hasPrefix("Plugins/") else { continue }
            for line in file.code({ line in others.contains { line.contains($0) } }) {
                Issue.record("\(file.place(line)): \(file.lines[line])")
            }
        }
    }

    @Test("the search finds a missing comment")
    func search() {
        let file = SourceFile(
            path: "x.swift",
            text: """
                // SAFETY: one comment for both.
                nonisolated(unsafe) let a = 1
                nonisolated(unsafe) let b = 2

                nonisolated(unsafe) let c = 3
                /// nonisolated(unsafe) in a comment
                """)
        let found = file.code(Self.isUnsafe)
        #expect(found == [1, 2, 4])
        #expect(
            found.map { file.isCommented($0, with: "// SAFETY: ", together: Self.isUnsafe) } == [true, true, false])
    }
}
