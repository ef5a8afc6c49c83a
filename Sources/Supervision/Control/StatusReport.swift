import RoostSettings
import Yams

/// What `roost status` tells: as JSON between the processes and for programs, as tables for people.
package struct StatusReport: Equatable {
    package struct Worker: Equatable {
        package var pid = 0
        /// starting, ready, draining; or what it stands in for.
        package var state = ""
        /// Seconds of the calendar.
        package var since = 0
        package var generation = ""
        package var requests = 0
        var errors = 0
        package var connections = 0
        package var unfinished = 0
        /// Bytes, resident.
        package var memory = 0
        /// Empty: it accepts.
        package var group = ""
    }

    package struct Application: Equatable {
        package var name = ""
        package var version = ""
        package var module = ""
        package var mount = "/"
        package var generation = ""
        /// serving, reloading, quarantined or failing.
        package var state = ""
        /// Why it does not serve, or why what is on disk does not.
        package var fault = ""
        /// The group whose workers have it; empty: those that accept.
        package var group = ""
    }

    package var version = ""
    package var pid = 0
    package var since = 0
    package var state = ""
    package internal(set) var addresses: [String] = []
    package var workers: [Worker] = []
    package var applications: [Application] = []
    package var crashes = 0
    var restarts = 0
    var lastCrash = ""

    package init() {}

    // MARK: JSON

    /// One line.
    package var json: String {
        func object(_ members: [(String, String)]) -> String {
            "{" + members.map { "\(JSONText.quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
        }
        func list(_ members: [String]) -> String { "[" + members.joined(separator: ",") + "]" }
        let workers = self.workers.map { worker in
            object([
                ("pid", "\(worker.pid)"), ("state", JSONText.quoted(worker.state)), ("since", "\(worker.since)"),
                ("generation", JSONText.quoted(worker.generation)), ("requests", "\(worker.requests)"),
                ("errors", "\(worker.errors)"), ("connections", "\(worker.connections)"),
                ("unfinished", "\(worker.unfinished)"), ("memory", "\(worker.memory)"),
                ("group", JSONText.quoted(worker.group)),
            ])
        }
        let applications = self.applications.map { application in
            object([
                ("name", JSONText.quoted(application.name)), ("version", JSONText.quoted(application.version)),
                ("module", JSONText.quoted(application.module)), ("mount", JSONText.quoted(application.mount)),
                ("generation", JSONText.quoted(application.generation)), ("state", JSONText.quoted(application.state)),
                ("fault", JSONText.quoted(application.fault)), ("group", JSONText.quoted(application.group)),
            ])
        }
        return object([
            ("roost", JSONText.quoted(self.version)), ("pid", "\(self.pid)"), ("since", "\(self.since)"),
            ("state", JSONText.quoted(self.state)), ("addresses", list(self.addresses.map(JSONText.quoted))),
            ("workers", list(workers)), ("applications", list(applications)), ("crashes", "\(self.crashes)"),
            ("restarts", "\(self.restarts)"), ("lastCrash", JSONText.quoted(self.lastCrash)),
        ]) + "\n"
    }

    /// Nil: it is none.
    package init?(json: String) {
        guard let root = try? Yams.compose(yaml: json), root["roost"] != nil else { return nil }
        func text(_ node: Node, _ key: String) -> String { node[key]?.scalar?.string ?? "" }
        func number(_ node: Node, _ key: String) -> Int { node[key]?.int ?? 0 }
        self.version = text(root, "roost")
        self.pid = number(root, "pid")
        self.since = number(root, "since")
        self.state = text(root, "state")
        self.addresses = root["addresses"]?.sequence?.compactMap { $0.scalar?.string } ?? []
        self.crashes = number(root, "crashes")
        self.restarts = number(root, "restarts")
        self.lastCrash = text(root, "lastCrash")
        for node in root["workers"]?.sequence ?? [] {
            var worker = Worker()
            worker.pid = number(node, "pid")
            worker.state = text(node, "state")
            worker.since = number(node, "since")
            worker.generation = text(node, "generation")
            worker.requests = number(node, "requests")
            worker.errors = number(node, "errors")
            worker.connections = number(node, "connections")
            worker.unfinished = number(node, "unfinished")
            worker.memory = number(node, "memory")
            worker.group = text(node, "group")
            self.workers.append(worker)
        }
        for node in root["applications"]?.sequence ?? [] {
            var application = Application()
            application.name = text(node, "name")
            application.version = text(node, "version")
            application.module = text(node, "module")
            application.mount = text(node, "mount")
            application.generation = text(node, "generation")
            application.state = text(node, "state")
            application.fault = text(node, "fault")
            application.group = text(node, "group")
            self.applications.append(application)
        }
    }
}
