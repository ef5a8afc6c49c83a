package import RoostSettings
import RoostSystem

/// An application of a start, for people.
public struct ServedApplication: Sendable {
    public let name: String
    public let version: String
    /// The file of its module, or where it was declared.
    public let module: String
    public let mount: String
    package let settingsModule: SettingsModule?
    /// The file of its settings.
    public let settingsPath: String?
    /// Why it does not serve; nil: it does.
    public let fault: String?

    package init(_ member: Roster.Member) {
        self.name = member.name
        self.version = member.application?.version ?? ""
        self.module = member.application?.path ?? member.place
        self.mount = member.mount?.description ?? ""
        self.settingsModule = member.application?.settingsModule
        self.settingsPath = member.application?.settingsPath
        self.fault = member.serves ? nil : member.fault
    }

    package init(_ installed: InstalledApplication) {
        var application: PreparedApplication?
        if case .module(let prepared) = installed.work { application = prepared }
        self.name = installed.name
        self.version = application?.version ?? ""
        self.module = application?.path ?? ""
        self.mount = installed.mount.description
        self.settingsModule = application?.settingsModule
        self.settingsPath = application?.settingsPath
        self.fault = nil
    }

    package init(_ candidate: Candidate) {
        let application = try? candidate.outcome.get()
        self.name = candidate.name
        self.version = application?.version ?? ""
        self.module = application?.path ?? candidate.place
        self.mount = candidate.mount?.description ?? ""
        self.settingsModule = application?.settingsModule
        self.settingsPath = application?.settingsPath
        if case .failure(let error) = candidate.outcome { self.fault = error.message } else { self.fault = nil }
    }
}
