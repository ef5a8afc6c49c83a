import Glibc
import HTTPServer
package import RoostDeployment
import RoostModules
import RoostSystem

/// The command's side of a supervisor's control socket.
package struct ControlClient {
    /// The folder of the server, below its run directory.
    package let boot: String

    /// Finds a running server: the only one below the run directories, or the one that listens on this port. Throws
    /// `HostError` if there is none, or more than one.
    package static func find(runDirectory: String?, port: Int?) throws -> ControlClient {
        let folders = runDirectory.map { [$0] } ?? RunDirectory.defaultPaths()
        let starts = folders.flatMap { folder in
            FolderList.names(in: folder).map { "\(folder)/\($0)" }
        }.filter { access("\($0)/\(ControlSocket.name)", F_OK) == 0 }.map { ControlClient(boot: $0) }
        var live: [(ControlClient, [String])] = []
        var failure: HostError?
        for start in starts {
            do throws(Failure) {
                live.append((start, try start.askStatus().addresses))
            } catch {
                // A socket without a listener belongs to a server that has ended, or to another user.
                if case .failed = error { failure = error.error }
            }
        }
        if let failure, live.isEmpty { throw failure }
        let fitting = port.map { port in live.filter { $0.1.contains { $0.hasSuffix(":\(port)") } } } ?? live
        let names = live.map { $0.1.joined(separator: " ") }.joined(separator: ", ")
        guard let found = fitting.first else {
            let where_ = folders.joined(separator: ", ")
            throw HostError(
                code: .runDirectory,
                message: live.isEmpty
                    ? "no supervised roost of this user is running (looked in \(where_)); if it has another run directory, add --run-dir"
                    : "no roost is listening on port \(port ?? 0); running: \(names)")
        }
        guard fitting.count == 1 else {
            throw HostError(code: .usage, message: "more than one roost is running; choose one with --port: \(names)")
        }
        return found.0
    }

    /// Why a supervisor does not answer.
    private enum Failure: Error {
        case absent(HostError)
        /// The supervisor runs, but its response is invalid, since it may be another version of roost; or this process
        /// has no socket to ask it.
        case failed(HostError)

        var error: HostError {
            switch self {
            case .absent(let error), .failed(let error): error
            }
        }
    }

    /// Sends a request and waits for the response; `nil` if the supervisor ended before it responded.
    private func ask(_ request: ControlRequest) throws(Failure) -> ControlResponse? {
        let path = "\(self.boot)/\(ControlSocket.name)"
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else {
            throw .failed(
                HostError(code: .exhausted, message: "cannot create a socket: \(String(cString: strerror(errno)))"))
        }
        defer { close(descriptor) }
        guard let address = UnixAddress(path), address.with({ connect(descriptor, $0, $1) }) == 0 else {
            throw .absent(
                HostError(code: .runDirectory, message: "\(path): no answer: \(String(cString: strerror(errno)))"))
        }
        let bytes = MessageFrame.encode(request)
        guard Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else { return nil }
        var buffer = MessageBuffer<ControlResponse>(limit: Self.largestResponse)
        var part = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            do throws(MessageFault) {
                if let response = try buffer.receive(part[..<count]).first { return response }
            } catch { throw self.invalidResponse("\(error)") }
        }
    }

    private func invalidResponse(_ reason: String) -> Failure {
        .failed(
            HostError(
                code: .runDirectory,
                message:
                    "\(self.boot): the server sent an invalid answer: \(reason); use the roost command of its version, or signals"
            ))
    }

    /// The largest response, in bytes.
    private static let largestResponse = 16 << 20

    private func askStatus() throws(Failure) -> StatusReport {
        switch try self.ask(.status) {
        case .status(let report): report
        case .refused(let reason, _): throw self.invalidResponse(reason)
        case .done, nil: throw self.invalidResponse("no status")
        }
    }

    /// Returns the status of the server. Throws `HostError`.
    package func status() throws -> StatusReport {
        do throws(Failure) { return try self.askStatus() } catch { throw error.error }
    }

    /// Sends a request and waits for the response. Throws `HostError`.
    private func send(_ request: ControlRequest) throws -> ControlResponse? {
        do throws(Failure) { return try self.ask(request) } catch { throw error.error }
    }

    /// Reloads, and waits until the reload has ended.
    ///
    /// `text`: what is served now, one line each. `fault`: why something is not served; `nil` if everything is. Throws
    /// `HostError`.
    package func reload(_ request: ReloadRequest) throws -> (text: String, fault: String?) {
        switch try self.send(.reload(request)) {
        case .done(let text): (text, nil)
        case .refused(let reason, let text): (text, reason)
        case .status, nil: ("", "the supervisor exited")
        }
    }

    /// Stops the server, and waits until it has exited. Throws `HostError`.
    package func stop() throws {
        _ = try self.send(.stop)
        // The server holds this lock until it exits.
        let lock = open("\(self.boot)/lock", O_RDWR | O_CLOEXEC)
        guard lock >= 0 else { return }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0, errno == EINTR {}
    }
}
