import CCurl

/// Runs the transfers of one ``CurlTransport``, all on the thread that calls ``run(_:_:)``.
final class CurlLoop {
    /// As many connections as requests at a time: more are never used, and fewer would close good ones after a burst.
    private static let keptConnections = 32
    /// How many used handles are kept: libcurl stores TLS sessions in them, which shorten the next handshake. Handles of
    /// failed transfers are not kept: after a name that did not resolve, libcurl 7.88 refuses to set some options again.
    private static let keptHandles = 8

    static let isCurlReady = ccurl_global_init() == CURLE_OK

    private let configuration: CurlTransport.Configuration
    private let mailbox: CurlMailbox
    private let multi: UnsafeMutableRawPointer
    private var transfers: [UInt: CurlTransfer] = [:]
    private var idleHandles: [CurlHandle] = []
    /// Servers that have not answered with 100. A request to one would wait a second for nothing.
    private var withoutContinue: Set<String> = []

    /// Returns when the mailbox is closed.
    static func run(_ configuration: CurlTransport.Configuration, _ mailbox: CurlMailbox) {
        guard let loop = CurlLoop(configuration, mailbox) else { return mailbox.detach() }
        loop.run()
    }

    private init?(_ configuration: CurlTransport.Configuration, _ mailbox: CurlMailbox) {
        guard Self.isCurlReady, let multi = curl_multi_init() else { return nil }
        ccurl_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, Self.keptConnections)
        self.configuration = configuration
        self.mailbox = mailbox
        self.multi = multi
    }

    private func run() {
        mailbox.attach(multi)
        var running: Int32 = 0
        while let commands = mailbox.take() {
            commands.forEach(carryOut)
            guard curl_multi_perform(multi, &running) == CURLM_OK else { break }
            finishTransfers()
            // Without a transfer libcurl has no timer, so this sleeps until the mailbox wakes it.
            guard curl_multi_poll(multi, nil, 0, .max, nil) == CURLM_OK else { break }
        }
        shutDown()
    }

    private func carryOut(_ command: CurlMailbox.Command) {
        switch command {
        case .start(let order): start(order)
        case .cancel(let id): cancel(id)
        }
    }

    private func start(_ order: CurlOrder) {
        do throws(CurlRefusal) {
            let handle = if let idle = idleHandles.popLast() { idle } else { try CurlHandle() }
            let transfer = CurlTransfer(
                order, on: handle, answersContinue: !withoutContinue.contains(order.request.url.authority))
            try transfer.prepare(configuration)
            guard curl_multi_add_handle(multi, handle.easy) == CURLM_OK else {
                throw CurlRefusal(code: CURLE_FAILED_INIT)
            }
            transfers[order.id] = transfer
        } catch {
            order.continuation.resume(throwing: order.request.failure(error.code, configuration: configuration))
        }
    }

    private func cancel(_ id: UInt) {
        guard let transfer = transfers.removeValue(forKey: id) else { return }
        transfer.continuation.resume(throwing: CancellationError())
        curl_multi_remove_handle(multi, transfer.handle.easy)
    }

    private func finishTransfers() {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            // Removing the handle frees the message.
            let code = message.pointee.data.result
            guard let transfer = transfers.removeValue(forKey: CurlHandle.tag(of: easy)) else { continue }
            transfer.continuation.resume(with: transfer.result(code, configuration))
            curl_multi_remove_handle(multi, easy)
            guard code == CURLE_OK else { continue }
            if let server = transfer.serverWithoutContinue { withoutContinue.insert(server) }
            keep(transfer.handle)
        }
    }

    private func keep(_ handle: CurlHandle) {
        guard idleHandles.count < Self.keptHandles else { return }
        handle.reset()
        idleHandles.append(handle)
    }

    private func shutDown() {
        let pending = transfers.values
        transfers = [:]
        for transfer in pending {
            transfer.continuation.resume(throwing: HTTPTransportError.closed)
            curl_multi_remove_handle(multi, transfer.handle.easy)
        }
        idleHandles = []
        // The mailbox must not use the handle after it is freed.
        mailbox.detach()
        curl_multi_cleanup(multi)
    }
}
