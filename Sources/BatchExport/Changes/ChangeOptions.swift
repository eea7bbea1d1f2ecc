/// How a run writes nothing but what has changed.
package struct ChangeOptions: Sendable, Equatable {
    /// The most keys that a run deletes, in percent of those that the table has: 0 to 100.
    package let maximumDeletes: Int

    package init(maximumDeletes: Int = 50) {
        self.maximumDeletes = maximumDeletes
    }

    /// - Parameters:
    ///   - gone: keys that the result does not have.
    ///   - held: keys that the table has.
    ///   - deleted: keys that the run has deleted before it was stopped.
    /// - Throws: ``ExportError/tooManyDeletes(gone:held:limit:deleted:)``
    func check(gone: Int, of held: Int, deleted: Int) throws(ExportError) {
        guard Double(gone) * 100 > Double(held) * Double(maximumDeletes) else { return }
        throw .tooManyDeletes(gone: gone, held: held, limit: maximumDeletes, deleted: deleted)
    }
}
