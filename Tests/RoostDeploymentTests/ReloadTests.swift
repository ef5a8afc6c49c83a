import CASGI
import Foundation
import RoostModules
import RoostSettings
import RoostSystem
import TestSupport
import Testing

@testable import ModuleRuntime
@testable import RoostDeployment

@Suite("Reload decisions")
struct ReloadTests {
    private func application(
        _ name: String, _ copy: String, flags: UInt32 = 0, size: Int = 1000, obstacle: String? = nil
    ) throws -> DeployedApplication {
        var image = LoadableImage(path: "\(name).so", folder: "/", staged: StagedModule(path: "/copy/\(copy)"))
        image.size = size
        image.obstacle = obstacle
        image.description = ModuleDescription()
        image.description?.flags = flags
        let entry = ApplicationEntry(
            module: try ModuleName("./\(name).so"), mount: try Mount(path: "/\(name)"), name: name, settings: nil)
        let key = ImageKey(resolved: "/\(name).so", hash: copy, symbol: "application")
        return DeployedApplication(PreparedApplication(entry, key, image))
    }

    private func obstacle(
        _ images: LoadedImages, _ deployed: DeployedApplication, images most: Int = 50, bytes: Int = 1 << 20
    ) -> String? {
        guard case .module(let application) = deployed.answerer else { return nil }
        return images.obstacle(to: application, within: LoadedImages.Allowance(images: most, bytes: bytes))
    }

    @Test("a loaded image and the first one of a file have no obstacle; the next one has that of its file")
    func obstacles() throws {
        var images = LoadedImages([try self.application("a", "1")])
        #expect(self.obstacle(images, try self.application("a", "1", obstacle: "it is odd")) == nil)
        #expect(self.obstacle(images, try self.application("b", "2", obstacle: "it is odd")) == nil)
        #expect(self.obstacle(images, try self.application("a", "2", obstacle: "it is odd")) == "it is odd")
        let flagged = try self.application("a", "3", flags: ASGI_RELOAD_PROCESS)
        #expect(self.obstacle(images, flagged)?.contains("ASGI_RELOAD_PROCESS") == true)
        // A generation that requested a process of its own does not share it with the next one either.
        images = LoadedImages([flagged])
        #expect(self.obstacle(images, try self.application("a", "4"))?.contains("ASGI_RELOAD_PROCESS") == true)
    }

    @Test("the allowance limits generations loaded in place of others, by number and by bytes")
    func allowance() throws {
        var images = LoadedImages([try self.application("a", "1"), try self.application("b", "1b")])
        for copy in 2...4 {
            #expect(self.obstacle(images, try self.application("a", "\(copy)"), images: 3, bytes: 3000) == nil)
            images.load(try self.application("a", "\(copy)"))
            images.load(try self.application("a", "\(copy)"))
        }
        let next = try self.application("a", "5")
        #expect(self.obstacle(images, next, images: 3)?.contains("3 generations (--limit-images)") == true)
        #expect(self.obstacle(images, next, bytes: 3999)?.contains("3000 bytes (--limit-image-bytes)") == true)
        #expect(self.obstacle(images, next, images: 4, bytes: 4000) == nil)
        #expect(self.obstacle(images, try self.application("c", "6"), images: 3, bytes: 3000) == nil)
    }

    @Test("a change is reported when stable, a removal when it lasts; accepted states are stable at once")
    func debounce() {
        var files = Debounce(["a": 1, "b": 1], quiet: 50)
        #expect(files.update(["a": 2, "b": 1], now: 0) == [])
        #expect(files.due == 50)
        #expect(files.update(["a": 3, "b": 1], now: 40) == [])
        #expect(files.update(["a": 3, "b": 1], now: 89) == [])
        #expect(files.update(["a": 3], now: 90) == ["a"])
        #expect(files.update(["a": 3], now: 90 + Debounce<Int>.absence) == ["b"])
        #expect(files.stable == ["a": 3])
        #expect(files.update(["a": 4], now: 2000) == [])
        files.accept(["a": 4])
        #expect(files.due == nil)
        #expect(files.update(["a": 4], now: 3000) == [])
    }

