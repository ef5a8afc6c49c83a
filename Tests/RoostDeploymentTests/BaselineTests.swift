import Foundation
import RoostModules
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import RoostDeployment

/// Files that change after they were read and before they are watched.
@Suite("Baselines of watched files")
struct BaselineTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    /// The first poll sees the change, the second one reports it.
    private func changes(_ folders: DropInFolders) -> Bool {
        _ = folders.poll(now: MonotonicClock.milliseconds)
        return folders.poll(now: MonotonicClock.milliseconds + Debounce<Int>.absence)
    }

    @Test("a module, its settings, an addition and a removal are reported if they change after the listing")
    func dropIn() throws {
        for name in ["kept.so", "gone.so", "set.so", "set.yaml"] { try self.folder.write(name, "1") }
        let listing = DropInFolder.list(self.folder.path)
        try self.folder.write("kept.so", "22")
        try self.folder.write("set.yaml", "22")
        try self.folder.write("later.so", "1")
        unlink("\(self.folder.path)/gone.so")
        let folders = DropInFolders([listing], quiet: 0)
        #expect(folders.listings == [listing])
        #expect(try #require(folders.due) <= MonotonicClock.milliseconds)
        #expect(self.changes(folders))
        #expect(folders.listings == [DropInFolder.list(self.folder.path)])
        #expect(folders.listings[0].modules.map(\.name) == ["kept", "later", "set"])
    }

    @Test("files and sources that change after they were read and before they are watched are reported")
    func reload() throws {
        let (file, source) = (try self.folder.write("m.so", "1"), try self.folder.write("src/a.c", "1"))
        let missing = "\(self.folder.path)/missing.yaml"
        let tree = SourceTree(["\(self.folder.path)/src"])
        let baseline = tree.scan().files
        var seen = FileMarks()
        for path in [file, missing] { seen.note(path) }
        try self.folder.write("m.so", "22")
        try self.folder.write("missing.yaml", "1")
        try self.folder.write("src/a.c", "22")
        let later = try self.folder.write("src/b.c", "1")
        // A second record does not change the baseline.
        seen.note(file)
        let watch = ReloadWatch(tree, since: baseline, quiet: 0, sourceQuiet: 0)
        watch.follow([file, missing], since: seen)
        #expect(watch.due <= MonotonicClock.milliseconds)
        #expect(watch.poll(now: MonotonicClock.milliseconds).files == [])
        let change = watch.poll(now: MonotonicClock.milliseconds + Debounce<Int>.absence)
        #expect(change.files == [file, missing].sorted())
        #expect(change.sources == [source, later])
    }

    @Test("accept takes the states that were acted on, not the current states")
    func accepted() throws {
        let file = try self.folder.write("m.so", "1")
        var seen = FileMarks()
        seen.note(file)
        let watch = ReloadWatch(SourceTree([]), since: [:], quiet: 0, sourceQuiet: 0)
        watch.follow([file], since: seen)
        try self.folder.write("m.so", "22")
        var acted = FileMarks()
        acted.note(file)
        try self.folder.write("m.so", "333")
        watch.accept(acted)
        _ = watch.poll(now: MonotonicClock.milliseconds)
        #expect(watch.poll(now: MonotonicClock.milliseconds + 10_000).files == [file])
        acted = FileMarks()
        acted.note(file)
        try self.folder.write("m.so", "4444")
        watch.accept(acted)
        var now = FileMarks()
        now.note(file)
        watch.accept(now)
        #expect(watch.poll(now: MonotonicClock.milliseconds + 20_000).files == [])
    }

    @Test("a scan returns the listings and file states from before it read the files")
    func look() throws {
        let run = try RunDirectory.make("\(self.folder.path)/run")
        let source = Fixture.hello
        let library = try Fixture.compile(source, named: "m", in: self.folder)
        mkdir("\(self.folder.path)/mods", 0o700)
        rename(library, "\(self.folder.path)/mods/m.so")
        let settings = try self.folder.write("site.yaml", "k: 1")
        let other = try Fixture.compile(source, named: "other", in: self.folder)
        var deployment = Deployment(preparation: ApplicationPreparation(), workers: .example)
        deployment.preparation.folder = self.folder.path
        deployment.folders = ["\(self.folder.path)/mods"]
        let missing = "\(self.folder.path)/missing.so"
        deployment.entries = [
            ApplicationEntry(
                module: try ModuleName(other), mount: try Mount(path: "/other"), name: "other",
                settings: "site"),
            ApplicationEntry(
                module: try ModuleName(missing), mount: try Mount(path: "/missing"), name: "missing", settings: nil),
        ]
        let scan = try deployment.scan(run: run)
        #expect(scan.listings == [DropInFolder.list("\(self.folder.path)/mods")])
        for path in [other, settings] { #expect(scan.seen[path] == FileMark(of: path) && scan.seen[path] != nil) }
        #expect(scan.seen.isNoted(missing) && scan.seen[missing] == nil)
        // A scan of the drop-in folders keeps the states of the other files.
        let next = try deployment.scan(scan.listings, since: scan, run: run)
        #expect(next.seen[other] == scan.seen[other])
    }
}
