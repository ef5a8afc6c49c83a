import ModuleRuntime
import RoostModules
import RoostSettings
import RoostSystem
import Testing

@testable import RoostDeployment

@Suite("The roster of applications")
struct RosterTests {
    /// A scanned application that is mounted at its name. `version`: nil if it could not be prepared.
    private func declared(
        _ name: String, _ version: String?, group: String? = nil, settings: String? = nil,
        wrappedBy wrappers: [String] = []
    ) throws -> DeclaredApplication {
        var entry = ApplicationEntry(
            module: try ModuleName("./\(name).so"), mount: try Mount(path: "/\(name)"), name: name, settings: settings)
        entry.group = group
        guard let version else {
            return DeclaredApplication(entry, .failure(HostError(code: .module, message: "\(name) is broken")))
        }
        var application = PreparedApplication(
            entry, ImageKey(resolved: "/\(name).so", hash: version, symbol: "application"),
            LoadableImage(path: "\(name).so", folder: "/", staged: StagedModule(path: "/copy/\(version)")))
        application.wrappers = wrappers
        application.settingsModule = settings.map { SettingsModule(name: $0, origin: .option) }
        return DeclaredApplication(entry, .success(application))
    }

    private func serving(_ roster: Roster) -> [String] {
        roster.applications.map { "\($0.name) \($0.serves ? $0.prepared?.hash ?? "" : "-")" }
    }

    @Test("applications are added, removed and renewed; they keep their numbers, which are never reused")
    func changes() throws {
        var roster = Roster()
        var change = roster.update(to: [try self.declared("a", "1"), try self.declared("b", "1")])
        #expect(change.added == [1, 2])
        change = roster.update(to: [try self.declared("a", "1"), try self.declared("b", "1")])
        #expect(change.isEmpty)
        change = roster.update(to: [try self.declared("b", "2"), try self.declared("c", "1")])
        #expect(change.removed == [1])
        #expect(change.renewed == [2])
        #expect(change.added == [3])
        #expect(roster[2]?.previous?.hash == "1")
        change = roster.update(to: [try self.declared("b", "2", settings: "other"), try self.declared("c", "1")])
        #expect(change.added == [])
        #expect(change.renewed == [2])
        change = roster.update(to: [])
        #expect(change.removed == [2, 3])
        change = roster.update(to: [try self.declared("a", "1")])
        #expect(change.added == [4])
    }

    @Test("an application that cannot be prepared keeps its generation; a new one gets a stand-in")
    func failures() throws {
        var roster = Roster()
        _ = roster.update(to: [try self.declared("a", "1"), try self.declared("b", nil)])
        #expect(self.serving(roster) == ["a 1", "b -"])
        guard case .standIn(.notStarted)? = roster[2]?.answerer else {
            Issue.record("b is not answered for")
            return
        }
        let change = roster.update(to: [try self.declared("a", nil), try self.declared("b", nil)])
        #expect(change.isEmpty)
        #expect(change.failed == [1, 2])
        #expect(self.serving(roster) == ["a 1", "b -"])
        #expect(roster[1]?.fault == "a is broken")
        #expect(roster.update(to: [try self.declared("a", "1"), try self.declared("b", "1")]).renewed == [2])
        #expect(roster[1]?.fault == nil)
    }

    @Test("a quarantined application goes back to its previous generation or gets a stand-in; another file ends it")
    func quarantine() throws {
        var roster = Roster()
        _ = roster.update(to: [try self.declared("a", "1")])
        _ = roster.update(to: [try self.declared("a", "2")])
        #expect(roster.quarantine("2", "crashed", unless: { _ in false }).map(\.number) == [1])
        #expect(self.serving(roster) == ["a 1"])
        #expect(roster[1]?.fault == "crashed")
        #expect(roster.quarantine("1", "crashed", unless: { _ in false }).map(\.isQuarantined) == [true])
        guard case .standIn(.quarantined)? = roster[1]?.answerer else {
            Issue.record("it is not answered for")
            return
        }
        #expect(roster.update(to: [try self.declared("a", "1")]).isEmpty)
        #expect(roster[1]?.isQuarantined == true)
        #expect(roster.update(to: [try self.declared("a", "3")]).renewed == [1])
        #expect(self.serving(roster) == ["a 3"])
        // A quarantined generation is not restored.
        _ = roster.update(to: [try self.declared("a", "4")])
        #expect(roster.quarantine("4", "crashed", unless: { $0 == "3" }).map(\.isQuarantined) == [true])
    }

    @Test("an application that goes back keeps those that wrap it now: they may protect it")
    func quarantineOfWrapped() throws {
        var roster = Roster()
        _ = roster.update(to: [try self.declared("a", "1")])
        _ = roster.update(to: [try self.declared("a", "2")])
        _ = roster.update(to: [try self.declared("a", "2", wrappedBy: ["auth"])])
        #expect(roster.quarantine("2", "crashed", unless: { _ in false }).map(\.number) == [1])
        #expect(self.serving(roster) == ["a 1"])
        #expect(roster[1]?.wrappers == ["auth"])
    }

    @Test("a quarantine does not concern an application with the same file in the workers of another group")
    func quarantineOfAnotherGroup() throws {
        var roster = Roster()
        _ = roster.update(to: [try self.declared("a", "1"), try self.declared("b", "1", group: "g")])
        roster = roster.view(of: nil)
        #expect(roster.quarantine("1", "crashed", unless: { _ in false }).map(\.name) == ["a"])
        #expect(roster[2]?.isQuarantined == false)
    }

    @Test("an application that did not start is restored, or gets a stand-in and is tried again")
    func starts() throws {
        var old = Roster()
        _ = old.update(to: [try self.declared("a", "1")])
        var roster = old
        _ = roster.update(to: [try self.declared("a", "1", settings: "other"), try self.declared("b", "1")])
        for number: UInt32 in [1, 2] { roster.restore(number, from: old, because: "refused") }
        #expect(roster[1]?.prepared?.settingsModule == nil)
        #expect(self.serving(roster) == ["a 1", "b -"])
        #expect(roster.retryAll() == [2])
        #expect(self.serving(roster) == ["a 1", "b 1"])
        #expect(roster.retryAll() == [])
    }

    @Test(
        "a group has its own applications, accepting workers have all; another group makes another application")
    func groups() throws {
        var roster = Roster()
        _ = roster.update(to: [try self.declared("a", "1"), try self.declared("b", "1", group: "g")])
        #expect(roster.groups == ["g"])
        #expect(roster.view(of: "g").applications.map(\.number) == [2])
        let front = roster.view(of: nil).applications
        #expect(front.map(\.number) == [1, 2])
        guard case .group("g") = front[1].answerer else {
            Issue.record("\(front[1].answerer)")
            return
        }
        let old = roster
        let change = roster.update(to: [try self.declared("a", "1"), try self.declared("b", "1")])
        #expect(change.removed == [2])
        #expect(change.added == [3])
        let steps = MountStep.steps(of: change, from: old, to: roster, begun: 0)
        #expect(steps.map(\.group) == [nil, "g"])
        #expect(steps[0].numbers == [3])
        #expect(steps[0].removed == [2])
        #expect(steps[1].removed == [2])
        // In the other direction the group gets the application first.
        let back = MountStep.steps(
            of: RosterChange(added: [2], removed: [3]), from: roster, to: old, begun: 0)
        #expect(back.map(\.group) == ["g", nil])
    }
}
