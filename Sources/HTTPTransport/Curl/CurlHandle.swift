import CCurl
import Text

/// libcurl refused an option or a handle.
struct CurlRefusal: Error {
    let code: CURLcode
}

/// One easy handle of libcurl, with the memory that its options point to.
///
/// Used only on the thread of the ``CurlLoop``.
final class CurlHandle {
    let easy: UnsafeMutableRawPointer
    private let reasonBuffer: UnsafeMutablePointer<CChar>
    private var fields: UnsafeMutablePointer<curl_slist>?

    init() throws(CurlRefusal) {
        guard let easy = curl_easy_init() else { throw CurlRefusal(code: CURLE_FAILED_INIT) }
        self.easy = easy
        reasonBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        reasonBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(fields)
        reasonBuffer.deallocate()
    }

    /// Resets every option. Open connections and TLS sessions stay.
    func reset() {
        curl_easy_reset(easy)
        curl_slist_free_all(fields)
        fields = nil
        reasonBuffer.pointee = 0
    }

    func set(_ option: CURLoption, _ value: Int) throws(CurlRefusal) {
        try check(ccurl_easy_setopt_long(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: String) throws(CurlRefusal) {
        try check(ccurl_easy_setopt_string(easy, option, value))
    }

    /// The caller keeps the memory behind the pointer alive until the transfer is over.
    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) throws(CurlRefusal) {
        try check(ccurl_easy_setopt_pointer(easy, option, pointer))
    }

    func set(_ option: CURLoption, callback: ccurl_write_callback) throws(CurlRefusal) {
        try check(ccurl_easy_setopt_write(easy, option, callback))
    }

    func set(_ option: CURLoption, callback: ccurl_seek_callback) throws(CurlRefusal) {
        try check(ccurl_easy_setopt_seek(easy, option, callback))
    }

    func check(_ code: CURLcode) throws(CurlRefusal) {
        guard code == CURLE_OK else { throw CurlRefusal(code: code) }
    }

    /// Adds header lines in curl's notation: `Name: value`, `Name;` for an empty value, `Name:` to send none.
    func setHeaderLines(_ lines: [String]) throws(CurlRefusal) {
        for line in lines {
            guard let longer = curl_slist_append(fields, line) else { throw CurlRefusal(code: CURLE_OUT_OF_MEMORY) }
            fields = longer
        }
        try check(ccurl_easy_setopt_slist(easy, CURLOPT_HTTPHEADER, fields))
    }

    /// Sends these bytes, of which libcurl takes a copy, with `POST`.
    func setBody(_ body: [UInt8]) throws(CurlRefusal) {
        try check(ccurl_easy_setopt_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
        // An empty array has no address, and for a null pointer libcurl would call a read callback for the body.
        var bytes = body.isEmpty ? [0] : body
        try check(ccurl_easy_setopt_pointer(easy, CURLOPT_COPYPOSTFIELDS, &bytes))
    }

    /// Makes libcurl write the cause of a failure for ``reason(for:)``.
    func setReasonBuffer() throws(CurlRefusal) {
        try set(CURLOPT_ERRORBUFFER, pointer: reasonBuffer)
    }

    /// libcurl's description of the failure, on one line.
    func reason(for code: CURLcode) -> String {
        let words = reasonBuffer.pointee == 0 ? curl_easy_strerror(code) : UnsafePointer(reasonBuffer)
        guard let words else { return "error \(code.rawValue)" }
        return String(decoding: String(cString: words).utf8.map { $0.isASCIIControl ? .space : $0 }, as: UTF8.self)
    }
}

extension CurlHandle {
    /// Marks the handle, so that a message of libcurl about it finds its transfer.
    func setTag(_ tag: UInt) throws(CurlRefusal) {
        try set(CURLOPT_PRIVATE, pointer: UnsafeMutableRawPointer(bitPattern: tag))
    }

    static func tag(of easy: UnsafeMutableRawPointer) -> UInt {
        var tag: UnsafeMutableRawPointer?
        ccurl_easy_getinfo_pointer(easy, CURLINFO_PRIVATE, &tag)
        return UInt(bitPattern: tag)
    }

    /// The status of the last answer.
    var status: Int {
        var status = 0
        ccurl_easy_getinfo_long(easy, CURLINFO_RESPONSE_CODE, &status)
        return status
    }

    /// The status of a proxy's last answer to CONNECT; 0 when there was none.
    var connectStatus: Int {
        var status = 0
        ccurl_easy_getinfo_long(easy, CURLINFO_HTTP_CONNECTCODE, &status)
        return status
    }

    /// Microseconds from the start until `point` was reached; 0 when it was not.
    func microseconds(until point: CURLINFO) -> Int {
        var time: curl_off_t = 0
        ccurl_easy_getinfo_offset(easy, point, &time)
        return Int(time)
    }
}
