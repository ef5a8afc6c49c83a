import RoostDeployment
import RoostPython
import RoostSystem

/// The program that a worker process executes: this executable, or the interpreter of a Python application.
struct WorkerProgram: Equatable {
    let path: String
    /// The arguments, beginning with the name of the program.
    let words: [String]

    /// `imports`: the file by which a Python worker tells its standby what to import; nil if there is no standby.
    init(_ order: WorkerOrder, arguments: [String], imports: String?) {
        guard let python = order.python else {
            self.path = ChildProcess.ownCommand
            self.words = ["roost", "worker"] + arguments
            return
        }
        let words = python.workerCommand(arguments, imports: imports)
        guard order.privileges.changesUser else {
            self.path = python.interpreter
            self.words = words
            return
        }
        // The interpreter runs code of the application's environment before the worker reads its order.
        self.path = ChildProcess.ownCommand
        self.words = ["roost", "execute"] + order.privileges.words + ["--"] + words
    }
}

extension WorkerOrder {
    /// The Python application whose interpreter runs the worker; nil if no application is one.
    var python: PythonApplication? {
        self.applications.applications.lazy.compactMap { application in
            if case .module(let prepared) = application.answerer { prepared.python } else { nil }
        }.first
    }

    /// The order for the program: an interpreter runs as the user already.
    var forProgram: WorkerOrder {
        guard self.python != nil else { return self }
        var order = self
        order.privileges.user = nil
        order.privileges.group = nil
        return order
    }
}
