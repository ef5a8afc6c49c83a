import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Wiki

/// Concurrent access: no write is lost, and no reader sees a part of a write.
@Suite("Concurrent access to entries")
struct EntryThreadTests: EntrySuite {
    /// An impossible state that a thread saw.
    private struct Odd: Error, CustomStringConvertible { let description: String }

    let place: TemporaryFolder
    let folder: EntryFolder

    init() throws {
        self.place = try TemporaryFolder()
        self.folder = try EntryFolder(path: "\(self.place.path)/entries", largest: 100_000)
    }

    @Test("threads that add lines lose no line and no version", .timeLimit(.minutes(5)))
    func threads() throws {
        let title = try self.title()
        let threads = 8
        let lines = 50
        let path = self.path
        try self.onThreads(threads) { thread in
            // Each thread has its own folder object, as processes do.
            let folder = try EntryFolder(path: path, largest: 100_000)
            for number in 0..<lines { try Self.add("\(thread)-\(number)\n", to: title, in: folder) }
            _ = try folder.create(EntryTitle("Own \(thread)"), "x")
        }
        let current = try self.folder.entry(title)
        let expected = (0..<threads).flatMap { thread in (0..<lines).map { "\(thread)-\($0)" } }
        #expect(current.text.split(separator: "\n").map(String.init).sorted() == expected.sorted())
        #expect(current.number == threads * lines)
        #expect(try self.folder.history(title).map(\.number) == Array((1...(threads * lines)).reversed()))
        var before = ""
        for number in 1...current.number {
            let text = try self.folder.version(title, number).text
            #expect(text.hasPrefix(before) && text.split(separator: "\n").count == number)
            before = text
        }
        #expect(try self.folder.titles().count == threads + 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).allSatisfy { !$0.hasPrefix(NewFile.prefix) })
    }

    @Test("readers see complete texts with their own numbers while others write", .timeLimit(.minutes(5)))
    func reading() throws {
        let title = try self.title()
        _ = try self.folder.create(title, "first")
        try self.onThreads(4) { [folder] thread in
            for number in 0..<50 {
                if thread < 2 { try Self.add("\(thread)-\(number)\n", to: title, in: folder) }
                let entry = try folder.entry(EntryTitle("LOG"))
                let lines = entry.text.split(separator: "\n").count
                guard lines == entry.number else { throw Odd(description: "\(lines) lines in \(entry.number)") }
                let history = try folder.history(title)
                guard history.map(\.number) == Array((1...history.count).reversed()),
                    history.map(\.isCurrent) == [true] + Array(repeating: false, count: history.count - 1)
                else { throw Odd(description: "\(history)") }
            }
        }
    }

    @Test("a read of a file that is replaced meanwhile is repeated, finally under the lock", arguments: [0, 1, 8])
    func looks(replaced: Int) throws {
        let entry = try self.folder.create(self.title(), "0")
        let file = EntryFile(name: entry.title.fileName, title: entry.title)
        var looks = 0
        let seen = try self.folder.whileSame(file) { () throws(EntryError) -> String in
            let seen = try self.folder.current(file).entry.text
            if looks < replaced {
                // An edit by hand replaces the file without taking the lock.
                let other = try NewFile("\(looks + 1)\n", in: self.path)
                rename(other.path, "\(self.path)/\(file.name)")
            }
            looks += 1
            return seen
        }
        #expect(looks == replaced + 1)
        #expect(seen == "\(replaced)\n")
    }

    /// Adds a line, and retries on conflicts with other threads.
    private static func add(_ line: String, to title: EntryTitle, in folder: EntryFolder) throws {
        while true {
            do { return try Self.tryAdding(line, to: title, in: folder) } catch {
                switch error {
                case .conflict, .exists: continue
                default: throw error
                }
            }
        }
    }

    private static func tryAdding(
        _ line: String, to title: EntryTitle, in folder: EntryFolder
    ) throws(EntryError) {
        let current: Entry
        do { current = try folder.entry(title) } catch {
            guard case .missing = error else { throw error }
            _ = try folder.create(title, line)
            return
        }
        _ = try folder.edit(title, current.text + line, base: current.version)
    }

    /// Runs `body` on `count` threads, waits for them, and throws one of their errors.
    private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
        let done = DispatchGroup()
        let failures = Failures()
        for index in 0..<count {
            done.enter()
            Thread.detachNewThread {
                do { try body(index) } catch { failures.all.withLock { $0.append(error) } }
                done.leave()
            }
        }
        done.wait()
        if let failure = failures.all.withLock({ $0.first }) { throw failure }
    }

    private final class Failures: Sendable {
        let all = Mutex<[any Error]>([])
    }
}
