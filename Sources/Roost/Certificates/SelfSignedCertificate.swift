import Glibc
import HTTPTLS
package import RoostSettings
import RoostSystem

/// A certificate for localhost that the server makes with the program `openssl`, for development.
package enum SelfSignedCertificate {
    /// Makes the certificate and its key in a folder that only this user can write to, unless they are there from an
    /// earlier start: a browser that was told to accept them then still does. Throws `HostError`.
    package static func make(in folder: String, trust: FileTrust) throws -> TLSFiles.Pair {
        let (certificate, key) = ("\(folder)/localhost.pem", "\(folder)/localhost.key")
        let pair = TLSFiles.Pair(certificate: certificate, key: key)
        if let settings = try? TLSFiles([pair]).read(trust: trust),
            let summary = (try? TLSContexts(settings))?.summaries.first, summary.daysLeft(now: time(nil)) > 0
        {
            return pair
        }
        guard let program = Self.program else {
            throw HostError(
                code: .usage,
                message:
                    "--tls-self-signed needs the program openssl; install it, or name a certificate with --ssl-certfile"
            )
        }
        let words = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1", "-keyout", key,
            "-out", certificate,
        ]
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let process = try ChildProcess.start(
            program, words, environment: ChildProcess.environment(), descriptors: [(null, 0), (null, 1), (null, 2)],
            purpose: "the program")
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            throw HostError(code: .settings, message: "--tls-self-signed: \(program) could not make a certificate")
        }
        return pair
    }

    private static var program: String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/openssl" }.first { access($0, X_OK) == 0 }
    }
}
