import Foundation
import TestSupport
import Testing

/// The steps of Documentation/Swift.md work as described, in an empty folder beside Roost.
@Suite("Documentation/Swift.md")
struct SwiftPageTests {
    /// A code block, and the text before it.
    private struct Block {
        var language: String
        var text: String
        var before: String
    }

    private static func blocks() throws -> [Block] {
        let page = try String(contentsOfFile: "\(Repository.root)/Documentation/Swift.md", encoding: .utf8)
        let parts = page.components(separatedBy: "```")
        return stride(from: 1, to: parts.count, by: 2).map { index in
            let lines = parts[index].split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            return Block(language: String(lines[0]), text: String(lines[1]), before: parts[index - 1])
        }
    }

    /// The file whose contents a block shows: the last one named in backquotes before it.
    private static func file(_ block: Block) -> String? {
        let names = block.before.split(separator: "`", omittingEmptySubsequences: false)
        return stride(from: 1, to: names.count, by: 2).map { String(names[$0]) }
            .last { $0.hasSuffix(".swift") || $0.hasSuffix(".yaml") }
    }

    /// Runs the commands of a console block and compares their output with the block.
    private static func expect(_ console: Block, port: Int, folder: String) throws {
        for step in console.text.components(separatedBy: "$ ").dropFirst() {
            let lines = step.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            let command = lines[0].replacingOccurrences(of: "8000", with: "\(port)")
                .replacingOccurrences(of: "curl ", with: "curl -s ")
            let answer = try Command.run(["sh", "-c", command], folder: folder)
            #expect(answer.output == String(lines[1]), "\(command)")
        }
    }

    @Test("the steps lead from an empty folder to a served module")
    func page() async throws { try await onThread { try Self.follow() } }

    private static func follow() throws {
        let folder = try TemporaryFolder()
        let package = "\(folder.path)/greeting"
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/roost", withDestinationPath: Repository.root)
        let blocks = try Self.blocks()
        let commands = try #require(blocks.first { $0.language == "sh" }).text.split(separator: "\n").map(String.init)
        try #require(commands.count == 3)
        let serve = "exec " + commands[2].replacingOccurrences(of: "8000", with: "0")
        var server: RoostProcess?
        var asked = 0

        for block in blocks {
            switch block.language {
            case "swift", "yaml":
                _ = server?.stop()
                server = nil
                try folder.write("greeting/\(try #require(Self.file(block)))", block.text)
            case "console":
                for command in commands.dropLast() {
                    let done = try Command.run(["sh", "-c", command], folder: package)
                    try #require(done.status == 0, "\(command)\n\(done.error)\(done.output)")
                }
                let started = try RoostProcess(["-c", serve], command: "/bin/sh", folder: package)
                server = started
                try Self.expect(block, port: started.port, folder: package)
                asked += 1
            case "text":
                _ = server?.stop()
                try folder.write("greeting/settings.yaml", "greeting: Good day\nstyle: quiet\n")
                let refused = try Command.run(["sh", "-c", serve], folder: package)
                #expect(refused.status != 0)
                #expect(refused.error.contains(block.text.trimmingCharacters(in: .newlines)), "\(refused.error)")
            default: break
            }
        }
        #expect(asked == 2)
    }
}
