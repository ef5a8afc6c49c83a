import Logging
package import RoostSystem

extension LoggedEvent {
    static let startupComplete = LoggedEvent(.debug, "startup complete", "An application has started in this process.")
    static let lifespanUnsupported = LoggedEvent(
        .debug, "lifespan unsupported", "The application does not handle lifespan events; it is served without them.")
    static let shutdownFailed = LoggedEvent(
        .error, "application shutdown failed", "The application answered lifespan.shutdown with a failure.")
    static let scopesCancelled = LoggedEvent(
        .warning, "unfinished requests cancelled",
        "Requests or WebSockets had not finished when the drain timeout expired.")
    static let closureFailed = LoggedEvent(
        .error, "closure failed", "A closure of the embedding program threw, or returned an invalid response.")
    static let loopsNotStopped = LoggedEvent(
        .error, "event loops did not stop", "An event loop did not stop in the shutdown: code on it does not return.")
    static let serverNotStopped = LoggedEvent(.error, "server did not stop", "The listeners could not be closed.")

    static let filesMounted = LoggedEvent(.debug, "files mounted", "The files of a folder are served at this mount.")
    static let filesHidden = LoggedEvent(
        .warning, "files not served",
        "An application is mounted at the path of a folder with static files, or its middleware is invalid.")
    static let fileUnreadable = LoggedEvent(
        .warning, "file not readable",
        "The system refuses to open a static file or its folder; clients get 404, or 503 if descriptors are exhausted.")

    static let errorPagesUnreadable = LoggedEvent(
        .warning, "error pages not read",
        "A worker cannot read the folder of --error-pages, and sends the built-in pages.")

    static let certificatesChanged = LoggedEvent(
        .info, "certificates changed", "New connections use other certificates, for these names.")
    static let certificatesRefused = LoggedEvent(
        .error, "certificates not changed", "Changed files cannot be used; the previous certificates stay in use.")
    static let certificateEnds = LoggedEvent(
        .warning, "certificate ends soon", "The certificate in this file is valid for this number of days.")
    static let certificateIsRSA = LoggedEvent(
        .info, "certificate with an RSA key", "A handshake takes twice the time of one with a P-256 key.")

    package static let ofRoost = [
        startupComplete, lifespanUnsupported, shutdownFailed, scopesCancelled, closureFailed, loopsNotStopped,
        serverNotStopped, filesMounted, filesHidden, fileUnreadable, errorPagesUnreadable, certificatesChanged,
        certificatesRefused, certificateEnds, certificateIsRSA,
    ]
}
