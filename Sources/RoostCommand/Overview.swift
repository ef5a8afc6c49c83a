import RoostSystem

/// The overview that `roost` without arguments shows.
enum Overview {
    static func text(_ terminal: Terminal) -> String {
        """
        \(terminal.bold("roost")) serves shared libraries that export the C function `application`, and Python's ASGI applications.

          \(terminal.bold("roost new hello"))               create a module, in C (--language cpp, swift, rust)
          \(terminal.bold("roost ./libhello.so"))           serve a library at http://127.0.0.1:8000
          \(terminal.bold("roost ./libhello.so --reload"))  reload it when the file changes (--build: when sources change)
          \(terminal.bold("roost hello --port 9000"))       find it by name (hello.so or libhello.so); another port
          \(terminal.bold("roost wiki.asgi:application"))   serve a Python application, such as a Django project
          \(terminal.bold("roost --modules modules/"))      serve every library of a folder at /NAME, and follow changes
          \(terminal.bold("roost check ./libhello.so"))     report the description, faults and risks of a module
          \(terminal.bold("roost status"))                  show workers and applications of the running server
          \(terminal.bold("roost reload"))                  reload settings and changed modules
          \(terminal.bold("roost stop"))                    stop the running server
          \(terminal.bold("roost settings"))                show the settings in effect (--explain: all settings)
          \(terminal.bold("roost serve --help"))            list all options
          \(terminal.bold("roost version"))                 show the version

        """
    }
}
