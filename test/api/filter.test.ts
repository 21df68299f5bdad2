// The filter language by itself; that events are really filtered is in provider-patterns.
import { applyFilter } from "../../local/api/filter";

const ITEMS = [
  { id: 1, label: "app", size: 10, tags: ["web", "edge"], entity: { id: 7 } },
  { id: 2, label: "database", size: 20, tags: ["data"], entity: { id: 8 } },
  { id: 3, label: "backup", size: 30, tags: [], entity: null },
];

const ids = (filter: unknown) =>
  applyFilter(ITEMS, JSON.stringify(filter)).map((item) => (item as { id: number }).id);

describe("a filter", () => {
  it.each([
    ["nothing", {}, [1, 2, 3]],
    ["equality", { label: "app" }, [1]],
    ["several attributes, all of which must hold", { label: "app", size: 20 }, []],
    ["a dotted key", { "entity.id": 8 }, [2]],
    ["no conversion of types", { "entity.id": "8" }, []],
    ["a member of a list", { tags: "edge" }, [1]],
    ["+eq", { size: { "+eq": 20 } }, [2]],
    ["+neq", { size: { "+neq": 20 } }, [1, 3]],
    ["+gt", { size: { "+gt": 20 } }, [3]],
    ["+gte", { size: { "+gte": 20 } }, [2, 3]],
    ["+lt", { size: { "+lt": 20 } }, [1]],
    ["+lte", { size: { "+lte": 20 } }, [1, 2]],
    ["both ends of a range", { size: { "+gt": 10, "+lt": 30 } }, [2]],
    ["texts in order", { label: { "+gt": "app" } }, [2, 3]],
    ["no order between kinds", { label: { "+gt": 1 } }, []],
    ["+contains", { label: { "+contains": "a" } }, [1, 2, 3]],
    ["+contains in a list", { tags: { "+contains": "dat" } }, [2]],
    ["+or", { "+or": [{ id: 1 }, { id: 3 }] }, [1, 3]],
    ["+and", { "+and": [{ size: { "+gt": 10 } }, { size: { "+lt": 30 } }] }, [2]],
    ["+or within +and", { "+and": [{ "+or": [{ id: 1 }, { id: 2 }] }, { tags: "data" }] }, [2]],
    ["+order_by", { "+order_by": "label" }, [1, 3, 2]],
    ["+order desc", { "+order_by": "size", "+order": "desc" }, [3, 2, 1]],
    ["an attribute of every object", { constructor: "x" }, []],
  ])("knows %s", (_, filter, expected) => {
    expect(ids(filter)).toEqual(expected);
  });

  it.each([
    ["{", "It is not valid JSON."],
    ["[]", "It must be a JSON object."],
    ['{"+nand":[]}', "+nand is no operator here."],
    ['{"id":{"+like":1}}', "+like is no operator."],
    ['{"+or":{"id":1}}', "+or must hold a list of objects."],
    ['{"+order_by":1}', "+order_by must name an attribute."],
    ['{"+order_by":"id","+order":"up"}', "+order must be asc or desc."],
  ])("is refused when it reads %s", (header, reason) => {
    expect(() => applyFilter(ITEMS, header)).toThrow(`[X-Filter] ${reason}`);
  });
});
