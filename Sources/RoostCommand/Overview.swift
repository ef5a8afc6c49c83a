/// The text of `roost` without arguments: the most common commands.
enum Overview {
    static func text(_ terminal: Terminal) -> String {
        """
        \(terminal.bold("roost")) serves shared libraries that export the C function `application`.

          \(terminal.bold("roost new hello"))               make a module to begin with, in C (--language cpp, swift, rust)
          \(terminal.bold("roost ./libhello.so"))           serve a library at http://127.0.0.1:8000
          \(terminal.bold("roost ./libhello.so --reload"))  and again whenever it changes; --build for its sources
          \(terminal.bold("roost hello --port 9000"))       the same by name (hello.so or libhello.so), elsewhere
          \(terminal.bold("roost --modules modules/"))      every library in a folder, each at /NAME; follows what happens there
          \(terminal.bold("roost check ./libhello.so"))     load it in a child: what it is, what is wrong, what is risky
          \(terminal.bold("roost status"))                  how it is; \(terminal.bold("roost reload")) and \(terminal.bold("roost stop")) do what they say
          \(terminal.bold("roost settings"))                what is set, and where; \(terminal.bold("roost settings --explain")) what can be
          \(terminal.bold("roost serve --help"))            all options
          \(terminal.bold("roost version"))                 which roost this is

        """
    }
}
