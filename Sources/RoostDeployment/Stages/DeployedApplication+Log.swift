package import Logging
import RoostSettings

extension DeployedApplication {
    /// The fields of a log line about the application.
    package var logFields: Logger.Metadata {
        var fields: Logger.Metadata = [
            "application": "\(self.name)", "mount": "\(self.mount?.description ?? "none")",
        ]
        if let prepared { fields["generation"] = "\(prepared.hash)" }
        return fields
    }

    /// The fields of a log line about a fault of the application.
    func logFields(reason: String) -> Logger.Metadata {
        self.logFields.merging(["reason": "\(reason)"]) { $1 }
    }
}
