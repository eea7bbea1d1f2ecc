import Foundation
import HTTPTransport

/// `openssl s_server` on the loopback, with a fresh certificate for `localhost` by an authority of its own.
final class TLSServer {
    static let openssl = ["/usr/bin/openssl", "/usr/local/bin/openssl", "/opt/homebrew/bin/openssl"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// PEM file of the authority.
    let authorityPath: String
    private let port: Int
    private let process: Process
    private let directory: URL

    /// - Parameters:
    ///   - isSelfSigned: serve a certificate that the authority did not sign.
    ///   - days: how long the certificate is good; a negative number makes one that has expired.
    init(isSelfSigned: Bool = false, days: Int = 2, options: [String] = []) async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "TLSServer-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        authorityPath = directory.appending(path: "ca.pem").path
        try Self.makeCertificates(in: directory, isSelfSigned: isSelfSigned)
        if days != 2 { try Self.makeCertificate(in: directory, days: days) }
        let arguments = ["s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-key", "server.key", "-www"]
        let output = Pipe()
        process = try Self.start(arguments + options, in: directory, output: output)
        port = try Self.readPort(output.fileHandleForReading)
    }

    deinit {
        // SIGTERM would have no effect: the child has the signal mask of the Dispatch thread that started it.
        kill(process.processIdentifier, SIGKILL)
        try? FileManager.default.removeItem(at: directory)
    }

    func url(host: String) -> HTTPURL {
        HTTPURL(scheme: .https, host: host, port: port)
    }

    /// Writes a configuration with which OpenSSL, as a client too, accepts TLS 1.0 and 1.1.
    func writeLenientConfiguration() throws -> String {
        let path = directory.appending(path: "lenient.cnf").path
        let text = """
            openssl_conf = start
            [start]
            ssl_conf = ssl
            [ssl]
            system_default = lenient
            [lenient]
            MinProtocol = TLSv1
            CipherString = DEFAULT@SECLEVEL=0

            """
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    private static func makeCertificates(in directory: URL, isSelfSigned: Bool) throws {
        let request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        try run("\(request) -subj /CN=authority -keyout ca.key -out ca.pem", in: directory)
        let signer = isSelfSigned ? "" : " -CA ca.pem -CAkey ca.key"
        try run(
            "\(request)\(signer) -subj /CN=localhost -addext subjectAltName=DNS:localhost"
                + " -addext basicConstraints=critical,CA:FALSE -keyout server.key -out server.pem", in: directory)
    }

    /// Replaces the server's certificate by another one of the authority, with the same name and key.
    private static func makeCertificate(in directory: URL, days: Int) throws {
        try Data("subjectAltName=DNS:localhost\n".utf8).write(to: directory.appending(path: "names"))
        try run("req -new -key server.key -subj /CN=localhost -out server.csr", in: directory)
        try run(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days \(days) -extfile names"
                + " -out server.pem", in: directory)
    }

    private static func run(_ command: String, in directory: URL) throws {
        let process = try start(command.split(separator: " ").map(String.init), in: directory, output: nil)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    private static func start(_ arguments: [String], in directory: URL, output: Pipe?) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: openssl ?? "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output ?? FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Reads on to the line `ACCEPT 127.0.0.1:41234`.
    private static func readPort(_ output: FileHandle) throws -> Int {
        var text = ""
        while true {
            let bytes = output.availableData
            guard !bytes.isEmpty else { throw CocoaError(.fileReadUnknown) }
            text += String(decoding: bytes, as: UTF8.self)
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("ACCEPT") && text.hasSuffix("\n") }
            if let port = lines.first?.split(separator: ":").last.flatMap({ Int($0) }) { return port }
        }
    }
}
