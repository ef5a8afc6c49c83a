import Foundation
import RoostSystem
import TestSupport
import Testing

@testable import RoostDeployment

@Suite("Watching drop-in folders")
struct DropInTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    /// `wiki:3` is the module `wiki` in its third state.
    private func listing(_ files: String..., fault: String? = nil) -> DropInFolder.Listing {
        DropInFolder.Listing(
            folder: "m", fault: fault,
            modules: files.map { file in
                let parts = file.split(separator: ":")
                let mark = FileMark(size: Int(parts[1])!)
                return DropInFolder.Module(
                    name: String(parts[0]), path: "m/\(parts[0]).so", mark: mark, settings: nil, settingsMark: nil)
            })
    }

    private func update(
        _ watch: inout DropInWatch, _ listing: DropInFolder.Listing, now: Int, counts: Bool,
        at place: SourceLocation = #_sourceLocation
    ) {
        let hasChanged = watch.update(listing, now: now)
        #expect(hasChanged == counts, sourceLocation: place)
    }

    private func counts(_ watch: DropInWatch) -> [String] {
        watch.stable.modules.map { "\($0.name):\($0.mark.size)" }
    }

    @Test("a file is reported when it has been stable for a while, not while it grows")
    func grows() {
        var watch = DropInWatch(self.listing("a:1"))
        self.update(&watch, self.listing("a:1", "b:1"), now: 0, counts: false)
        #expect(watch.due == Debounce<String>.defaultQuiet)
        self.update(&watch, self.listing("a:1", "b:2"), now: 90, counts: false)
        self.update(&watch, self.listing("a:1", "b:2"), now: 180, counts: false)
        #expect(self.counts(watch) == ["a:1"])
        self.update(&watch, self.listing("a:1", "b:2"), now: 190, counts: true)
        #expect(self.counts(watch) == ["a:1", "b:2"])
        #expect(watch.due == nil)
    }

    @Test("a file that keeps growing does not delay the others")
    func independent() {
        var watch = DropInWatch(self.listing())
        for now in stride(from: 0, through: 100, by: 10) {
            _ = watch.update(self.listing("a:\(now)", "b:1"), now: now)
        }
        #expect(self.counts(watch) == ["b:1"])
    }

    @Test("a missing file is removed after a second, since linkers unlink before they write")
    func away() {
        var watch = DropInWatch(self.listing("a:1"))
        self.update(&watch, self.listing(), now: 0, counts: false)
        self.update(&watch, self.listing("a:2"), now: 500, counts: false)
        self.update(&watch, self.listing("a:2"), now: 600, counts: true)
        #expect(self.counts(watch) == ["a:2"])
        self.update(&watch, self.listing(), now: 1000, counts: false)
        self.update(&watch, self.listing(), now: 1999, counts: false)
        self.update(&watch, self.listing(), now: 2000, counts: true)
        #expect(self.counts(watch) == [])
    }

    @Test("a file that is missing for a moment and comes back unchanged is not reported")
    func back() {
        var watch = DropInWatch(self.listing("a:1"))
        _ = watch.update(self.listing(), now: 0)
        self.update(&watch, self.listing("a:1"), now: 900, counts: false)
        self.update(&watch, self.listing(), now: 950, counts: false)
        self.update(&watch, self.listing(), now: 1900, counts: false)
        #expect(self.counts(watch) == ["a:1"])
    }

    @Test("a folder that is missing for a moment is ignored; one that stays missing is reported once")
    func folderAway() {
        var watch = DropInWatch(self.listing("a:1"))
        self.update(&watch, self.listing(fault: "gone"), now: 0, counts: false)
        self.update(&watch, self.listing("a:1"), now: 500, counts: false)
        self.update(&watch, self.listing(fault: "gone"), now: 600, counts: false)
        self.update(&watch, self.listing(fault: "gone"), now: 1600, counts: true)
        #expect(watch.stable.fault == "gone")
        #expect(self.counts(watch) == [])
        self.update(&watch, self.listing(fault: "gone"), now: 9000, counts: false)
        _ = watch.update(self.listing("a:1"), now: 9100)
        #expect(watch.stable.fault == nil)
        _ = watch.update(self.listing("a:1"), now: 9200)
        #expect(self.counts(watch) == ["a:1"])
    }

    @Test("only libraries are listed, not the temporary files of editors, linkers and copy tools")
    func names() throws {
        for name in [
            "wiki.so", "libchat.so", "wiki.yaml", ".hidden.so", ".wiki.so.swp", "wiki.so~", "wiki.so.tmp", "stXXXX",
            "wiki.so.1", "4913", "notes.txt", "#wiki.so#", ".so", "chat.json",
        ] { try self.folder.write(name, "x") }
        mkdir("\(self.folder.path)/sub.so", 0o700)
        let listing = DropInFolder.list(self.folder.path)
        #expect(listing.modules.map(\.name) == ["chat", "sub", "wiki"])
        #expect(listing.modules[0].settings == "\(self.folder.path)/chat.json")
        #expect(listing.modules[2].settings == "\(self.folder.path)/wiki.yaml")
        #expect(DropInFolder.list("\(self.folder.path)/none").fault?.contains("No such file") == true)
        #expect(DropInFolder.list("\(self.folder.path)/wiki.so").fault?.contains("not a folder") == true)
    }

    @Test("a change in a folder and its replacement are seen, with and without inotify", arguments: [true, false])
    func events(usesNotifications: Bool) throws {
        let path = "\(self.folder.path)/m"
        mkdir(path, 0o700)
        let events = FolderEvents(path, usesNotifications: usesNotifications)
        func hears() -> Bool {
            defer { events.arm() }
            guard usesNotifications else { return true }
            var wait = pollfd(fd: events.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 60_000) == 1 else { return false }
            return events.drain()
        }
        try self.folder.write("m/a.so", "1")
        #expect(hears())
        #expect(DropInFolder.list(path).modules.map(\.name) == ["a"])
        rename("\(path)/a.so", "\(path)/b.so")
        #expect(hears())
        // Replaces the folder itself.
        mkdir("\(self.folder.path)/other", 0o700)
        try self.folder.write("other/c.so", "1")
        rename(path, "\(self.folder.path)/old")
        rename("\(self.folder.path)/other", path)
        #expect(hears())
        #expect(DropInFolder.list(path).modules.map(\.name) == ["c"])
        while usesNotifications, events.drain() {}
        events.arm()
        try self.folder.write("m/d.so", "1")
        #expect(hears())
        #expect(DropInFolder.list(path).modules.map(\.name) == ["c", "d"])
    }

    @Test("a link to a folder is followed, also after an atomic switch to another folder")
    func link() throws {
        for release in ["r1", "r2"] {
            mkdir("\(self.folder.path)/\(release)", 0o700)
            try self.folder.write("\(release)/\(release).so", "1")
        }
        let path = "\(self.folder.path)/current"
        symlink("r1", path)
        let events = FolderEvents(path)
        symlink("r2", "\(self.folder.path)/new")
        rename("\(self.folder.path)/new", path)
        var wait = pollfd(fd: events.descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&wait, 1, 60_000) == 1)
        while events.drain() {}
        events.arm()
        #expect(DropInFolder.list(path).modules.map(\.name) == ["r2"])
        try self.folder.write("r2/more.so", "1")
        #expect(poll(&wait, 1, 60_000) == 1)
    }
}
