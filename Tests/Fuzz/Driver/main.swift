import Foundation

// `fuzz TARGET [libFuzzer's options] [directories]`: libFuzzer's own command line with the target before it.

/// libFuzzer's entry for programs that have a main of their own (FuzzerInterface.h).
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Chosen once, before the fuzzer starts: its callback is a C function and captures nothing.
nonisolated(unsafe) private var target = FuzzTarget.json

var words = CommandLine.arguments
// To merge, libFuzzer starts this program again, without the word that it did not see.
let variable = "ATHENA_EXPORT_FUZZ_TARGET"
let name = getenv(variable).map { String(cString: $0) } ?? (words.count > 1 ? words.remove(at: 1) : nil)
guard let name, let chosen = FuzzTarget.all.first(where: { $0.name == name }) else {
    // The list that `Tests/Fuzz/run` goes through.
    print(FuzzTarget.all.map(\.name).joined(separator: "\n"))
    exit(name == nil ? 0 : 64)
}
target = chosen
setenv(variable, name, 1)

let copies = words.map { strdup($0) } + [nil]
var count = CInt(copies.count - 1)
let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: copies.count)
list.initialize(from: copies, count: copies.count)
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = list
exit(
    runFuzzer(&count, &arguments) { bytes, count in
        do {
            try target.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
        } catch {
            fatalError("\(target): \(error)")
        }
        return 0
    })
