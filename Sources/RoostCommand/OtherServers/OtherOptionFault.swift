/// A reason why the value of another server's option is not accepted. Follows the option's name in a message.
struct OtherOptionFault: Error {
    let text: String

    init(_ text: String) { self.text = text }
}
