extension Exchange {
    /// Responds with a text in place of an application, in the form that the client accepts. `fields`: further ones. The
    /// caller ends the exchange.
    package func respond(_ status: Int, text: String, _ fields: [HeaderField] = []) -> SendOutcome {
        let answer = self.errorPages.answer(status, text, to: self.head)
        return answer.body.withUnsafeBytes { body in
            (answer.fields + fields).withUnsafeBufferPointer { fields in
                self.respond(status: status, fields: fields, body: ResponseBody(Octets(body)))
            }
        }
    }

    /// The same, and ends and recycles the exchange.
    package func finish(_ status: Int, text: String, _ fields: [HeaderField] = []) {
        _ = self.respond(status, text: text, fields)
        _ = self.end(failed: false)
        self.recycle()
    }
}
