/// Formats a number of bytes, such as "1.5 MiB".
package func mebibytes(_ bytes: Int) -> String {
    let tenths = (bytes * 10) >> 20
    return "\(tenths / 10).\(tenths % 10) MiB"
}
