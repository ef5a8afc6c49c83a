import Glibc
package import Logging
package import RoostDeployment
package import RoostModules
import RoostSystem

/// Follows the drop-in folders of a host that has no supervisor, on a thread of its own: a new file is mounted, a removed one unmounted, another file
/// under the same name replaces the one before.
package final class DropInFollower: Sendable {
    private struct State {
        var roster: Roster
        var look: Deployment.Look
        /// The images that this process has loaded.
        var images: LoadedImages
    }

    private let host: Host
    private let deployment: Deployment
    private let run: RunDirectory
    private let logger: Logger
    /// For its one thread.
    private nonisolated(unsafe) let folders: DropInFolders
    private nonisolated(unsafe) var state: State

    /// `look`: the look that the host was made with.
    package init(_ host: Host, _ deployment: Deployment, _ look: Deployment.Look, run: RunDirectory, logger: Logger) {
        self.host = host
        self.deployment = deployment
        self.run = run
        self.logger = logger
        self.folders = DropInFolders(look.listings, quiet: deployment.quiet)
        var roster = Roster()
        _ = roster.want(look.candidates)
        self.state = State(roster: roster, look: look, images: LoadedImages(roster.installed))
    }

    /// Starts the thread, which lives as long as the process. Does nothing without folders. Throws `HostError`.
    package func start() throws {
        guard !self.deployment.folders.isEmpty else { return }
        guard DetachedThread.start({ self.follow() }) else {
            throw HostError(code: .exhausted, message: "no thread to follow the drop-in folders with")
        }
    }

    private func follow() {
        var isTaken = true
        while true {
            var waits = self.folders.waits
            let due = self.folders.due ?? .max
            _ = poll(&waits, nfds_t(waits.count), CInt(clamping: max(due - MonotonicClock.milliseconds, 0)))
            let hasChanged = self.folders.look(now: MonotonicClock.milliseconds)
            // What could not be acted on is tried again at the next look.
            if hasChanged || !isTaken { isTaken = self.take() }
        }
    }

    /// Acts on what has changed. False: it could not.
    private func take() -> Bool {
        do {
            let known = self.state.roster.members.compactMap(\.application)
            let look = try self.deployment.look(
                at: self.folders.listings, since: self.state.look, run: self.run, known: known)
            var roster = self.state.roster
            let change = roster.want(look.candidates)
            self.state.look = look
            guard !change.isEmpty, let running = self.host.current else {
                self.tell(roster)
                return true
            }
            let numbers = (change.added + change.renewed).sorted()
            var failures = self.obstacles(to: numbers, in: roster)
            let wanted = numbers.filter { number in !failures.contains { $0.number == number } }.compactMap {
                roster.installed($0)
            }
            for application in wanted { self.state.images.load(application) }
            failures += try Blocking.wait { await running.prepare(wanted, for: "folder") }
            for failure in failures {
                roster.restore(failure.number, from: self.state.roster, because: failure.message)
            }
            let faulty = failures.compactMap { roster.installed($0.number, ifNew: self.state.roster) }
            let mounted = Set(numbers).subtracting(failures.map(\.number))
            try Blocking.wait {
                await running.commit("folder", mounting: mounted, removing: Set(change.removed), faulty)
            }
            for number in change.removed {
                if let member = self.state.roster[number] {
                    self.logger.info("unmounted", metadata: member.logMetadata)
                }
            }
            for number in mounted.sorted() {
                // What does not serve is told of below.
                guard let member = roster[number], member.serves else { continue }
                let isNew = self.state.roster[number]?.serves != true
                self.logger.info(isNew ? "mounted" : "reloaded", metadata: member.logMetadata)
            }
            self.tell(roster)
            return true
        } catch {
            self.logger.error("\(error)")
            return false
        }
    }

    /// Why applications cannot be loaded by this process, which is the only one.
    private func obstacles(to numbers: [UInt32], in roster: Roster) -> [RunningHost.Failure] {
        numbers.compactMap { number in
            guard let application = roster[number]?.application,
                let why = self.state.images.obstacle(to: application, within: self.deployment.workers.allowance)
            else { return nil }
            return RunningHost.Failure(
                number: number,
                message:
                    "\(application.path): cannot be loaded beside the one there is, since \(why): it takes a restart, or a supervisor"
            )
        }
    }

    /// Logs each new fault once, and keeps the roster.
    private func tell(_ roster: Roster) {
        for member in roster.members {
            guard let complaint = member.complaint, self.state.roster[member.number]?.fault != member.fault else {
                continue
            }
            self.logger.error("\(complaint)", metadata: member.logMetadata)
        }
        self.state.roster = roster
    }
}
