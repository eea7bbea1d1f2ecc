/// Twenty columns: numbers, decimals, times, a flag, a random id, free text and JSON.
enum Orders {
    static let columns: [BenchmarkTable.Column] = [
        .init(name: "order_id", type: "bigint", precision: 19), .init(name: "customer_id", type: "varchar"),
        .init(name: "order_date", type: "date", precision: 0), .init(name: "created_at", type: "timestamp"),
        .init(name: "updated_at", type: "timestamp"), .init(name: "status", type: "varchar"),
        .init(name: "country", type: "varchar"), .init(name: "city", type: "varchar"),
        .init(name: "channel", type: "varchar"), .init(name: "currency", type: "varchar"),
        .init(name: "quantity", type: "integer", precision: 10),
        .init(name: "unit_price", type: "decimal", precision: 18, scale: 2),
        .init(name: "total", type: "decimal", precision: 18, scale: 2),
        .init(name: "discount", type: "double", precision: 17), .init(name: "weight", type: "double", precision: 17),
        .init(name: "is_gift", type: "boolean", precision: 0), .init(name: "sku", type: "varchar"),
        .init(name: "session_id", type: "varchar"), .init(name: "comment", type: "varchar"),
        .init(name: "tags", type: "json"),
    ]

    static func values(_ random: inout SplitMix64) -> [String?] {
        let date = "2026-\(digits(random.number(1...12), 2))-\(digits(random.number(1...28), 2))"
        let quantity = random.number(1...12)
        let cents = random.number(99...99_999)
        let place = random.pick(places)
        return [
            BenchmarkTable.numberPlaceholder, "c\(digits(random.number(0...9_999_999), 8))", date,
            "\(date) \(time(&random))", "\(date) \(time(&random))", random.pick(statuses), place.country, place.city,
            random.pick(["web", "shop", "phone", "partner"]), place.currency, String(quantity), decimal(cents),
            decimal(cents * quantity), random.number(1...3) == 1 ? nil : "0.\(random.number(1...9))",
            "\(random.number(0...40)).\(random.number(1...999))", random.number(1...8) == 1 ? "true" : "false",
            "SKU-\(digits(random.number(0...99_999_999), 8))", identifier(&random), comment(&random), tags(&random),
        ]
    }

    private static func time(_ random: inout SplitMix64) -> String {
        let parts = [random.number(0...23), random.number(0...59), random.number(0...59)].map { digits($0, 2) }
        return "\(parts.joined(separator: ":")).\(digits(random.number(0...999), 3))"
    }

    private static func identifier(_ random: inout SplitMix64) -> String {
        [8, 4, 4, 4, 12].map { count in
            (0..<count).map { _ in String(random.number(0...15), radix: 16) }.joined()
        }.joined(separator: "-")
    }

    private static func comment(_ random: inout SplitMix64) -> String? {
        guard random.number(1...6) > 1 else { return nil }
        let text = (0..<random.number(10...20)).map { _ in random.pick(words) }.joined(separator: " ")
        switch random.number(1...20) {
        case 1: return "\"\(text)\""
        case 2: return "\(text)\n\(random.pick(words))"
        case 3...6: return "\(text), \(random.pick(words))"
        default: return text
        }
    }

    private static func tags(_ random: inout SplitMix64) -> String {
        let tags = (0..<random.number(0...2)).map { _ in "\"\(random.pick(words))\"" }
        return "[\(tags.joined(separator: ","))]"
    }

    private static func decimal(_ cents: Int) -> String { "\(cents / 100).\(digits(cents % 100, 2))" }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    private static let statuses = ["pending", "paid", "packed", "shipped", "delivered", "returned", "cancelled"]
    private static let places = [
        (country: "DE", city: "Berlin", currency: "EUR"), (country: "DE", city: "München", currency: "EUR"),
        (country: "NO", city: "Oslo", currency: "NOK"), (country: "JP", city: "東京", currency: "JPY"),
        (country: "US", city: "New York", currency: "USD"), (country: "US", city: "Portland", currency: "USD"),
        (country: "BR", city: "São Paulo", currency: "BRL"), (country: "NG", city: "Lagos", currency: "NGN"),
        (country: "IN", city: "Bengaluru", currency: "INR"), (country: "GB", city: "Leeds", currency: "GBP"),
    ]
    private static let words = [
        "please", "deliver", "after", "noon", "the", "bell", "does", "not", "ring", "leave", "with", "neighbour",
        "second", "floor", "gift", "wrap", "in", "blue", "call", "before", "arrival", "fragile", "keep", "upright",
        "garden", "door", "thank", "you", "same", "address", "as", "last", "time", "invoice", "by", "mail",
    ]
}