    @Test("one build runs at a time; a newer change cancels it, but not without limit")
    func builds() {
        var builds = BuildMachine()
        func expect(_ step: BuildMachine.Step, _ wanted: BuildMachine.Step, at place: SourceLocation = #_sourceLocation)
        {
            #expect(step == wanted, sourceLocation: place)
        }
        expect(builds.changed(), .start)
        expect(builds.changed(), .cancel)
        expect(builds.changed(), .nothing)
        // The cancelled build has ended; its result does not matter.
        expect(builds.ended(well: true), .start)
        expect(builds.ended(well: false), .failed(again: false))
        #expect(!builds.isRunning)
        expect(builds.changed(), .start)
        for _ in 1...BuildMachine.maxCancellations {
            expect(builds.changed(), .cancel)
            expect(builds.ended(well: false), .start)
        }
        expect(builds.changed(), .nothing)
        expect(builds.ended(well: true), .reload(again: true))
        expect(builds.ended(well: true), .reload(again: false))
        #expect(!builds.isRunning)
    }

    @Test(
        "sources are chosen by name, without hidden files and build output; given patterns override the usual ones")
    func sources() throws {
        let folder = try TemporaryFolder()
        for file in [
            "a.c", "deep/b.swift", "deep/page.html", ".hidden.c", ".build/x.c", "build/y.c", "c.so", "d.c~",
            "deep/gone.c",
        ] { try folder.write(file, "") }
        symlink(folder.path, "\(folder.path)/deep/loop")
        func names(_ includes: [String] = [], _ excludes: [String] = []) -> [String] {
            SourceTree([folder.path], includes: includes, excludes: excludes).scan().files.keys.map {
                String($0.dropFirst(folder.path.count + 1))
            }.sorted()
        }
        #expect(names() == ["a.c", "deep/b.swift", "deep/gone.c"])
        #expect(names(["*.html", "build"], ["deep/gone.c"]) == ["a.c", "build/y.c", "deep/b.swift", "deep/page.html"])
        #expect(names([], ["*.c", "deep"]) == [])
        #expect(SourceTree(["\(folder.path)/nowhere"]).scan().files.isEmpty)
    }

    @Test("a request names applications by name or mount, with others of their file; an unknown name is an error")
    func requests() throws {
        func declared(_ name: String, file: String) throws -> DeclaredApplication {
            let entry = ApplicationEntry(
                module: try ModuleName("./\(file).so"), mount: try Mount(path: "/at-\(name)"), name: name, settings: nil
            )
            return DeclaredApplication(
                entry,
                .success(
                    PreparedApplication(
                        entry, ImageKey(resolved: "/\(file).so", hash: "1", symbol: "application"),
                        LoadableImage(path: "\(file).so", folder: "/", staged: StagedModule(path: "/copy/\(file)")))))
        }
        let all = [
            try declared("wiki", file: "w"), try declared("other", file: "w"), try declared("shop", file: "s"),
        ]
        func keys(_ names: String...) throws -> Set<String>? {
            try ReloadRequest(names: Set(names)).keys(among: [], all)
        }
        #expect(try keys() == nil)
        #expect(try keys("wiki") == ["/at-wiki", "/at-other"])
        #expect(try keys("/at-shop") == ["/at-shop"])
        let message = #expect(throws: HostError.self) { try keys("shup") }?.message
        #expect(message == "no application 'shup'; did you mean shop?")

        var roster = Roster()
        _ = roster.update(to: all)
        #expect(roster.update(to: all, only: ["/at-shop"]).isEmpty)
        let forced = ReloadRequest(isAsked: true, isForced: true)
        #expect(roster.update(to: all, for: forced, only: ["/at-shop"]).renewed == [3])
        // Applications that are not named are not removed either.
        #expect(roster.update(to: [], only: ["/at-shop"]).removed == [3])
        let sent = ReloadRequest(names: ["a", "/b c"], isAsked: true, isForced: true, inNewWorkers: true)
        var buffer = MessageBuffer<ReloadRequest>(limit: 1000)
        #expect(try buffer.receive(MessageFrame.encode(sent)) == [sent])
    }

    @Test("a report has the last result of each application, or says that nothing was reloaded")
    func report() {
        var report = ReloadReport()
        #expect(report.text == ReloadReport.nothing)
        report.fail(2, "refused")
        report.fail(3, "refused")
        report.succeed(1, "one: done")
        #expect(report.text == "one: done")
        #expect(report.fault == "refused")
        report.succeed(2, "two: done")
        report.succeed(3, "three: done")
        #expect(report.fault == nil)
        #expect(report.text == "one: done\ntwo: done\nthree: done")
    }

    @Test("a failed generation is tried again only on request; restoring the old file clears the fault")
    func refused() throws {
        func declared(_ copy: String) throws -> DeclaredApplication {
            guard case .module(let application) = try self.application("a", copy).answerer else {
                throw CancellationError()
            }
            let entry = ApplicationEntry(
                module: try ModuleName("./a.so"), mount: try Mount(path: "/a"), name: "a", settings: nil)
            return DeclaredApplication(entry, .success(application))
        }
        var roster = Roster()
        _ = roster.update(to: [try declared("1")])
        let old = roster
        #expect(roster.update(to: [try declared("2")]).renewed == [1])
        roster.restore(1, from: old, because: "no database")
        #expect(roster[1]?.prepared?.hash == "1")
        #expect(roster.update(to: [try declared("2")]).isEmpty)
        #expect(roster[1]?.fault == "no database")
        var asked = roster
        #expect(asked.update(to: [try declared("2")], for: ReloadRequest(isAsked: true)).renewed == [1])
        #expect(roster.update(to: [try declared("1")]).isEmpty)
        #expect(roster[1]?.fault == nil)
        #expect(roster.update(to: [try declared("2")]).renewed == [1])
    }
}
