import Glibc
package import RoostSystem

/// A Python application that can be started: its interpreter, and what the bridge is told about it.
package struct PythonApplication: Sendable, Equatable {
    /// The name of the module that the bridge provides to the host in its process (`builtin:python`).
    package static let module = "python"

    /// `wiki.asgi:application`.
    package let reference: String
    package let interpreter: String
    package let package: PythonPackage
    /// The settings for the bridge, as a JSON object.
    package let settings: String

    /// `folder`: the absolute path of `--app-dir`. `source`: the file of the module; nil if it is not below the folder,
    /// and Python finds it elsewhere. `executable`: the path of this program. Throws `HostError`.
    package init(
        _ name: ModuleName, words: [String], folder: String, source: String?, options: PythonOptions,
        environment: [String: String], executable: String, trust: FileTrust
    ) throws {
        self.reference = "\(words.joined(separator: ".")):\(name.symbol)"
        self.interpreter = try PythonInterpreter.path(
            given: options.interpreter, folder: folder, environment: environment)
        self.package = try PythonPackage.find(executable: executable)
        let logConfiguration = options.logConfiguration.map { WorkingFolder.absolute($0) }
        self.settings = Self.json([
            ("application", .text(self.reference)), ("interface", .text(options.interface.rawValue)),
            ("factory", .flag(options.isFactory)), ("app_dir", .text(folder)), ("loop", .text(options.loop.rawValue)),
            ("lanes", .flag(options.usesLanes)), ("cancel_on_disconnect", .flag(options.cancelsOnDisconnect)),
            ("wsgi_threads", .number(options.wsgiThreads)), ("limit_wsgi", .number(options.wsgiQueue)),
            ("log_config", .text(logConfiguration ?? "")),
        ])
        let files = [self.interpreter, self.package.bridge, self.package.library] + self.package.sources
        for path in files + [source, logConfiguration].compactMap({ $0 }) { try Self.check(path, trust) }
    }

    /// An application that another process has found.
    package init(reference: String, interpreter: String, package: PythonPackage, settings: String) {
        self.reference = reference
        self.interpreter = interpreter
        self.package = package
        self.settings = settings
    }

    /// The name in logs: the project.
    package var name: String { Self.project(of: self.reference) }

    /// The project of an application: `wiki` of `wiki.asgi:application`.
    package static func project(of reference: String) -> String {
        String(reference.prefix { $0 != "." && $0 != ":" })
    }

    /// The command line of a worker. `arguments`: the options of the worker; `imports`: the file in which it lists the
    /// modules that its standby can import.
    package func workerCommand(_ arguments: [String], imports: String?) -> [String] {
        [
            self.interpreter, "-c", Self.start, self.package.folder, self.package.bridge, "--library",
            self.package.library,
        ] + (imports.map { ["--imports", $0] } ?? []) + ["--worker"] + arguments
    }

    /// Runs `roost.worker` of the package with the bridge of this build. `sys.path[0]` is the working folder otherwise.
    private static let start = """
        import sys
        if sys.version_info < (3, 11): sys.exit("roost: %s is Python %d.%d, but Python applications need 3.11 or later; \
        name another interpreter with --python" % ((sys.executable,) + tuple(sys.version_info[:2])))
        sys.path[0] = sys.argv.pop(1)
        import roost
        roost.load_bridge(sys.argv.pop(1))
        from roost.worker import main
        main(sys.argv[1:])
        """

    private static func check(_ path: String, _ trust: FileTrust) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw HostError(code: .module, message: "\(path): \(String(cString: strerror(errno)))")
        }
        if let fault = trust.fault(of: status, path: path) { throw HostError(code: .module, message: fault) }
    }

    private enum Value {
        case text(String)
        case flag(Bool)
        case number(Int)
    }

    private static func json(_ members: [(String, Value)]) -> String {
        let texts = members.map { name, value in
            switch value {
            case .text(let text): "\(JSONString.quoted(name)):\(JSONString.quoted(text))"
            case .flag(let isSet): "\(JSONString.quoted(name)):\(isSet)"
            case .number(let number): "\(JSONString.quoted(name)):\(number)"
            }
        }
        return "{\(texts.joined(separator: ","))}"
    }
}

extension PythonApplication: MessageCodable {
    package func encode(to writer: inout MessageWriter) {
        writer.write(self.reference)
        writer.write(self.interpreter)
        writer.write(self.package.folder)
        writer.write(self.package.bridge)
        writer.write(self.package.library)
        writer.write(self.settings)
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self.init(
            reference: try reader.read(), interpreter: try reader.read(),
            package: PythonPackage(folder: try reader.read(), bridge: try reader.read(), library: try reader.read()),
            settings: try reader.read())
    }
}
