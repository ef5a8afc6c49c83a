import RoostSettings
package import RoostSystem

/// The report of `roost status`: as JSON for programs, as tables for people.
package struct StatusReport: Equatable {
    package struct Worker: Equatable {
        package var pid = 0
        /// `starting`, `ready`, `draining`, `gone`, or `stands in`.
        package var state = ""
        /// When the worker was started, in seconds since 1970.
        package var since = 0
        package var generation = ""
        package var requests = 0
        var errors = 0
        package var connections = 0
        package var unfinished = 0
        /// Resident memory, in bytes.
        package var memory = 0
        /// The worker group. Empty for workers that accept client connections.
        package var group = ""
    }

    package struct Application: Equatable {
        package var name = ""
        package var version = ""
        package var module = ""
        package var mount = "/"
        package var generation = ""
        /// `serving`, `quarantined` or `failing`.
        package var state = ""
        /// Why the application does not serve, or why a newer file on disk was not loaded.
        package var fault = ""
        /// The worker group that runs the application. Empty for workers that accept client connections.
        package var group = ""
    }

    /// A certificate of the server.
    package struct Certificate: Equatable {
        package var file = ""
        package var names: [String] = []
        /// When it ends to be valid, in seconds since 1970.
        package var ends = 0
    }

    package var version = ""
    package var pid = 0
    package var since = 0
    package var state = ""
    package var certificates: [Certificate] = []
    package internal(set) var addresses: [String] = []
    package var workers: [Worker] = []
    package var applications: [Application] = []
    package var crashes = 0
    var restarts = 0
    var lastCrash = ""

    package init() {}

    /// The report as one line of JSON.
    package var json: String {
        func object(_ members: [(String, String)]) -> String {
            "{" + members.map { "\(JSONString.quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
        }
        func list(_ members: [String]) -> String { "[" + members.joined(separator: ",") + "]" }
        let workers = self.workers.map { worker in
            object([
                ("pid", "\(worker.pid)"), ("state", JSONString.quoted(worker.state)), ("since", "\(worker.since)"),
                ("generation", JSONString.quoted(worker.generation)), ("requests", "\(worker.requests)"),
                ("errors", "\(worker.errors)"), ("connections", "\(worker.connections)"),
                ("unfinished", "\(worker.unfinished)"), ("memory", "\(worker.memory)"),
                ("group", JSONString.quoted(worker.group)),
            ])
        }
        let applications = self.applications.map { application in
            object([
                ("name", JSONString.quoted(application.name)), ("version", JSONString.quoted(application.version)),
                ("module", JSONString.quoted(application.module)), ("mount", JSONString.quoted(application.mount)),
                ("generation", JSONString.quoted(application.generation)),
                ("state", JSONString.quoted(application.state)),
                ("fault", JSONString.quoted(application.fault)), ("group", JSONString.quoted(application.group)),
            ])
        }
        let certificates = self.certificates.map { certificate in
            object([
                ("file", JSONString.quoted(certificate.file)),
                ("names", list(certificate.names.map(JSONString.quoted))), ("ends", "\(certificate.ends)"),
            ])
        }
        return object([
            ("roost", JSONString.quoted(self.version)), ("pid", "\(self.pid)"), ("since", "\(self.since)"),
            ("state", JSONString.quoted(self.state)), ("addresses", list(self.addresses.map(JSONString.quoted))),
            ("certificates", list(certificates)),
            ("workers", list(workers)), ("applications", list(applications)), ("crashes", "\(self.crashes)"),
            ("restarts", "\(self.restarts)"), ("lastCrash", JSONString.quoted(self.lastCrash)),
        ]) + "\n"
    }
}

extension StatusReport: MessageCodable {
    package func encode(to writer: inout MessageWriter) {
        writer.write(self.version)
        writer.write(self.pid)
        writer.write(self.since)
        writer.write(self.state)
        writer.write(self.addresses)
        writer.write(self.certificates)
        writer.write(self.workers)
        writer.write(self.applications)
        writer.write(self.crashes)
        writer.write(self.restarts)
        writer.write(self.lastCrash)
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self.version = try reader.read()
        self.pid = try reader.read()
        self.since = try reader.read()
        self.state = try reader.read()
        self.addresses = try reader.readList()
        self.certificates = try reader.readList()
        self.workers = try reader.readList()
        self.applications = try reader.readList()
        self.crashes = try reader.read()
        self.restarts = try reader.read()
        self.lastCrash = try reader.read()
    }
}

extension StatusReport.Certificate: MessageCodable {
    package func encode(to writer: inout MessageWriter) {
        writer.write(self.file)
        writer.write(self.names)
        writer.write(self.ends)
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self.file = try reader.read()
        self.names = try reader.readList()
        self.ends = try reader.read()
    }
}

extension StatusReport.Worker: MessageCodable {
    package func encode(to writer: inout MessageWriter) {
        for number in [
            self.pid, self.since, self.requests, self.errors, self.connections, self.unfinished, self.memory,
        ] {
            writer.write(number)
        }
        for text in [self.state, self.generation, self.group] { writer.write(text) }
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self.pid = try reader.read()
        self.since = try reader.read()
        self.requests = try reader.read()
        self.errors = try reader.read()
        self.connections = try reader.read()
        self.unfinished = try reader.read()
        self.memory = try reader.read()
        self.state = try reader.read()
        self.generation = try reader.read()
        self.group = try reader.read()
    }
}

extension StatusReport.Application: MessageCodable {
    package func encode(to writer: inout MessageWriter) {
        for text in [
            self.name, self.version, self.module, self.mount, self.generation, self.state, self.fault, self.group,
        ] { writer.write(text) }
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self.name = try reader.read()
        self.version = try reader.read()
        self.module = try reader.read()
        self.mount = try reader.read()
        self.generation = try reader.read()
        self.state = try reader.read()
        self.fault = try reader.read()
        self.group = try reader.read()
    }
}
