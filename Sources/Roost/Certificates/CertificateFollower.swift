import Glibc
package import HTTPServer
package import HTTPTLS
package import Logging
package import RoostSettings
import RoostSystem

/// The certificates of a server: reads and checks their files, and reads them again when they have changed. For one
/// thread at a time.
///
/// A certificate and its key are two files, which are not replaced at once: changed files are read when they have been
/// unchanged for `quiet`. Files that cannot be used are logged once, and the previous certificates stay in use.
package final class CertificateFollower {
    package private(set) var files: TLSFiles
    private let trust: FileTrust
    /// How the listeners treat client certificates.
    private let clients: Set<ListenerSecurity.ClientCertificates>
    private let logger: Logger
    /// The states of the files when they were read last.
    private var read: [FileMark?]
    /// The states of changed files, and when they were seen first, in milliseconds.
    private var changed: (marks: [FileMark?], since: Int)?
    private var nextLook = 0
    private var nextWarning = 0
    /// The certificates in use.
    package private(set) var settings: TLSSettings
    package private(set) var summaries: [CertificateSummary]

    /// The time between two looks at the files, in milliseconds.
    private static let pace = 500
    /// How long changed files must be unchanged, in milliseconds.
    private static let quiet = 500
    /// How often a certificate that ends soon is logged, in milliseconds.
    private static let warningPace = 86_400_000
    /// The days before its end from which on a certificate is logged.
    private static let warningDays = 14

    /// Reads the files. Throws `HostError`.
    package init(
        _ files: TLSFiles, trust: FileTrust, clients: Set<ListenerSecurity.ClientCertificates>, _ logger: Logger
    ) throws {
        self.files = files
        self.trust = trust
        self.clients = clients
        self.logger = logger
        self.read = Self.marks(of: files)
        let found = try Self.load(files, trust, clients)
        self.settings = found.settings
        self.summaries = found.summaries
        self.hintAtRSA()
    }

    private static func marks(of files: TLSFiles) -> [FileMark?] { files.paths.map { FileMark(of: $0) } }

    private static func load(
        _ files: TLSFiles, _ trust: FileTrust, _ clients: Set<ListenerSecurity.ClientCertificates>
    ) throws -> (settings: TLSSettings, summaries: [CertificateSummary]) {
        let settings = try files.read(trust: trust)
        return (settings, try TLSContexts.checked(settings, needed: clients).summaries)
    }

    /// When `poll` has to be called next, in milliseconds.
    package var due: Int { min(self.nextLook, self.nextWarning) }

    /// Looks at the files if it is time. Returns changed certificates that are to be used; else nil.
    package func poll(now: Int) -> TLSSettings? {
        if now >= self.nextWarning {
            self.nextWarning = now + Self.warningPace
            self.warn()
        }
        guard now >= self.nextLook else { return nil }
        self.nextLook = now + Self.pace
        let marks = Self.marks(of: self.files)
        guard marks != self.read else {
            self.changed = nil
            return nil
        }
        guard let changed, changed.marks == marks else {
            self.changed = (marks, now)
            return nil
        }
        guard now - changed.since >= Self.quiet else { return nil }
        self.changed = nil
        // The reason is logged.
        return try? self.reload()
    }

    /// Reads the files now. Returns the certificates if they have changed, else nil. Throws `HostError` if they cannot be
    /// used, and logs that.
    package func reload(_ files: TLSFiles? = nil) throws -> TLSSettings? {
        let files = files ?? self.files
        let marks = Self.marks(of: files)
        do {
            let found = try Self.load(files, self.trust, self.clients)
            (self.files, self.read) = (files, marks)
            guard found.settings != self.settings else { return nil }
            self.settings = found.settings
            self.summaries = found.summaries
            self.logger.log(
                .certificatesChanged, ["names": "\(found.summaries.flatMap(\.names).joined(separator: ","))"])
            self.hintAtRSA()
            self.warn()
            return found.settings
        } catch {
            self.read = marks
            self.logger.log(.certificatesRefused, ["reason": "\((error as? HostError)?.message ?? "\(error)")"])
            throw error
        }
    }

    private func hintAtRSA() {
        for summary in self.summaries where summary.isRSA {
            self.logger.log(.certificateIsRSA, ["file": "\(summary.file)"])
        }
    }

    /// Logs the certificates that end soon.
    private func warn() {
        let now = time(nil)
        for summary in self.summaries where summary.daysLeft(now: now) < Self.warningDays {
            self.logger.log(
                .certificateEnds, ["file": "\(summary.file)", "days": "\(max(summary.daysLeft(now: now), 0))"])
        }
    }
}
