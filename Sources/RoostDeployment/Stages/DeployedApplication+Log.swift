package import Logging
import RoostSettings

extension DeployedApplication {
    /// The fields of a log line about the application.
    package var logMetadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "application": "\(self.name)", "mount": "\(self.mount?.description ?? "nowhere")",
        ]
        if let prepared { metadata["generation"] = "\(prepared.hash)" }
        return metadata
    }

    /// The log line about its fault; nil: it has none.
    package var faultMessage: String? {
        self.fault.map { "\(self.name) \(self.serves ? "goes on as it was" : "does not serve"): \($0)" }
    }
}
