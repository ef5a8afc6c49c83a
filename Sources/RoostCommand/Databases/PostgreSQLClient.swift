import Glibc
import RoostSettings

/// A connection to PostgreSQL by the libpq of the machine, which is loaded at run time: the server itself needs none.
struct PostgreSQLClient {
    private typealias Texts = UnsafePointer<UnsafePointer<CChar>?>
    private typealias Connect = @convention(c) (Texts, Texts, CInt) -> OpaquePointer?
    private typealias Number = @convention(c) (OpaquePointer?) -> CInt
    private typealias Message = @convention(c) (OpaquePointer?) -> UnsafePointer<CChar>?
    private typealias Finish = @convention(c) (OpaquePointer?) -> Void

    private static let library = "libpq.so.5"
    /// Used if the options have no `connect_timeout`, in seconds.
    private static let timeout = "10"

    private let connect: Connect
    private let status: Number
    private let version: Number
    private let message: Message
    private let finish: Finish

    /// Nil if the library is not installed.
    private init?() {
        guard let handle = dlopen(Self.library, RTLD_NOW | RTLD_LOCAL),
            let connect = dlsym(handle, "PQconnectdbParams"), let status = dlsym(handle, "PQstatus"),
            let version = dlsym(handle, "PQserverVersion"), let message = dlsym(handle, "PQerrorMessage"),
            let finish = dlsym(handle, "PQfinish")
        else { return nil }
        self.connect = unsafeBitCast(connect, to: Connect.self)
        self.status = unsafeBitCast(status, to: Number.self)
        self.version = unsafeBitCast(version, to: Number.self)
        self.message = unsafeBitCast(message, to: Message.self)
        self.finish = unsafeBitCast(finish, to: Finish.self)
    }

    /// Connects with these settings, and disconnects.
    static func check(_ settings: DatabaseSettings) -> DatabaseCheck {
        guard let client = PostgreSQLClient() else {
            return .untested("\(Self.library) is not installed: apt install libpq5")
        }
        let entry = settings.entry
        var parameters = [
            ("dbname", entry.database), ("host", entry.host), ("port", entry.port),
            ("user", entry.user), ("password", settings.password),
        ].compactMap { name, value in value.map { (name, $0) } }
        parameters += entry.options.map { ($0.name, $0.value) }
        if !parameters.contains(where: { $0.0 == "connect_timeout" }) {
            parameters.append(("connect_timeout", Self.timeout))
        }
        return client.check(parameters)
    }

    private func check(_ parameters: [(String, String)]) -> DatabaseCheck {
        let names: [UnsafeMutablePointer<CChar>?] = parameters.map { strdup($0.0) } + [nil]
        let values: [UnsafeMutablePointer<CChar>?] = parameters.map { strdup($0.1) } + [nil]
        defer { for text in names + values { free(text) } }
        let connection = names.map { UnsafePointer($0) }.withUnsafeBufferPointer { names in
            values.map { UnsafePointer($0) }.withUnsafeBufferPointer { values in
                self.connect(names.baseAddress!, values.baseAddress!, 0)
            }
        }
        defer { self.finish(connection) }
        // CONNECTION_OK
        guard self.status(connection) == 0 else {
            let message = self.message(connection).map { String(cString: $0) } ?? "no memory"
            let lines = message.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }
            return .fails(lines.joined(separator: "; "))
        }
        let version = self.version(connection)
        return .works("PostgreSQL \(version / 10000).\(version % 10000)")
    }
}
