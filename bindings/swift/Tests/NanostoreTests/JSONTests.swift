import Nanostore
import XCTest

final class JSONTests: XCTestCase {
    func test_literals_become_text_in_their_order() {
        let json: JSON = [
            "z": [1, -2, 0.5, true, .null], "a": ["text": "a\"b\\c\n\u{1}\u{e9}"], "": [:],
        ]
        let text = #"{"z":[1,-2,0.5,true,null],"a":{"text":"a\"b\\c\n\u0001"# + "\u{e9}\"},\"\":{}}"
        XCTAssertEqual(json.text, text)
    }

    func test_parts_are_found_by_name_and_place() {
        let text =
            #" { "a" : [ 1 , {"b":"]}\"" } , "x" ] , "e\u00e9\n" : "\ud83c\udf0a" , "n":null}"#
        let json = JSON(text: text)
        XCTAssertEqual(json.members?.map(\.name), ["a", "e\u{e9}\n", "n"])
        XCTAssertEqual(json["a"]?.elements?.map(\.text), ["1", #"{"b":"]}\"" }"#, #""x""#])
        XCTAssertEqual(json["a"]?[1]?["b"]?.string, "]}\"")
        XCTAssertEqual(json["e\u{e9}\n"]?.string, "\u{1f30a}")
        XCTAssertEqual(json["n"]?.isNull, true)
        XCTAssertNil(json["a"]?[3])
        XCTAssertNil(json["missing"])
        // The same letter in another spelling is another name.
        XCTAssertNil(json["ee\u{301}\n"])
    }

    func test_values_are_read_as_what_they_are_and_nothing_else() {
        XCTAssertEqual(JSON(text: "12").int, 12)
        XCTAssertNil(JSON(text: "1.5").int)
        XCTAssertEqual(JSON(text: "-1.5e3").double, -1500)
        XCTAssertNil(JSON(text: "nan").double)
        XCTAssertEqual(JSON(text: "false").bool, false)
        XCTAssertNil(JSON(text: #""12""#).int)
        XCTAssertNil(JSON(text: "12").string)
        XCTAssertEqual(JSON(text: "[]").elements, [])
        XCTAssertEqual(JSON(text: "{}").members?.count, 0)
    }

    func test_what_is_not_json_is_nil_or_nonsense_and_never_a_crash() {
        let whole = #"{"a":["\u00e9\\",{"b":1}],"c":"d"}"#
        let cut = (0...whole.count).map { String(whole.prefix($0)) }
        let broken = cut + ["\"\\", "{\"a\"", "]", ","]
        for text in broken {
            let json = JSON(text: text)
            _ = (json["a"]?.elements, json.members, json.string, json["c"]?.string, json[0])
        }
        XCTAssertEqual(JSON(text: whole)["c"]?.string, "d")
        XCTAssertEqual(failure { _ = try JSON(text: "{").text(at: "/a") }?.status, .invalid)
    }
}
