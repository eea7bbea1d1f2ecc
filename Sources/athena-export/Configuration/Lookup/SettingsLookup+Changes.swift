import Athena
import BatchExport

extension SettingsLookup {
    /// How only changes are written; nil if every row is.
    ///
    /// - Parameter cursor: as it was set.
    func changes(cursor: Setting<AthenaExport.CursorChoice>?) throws(ConfigurationError) -> ChangeOptions? {
        let maximumDeletes = try bounded(.maxDeletes, options.maxDeletes, 0...100)
        guard try flag(.changesOnly, options.changesOnly) else {
            guard options.maxDeletes == nil else {
                throw .option(
                    name: "--max-deletes", problem: "only a run with --changes-only deletes; give that as well")
            }
            return nil
        }
        let origin = try origin(of: .changesOnly, isTyped: options.changesOnly != nil)
        if cursor != nil {
            throw origin.error(
                "a query with a cursor brings a part of the table, and all other keys would be deleted; "
                    + "leave out the cursor, or changes only")
        }
        if try prunedRuns() != nil {
            throw origin.error(
                "a run that writes changes only supersedes no other, so nothing can be pruned; "
                    + "leave out --prune-runs (prune_runs)")
        }
        if try writeMode() == .append {
            throw origin.error("rows are told apart by their key, and append has none; leave out --write-mode append")
        }
        return ChangeOptions(maximumDeletes: maximumDeletes ?? 50)
    }
}
