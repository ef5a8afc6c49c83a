package import Logging
import RoostSettings

extension Roster.Member {
    /// The fields of a log line about the application.
    package var logMetadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "application": "\(self.name)", "mount": "\(self.mount?.description ?? "nowhere")",
        ]
        if let application = self.application { metadata["generation"] = "\(application.hash)" }
        return metadata
    }
}
