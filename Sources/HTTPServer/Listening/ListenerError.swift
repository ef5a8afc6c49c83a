import Glibc

/// The reason why the server cannot listen on an address.
public struct ListenerError: Error, CustomStringConvertible {
    public struct Code: Sendable, Hashable {
        private enum Base {
            case inUse, notAllowed, noSuchHost, addressNotAvailable, pathTooLong, notASocket, occupied, notListening,
                noSuchUser,
                other
        }
        private let base: Base
        public static let inUse = Code(base: .inUse)
        public static let notAllowed = Code(base: .notAllowed)
        public static let noSuchHost = Code(base: .noSuchHost)
        public static let addressNotAvailable = Code(base: .addressNotAvailable)
        public static let pathTooLong = Code(base: .pathTooLong)
        public static let notASocket = Code(base: .notASocket)
        /// The path has a socket that another process may be using.
        public static let occupied = Code(base: .occupied)
        public static let notListening = Code(base: .notListening)
        public static let noSuchUser = Code(base: .noSuchUser)
        public static let other = Code(base: .other)
    }

    public let code: Code
    public let address: BindAddress
    public let cause: String

    init(code: Code, address: BindAddress, cause: String) {
        self.code = code
        self.address = address
        self.cause = cause
    }

    init(_ number: CInt, _ address: BindAddress) {
        switch number {
        case EADDRINUSE: self.code = .inUse
        case EACCES, EPERM: self.code = .notAllowed
        case EADDRNOTAVAIL, EAFNOSUPPORT: self.code = .addressNotAvailable
        default: self.code = .other
        }
        self.address = address
        self.cause = String(cString: strerror(number))
    }

    /// One line: the address, the problem, and how to fix it.
    public var description: String {
        let mend =
            switch self.code {
            case .inUse:
                if case .unix = self.address {
                    "another server is listening there; stop it, or choose another path"
                } else {
                    "another server is listening there; stop it, or choose another port (0 selects a free one)"
                }
            case .notAllowed:
                if case .unix = self.address {
                    "\(self.cause); choose another path, or run as another user"
                } else {
                    "\(self.cause); choose a port above 1023, or run as another user"
                }
            case .noSuchHost: "host not found (\(self.cause)); choose another"
            case .addressNotAvailable: "this machine does not have that address (\(self.cause)); choose another"
            case .pathTooLong: "the path is longer than \(self.cause); choose a shorter one"
            case .notListening: "\(self.cause); pass a listening socket (systemd: ListenStream=)"
            case .noSuchUser: "this machine has no \(self.cause)"
            case .notASocket, .occupied: "\(self.cause); remove it, or choose another path"
            default: self.cause
            }
        return "cannot listen on \(self.address): \(mend)"
    }
}
