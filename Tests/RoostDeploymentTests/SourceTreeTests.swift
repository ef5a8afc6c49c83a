import Foundation
import TestSupport
import Testing

@testable import RoostDeployment

@Suite("Watched sources")
struct SourceTreeTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func names(_ tree: SourceTree) -> [String] {
        tree.scan().files.keys.map { String($0.dropFirst(self.folder.path.count + 1)) }.sorted()
    }

    @Test("sources of every language that builds shared libraries are found by their usual names")
    func endings() throws {
        let sources = [
            "a.hxx", "a.inl", "a.ipp", "a.tpp", "a.txx", "a.cxx", "a.hh", "a.c++", "a.cppm", "a.ixx", "a.m", "a.mm",
            "a.d",
            "a.di", "a.nim", "a.f", "a.f90", "a.f08", "a.F90", "a.zig", "a.rs", "a.go", "a.swift", "a.kt", "a.pas",
            "a.adb", "a.ads", "meson.build", "a.cmake", "GNUmakefile",
        ].sorted()
        for name in sources + ["a.o", "a.so", "a.a", "a.txt", "a.html"] { try self.folder.write(name, "") }
        #expect(self.names(SourceTree([self.folder.path])) == sources)
    }

    @Test("links to folders are followed; each folder is listed once, wherever the links lead")
    func links() throws {
        let outside = try TemporaryFolder()
        try outside.write("shared/b.c", "")
        try self.folder.write("real/a.c", "")
        symlink("\(outside.path)/shared", "\(self.folder.path)/linked")
        symlink("\(outside.path)/shared", "\(self.folder.path)/twice")
        symlink(self.folder.path, "\(self.folder.path)/real/loop")
        // This link sorts before the real folder, which is listed at its own path all the same.
        symlink("real", "\(self.folder.path)/alias")
        symlink("nowhere", "\(self.folder.path)/broken")
        let tree = SourceTree([self.folder.path])
        let found = self.names(tree)
        #expect(found.count == 2 && found.contains("real/a.c"))
        #expect(found.contains("linked/b.c") || found.contains("twice/b.c"))
        let before = tree.scan().files
        try outside.write("shared/b.c", "changed")
        #expect(tree.scan().files != before)
        #expect(tree.scan().folders.contains { $0.hasSuffix("/linked") || $0.hasSuffix("/twice") })
    }

    @Test("the number of watched files and folders is limited, and a truncated listing is marked")
    func limit() throws {
        for number in 1...20 { try self.folder.write("\(number)/a.c", "") }
        let whole = SourceTree([self.folder.path]).scan()
        #expect(whole.files.count == 20 && whole.folders.count == 21 && !whole.isCut)
        let cut = SourceTree([self.folder.path], most: 10).scan()
        #expect(cut.isCut && cut.files.count + cut.folders.count == 10)
    }
}
