import ASGI

/// Test cases for the SDK's WebSockets, by path.
extension SwiftCalls {
    func webSocket(_ scope: WebSocketScope, _ receive: WebSocketReceive, _ send: WebSocketSend) async throws {
        switch scope.pathInfo {
        case "/echo":
            try await send(.accept(subprotocol: scope.subprotocols.last, headers: ["x-swift": "yes"]))
            for try await message in receive.messages { try await send(.message(message)) }
        case "/events":
            var events: [String] = []
            while true {
                let event = try await receive()
                events.append("\(event)")
                if case .connect = event { try await send(.accept()) }
                if case .disconnect = event { break }
            }
            do { try await send(.text("late")) } catch { events.append("\(error)") }
            scope.request.log(.info, "events: \(events.joined(separator: " | "))")
        case "/room":
            try await send(.accept())
            try scope.join("room")
            try await send(.text("joined"))
            for try await message in receive.messages {
                try await scope.broadcast.send(message, to: "room", except: message == .text("others") ? scope : nil)
            }
        case "/clock":
            try await send(.accept())
            for tick in 1...3 {
                try await scope.request.sleep(for: .milliseconds(5))
                try await send(.text("tick \(tick)"))
            }
            let sleeper = Task { try await scope.request.sleep(for: .seconds(3600)) }
            sleeper.cancel()
            let result = await sleeper.result
            try await send(.text("\(result)".contains("CancellationError") ? "cancelled" : "slept"))
            try await send(.close(code: 4000, reason: "time is up"))
        case "/stops":
            try await send(.accept())
            try await scope.request.waitForShutdown()
            try await send(.close(code: 4001, reason: "come back"))
        case "/reject": try await send(.reject(HTTPResponse(status: 401, body: "who are you?")))
        case "/throw": throw HTTPError(404, "no such room")
        case "/busy": throw HTTPError(503, "too many rooms")
        case "/fail":
            try await send(.accept())
            throw Failure(description: "wanted")
        default: try await send(.close())
        }
    }
}
