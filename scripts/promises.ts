/** `npm run promises`: writes docs/promises.md, from each promise to its checks and its tests. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";

import { renderTraces } from "./audit/traceability";

writeFileSync(resolve(__dirname, "..", "docs", "promises.md"), renderTraces());
