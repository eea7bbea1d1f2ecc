public import Testing

extension Trait where Self == LimitedConcurrency {
    /// The former name, while branches still use it.
    public static var fewAtATime: Self { limitedConcurrency }
}
