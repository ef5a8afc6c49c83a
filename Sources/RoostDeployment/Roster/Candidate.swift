import RoostSettings
import RoostSystem

/// An application that may be served: where it belongs, and whether it can be had.
package struct Candidate: Sendable {
    /// Tells it from all others, over reloads: where it is mounted, or its file.
    package let key: String
    package let name: String
    package let place: String
    /// Nil: nobody knows where it belongs.
    let mount: Mount?
    package let isRequired: Bool
    package let group: String?
    package private(set) var outcome: ApplicationPreparation.Outcome
    /// Its module's, where that is named by a path.
    package let file: String?

    init(_ entry: ApplicationEntry, _ outcome: ApplicationPreparation.Outcome) {
        self.key = entry.mount.description + (entry.group.map { " @\($0)" } ?? "")
        self.group = entry.group
        self.place = entry.place
        self.mount = entry.mount
        self.isRequired = entry.isRequired
        self.outcome = outcome
        self.name = (try? outcome.get().name) ?? entry.name ?? entry.module.text
        if case .path(let path) = entry.module.place { self.file = path } else { self.file = nil }
    }

    /// The same, which cannot be had.
    func failing(_ fault: HostError) -> Candidate {
        var candidate = self
        candidate.outcome = .failure(fault)
        return candidate
    }

    /// `old`: what the file was when it made sense.
    init(_ found: DropInFolder.Module, _ fault: HostError, old: Candidate?) {
        self.key = old?.key ?? found.path
        self.name = old?.name ?? found.name
        self.place = found.path
        self.mount = old?.mount
        self.group = old?.group
        self.isRequired = false
        self.outcome = .failure(fault)
        self.file = found.path
    }
}
