package import Logging
import RoostSettings

extension Roster.Member {
    /// What a log line about it says.
    package var logMetadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "application": "\(self.name)", "mount": "\(self.mount?.description ?? "nowhere")",
        ]
        if let application = self.application { metadata["generation"] = "\(application.hash)" }
        return metadata
    }
}
