import CFuzz
import Glibc
import RoostModules

@testable import RoostSystem
@testable import Supervision

// Fuzzes the messages of all channels between processes, in both directions. The first byte chooses the message type.
// The input must be refused, or the decoded message must survive another round trip; and nothing may crash.

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv

/// Encodes a decoded message, and decodes it again with its encoded size as the limit.
private func check<Message: MessageCodable>(_ type: Message.Type, _ bytes: [UInt8]) {
    var reader = MessageReader(bytes)
    guard let message = try? Message(from: &reader), reader.isAtEnd else { return }
    let once = MessageFrame.encode(message)
    var buffer = MessageBuffer<Message>(limit: once.count)
    guard let again = try? buffer.receive(once), again.count == 1 else {
        preconditionFailure("\(message) is not decoded again")
    }
    precondition(MessageFrame.encode(again[0]) == once, "\(message)")
}

/// Checks that a stream gives the same messages whole and in two parts.
private func stream<Message: MessageCodable>(_ type: Message.Type, _ bytes: [UInt8]) {
    var whole = MessageBuffer<Message>(limit: 4096)
    var parts = MessageBuffer<Message>(limit: 4096)
    let expected = (try? whole.receive(bytes))?.map(MessageFrame.encode)
    let middle = bytes.count / 2
    let first = try? parts.receive(bytes[..<middle])
    let second = first == nil ? nil : try? parts.receive(bytes[middle...])
    guard let first, let second else { return precondition(expected == nil) }
    precondition((first + second).map(MessageFrame.encode) == expected)
}

exit(
    LLVMFuzzerRunDriver(&count, &arguments) { start, size in
        guard let start, size > 0 else { return 0 }
        let bytes = Array(UnsafeBufferPointer(start: start + 1, count: size - 1))
        switch start[0] % 8 {
        case 0: check(WorkerMessage.self, bytes)
        case 1: check(SupervisorMessage.self, bytes)
        case 2: check(ControlRequest.self, bytes)
        case 3: check(ControlResponse.self, bytes)
        case 4: check(ProbeReport.self, bytes)
        case 5: check(ProbeOrder.self, bytes)
        case 6: stream(WorkerMessage.self, bytes)
        default: stream(ControlRequest.self, bytes)
        }
        return 0
    }
)
